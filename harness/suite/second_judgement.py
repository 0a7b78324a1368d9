"""Judges the checks of a record again, without a run: from what was kept of them, by today's rules.

A check whose chapter can judge its kept file again is judged from that, any other one from its findings: by the
known issues of a profile, which may be another one than the run's. What ended without a judgement keeps its end.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from harness.core.codes import ISSUE_UNKNOWN
from harness.core.errors import CheckFailure, HarnessError, Refusal
from harness.core.known_issue import KnownIssue
from harness.core.outcomes import NotApplicable, Outcome, noting_outcome
from harness.core.record import Check, Evidence, Status
from harness.suite.expectations import Expectations
from harness.suite.judge import conclude
from harness.suite.recorder import Recorder

_JUDGED = (Status.PASS, Status.KNOWN, Status.FAIL)


class Basis(StrEnum):
    """What a check was judged from again."""

    FILE = "from its file"
    FINDINGS = "from its findings"
    NONE = "not judged again"


@dataclass(frozen=True)
class SecondJudgement:
    """A check as it was judged in its run, and as it is now."""

    before: Check
    after: Check
    basis: Basis

    @property
    def differs(self) -> bool:
        """Whether the verdict, or what it stands on, is another one."""
        return _essence(self.before) != _essence(self.after)


def _essence(check: Check) -> tuple[object, ...]:
    return check.status, set(check.issues), set(check.stale), set(map(str, check.findings))


def judge_again(
    check: Check,
    expectations: Expectations,
    *,
    expects_issues: bool,
    stale_tolerated: str = "",
    judge_file: Callable[[Evidence], Recorder] | None = None,
) -> SecondJudgement:
    """Return how the check ends by these known issues; what it found is in its file where that can be judged."""
    file = next((item for item in check.evidence if item.kind == "file"), None) if judge_file else None
    is_ended = check.status not in _JUDGED or (
        check.status is Status.FAIL and not check.findings and not check.stale
    )
    if is_ended and (file is None or check.status is not Status.ERROR):
        return SecondJudgement(check, check, Basis.NONE)
    after = copy.copy(check)
    after.issues, after.stale, after.findings, after.facts = [], [], [], dict(check.facts)
    with contextlib.suppress(Outcome, CheckFailure, HarnessError, Refusal), noting_outcome(after):
        if file is not None and judge_file is not None:
            recorder = judge_file(file)
            after.facts |= recorder.facts
        else:
            recorder = _recall(check, expectations, expects_issues=expects_issues)
        conclude(after, recorder, expectations, expects_issues=expects_issues, stale_tolerated=stale_tolerated)
    after.duration_s = check.duration_s
    return SecondJudgement(check, after, Basis.FINDINGS if file is None else Basis.FILE)


def _recall(check: Check, expectations: Expectations, *, expects_issues: bool) -> Recorder:
    """Return what the check had recorded, as far as the record has it; NotApplicable of an issue that is none."""
    known = {issue.id: issue for issue in expectations.issues}
    recorder = Recorder(
        findings=list(check.findings),
        problem=check.detail if check.status is Status.FAIL else "",
        detail=check.detail if check.status is Status.PASS else "",
    )
    for issue_id in check.issues:
        if issue_id in known:
            if not _is_explained_again(known[issue_id], check):
                recorder.shown.append(known[issue_id])
        elif check.topic == issue_id:
            raise NotApplicable(f"{issue_id} is no known issue of this profile")
        elif check.status is Status.FAIL:   # such a check keeps only what was not explained
            found = f"what {issue_id} explained, which this profile does not know"
            recorder.find(ISSUE_UNKNOWN, check.title, "nothing", found)
    if not expects_issues:   # such a section looks for its issues by itself
        recorder.missed += [known[issue_id] for issue_id in check.stale if issue_id in known]
    return recorder


def _is_explained_again(issue: KnownIssue, check: Check) -> bool:
    return issue.concerns(check.section, check.kind) and any(map(issue.explains, check.findings))
