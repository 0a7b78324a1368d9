"""`harness.report.matrix`: both matrices, their rows and cells, and neither mistaken for the other."""

from __future__ import annotations

import pytest

from harness.catalogue import KINDS
from harness.report.matrix import (
    API_SECTIONS,
    SharedReason,
    build_api_matrix,
    build_matrix,
    find_cells,
    find_checks,
    list_evidence,
    list_matrices,
    list_own_evidence,
    name_place,
)
from harness.results import ApiCell, ApiColumn, Cell, Check, Column, Evidence, Record, Status


def _idle(*reasons: str) -> Record:
    """Return a record without an API server: the first column's cells have the first reason, and so on."""
    return Record(
        api_cells=[
            ApiCell(kind.name, column, Status.NOT_APPLICABLE, reason)
            for kind in KINDS
            for column, reason in zip(ApiColumn, [*reasons, *[reasons[-1]] * 6], strict=False)
        ]
    )


def test_the_matrix_is_in_the_seed_reports_order() -> None:
    """The rows come in the seed report's order, SparkJob last, whatever the record's; unknown kinds follow."""
    kinds = ["Deployment", "SparkJob", "Widget", "TriggerRun", "Project"]
    record = Record(cells=[Cell(kind, Column.CREATED) for kind in kinds])
    shown = [row.kind for row in build_matrix(record).rows]
    assert shown == ["Project", "TriggerRun", "Deployment", "SparkJob", "Widget"]


def test_a_cell_that_the_record_lacks_did_not_run() -> None:
    """A gap in the record shows as NOT RUN."""
    record = Record(cells=[Cell("Model", Column.SYNCED, Status.PASS)])
    assert [cell.status for cell in build_matrix(record).rows[0].cells] == [
        Status.NOT_RUN,
        Status.PASS,
        Status.NOT_RUN,
        Status.NOT_RUN,
    ]


def test_a_cells_own_evidence_is_what_no_check_shows() -> None:
    """Evidence that a cell repeats from its checks is not shown twice."""
    shared, own = Evidence("row", "shared", "", 1.0), Evidence("row", "own", "", 2.0)
    cell = Cell("Model", Column.SYNCED, evidence=[shared, own])
    record = Record(cells=[cell], checks=[Check("1.6", "row", "Model", Column.SYNCED, evidence=[shared])])
    assert list_own_evidence(record, cell) == [own]


def test_checks_of_a_cell_share_its_evidence() -> None:
    """Evidence that stands in a cell belongs to each of its checks, beside their own; others have theirs only."""
    own, shared, other = (Evidence("log", title, "", 1.0) for title in ("own", "shared", "other"))
    check = Check("1.5", "log", "Model", Column.SYNCED, evidence=[own])
    alone = Check("1.2", "tables", "Model", evidence=[other])
    record = Record(cells=[Cell("Model", Column.SYNCED, evidence=[own, shared])], checks=[check, alone])
    assert list_evidence(record, check) == [own, shared]
    assert list_evidence(record, alone) == [other]


def test_a_reason_that_many_share_is_said_once() -> None:
    """A reason of more cells than a row has is shared; that of fewer, or of cells that ran, is not."""
    record = Record(
        cells=[
            *(Cell("Model", column, Status.NOT_RUN, "no controllers") for column in Column),
            Cell("Project", Column.CREATED, Status.NOT_RUN, "no controllers"),
            Cell("Project", Column.SYNCED, Status.NOT_RUN, "own reason"),
            *(Cell("Revision", column, Status.PASS, "fine") for column in (*Column, *Column)),
        ]
    )
    matrix = build_matrix(record)
    assert matrix.shared == [SharedReason(Status.NOT_RUN, "no controllers", 5)]
    assert matrix.remarks == [(Status.NOT_RUN, "5 cells did not run: no controllers")]
    explained = {cell.detail: matrix.explain(cell) for row in matrix.rows for cell in row.cells if cell.detail}
    assert explained == {"no controllers": "", "own reason": "own reason", "fine": "fine"}


def test_without_a_selected_check_there_is_no_second_matrix() -> None:
    """A record without cells of the second matrix has the first alone, which then needs no explanation."""
    record = Record(cells=[Cell("Model", Column.CREATED, Status.PASS)])
    assert [(item.title, item.explanation) for item in list_matrices(record)] == [("Results at a glance", "")]
    record.api_cells = [ApiCell("Model", ApiColumn.PROTO, Status.PASS)]
    assert [bool(matrix.explanation) for matrix in list_matrices(record)] == [True, True]


def test_the_second_matrix_has_its_own_rows_and_columns() -> None:
    """Its rows come in the same order, with six cells each, of which a missing one did not run."""
    record = Record(api_cells=[ApiCell("Model", column, Status.PASS) for column in ApiColumn])
    record.api_cells.insert(0, ApiCell("SparkJob", ApiColumn.PROTO, Status.PASS))
    matrix = build_api_matrix(record)
    assert matrix is not None
    assert [row.kind for row in matrix.rows] == ["Model", "SparkJob"]
    assert matrix.columns == tuple(ApiColumn)
    assert [type(cell) for cell in matrix.rows[1].cells] == [ApiCell] * 6
    assert [cell.status for cell in matrix.rows[1].cells] == [Status.PASS, *[Status.NOT_RUN] * 5]


def test_columns_that_were_not_selected_are_left_out() -> None:
    """Without the API server's checks the proto column stands alone, and is called that."""
    proto = [ApiCell(kind, ApiColumn.PROTO, Status.PASS) for kind in ("Project", "Model")]
    alone = build_api_matrix(Record(api_cells=[*proto]))
    both = build_api_matrix(Record(api_cells=[*proto, ApiCell("Model", ApiColumn.DELETED, Status.PASS)]))
    others = build_api_matrix(Record(api_cells=[ApiCell("Model", ApiColumn.DELETED, Status.PASS)]))
    assert alone is not None
    assert both is not None
    assert others is not None
    assert (alone.title, alone.columns) == ("Proto column", (ApiColumn.PROTO,))
    assert "API server" not in alone.explanation
    assert both.columns == (ApiColumn.PROTO, ApiColumn.DELETED)
    assert ["The first column" in matrix.explanation for matrix in (both, others)] == [True, False]
    assert both.title == others.title == "Through Michelangelo's API server"


def test_a_matrix_that_does_not_apply_is_a_sentence() -> None:
    """Without an API server there is no table, but the reason, or each of several with its cells."""
    one, two = build_api_matrix(_idle("no API server")), build_api_matrix(_idle("JSON", "no API server"))
    assert one is not None
    assert two is not None
    assert (one.is_idle, one.rows, one.remarks) == (True, [], [(Status.NOT_APPLICABLE, "no API server")])
    assert (two.is_idle, [text for _, text in two.remarks]) == (
        True,
        ["13 cells do not apply: JSON", "65 cells do not apply: no API server"],
    )


def test_a_reason_for_which_many_cells_do_not_apply_is_said_once() -> None:
    """Where one column applies, the reason of the others stands beside the table, and not in its cells."""
    record = _idle("no API server")
    for cell in record.api_cells[::6]:
        cell.status, cell.detail = Status.PASS, ""
    matrix = build_api_matrix(record)
    assert matrix is not None
    assert (matrix.is_idle, len(matrix.rows)) == (False, 13)
    assert matrix.remarks == [(Status.NOT_APPLICABLE, "65 cells do not apply: no API server")]
    assert {matrix.explain(cell) for cell in record.api_cells} == {""}


def test_a_check_counts_towards_one_matrix_only() -> None:
    """Columns of both matrices that have the same name are not mistaken for each other."""
    first, second = Cell("Model", Column.CREATED), ApiCell("Model", ApiColumn.CREATED)
    by_kubectl = Check("1.4", "created", "Model", Column.CREATED)
    through_api = Check("4.2", "created", "Model")
    outside = Check("4.7", "issues")
    record = Record(cells=[first], api_cells=[second], checks=[by_kubectl, through_api, outside])
    assert [find_checks(record, cell) for cell in (first, second)] == [[by_kubectl], [through_api]]
    assert find_cells(record, by_kubectl) == [first]
    assert find_cells(record, through_api)[0] is second
    assert find_cells(record, outside) == []


def test_a_check_of_the_second_matrix_has_its_cells_evidence() -> None:
    """What moved into a cell of the second matrix is found from its check, and nothing of the first matrix."""
    of_first, of_second = Evidence("row", "first", "", 1.0), Evidence("row", "second", "", 2.0)
    check = Check("4.3", "row", "Model")
    record = Record(
        cells=[Cell("Model", Column.SYNCED, evidence=[of_first])],
        api_cells=[ApiCell("Model", ApiColumn.SYNCED, evidence=[of_second])],
        checks=[check],
    )
    assert list_evidence(record, check) == [of_second]


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        (Check("1.6", "row", "Model", Column.SYNCED), "Model, Synced to MySQL"),
        (Check("4.3", "row", "Model"), "Model, API server: Synced to MySQL"),
        (Check("4.1", "proto", "Model"), "Model, Proto agrees"),
        (Check("1.2", "tables", "Model"), "Model"),
        (Check("4.7", "issues"), ""),
    ],
)
def test_a_place_tells_the_matrices_apart(check: Check, expected: str) -> None:
    """Where a check stands is said so that it can't be taken for the other matrix."""
    assert name_place(check) == expected


def test_every_column_of_the_second_matrix_has_its_section() -> None:
    """The sections 4.1 to 4.6 are the columns, in their order."""
    assert list(API_SECTIONS) == ["4.1", "4.2", "4.3", "4.4", "4.5", "4.6"]
    assert list(API_SECTIONS.values()) == list(ApiColumn)
