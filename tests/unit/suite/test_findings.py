"""A check is KNOWN only if known issues explain all that it found."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest
from harness.chapters.seed.run import Run
from harness.spec.contract_issues import ContractIssue
from harness.suite.findings import conclude

from harness.core.errors import CheckFailure
from harness.core.outcomes import Known, StaleKnownIssueWarning
from harness.core.record import Check, Finding
from harness.spec.profiles import Profile

ORPHAN = ContractIssue("orphan", "It stays", ("5.7",), ("^the row: .*live$",), "i", "w", "f")
SOMETIMES = ContractIssue("sometimes", "It may", ("5.7",), ("may be",), "i", "w", "f", need_not_show="timing")
OF_MODEL = ContractIssue("of-model", "It is", ("5.7",), ("model",), "i", "w", "f", kinds=frozenset({"Model"}))
LIVE = Finding("the row", "deleted", "live")
OTHER = Finding("column tier", "1", "2")


def make_run(*issues: ContractIssue, allow_stale: bool = False) -> Run:
    """Return as much of a run as a conclusion needs."""
    profile = Profile("p", "t", contract_known_issues=issues)
    return cast(Run, SimpleNamespace(profile=profile, allow_stale=allow_stale))


def make_check(section: str = "5.7") -> Check:
    """Return the check of a Project."""
    return Check(section, "title", "Project")


def test_without_findings_and_issues_it_passes() -> None:
    """Nothing found, nothing expected: nothing is raised."""
    check = make_check()
    conclude(make_run(), check, [], problem="p")
    assert (check.issues, check.findings) == ([], [])


def test_a_finding_that_an_issue_explains_is_known() -> None:
    """The issue is named in the check, and the finding stays in its record."""
    check = make_check()
    with pytest.raises(Known, match="It stays"):
        conclude(make_run(ORPHAN), check, [LIVE], problem="p")
    assert (check.issues, check.findings) == (["orphan"], [LIVE])


def test_a_finding_beside_a_known_one_fails() -> None:
    """A known limit hides no second defect: the failure names only what is not explained."""
    check = make_check()
    with pytest.raises(CheckFailure, match="column tier") as failure:
        conclude(make_run(ORPHAN), check, [LIVE, OTHER], problem="p")
    assert "the row" not in str(failure.value)


def test_an_issue_of_another_section_or_kind_explains_nothing() -> None:
    """Only the issues of the check's own section and kind count."""
    with pytest.raises(CheckFailure, match="the row"):
        conclude(make_run(ORPHAN), make_check("5.6"), [LIVE], problem="p")
    with pytest.raises(CheckFailure, match="model"):
        conclude(make_run(OF_MODEL), make_check(), [Finding("model", "1", "2")], problem="p")


def test_an_issue_that_does_not_show_is_stale() -> None:
    """What a profile expects and is not found fails the check, so that the list can't rot."""
    with pytest.raises(CheckFailure, match="known issue orphan is stale"):
        conclude(make_run(ORPHAN), make_check(), [], problem="p")


def test_a_stale_issue_can_be_tolerated() -> None:
    """It is a warning then."""
    with pytest.warns(StaleKnownIssueWarning, match="orphan"):
        conclude(make_run(ORPHAN, allow_stale=True), make_check(), [], problem="p")


def test_an_issue_of_timing_need_not_show() -> None:
    """What depends on timing is no failure where it doesn't show, and explains where it does."""
    conclude(make_run(SOMETIMES), make_check(), [], problem="p")
    with pytest.raises(Known):
        conclude(make_run(SOMETIMES), make_check(), [Finding("it", "not", "may be")], problem="p")
