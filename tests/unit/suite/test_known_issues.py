"""`harness.suite.known_issues`: what became of the known issues of the later chapters."""

from __future__ import annotations

import dataclasses

import pytest
from harness.spec.contract_issues import ContractIssue
from harness.suite.known_issues import conclude_issues

from harness.chapters.seed.issues import KnownIssue, Probe
from harness.core.record import Check, Evidence, Finding, IssueResult, IssueStatus, Status
from harness.spec.profiles import Profile

ORPHAN = ContractIssue(
    id="orphan",
    title="The row stays live",
    sections=("5.7", "6.6"),
    signature=(r"NULL",),
    impact="an orphan",
    workaround="none",
    fix="write delete_time",
)
API = KnownIssue("api", "No finalizer", "", Probe.CELL, (r"none",), "impact", "workaround")
LIVE = Finding("column delete_time", "set", "NULL")


def _conclude(*checks: Check, issue: ContractIssue = ORPHAN) -> IssueResult:
    return conclude_issues(Profile("p", "P", contract_known_issues=(issue,)), list(checks))[0]


def _show(kind: str, section: str = "5.7") -> Check:
    return Check(section, f"Deletion: {kind}", kind, status=Status.KNOWN, issues=["orphan"], findings=[LIVE])


def test_an_issue_that_explains_a_check_is_reproduced() -> None:
    """It says in how many checks it showed, quotes what it explains by kind, and copies no other evidence."""
    other = Finding("column owner", '"a"', '"b"')
    checks = [_show("Model"), _show("Project"), _show("Model", "6.6")]
    checks[0].findings.append(other)
    checks[0].evidence = [Evidence("row", "row", "long", 1.0)]
    result = _conclude(*checks)
    assert (result.status, result.detail) == (IssueStatus.REPRODUCED, "in 3 checks of 5.7, 6.6")
    assert (result.impact, result.fix, result.sections) == ("an orphan", "write delete_time", ["5.7", "6.6"])
    assert [(item.title, item.body) for item in result.evidence] == [
        ("5.7 Deletion", f"Model: {LIVE}\nProject: {LIVE}"),
        ("6.6 Deletion", f"Model: {LIVE}"),
    ]


def test_a_long_finding_is_cut() -> None:
    """The quotation of a huge value has its beginning only."""
    check = dataclasses.replace(_show("Model"), findings=[Finding("json", "x" * 5000, "NULL")])
    other = dataclasses.replace(ORPHAN, signature=(r"x{9}",))
    assert len(_conclude(check, issue=other).evidence[0].body) < 600


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        (Check("5.7", "d", "Model", status=Status.PASS), IssueStatus.STALE),
        (Check("5.7", "d", "Model", status=Status.KNOWN, issues=["another"]), IssueStatus.STALE),
        (Check("5.7", "d", "Model", status=Status.FAIL, detail="known issue orphan is stale"), IssueStatus.STALE),
        (Check("5.7", "d", "Model", status=Status.FAIL, detail="no row"), IssueStatus.NOT_CHECKED),
        (Check("5.7", "d", "Model", status=Status.NOT_RUN), IssueStatus.NOT_CHECKED),
        (Check("5.7", "d", "Model", status=Status.NOT_APPLICABLE), IssueStatus.NOT_CHECKED),
        (Check("5.7", "d", "Model", status=Status.INVALID), IssueStatus.NOT_CHECKED),
        (Check("5.1", "labels", "Model", status=Status.PASS), IssueStatus.NOT_CHECKED),
    ],
)
def test_an_issue_that_did_not_show(check: Check, expected: IssueStatus) -> None:
    """It is stale only if a check of its sections came to its end without it; else nobody looked."""
    assert _conclude(check).status is expected


def test_an_issue_of_some_kinds_is_looked_for_in_these() -> None:
    """A check of a kind that the issue is not about says nothing about it."""
    issue = dataclasses.replace(ORPHAN, kinds=frozenset({"Project"}))
    passed = Check("5.7", "d", "Model", status=Status.PASS)
    assert _conclude(passed, issue=issue).status is IssueStatus.NOT_CHECKED
    passed.kind = "Project"
    assert _conclude(passed, issue=issue).status is IssueStatus.STALE


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


@pytest.mark.parametrize(
    ("checks", "expected"),
    [
        ([Check("4.6", "deleted", "Model", status=Status.KNOWN, issues=["api"])], IssueStatus.REPRODUCED),
        ([Check("4.7", "issues", status=Status.PASS, issues=["api"])], IssueStatus.REPRODUCED),
        ([Check("4.7", "issues", status=Status.PASS, detail="api is stale; tolerated")], IssueStatus.STALE),
        ([Check("4.7", "issues", status=Status.FAIL, detail="known issue api is stale")], IssueStatus.STALE),
        ([Check("4.7", "issues", status=Status.NOT_APPLICABLE)], IssueStatus.NOT_CHECKED),
        ([], IssueStatus.NOT_CHECKED),
    ],
)
def test_the_api_servers_issues_are_listed_too(checks: list[Check], expected: IssueStatus) -> None:
    """Those of Michelangelo's API server stand before the others, concluded from the check that looks for them."""
    profile = Profile("p", "P", api_known_issues=(API,), contract_known_issues=(ORPHAN,))
    results = conclude_issues(profile, checks)
    assert [result.id for result in results] == ["api", "orphan"]
    assert (results[0].status, results[0].sections) == (expected, ["4.7"])
