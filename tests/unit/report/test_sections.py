"""`harness.report.sections`: the report's parts, chosen and ordered."""

from __future__ import annotations

from harness.core.record import Check, Evidence, IssueResult, Latency, Record, Status
from harness.report.sections import (
    LatencyRow,
    find_last_row,
    group_by_section,
    group_other_checks,
    list_explained,
    list_failures,
    list_latencies,
    list_row_counts,
    split_issues,
)
from tests.unit.report.sample_contents import KINDS, make_record


def test_checks_are_grouped_by_the_reports_sections() -> None:
    """Sections come in the report's order, those without checks not at all, checks of no section last."""
    checks = [Check(section, section) for section in ("elsewhere", "3", "2.1", "1.3", "1.3", "")]
    groups = group_by_section(make_record(*checks))
    assert [(heading, [check.section for check in group]) for heading, group in groups] == [
        ("1.3 Ingester controllers registered", ["1.3", "1.3"]),
        ("2.1 Patches sent", ["2.1"]),
        ("3 Known issues", ["3"]),
        ("Other checks", ["elsewhere", ""]),
    ]


def test_checks_without_a_cell_are_found() -> None:
    """A check of no column or no chapter belongs to no cell; those of one title for several kinds are a group."""
    model, project = Check("1.2", "b", "Model"), Check("1.2", "b", "Project")
    tables, issue, unknown = Check("1.2", "a"), Check("3", "issue", topic="a"), Check("12.3", "of no chapter")
    checks = [tables, model, Check("1.6", "c", "Model"), project, issue, unknown]
    assert group_other_checks(make_record(*checks)) == [[tables], [model, project], [issue], [unknown]]


def test_a_check_of_a_chapter_is_not_listed_again() -> None:
    """A check of a chapter stands in its cell or its row there, and nowhere else."""
    checks = [Check("4.1", "proto", "Model"), Check("5.6", "deleted", "Model"), Check("8.1", "killed")]
    assert group_other_checks(make_record(*checks)) == []


def test_known_issues_are_not_listed_twice() -> None:
    """A check of a known issue is left out where the record has the issue itself."""
    record = make_record(Check("3", "issue", topic="a"), known_issues=[IssueResult("a", "A")])
    assert group_other_checks(record) == []


def test_checks_that_an_issue_explains_come_in_the_reports_order() -> None:
    """They are sorted by section and kind; the check that is about the issue itself is none of them."""
    places = (("5.10", "Model"), ("5.9", "SparkJob"), ("5.9", "Model"), ("1.6", "Model"), ("4.7", None))
    checks = [Check(section, "t", kind, issues=["a"]) for section, kind in places]
    checks.append(Check("3", "issue", topic="a", issues=["a"]))
    found = list_explained(make_record(*checks), IssueResult("a", "A"))
    assert [(check.section, check.kind) for check in found] == [
        ("1.6", "Model"),
        ("4.7", None),
        ("5.9", "Model"),
        ("5.9", "SparkJob"),
        ("5.10", "Model"),
    ]


def test_issues_of_sections_that_were_not_selected_are_kept_apart() -> None:
    """An issue that the run had no section for was passed by; one without sections was looked for."""
    issues = [IssueResult(name, name, sections=own) for name, own in (("a", ["5.1"]), ("b", ["8.1"]), ("c", []))]
    looked_for, passed_by = split_issues(make_record(Check("8.1", "killed"), known_issues=issues))
    assert ([issue.id for issue in looked_for], [issue.id for issue in passed_by]) == (["b", "c"], ["a"])


def test_a_heading_is_the_contents_or_what_the_checks_share() -> None:
    """A section has the heading of the contents; without one its checks' title, or else its chapter's."""
    checks = [Check("5.9", "t"), Check("7.1", "quotes"), Check("7.2", "one"), Check("7.2", "two")]
    assert [heading for heading, _ in group_by_section(make_record(*checks))] == [
        "5.9 Immutable annotation",
        "7.1 quotes",
        "7.2 Hostile input",
    ]


def test_failures_come_before_errors() -> None:
    """What is wrong with the product comes before what could not be judged; nothing else is a failure."""
    statuses = (Status.ERROR, Status.KNOWN, Status.FAIL, Status.NOT_RUN, Status.PASS)
    record = Record(checks=[Check("1.1", status.value, status=status) for status in statuses])
    assert [check.title for check in list_failures(record)] == ["fail", "error"]


def test_the_last_row_is_the_one_that_was_read_last() -> None:
    """Of the rows in the sections' evidence the last one counts; looks that found none and other kinds do not."""
    evidence = [
        Evidence("row", "first", "", 2.0, {"columns": {"res_version": 11}}),
        Evidence("row", "second", "", 1.0, {"columns": {"res_version": 12, "json": {"res_version": 99}}}),
        Evidence("row", "none", "no row", 3.0),
        Evidence("row", "text", "name: m\nres_version: 13", 3.5),
        Evidence("log", "log", "res_version: 77", 4.0),
        Evidence("response", "answer", "", 5.0, {"columns": {"res_version": 14}}),
    ]
    record = make_record(Check("1.6", "row", "Model", evidence=evidence), Check("1.6", "row", "Project"))
    assert find_last_row(record, "Model", {"1.6"})["res_version"] == 12
    assert find_last_row(record, "Model", {"2.3"}) == find_last_row(record, "Project", {"1.6"}) == {}


def test_latencies_are_medians_in_the_reports_order() -> None:
    """Each kind has the median of its creates and of its patches, None where it was not written."""
    record = Record(
        kinds=KINDS,
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
    record = Record(kinds=KINDS, row_counts={"model": 1, "model_labels": 2, "schema_version": 1})
    assert list_row_counts(record) == ([("Model", [1, 2, None])], {"schema_version": 1})
