"""`harness.report.outline`: the report's parts, chosen and ordered."""

from __future__ import annotations

from harness.core.record import Cell, Check, Column, Evidence, IssueResult, Latency, Record, Status
from harness.report.outline import (
    LatencyRow,
    find_last_row,
    group_by_section,
    group_other_checks,
    list_failures,
    list_latencies,
    list_row_counts,
)


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
    model, project = Check("1.2", "b: Model", "Model"), Check("1.2", "b: Project", "Project")
    tables, issue = Check("1.2", "a"), Check("3", "issue")
    checks = [tables, model, Check("1.6", "c", "Model", Column.SYNCED), project, issue]
    assert group_other_checks(Record(checks=checks)) == [[tables], [model, project], [issue]]


def test_a_check_of_a_chapter_is_not_listed_again() -> None:
    """A check of a chapter stands in its cell or its row there, and nowhere else."""
    checks = [Check("4.1", "proto", "Model"), Check("5.6", "deleted", "Model"), Check("8.1", "killed")]
    assert group_other_checks(Record(checks=checks)) == []


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
