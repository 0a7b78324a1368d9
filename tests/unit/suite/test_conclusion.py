"""`harness.suite.conclusion`: cells, known issues and headline from the checks."""

from __future__ import annotations

import dataclasses

import pytest
from harness.spec.contract_issues import ContractIssue

from harness.core.record import Check, Column, Evidence, Record, Status
from harness.spec.profiles import Profile
from harness.suite.conclusion import build_cells, conclude, summarise, summarise_report

SYNCED = Check("1.6", "row", "Model", Column.SYNCED, status=Status.PASS)
LOGGED = Check("1.5", "log", "Model", Column.SYNCED, status=Status.PASS)


def test_a_cell_needs_all_of_its_checks() -> None:
    """A cell is as good as its checks and holds their evidence; without one of them it did not run."""
    item = Evidence("row", "r", "b", 1.0)
    checks = [dataclasses.replace(SYNCED, evidence=[item]), dataclasses.replace(LOGGED)]
    cells = {(cell.kind, cell.column): cell for cell in build_cells(checks)}
    assert len(cells) == 52
    assert cells["Model", Column.SYNCED].status is Status.PASS
    assert cells["Model", Column.SYNCED].evidence == [item]
    assert checks[0].evidence == []
    assert cells["Model", Column.CREATED].detail == "not selected: 1.4"
    alone = {(cell.kind, cell.column): cell for cell in build_cells([SYNCED])}["Model", Column.SYNCED]
    assert (alone.status, alone.detail) == (Status.NOT_RUN, "not selected: 1.5")


def test_without_a_check_of_it_there_is_no_first_matrix() -> None:
    """Where only later chapters were selected there are no cells, and their checks keep their evidence."""
    check = Check("5.1", "labels", "Model", evidence=[Evidence("row", "r", "b", 1.0)])
    assert build_cells([check]) == []
    assert len(check.evidence) == 1


@pytest.mark.parametrize(
    ("checks", "expected"),
    [
        (
            [Check("5.7", "deletion: Model", "Model", status=Status.FAIL, detail="Model: live"), SYNCED],
            "1 check failed, first 5.7 Model: live",
        ),
        (
            [Check("8.2", "SIGSTOP", status=s, detail="d") for s in (Status.INVALID, Status.ERROR)],
            "1 check could not be judged, first 8.2 SIGSTOP: d",
        ),
        (
            [Check("8.2", "SIGSTOP", status=Status.INVALID, detail="it did not strike")] * 2,
            "2 checks proved nothing, first 8.2 SIGSTOP: it did not strike",
        ),
        ([SYNCED, Check("5.1", "labels", "Model", detail="why")], "1 of 2 checks did not run: why"),
        ([SYNCED, LOGGED], "1 of 1 kinds synced; nothing failed in 2 checks; 0 known issues"),
        ([Check("8.1", "a", status=Status.PASS)], "Nothing failed in 1 check; 0 known issues"),
    ],
)
def test_the_headline_is_short_and_true(checks: list[Check], expected: str) -> None:
    """It names the first thing that is wrong by section and kind, or says how much was right."""
    record = Record(checks=[dataclasses.replace(check) for check in checks])
    record.cells = build_cells(record.checks)
    assert summarise(record) == expected


def test_known_issues_of_chapters_count_in_the_headline() -> None:
    """The record is completed with the issues that showed; a headline that was set stays."""
    issue = ContractIssue("orphan", "T", ("5.7",), (r".",), "i", "w", "f")
    record = Record(checks=[Check("5.7", "d", "Model", status=Status.KNOWN, issues=["orphan"])])
    conclude(record, Profile("p", "P", contract_known_issues=(issue,)))
    assert [result.id for result in record.known_issues] == ["orphan"]
    assert record.headline == "Nothing failed in 1 check; 1 known issue"
    early = Record(headline="no sandbox")
    conclude(early, Profile("p", "P"))
    assert early.headline == "no sandbox"


def test_the_report_is_summed_up_before_the_other_chapters() -> None:
    """The line counts the kinds that synced, and what did not pass, of chapters 1 to 4 alone."""
    checks = [
        Check("1.6", "row", "Model", status=Status.PASS),
        Check("1.6", "row", "Project", status=Status.FAIL),
        Check("3", "issue", status=Status.KNOWN),
        Check("5.1", "labels", "Model", status=Status.FAIL),
    ]
    line = summarise_report(checks, 6.92)
    assert line == "Chapters 1 to 4, after 6.9 s: 1 of 2 kinds synced; 1 of 3 checks did not pass"
    passed = "Chapters 1 to 4, after 7.0 s: 1 of 1 kinds synced; nothing failed in 1 check"
    assert summarise_report(checks[:1], 7) == passed
    assert summarise_report(checks[3:], 7) == ""
