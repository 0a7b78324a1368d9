"""`harness.suite.conclusion`: known issues and headline from the checks."""

from __future__ import annotations

import dataclasses

import pytest

from harness.core import codes
from harness.core.known_issue import KnownIssue
from harness.core.record import Check, Evidence, Finding, IssueResult, IssueStatus, Record, Status
from harness.report.formatting import count
from harness.suite.chapter import Section
from harness.suite.conclusion import (
    conclude_issues,
    find_synced_section,
    summarise,
    summarise_report,
)
from harness.suite.expectations import Expectations

SYNCED = Check("1.6", "row", "Model", status=Status.PASS)
LOGGED = Check("1.5", "log", "Model", status=Status.PASS)
REPORT = ("1.1", "1.5", "1.6", "3")
ORPHAN = KnownIssue(
    id="orphan",
    title="The row stays live",
    sections=("5.7", "6.6"),
    wording=(r"NULL",),
    impact="an orphan",
    workaround="none",
    fix="write delete_time",
    link="https://example.invalid/1",
)
API = KnownIssue("api", "No finalizer", ("4.7", "4.6"), "impact", "workaround", wording=(r"none",))
LIVE = Finding(codes.ROW_LIVE, "column delete_time", "set", "NULL")


def _conclude(*checks: Check, issue: KnownIssue = ORPHAN) -> IssueResult:
    return conclude_issues(Expectations((issue,)), checks)[0]


def _show(kind: str | None, section: str = "5.7") -> Check:
    return Check(section, "Deletion", kind, status=Status.KNOWN, issues=["orphan"], findings=[LIVE])


def test_an_issue_that_explains_a_check_is_reproduced() -> None:
    """It says in how many checks it showed, quotes what it explains by kind, and copies no other evidence."""
    other = Finding(codes.ROW_COLUMN, "column owner", '"a"', '"b"')
    checks = [_show("Model"), _show("Project"), _show("Model", "6.6"), _show(None, "6.6")]
    checks[0].findings.append(other)
    checks[0].evidence = [Evidence("row", "row", "long", 1.0)]
    result = _conclude(*checks)
    assert (result.status, result.detail) == (IssueStatus.REPRODUCED, "in 4 checks of 5.7, 6.6")
    assert (result.impact, result.fix, result.sections) == ("an orphan", "write delete_time", ["5.7", "6.6"])
    assert (result.workaround, result.link) == ("none", "https://example.invalid/1")
    assert [(item.title, item.body) for item in result.evidence] == [
        ("5.7 Deletion", f"Model: {LIVE}\nProject: {LIVE}"),
        ("6.6 Deletion", f"Model: {LIVE}\nall kinds: {LIVE}"),
    ]


def test_a_long_finding_is_cut() -> None:
    """The quotation of a huge value has its beginning only."""
    huge = Finding(codes.ROW_JSON, "json", "x" * 5000, "NULL")
    check = dataclasses.replace(_show("Model"), findings=[huge])
    other = dataclasses.replace(ORPHAN, wording=(r"x{9}",))
    assert len(_conclude(check, issue=other).evidence[0].body) < 600


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        (Check("5.7", "d", "Model", status=Status.PASS, stale=["orphan"]), IssueStatus.GONE),
        (
            Check("5.7", "d", "Model", status=Status.KNOWN, issues=["another"], stale=["orphan"]),
            IssueStatus.GONE,
        ),
        (Check("5.7", "d", "Model", status=Status.FAIL, stale=["orphan"]), IssueStatus.STALE),
        (Check("5.7", "d", "Model", status=Status.PASS), IssueStatus.NOT_CHECKED),
        (Check("5.7", "d", "Model", status=Status.FAIL, detail="no row"), IssueStatus.NOT_CHECKED),
        (Check("5.7", "d", "Model", status=Status.FAIL, stale=["another"]), IssueStatus.NOT_CHECKED),
        (Check("5.7", "d", "Model", status=Status.NOT_RUN), IssueStatus.NOT_CHECKED),
        (Check("5.7", "d", "Model", status=Status.NOT_APPLICABLE), IssueStatus.NOT_CHECKED),
        (Check("5.7", "d", "Model", status=Status.INVALID), IssueStatus.NOT_CHECKED),
        (Check("5.1", "labels", "Model", status=Status.PASS), IssueStatus.NOT_CHECKED),
    ],
)
def test_an_issue_that_did_not_show(check: Check, expected: IssueStatus) -> None:
    """It is stale only if a check came to its end and missed it; else nobody looked."""
    assert _conclude(check).status is expected


def test_an_issue_that_shows_somewhere_is_not_stale() -> None:
    """A check that missed it fails by itself; the issue is there."""
    missed = Check("6.6", "d", "Model", status=Status.FAIL, stale=["orphan"])
    assert _conclude(_show("Model"), missed).status is IssueStatus.REPRODUCED


def test_an_issue_that_need_not_show_never_goes_stale() -> None:
    """Not seeing it proves nothing, and the result says why; seeing it does."""
    issue = dataclasses.replace(ORPHAN, need_not_show="it depends on timing")
    result = _conclude(Check("5.7", "d", "Model", status=Status.PASS), issue=issue)
    assert (result.status, result.detail) == (
        IssueStatus.NOT_CHECKED,
        "did not show, and need not: it depends on timing",
    )
    assert _conclude(Check("5.7", "d", "Model"), issue=issue).detail == ""
    assert _conclude(_show("Model"), issue=issue).status is IssueStatus.REPRODUCED


def test_an_issue_of_some_kinds_is_looked_for_in_these() -> None:
    """A check of a kind that the issue is not about says nothing about it."""
    issue = dataclasses.replace(ORPHAN, kinds=("Project",), need_not_show="timing")
    passed = Check("5.7", "d", "Model", status=Status.PASS)
    assert _conclude(passed, issue=issue).detail == ""
    passed.kind = "Project"
    assert _conclude(passed, issue=issue).detail == "did not show, and need not: timing"


@pytest.mark.parametrize(
    ("checks", "expected"),
    [
        ([Check("4.6", "deleted", "Model", status=Status.KNOWN, issues=["api"])], IssueStatus.REPRODUCED),
        ([Check("4.7", "issues", status=Status.PASS, issues=["api"])], IssueStatus.REPRODUCED),
        ([Check("4.7", "issues", status=Status.PASS, stale=["api"])], IssueStatus.GONE),
        ([Check("4.7", "issues", status=Status.FAIL, stale=["api"])], IssueStatus.STALE),
        ([Check("4.7", "issues", status=Status.NOT_APPLICABLE)], IssueStatus.NOT_CHECKED),
        ([], IssueStatus.NOT_CHECKED),
    ],
)
def test_issues_are_concluded_in_their_order(checks: list[Check], expected: IssueStatus) -> None:
    """Those of each chapter alike, from the checks that found them and the one that looks for them."""
    results = conclude_issues(Expectations((API, ORPHAN)), checks)
    assert [result.id for result in results] == ["api", "orphan"]
    assert (results[0].status, results[0].sections) == (expected, ["4.7", "4.6"])


def test_the_check_that_is_about_an_issue_lends_its_evidence() -> None:
    """What was seen and done for the issue stands with it, whether or not it showed."""
    item = Evidence("log", "panics", "panic", 1.0)
    check = Check("3", "Known issue shows", "SparkJob", "orphan", status=Status.FAIL, evidence=[item])
    others = Check("3", "Known issue shows", "SparkJob", "other", evidence=[Evidence("log", "o", "o", 1.0)])
    assert _conclude(check, others).evidence == [item]


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
            [Check("8.2", "SIGSTOP", status=Status.INVALID, detail="it was not injected")] * 2,
            "2 checks proved nothing, first 8.2 SIGSTOP: it was not injected",
        ),
        ([SYNCED, Check("5.1", "labels", "Model", detail="why")], "1 of 2 checks did not run: why"),
        ([SYNCED, LOGGED], "1 of 1 kinds synced; nothing failed in 2 checks; 0 known issues"),
        (
            [SYNCED, Check("1.6", "row", "SparkJob", status=Status.KNOWN)],
            "1 of 2 kinds synced; nothing failed in 2 checks; 0 known issues",
        ),
        ([Check("8.1", "a", status=Status.PASS)], "Nothing failed in 1 check; 0 known issues"),
    ],
)
def test_the_headline_is_short_and_true(checks: list[Check], expected: str) -> None:
    """It names the first thing that is wrong by section and kind, or says how much was right."""
    record = Record(checks=[dataclasses.replace(check) for check in checks])
    assert summarise(record, "1.6") == expected


def test_an_interrupted_run_says_so() -> None:
    """How many of its checks did not run."""
    record = Record(interrupted=True, checks=[SYNCED, Check("5.1", "labels", detail="not reached")])
    assert summarise(record, "1.6") == "Interrupted: 1 of 2 checks did not run"


def test_known_issues_of_chapters_count_in_the_headline() -> None:
    """Those that showed."""
    record = Record(checks=[Check("5.7", "d", "Model", status=Status.KNOWN, issues=["orphan"])])
    record.known_issues = conclude_issues(Expectations((ORPHAN, API)), record.checks)
    assert summarise(record, "1.6") == "Nothing failed in 1 check; 1 known issue"


def test_the_report_is_summed_up_before_the_other_chapters() -> None:
    """The line counts the kinds that synced, and what did not pass, of the seed report's chapters alone."""
    checks = [
        Check("1.6", "row", "Model", status=Status.PASS),
        Check("1.6", "row", "Project", status=Status.FAIL),
        Check("3", "issue", status=Status.KNOWN),
        Check("5.1", "labels", "Model", status=Status.FAIL),
    ]
    line = summarise_report(checks, REPORT, "1.6", 6.92)
    assert line == "Chapters 1 to 4, after 6.9 s: 1 of 2 kinds synced; 1 of 3 checks did not pass"
    passed = "Chapters 1 to 4, after 7.0 s: 1 of 1 kinds synced; nothing failed in 1 check"
    assert summarise_report(checks[:1], REPORT, "1.6", 7) == passed
    assert summarise_report(checks[3:], REPORT, "1.6", 7) == ""


def test_which_section_proves_sync_is_its_own_word() -> None:
    """The first that says so; '' where none of the chapters does."""
    sections = [Section(n, "h", "t", "p", print, proves_sync=n > "1.5") for n in ("1.5", "1.6", "1.7")]
    assert find_synced_section(sections) == "1.6"
    assert find_synced_section(sections[:1]) == ""


def test_numbers_stand_with_their_nouns() -> None:
    """In the plural but for one."""
    assert [count(number, "check") for number in (0, 1, 2)] == ["0 checks", "1 check", "2 checks"]
