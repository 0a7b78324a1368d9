"""`harness.report.matrix`: the matrices, their rows and cells, and none mistaken for another."""

from __future__ import annotations

from harness.core.record import Check, Record, Status
from harness.report.matrix import Matrix, MatrixCell, SharedReason, build_matrix, list_matrices
from tests.unit.report.sample_api import SECTIONS
from tests.unit.report.sample_chapters import INPUTS
from tests.unit.report.sample_contents import CHAPTERS_BY_KEY, COLUMNS, KINDS, make_cell, make_record


def _build(key: str, *checks: Check, record: Record | None = None) -> Matrix:
    record = record or make_record()
    record.checks = list(checks)
    matrix = build_matrix(record, CHAPTERS_BY_KEY[key])
    assert matrix is not None
    return matrix


def _find(matrix: Matrix, kind: str, column: str) -> MatrixCell:
    return next(cell for cell in matrix.cells if (cell.kind, cell.column.key) == (kind, column))


def _idle(*reasons: str) -> list[Check]:
    """Return the checks of a run without an API server: the first column has the first reason, and so on."""
    every = zip(SECTIONS, [*reasons, *[reasons[-1]] * 6], strict=False)
    return [
        Check(section, section, kind.name, status=Status.NOT_APPLICABLE, detail=reason)
        for section, reason in every
        for kind in KINDS
    ]


def test_the_rows_are_in_the_order_of_the_contents() -> None:
    """The rows come in the contents' order, whatever the checks'; unknown kinds follow."""
    kinds = ["Deployment", "SparkJob", "Widget", "TriggerRun", "Project"]
    expected = ["Project", "TriggerRun", "Deployment", "SparkJob", "Widget"]
    first = _build("seed", *(check for kind in kinds for check in make_cell(kind, "created")))
    fifth = _build("5", *(Check("5.1", "labels", kind, status=Status.PASS) for kind in kinds))
    assert [row.kind for row in first.rows] == [*(kind.name for kind in KINDS), "Widget"]
    assert [row.kind for row in fifth.rows] == expected


def test_a_cell_that_the_record_lacks_did_not_run() -> None:
    """A gap in the record shows as NOT RUN, and names the sections that were not selected."""
    matrix = _build("seed", *make_cell("Model", "synced", Status.PASS))
    row = next(row for row in matrix.rows if row.kind == "Model")
    assert [(cell.status, cell.detail) for cell in row.cells] == [
        (Status.NOT_RUN, "not selected: 1.4"),
        (Status.PASS, ""),
        (Status.NOT_RUN, "not selected: 2.1"),
        (Status.NOT_RUN, "not selected: 2.2, 2.3, 2.4"),
    ]


def test_a_matrix_of_groups_is_whole() -> None:
    """Every kind of the run has a row, and every group a cell, selected or not, so that no gap looks green."""
    matrix = _build("seed", *make_cell("Model", "synced", Status.PASS))
    assert len(matrix.cells) == len(KINDS) * len(COLUMNS)
    assert matrix.statuses.count(Status.NOT_RUN) == 51


def test_a_cell_of_several_sections_needs_all_of_them() -> None:
    """A group passes when each of its sections has; one without a check keeps it NOT RUN, but hides no failure."""
    first, second = make_cell("Model", "synced", Status.PASS)
    cells = [_find(_build("seed", *checks), "Model", "synced") for checks in ((first, second), (first,))]
    assert [(cell.status, cell.detail, len(cell.checks)) for cell in cells] == [
        (Status.PASS, "", 2),
        (Status.NOT_RUN, "not selected: 1.6", 1),
    ]
    first.status, first.detail = Status.FAIL, "Model: no line"
    cell = _find(_build("seed", first), "Model", "synced")
    assert (cell.status, cell.detail) == (Status.FAIL, "no line")


def test_a_check_counts_towards_one_matrix_only() -> None:
    """A check of a chapter is none of the first matrix's, though a column there has the same heading."""
    by_kubectl, through_api = Check("1.4", "created", "Model"), Check("4.2", "created", "Model")
    first, fourth = (_build(key, by_kubectl, through_api) for key in ("seed", "4"))
    assert list(_find(first, "Model", "created").checks) == [by_kubectl]
    assert [list(cell.checks) for cell in fourth.cells] == [[through_api]]
    columns = [(column.key, column.text, column.name) for column in (first.columns[0], fourth.columns[0])]
    assert columns == [("created", "Created", "Created"), ("4.2", "Created", "4.2 Created")]


def test_what_no_group_has_stands_outside() -> None:
    """A check of no column is neither a cell nor a row of a matrix of groups, and alone makes none of it."""
    assert build_matrix(make_record(Check("1.1", "components")), CHAPTERS_BY_KEY["seed"]) is None
    assert _build("seed", Check("1.1", "components"), *make_cell("Model", "created")).others == []


def test_a_reason_that_many_share_is_said_once() -> None:
    """A reason of more cells than a row has is shared; that of fewer, or of cells that ran, is not."""
    record = make_record()
    record.kinds = [kind for kind in KINDS if kind.name in {"Model", "Project", "Revision"}]
    cells = [
        *(make_cell("Model", column, Status.NOT_RUN, "no controllers") for column in COLUMNS),
        make_cell("Project", "created", Status.NOT_RUN, "no controllers"),
        make_cell("Project", "synced", Status.NOT_RUN, "own reason"),
        *(make_cell("Project", column, Status.PASS) for column in ("updated", "update_synced")),
        *(make_cell("Revision", column, Status.PASS, "fine") for column in COLUMNS),
    ]
    matrix = _build("seed", *(check for checks in cells for check in checks), record=record)
    assert matrix.shared == [SharedReason(Status.NOT_RUN, "no controllers", 5)]
    assert matrix.remarks == [(Status.NOT_RUN, "5 cells did not run: no controllers")]
    explained = {cell.detail: matrix.explain(cell) for row in matrix.rows for cell in row.cells if cell.detail}
    assert explained == {"no controllers": "", "own reason": "own reason", "fine": "fine"}


def test_a_chapter_of_which_nothing_was_selected_does_not_appear() -> None:
    """There is a matrix for each chapter that has checks; the first one is told apart from the API server's."""
    record = make_record(*make_cell("Model", "created", Status.PASS))
    assert [(item.title, item.explanation) for item in list_matrices(record)] == [("Results at a glance", "")]
    record.checks += [Check("4.1", "proto", "Model"), Check("8.1", "killed"), Check("5.1", "labels", "Model")]
    matrices = list_matrices(record)
    assert [matrix.chapter for matrix in matrices] == ["seed", "4", "5", "8"]
    assert all(matrix.explanation for matrix in matrices)


def test_without_a_check_of_it_the_first_matrix_gives_way_to_chapters() -> None:
    """A run of chapters alone shows these; where nothing was selected at all the first matrix stands empty."""
    assert [matrix.chapter for matrix in list_matrices(make_record(Check("8.1", "killed")))] == ["8"]
    assert [(matrix.chapter, matrix.size) for matrix in list_matrices(make_record())] == [("seed", "")]
    assert list_matrices(Record()) == []


def test_a_check_is_a_cell() -> None:
    """In a chapter the kind is the row and the section the column, by number; a missing cell did not run."""
    matrix = _build(
        "5",
        Check("5.10", "again", "Model", status=Status.PASS, detail="new uid"),
        Check("5.9", "immutable", "Model", status=Status.KNOWN),
        Check("5.9", "immutable", "SparkJob", status=Status.PASS),
    )
    assert [column.name for column in matrix.columns] == ["5.9 Immutable annotation", "5.10 Re-created"]
    assert [[cell.status for cell in row.cells] for row in matrix.rows] == [
        [Status.KNOWN, Status.PASS],
        [Status.PASS, Status.NOT_RUN],
    ]
    assert matrix.rows[0].cells[1].detail == "new uid"
    assert len(matrix.cells) == 3


def test_checks_of_one_cell_add_up() -> None:
    """Two checks of one kind and section are one cell, as good as the worse one, with its reason."""
    checks = [
        Check("7.1", "quotes", "Model", status=Status.PASS, detail="intact"),
        Check("7.1", "quotes", "Model", status=Status.FAIL, detail="Model: one is lost"),
    ]
    cell = _build("7", *checks).rows[0].cells[0]
    assert (cell.status, cell.detail, list(cell.checks)) == (Status.FAIL, "one is lost", checks)


def test_a_section_without_a_heading_is_named_by_its_checks() -> None:
    """A new section needs no entry: its column has its checks' title."""
    assert [column.name for column in _build("7", Check("7.3", "emoji", "Model")).columns] == ["7.3 emoji"]


def test_checks_of_no_kind_stand_beside_the_matrix() -> None:
    """They keep out of the cells, in the order of their sections, and count with them."""
    matrix = _build(
        "6",
        Check("6.8", "objects", status=Status.PASS, facts={"objects": "1000"}),
        Check("6.4", "created", "Model", status=Status.PASS),
        Check("6.1", "disabled", status=Status.INVALID),
    )
    assert [check.section for check in matrix.others] == ["6.1", "6.8"]
    assert (len(matrix.cells), matrix.size, matrix.facts) == (1, "1 cell and 2 checks", ())
    assert matrix.statuses == [Status.PASS, Status.INVALID, Status.PASS]


def test_the_chapter_of_faults_has_its_facts_as_columns() -> None:
    """Every fact that any check measured is a column, in the order in which they came; no check becomes a cell."""
    matrix = _build(
        "8",
        Check("8.1", "a", facts={"struck": "yes", "seed": "7"}),
        Check("8.2", "b", "Model", facts={"struck": "no", "operations": "3"}),
    )
    assert (matrix.columns, matrix.rows, matrix.facts) == ((), [], ("struck", "seed", "operations"))


def test_the_proto_column_alone_is_called_that() -> None:
    """Without the API server's checks the proto column stands alone, under its own title and explanation."""
    proto = [Check("4.1", "proto", kind, status=Status.PASS) for kind in ("Project", "Model")]
    deleted = Check("4.6", "deleted", "Model", status=Status.PASS)
    alone, both, others = _build("4", *proto), _build("4", *proto, deleted), _build("4", deleted)
    assert (alone.title, [column.key for column in alone.columns]) == ("Proto column", ["4.1"])
    assert "API server" not in alone.explanation
    assert ["The first column" in matrix.explanation for matrix in (both, others)] == [True, False]
    assert both.title == others.title == "Through Michelangelo's API server"


def test_a_matrix_that_does_not_apply_is_a_sentence() -> None:
    """Without an API server there is no table, but the reason, or each of several with its cells."""
    one, two = _build("4", *_idle("no API server")), _build("4", *_idle("JSON", "no API server"))
    assert (one.is_idle, one.rows, one.remarks) == (True, [], [(Status.NOT_APPLICABLE, "no API server")])
    assert (two.is_idle, [text for _, text in two.remarks]) == (
        True,
        ["13 cells of 4.1 do not apply: JSON", "65 cells do not apply: no API server"],
    )


def test_a_matrix_of_which_nothing_ran_is_a_sentence() -> None:
    """Where the run ended before a chapter, the reason stands in place of a table of dashes; gaps don't count."""
    places = (("5.1", "Model"), ("5.2", "Project"))
    checks = [Check(section, section, kind, detail="no sandbox") for section, kind in places]
    matrix = _build("5", *checks)
    assert (matrix.is_idle, matrix.rows, matrix.remarks) == (True, [], [(Status.NOT_RUN, "no sandbox")])
    checks[0].status = Status.PASS
    assert not _build("5", *checks).is_idle


def test_a_reason_for_which_many_cells_do_not_apply_is_said_once() -> None:
    """Where one column applies, the reason of the others stands beside the table, and not in its cells."""
    checks = _idle("no API server")
    for check in checks[:13]:
        check.status, check.detail = Status.PASS, ""
    matrix = _build("4", *checks)
    assert (matrix.is_idle, len(matrix.rows)) == (False, 13)
    assert matrix.remarks == [(Status.NOT_APPLICABLE, "65 cells do not apply: no API server")]
    assert {matrix.explain(cell) for cell in matrix.cells} == {""}


def test_in_a_wide_matrix_every_reason_stands_beside_it() -> None:
    """Narrow cells have no words: each reason is said below, with the cells, sections or kind that it is about."""
    kinds = ("Model", "Project")
    checks = [Check(section, section, kind, status=Status.PASS) for section in INPUTS for kind in kinds]
    for number, status, reason in (
        (0, Status.KNOWN, "too long"),
        (3, Status.KNOWN, "too long"),
        (5, Status.NOT_APPLICABLE, "immutable"),
        (6, Status.FAIL, "lost"),
    ):
        checks[number].status, checks[number].detail = status, reason
    matrix = _build("7", *checks)
    assert matrix.is_wide
    assert [text for _, text in matrix.remarks] == [
        "2 cells (Project 7.2, Model 7.1) fall short as expected: too long",
        "1 cell (Project 7.3) does not apply: immutable",
    ]
    failed = next(cell for cell in matrix.cells if cell.status is Status.FAIL)
    assert matrix.explain(failed) == "lost"
    for check in checks:
        check.status, check.detail = (Status.KNOWN, "all") if check.kind == "Model" else (Status.PASS, "")
    assert str(_build("7", *checks).shared[0]) == "12 cells of Model fall short as expected: all"
