"""`harness.suite.second_judgement`: a check ends again as it did, by the same issues, and otherwise by others."""

from __future__ import annotations

import pytest

from harness.core import codes
from harness.core.errors import HarnessError
from harness.core.known_issue import KnownIssue
from harness.core.record import Check, Evidence, Finding, Status
from harness.suite.expectations import Expectations
from harness.suite.recorder import Recorder
from harness.suite.second_judgement import Basis, judge_again

LIVE = KnownIssue("live", "It stays", ("9.1",), "i", "w", code=codes.ROW_LIVE, need_not_show="timing")
BOUND = KnownIssue("bound", "It must show", ("9.1",), "i", "w", code="bound")
SHOWN = Finding(codes.ROW_LIVE, "the row", "deleted", "live")
OTHER = Finding("other", "x", "y", "z")
FILE = Evidence("file", "all of it", "rounds/1.json.gz", 1.0)


def check(status: Status, *findings: Finding, issues: tuple[str, ...] = (), stale: tuple[str, ...] = ()) -> Check:
    """Return a check that has ended so."""
    return Check("9.1", "t", "Model", status=status, findings=list(findings), issues=[*issues], stale=[*stale])


@pytest.mark.parametrize(
    ("before", "issues", "status"),
    [
        (check(Status.PASS), (LIVE,), Status.PASS),
        (check(Status.KNOWN, SHOWN, issues=("live",)), (LIVE,), Status.KNOWN),
        (check(Status.KNOWN, SHOWN, issues=("live",)), (), Status.FAIL),
        (check(Status.FAIL, SHOWN), (LIVE,), Status.KNOWN),
        (check(Status.FAIL, SHOWN), (), Status.FAIL),
        (check(Status.FAIL, OTHER, issues=("live",)), (LIVE,), Status.FAIL),
        (check(Status.PASS), (BOUND,), Status.FAIL),
        (check(Status.FAIL, stale=("bound",)), (BOUND,), Status.FAIL),
        (check(Status.FAIL, stale=("bound",)), (), Status.PASS),
    ],
)
def test_findings_and_known_issues_make_the_verdict(
    before: Check, issues: tuple[KnownIssue, ...], status: Status
) -> None:
    """What an issue explains is known, what none does fails, and one that must show and did not is stale."""
    judged = judge_again(before, Expectations(issues), expects_issues=True)
    assert (judged.after.status, judged.basis) == (status, Basis.FINDINGS)
    assert judged.differs == (status is not before.status)


def test_what_an_unknown_issue_explained_is_not_forgotten() -> None:
    """A check that failed kept no finding that was explained; that there were some is a finding of its own."""
    other = KnownIssue("other", "o", ("9.1",), "i", "w", code="other")
    judged = judge_again(check(Status.FAIL, OTHER, issues=("live",)), Expectations((other,)), expects_issues=True)
    assert [finding.code for finding in judged.after.findings] == [codes.ISSUE_UNKNOWN]


def test_an_issue_that_was_looked_for_by_itself_stands() -> None:
    """It needs no finding: as long as the profile has it it has shown, else there is nothing to look for."""
    before = check(Status.PASS, issues=("live",))
    assert not judge_again(before, Expectations((LIVE,)), expects_issues=False).differs
    before.topic = "live"
    assert judge_again(before, Expectations(), expects_issues=False).after.status is Status.NOT_APPLICABLE
    stale = check(Status.FAIL, stale=("live",))
    assert judge_again(stale, Expectations((LIVE,)), expects_issues=False).after.stale == ["live"]
    with pytest.warns(match="stale"):
        allowed = judge_again(stale, Expectations((LIVE,)), expects_issues=False, stale_tolerated="nobody minds")
    assert allowed.after.status is Status.PASS


@pytest.mark.parametrize("status", [Status.NOT_RUN, Status.INVALID, Status.NOT_APPLICABLE, Status.FAIL])
def test_what_was_not_judged_is_not_judged_now(status: Status) -> None:
    """A check that ended without findings for a reason of its own keeps its end."""
    before = check(status)
    judged = judge_again(before, Expectations((BOUND,)), expects_issues=True, judge_file=lambda _: Recorder())
    assert (judged.after, judged.basis, judged.differs) == (before, Basis.NONE, False)


def test_a_file_goes_before_findings() -> None:
    """Where the check's file can be judged, what that brings is the verdict, and the check is not touched."""
    before = check(Status.PASS)
    before.evidence = [FILE]
    seen: list[Evidence] = []

    def judge_file(item: Evidence) -> Recorder:
        seen.append(item)
        return Recorder(findings=[OTHER], problem="it is lost", facts={"converged": "late"})

    judged = judge_again(before, Expectations(), expects_issues=True, judge_file=judge_file)
    assert (judged.after.status, judged.after.detail, judged.basis) == (Status.FAIL, "it is lost", Basis.FILE)
    assert (judged.after.findings, judged.after.facts) == ([OTHER], {"converged": "late"})
    assert (seen, before.status, before.findings, before.facts) == ([FILE], Status.PASS, [], {})


def test_a_file_that_can_t_be_judged_is_an_error_of_its_check() -> None:
    """The others are judged all the same."""
    before = check(Status.PASS)
    before.evidence = [FILE]

    def judge_file(_: Evidence) -> Recorder:
        raise HarnessError("no such file")

    judged = judge_again(before, Expectations(), expects_issues=True, judge_file=judge_file)
    assert (judged.after.status, judged.after.detail) == (Status.ERROR, "no such file")
