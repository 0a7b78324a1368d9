"""Chapter 5, check by check: each is a step of the objects' lives, and what it has brought for one kind."""

from __future__ import annotations

from collections.abc import Callable

from harness.chapters.contract import deletions
from harness.chapters.contract.lifecycle import Lifecycle, Step
from harness.spec.model import Case
from harness.suite.recorder import Recorder

Check = Callable[[Lifecycle, Case, Recorder], None]


def check_step(step: Step, problem: str) -> Check:
    """Return the check that carries the step out, for kinds whose objects stay in Kubernetes."""

    def check(life: Lifecycle, case: Case, recorder: Recorder) -> None:
        life.require_mutable(case)
        _take(life, step, case, recorder, problem)

    return check


def check_retired(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    """5.9: an object that is immutable leaves Kubernetes once a live row has its last version."""
    life.require(case)
    _take(life, deletions.RETIRED, case, recorder, "was not retired as the contract says")


def check_name_reused(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    """5.11: the row of an object that follows an orphan, or a retired object, is the only live one of its name."""
    life.require(case)
    immutable = life.is_immutable(case)
    step = deletions.NAME_REUSED_AFTER_RETIREMENT if immutable else deletions.NAME_REUSED
    _take(life, step, case, recorder, "the name has not exactly one live row")


def _take(life: Lifecycle, step: Step, case: Case, recorder: Recorder, problem: str) -> None:
    recorder.problem = f"{case.name}: {problem}"
    recorder.look_at = "the evidence of this check, in its order"
    recorder.take(life.get(step, case))
