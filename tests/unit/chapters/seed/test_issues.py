"""The known issues of the chapters fit their sections, their kinds and their codes."""

from __future__ import annotations

import re

import pytest

from harness.chapters import CHAPTERS
from harness.chapters.seed.issues import ISSUES
from harness.core import codes
from harness.core.known_issue import Action, KnownIssue
from harness.core.record import Finding
from tests.fakes.contract import CONTRACT

ALL = [issue for chapter in CHAPTERS for issue in chapter.issues]
NUMBERS = {section.number for chapter in CHAPTERS for section in chapter.sections}
REJECTED = "cluster must only belong to the namespace ma-system"
PANIC = (
    "no row with uid u1, for 1.0 s; it is in CrashLoopBackOff\n"
    "panic: invalid memory address or nil pointer dereference\n\tspark/job/client/client.go:185"
)
OTHER_PANIC = (
    "no row with uid u1, for 1.0 s; it is in CrashLoopBackOff\npanic: runtime error: index out of range [3]\n"
    '{"msg": "Observed a panic", "panic": "runtime error: invalid memory address or nil pointer dereference", '
    '"stacktrace": "\\tspark/job/client/client.go:185", "error": "panic: invalid memory address or nil pointer'
    ' dereference [recovered]"}'
)


def test_ids_are_unique() -> None:
    """A profile names an issue by its id alone."""
    assert len({issue.id for issue in ALL}) == len(ALL)


@pytest.mark.parametrize("issue", ALL, ids=lambda issue: issue.id)
def test_an_issue_is_whole(issue: KnownIssue) -> None:
    """It can show somewhere, says how it is recognised, and what it means to a user."""
    assert issue.sections
    assert set(issue.kinds) <= set(CONTRACT.names)
    assert issue.code or issue.wording
    assert issue.title
    assert issue.impact
    assert issue.workaround
    for pattern in issue.wording:
        re.compile(pattern)


@pytest.mark.parametrize("issue", ISSUES, ids=lambda issue: issue.id)
def test_the_seed_reports_issues_are_looked_for(issue: KnownIssue) -> None:
    """In section 3, with their kinds; what they rule out exists."""
    assert "3" in issue.sections
    assert issue.kinds
    assert {*issue.sections, *issue.rules_out} <= NUMBERS


@pytest.mark.parametrize(
    ("issue", "code", "actual", "expected"),
    [
        ("sparkjob-double-panic", codes.ROW_MISSING, PANIC, True),
        ("sparkjob-double-panic", codes.LOG_MISSING, PANIC, True),
        ("sparkjob-double-panic", codes.ROW_BEHIND, PANIC, False),
        ("sparkjob-double-panic", codes.ROW_MISSING, PANIC.replace("185", "99"), False),
        ("sparkjob-double-panic", codes.ROW_MISSING, "no row with uid u1, for 15.0 s", False),
        ("sparkjob-double-panic", codes.ROW_MISSING, OTHER_PANIC, False),
        ("triggerrun-deleted", codes.REQUEST_REFUSED, "404 NotFound: TRIGGER_RUN_STATE_INVALID", True),
        ("triggerrun-deleted", codes.REQUEST_REFUSED, "404 NotFound: gone", False),
        ("cluster-outside-ma-system", codes.LOG_LINE, REJECTED, True),
        ("cluster-outside-ma-system", codes.LOG_MISSING, REJECTED, False),
        ("sparkjob-driver-fields", codes.OBJECT_PRUNED, "spec.driver.cores, spec.driver.memory", True),
        ("sparkjob-driver-fields", codes.OBJECT_PRUNED, "spec.driver.cores", False),
    ],
)
def test_what_an_issue_explains(issue: str, code: str, actual: str, expected: bool) -> None:
    """Both its code and all of its wording."""
    found = next(each for each in ISSUES if each.id == issue)
    assert found.explains(Finding(code, "the row", "right", actual)) is expected


def test_what_the_run_does_about_them() -> None:
    """One culprit is deleted, one object is created again."""
    actions = {issue.id: issue.action for issue in ISSUES if issue.action is not Action.NONE}
    assert actions == {"sparkjob-double-panic": Action.DELETE, "triggerrun-deleted": Action.RECREATE}
