"""`harness.report.outline`: the report's parts, chosen and ordered."""

from __future__ import annotations

from harness.report.outline import (
    LatencyRow,
    find_last_row,
    group_by_section,
    group_other_checks,
    list_evidence,
    list_failures,
    list_latencies,
    list_own_evidence,
    list_row_counts,
    list_rows,
    list_shared_reasons,
)
from harness.results import Cell, Check, Column, Evidence, IssueResult, Latency, Record, Status


def test_the_matrix_is_in_the_seed_reports_order() -> None:
    """The rows come in the seed report's order, SparkJob last, whatever the record's; unknown kinds follow."""
    kinds = ["Deployment", "SparkJob", "Widget", "TriggerRun", "Project"]
    record = Record(cells=[Cell(kind, Column.CREATED) for kind in kinds])
    assert [row.kind for row in list_rows(record)] == ["Project", "TriggerRun", "Deployment", "SparkJob", "Widget"]


def test_a_cell_that_the_record_lacks_did_not_run() -> None:
    """A gap in the record shows as NOT RUN."""
    record = Record(cells=[Cell("Model", Column.SYNCED, Status.PASS)])
    assert [cell.status for cell in list_rows(record)[0].cells] == [
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


def test_checks_are_grouped_by_the_reports_sections() -> None:
    """Sections come in the report's order, those without checks not at all, checks of no section last."""
    checks = [Check(section, section) for section in ("elsewhere", "3", "2.1", "1.3", "1.3", "")]
    groups = group_by_section(Record(checks=checks))
    assert [(heading, [check.section for check in group]) for heading, group in groups] == [
        ("1.3 Ingester controllers registered", ["1.3", "1.3"]),
        ("2.1 Patches sent", ["2.1"]),
        ("3 Known issues", ["3"]),
        ("Other checks", ["elsewhere", ""]),
    ]


def test_checks_without_a_cell_are_found() -> None:
    """A check without kind or column belongs to no cell; those of one test for several kinds are a group."""
    model, project = Check("1.2", "b", "Model"), Check("1.2", "b", "Project")
    tables, issue = Check("1.2", "a"), Check("3", "issue")
    checks = [tables, model, Check("1.6", "c", "Model", Column.SYNCED), project, issue]
    assert group_other_checks(Record(checks=checks)) == [[tables], [model, project], [issue]]


def test_known_issues_are_not_listed_twice() -> None:
    """A check of a known issue is left out where the record has the issue itself."""
    record = Record(checks=[Check("3", "issue")], known_issues=[IssueResult("a", "A")])
    assert group_other_checks(record) == []


def test_failures_come_before_errors() -> None:
    """What is wrong with the product comes before what could not be judged; nothing else is a failure."""
    statuses = (Status.ERROR, Status.KNOWN, Status.FAIL, Status.NOT_RUN, Status.PASS)
    record = Record(checks=[Check("1.1", status.value, status=status) for status in statuses])
    assert [check.title for check in list_failures(record)] == ["fail", "error"]


def test_the_last_row_is_the_one_that_was_read_last() -> None:
    """Of the rows in a cell's evidence the last one counts; looks that found none and other kinds do not."""
    evidence = [
        Evidence("row", "first", "name: m\nres_version: 11", 2.0),
        Evidence("row", "second", "name: m\nres_version: 12\njson: {\n  res_version: 99\n}", 1.0),
        Evidence("row", "none", "   0.003 s  no row", 3.0),
        Evidence("log", "log", "res_version: 77", 4.0),
    ]
    record = Record(
        cells=[Cell("Model", Column.SYNCED)],
        checks=[Check("1.6", "row", "Model", Column.SYNCED, evidence=evidence)],
    )
    assert find_last_row(record, "Model", Column.SYNCED)["res_version"] == "12"
    assert find_last_row(record, "Model", Column.UPDATE_SYNCED) == {}


def test_latencies_are_medians_in_the_reports_order() -> None:
    """Each kind has the median of its creates and of its patches, None where it was not written."""
    record = Record(
        latencies=[
            Latency("SparkJob", "create", 1.0),
            Latency("Model", "patch", 0.1),
            Latency("Model", "patch", 0.3),
            Latency("Model", "patch", 0.2),
        ]
    )
    assert list_latencies(record) == [LatencyRow("Model", None, 0.2), LatencyRow("SparkJob", 1.0, None)]


def test_row_counts_are_sorted_into_kinds() -> None:
    """Counts stand by kind and table; a table that was not counted is None, a foreign one is kept apart."""
    record = Record(row_counts={"model": 1, "model_labels": 2, "schema_version": 1})
    assert list_row_counts(record) == ([("Model", [1, 2, None])], {"schema_version": 1})


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
    assert list_shared_reasons(record) == {"no controllers": 5}
