"""A check is KNOWN only if known issues explain all that it found."""

from __future__ import annotations

import dataclasses

import pytest

from harness.core import codes
from harness.core.errors import CheckFailure
from harness.core.known_issue import KnownIssue
from harness.core.outcomes import Known, StaleKnownIssueWarning
from harness.core.record import Check, Evidence, Finding
from harness.suite.expectations import Expectations
from harness.suite.judge import conclude
from harness.suite.recorder import Recorder

ORPHAN = KnownIssue("orphan", "It stays", ("5.7",), "i", "w", wording=("^the row: .*live$",))
SOMETIMES = KnownIssue("sometimes", "It may", ("5.7",), "i", "w", wording=("may be",), need_not_show="timing")
OF_MODEL = KnownIssue("of-model", "It is", ("5.7",), "i", "w", wording=("model",), kinds=("Model",))
CODED = KnownIssue("coded", "It is live", ("5.7",), "i", "w", code="row.live")
LIVE = Finding(codes.ROW_LIVE, "the row", "deleted", "live")
OTHER = Finding(codes.ROW_COLUMN, "column tier", "1", "2")


def make_check(section: str = "5.7") -> Check:
    """Return the check of a Project."""
    return Check(section, "title", "Project")


def make_recorder(*findings: Finding, problem: str = "p") -> Recorder:
    """Return a recorder with these findings."""
    return Recorder(list(findings), problem=problem)


def expect(*issues: KnownIssue) -> Expectations:
    """Return what a profile with these issues expects."""
    return Expectations(issues)


def test_without_findings_and_issues_it_passes() -> None:
    """Nothing found, nothing expected: nothing is raised, and the detail is the recorder's."""
    check, recorder = make_check(), make_recorder()
    recorder.detail = "after restart"
    conclude(check, recorder, expect())
    assert (check.issues, check.stale, check.findings, check.detail) == ([], [], [], "after restart")


def test_a_finding_that_an_issue_explains_is_known() -> None:
    """The issue is named in the check, and the finding stays in its record."""
    check = make_check()
    with pytest.raises(Known, match="It stays"):
        conclude(check, make_recorder(LIVE), expect(ORPHAN))
    assert (check.issues, check.findings) == (["orphan"], [LIVE])


def test_a_failure_says_what_it_was_judged_by() -> None:
    """Whoever doubts a verdict sees which facts of the version it stands on, and where they were read."""
    with pytest.raises(CheckFailure, match=r"(?m)^judged by: finalizer is ingester \(c.go:9\)$"):
        conclude(make_check(), make_recorder(LIVE), expect(), basis="finalizer is ingester (c.go:9)")


def test_a_stale_issue_names_the_versions_that_have_it() -> None:
    """One that belongs to a value of a feature may be stale because that value is not the version's."""
    issue = dataclasses.replace(ORPHAN, features=("finalizer=api-server",))
    with pytest.raises(CheckFailure, match=r"(?s)of versions with finalizer=api-server.*--feature$"):
        conclude(make_check(), make_recorder(), expect(issue))


def test_an_issue_may_know_a_finding_by_its_code_alone() -> None:
    """Whatever the words: but a finding of another code with the same words is none of its."""
    with pytest.raises(Known, match="It is live"):
        conclude(make_check(), make_recorder(LIVE), expect(CODED))
    renamed = Finding(codes.ROW_DELETED, LIVE.where, LIVE.expected, LIVE.actual)
    with pytest.raises(CheckFailure, match="the row"):
        conclude(make_check(), make_recorder(renamed), expect(CODED))


def test_a_finding_beside_a_known_one_fails() -> None:
    """A known limit hides no second defect: the failure names only what is not explained."""
    check = make_check()
    with pytest.raises(CheckFailure, match="column tier") as failure:
        conclude(check, make_recorder(LIVE, OTHER), expect(ORPHAN))
    assert "the row" not in str(failure.value)
    assert (check.issues, check.findings) == (["orphan"], [OTHER])


def test_an_issue_of_another_section_or_kind_explains_nothing() -> None:
    """Only the issues of the check's own section and kind count."""
    with pytest.raises(CheckFailure, match="the row"):
        conclude(make_check("5.6"), make_recorder(LIVE), expect(ORPHAN))
    with pytest.raises(CheckFailure, match="model"):
        conclude(make_check(), make_recorder(Finding(codes.ROW_COLUMN, "model", "1", "2")), expect(OF_MODEL))


def test_an_issue_that_does_not_show_is_stale() -> None:
    """What a profile expects and is not found fails the check, so that the list can't rot."""
    check = make_check()
    with pytest.raises(CheckFailure, match="known issue orphan is stale"):
        conclude(check, make_recorder(), expect(ORPHAN))
    assert (check.issues, check.stale) == ([], ["orphan"])


def test_a_stale_issue_can_be_tolerated() -> None:
    """It is a warning then, and the check names it all the same."""
    check = make_check()
    with pytest.warns(StaleKnownIssueWarning, match="orphan"):
        conclude(check, make_recorder(), expect(ORPHAN), stale_tolerated="nobody minds")
    assert check.stale == ["orphan"]
    assert check.detail == "known issue orphan did not show; tolerated, since nobody minds"


def test_an_issue_is_stale_beside_one_that_shows() -> None:
    """One that shows does not stand for the other."""
    check = make_check()
    with pytest.raises(CheckFailure, match="known issue also is stale"):
        conclude(check, make_recorder(LIVE), expect(ORPHAN, KnownIssue("also", "A", ("5.7",), "i", "w", code="x")))
    assert (check.issues, check.stale) == (["orphan"], ["also"])


def test_an_issue_of_timing_need_not_show() -> None:
    """What depends on timing is no failure where it doesn't show, and explains where it does."""
    conclude(make_check(), make_recorder(), expect(SOMETIMES))
    with pytest.raises(Known):
        conclude(make_check(), make_recorder(Finding(codes.ORDER, "it", "not", "may be")), expect(SOMETIMES))


def test_a_section_may_leave_stale_issues_to_another() -> None:
    """Where it expects none it explains by them, and misses none."""
    check = make_check()
    conclude(check, make_recorder(), expect(ORPHAN), expects_issues=False)
    assert check.stale == []
    with pytest.raises(Known):
        conclude(check, make_recorder(LIVE), expect(ORPHAN), expects_issues=False)


def test_an_issue_that_was_looked_for_and_showed_is_named() -> None:
    """The check whose purpose it is passes: it has found what it looked for."""
    check, recorder = make_check("3"), make_recorder()
    recorder.look_for(ORPHAN, shown=True)
    conclude(check, recorder, expect(ORPHAN), expects_issues=False)
    assert (check.issues, check.stale) == (["orphan"], [])


def test_an_issue_that_was_looked_for_in_vain_is_stale() -> None:
    """It fails the check that looked, or warns."""
    recorder = make_recorder()
    recorder.look_for(ORPHAN, shown=False)
    check = make_check("3")
    with pytest.raises(CheckFailure, match="known issue orphan is stale"):
        conclude(check, recorder, expect(ORPHAN), expects_issues=False)
    assert (check.issues, check.stale) == ([], ["orphan"])
    with pytest.warns(StaleKnownIssueWarning, match="orphan"):
        conclude(make_check("3"), recorder, expect(ORPHAN), expects_issues=False, stale_tolerated="nobody minds")


def test_every_missed_issue_is_named() -> None:
    """The first fails the check, and the record knows the others too."""
    recorder = make_recorder()
    recorder.look_for(ORPHAN, shown=False)
    recorder.look_for(OF_MODEL, shown=False)
    check = make_check("3")
    with pytest.raises(CheckFailure, match="orphan"):
        conclude(check, recorder, expect(), expects_issues=False)
    assert check.stale == ["orphan", "of-model"]


def test_a_failure_reads_from_problem_to_remedy() -> None:
    """The problem, what was found, and what to look at; the check's title where no problem was named."""
    recorder = make_recorder(*[OTHER] * 21, problem="")
    recorder.look_at = "the log"
    with pytest.raises(CheckFailure) as failure:
        conclude(make_check(), recorder, expect())
    first, *rest = str(failure.value).splitlines()
    assert first == "title"
    assert rest[0] == "  column tier: expected 1, got 2"
    assert rest[-2:] == ["  … and 1 more", "look at: the log"]


def test_a_recorder_takes_what_a_step_brought() -> None:
    """Findings, evidence and facts are added; problem, advice and detail are kept where the step names none."""
    own, step = make_recorder(OTHER, problem="own"), make_recorder(LIVE, problem="")
    own.look_at, step.detail, step.facts["rows"] = "here", "slow", "7"
    step.note("seen")
    own.take(step)
    assert own.findings == [OTHER, LIVE]
    assert [item.title for item in own.evidence] == ["seen"]
    assert (own.problem, own.look_at, own.detail, own.facts) == ("own", "here", "slow", {"rows": "7"})


def test_evidence_is_written_whatever_the_verdict() -> None:
    """What the check had before stays, and so does its command, unless the recorder has one of its own."""
    check = Check("5.7", "t", reproduce="pytest", evidence=[Evidence("note", "first", "", 0.0)])
    recorder = make_recorder()
    recorder.note("second")
    recorder.write_to(check)
    assert [item.title for item in check.evidence] == ["first", "second"]
    assert check.reproduce == "pytest"
    recorder.reproduce = "soak"
    recorder.write_to(check)
    assert check.reproduce == "soak"
