"""Chapter 5, check by check: each is a step of the objects' lives, and what it has brought for one kind.

What a version's features or a kind's life rule out is said here, and not applicable.
"""

from __future__ import annotations

from collections.abc import Callable

from harness.chapters.contract import claims, deletions, others, retention, writes
from harness.chapters.contract.lifecycle import Lifecycle, Step
from harness.core.outcomes import NotApplicable
from harness.spec import features
from harness.spec.model import Case
from harness.suite.recorder import Recorder

Check = Callable[[Lifecycle, Case, Recorder], None]

_NOT_ONE = "the name has not exactly one live row"


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


def check_deleted(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    """5.6: delete_time is set before the finalizer goes."""
    life.require_mutable(case)
    if life.is_retained(case):
        raise NotApplicable("retained kind: no soft delete, its row stays live (5.14)")
    _take(life, deletions.DELETED, case, recorder, "was not deleted as the contract says")


def check_orphaned(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    """5.7: the row of an object that was never given the finalizer by hand is soft-deleted with it."""
    life.require_mutable(case)
    _take(life, deletions.ORPHANED, case, recorder, "the row outlives its object")
    if life.is_retained(case) and not life.adds_finalizer and not recorder.findings:
        raise NotApplicable("retained kind: its row stays live, as it must")


def check_recreated(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    """5.10: an object created under the name of a deleted one has a new row; the old one stays as it was."""
    life.require_mutable(case)
    step = retention.SUCCEEDED_RETAINED if life.is_retained(case) else deletions.SUCCEEDED
    _take(life, step, case, recorder, "the successor's rows are not as the contract says")


def check_name_reused(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    """5.11: the row of an object that follows one without finalizer is the only live one of its name."""
    life.require_mutable(case)
    if life.is_retained(case):
        raise NotApplicable("retained kind: earlier rows of the name stay live, as they must (5.10)")
    _take(life, deletions.NAME_REUSED, case, recorder, _NOT_ONE)


def check_name_reused_after_retirement(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    """5.12: the row of an object that follows a retired one is the only live one of its name."""
    life.require(case)
    if not life.is_immutable(case):
        raise NotApplicable(f"{life.get_life(case)} kind: its objects stay in Kubernetes")
    _take(life, deletions.NAME_REUSED_AFTER_RETIREMENT, case, recorder, _NOT_ONE)


def check_claimed(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    """5.13: the Ingester adds its finalizer to an object before its first row, once, and changes nothing else."""
    life.require_mutable(case)
    if not life.adds_finalizer:
        raise NotApplicable("it is the API server that adds the finalizer in this version (4.2)")
    _take(life, claims.CLAIMED, case, recorder, "the finalizer was not added as the contract says")


def check_retained(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    """5.14: the row of a deleted object of a retained kind stays live, with the final state."""
    life.require_retained(case)
    _take(life, retention.RETAINED, case, recorder, "its row was not retained as the contract says")


def check_restored(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    """5.15: an object that brings the key of an earlier one along keeps that one's row."""
    life.require_mutable(case)
    if life.context.contract.get_feature(features.PRIMARY_KEY) != features.ANNOTATION:
        seen = life.context.contradictions.get(features.PRIMARY_KEY)
        raise NotApplicable(f"not judged: {seen}" if seen else "this version knows no key but the uid")
    _take(life, claims.RESTORED, case, recorder, "a restored object does not keep its row")


def check_overtaken(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    """5.20: an older version of an object is not written over a newer one, whoever wrote that."""
    life.require_mutable(case)
    if life.context.contract.get_feature(features.PRIMARY_KEY) == features.ANNOTATION:
        raise NotApplicable("an object that is restored with its key may have a lower version than its row")
    _take(life, writes.OVERTAKEN, case, recorder, "an older version is written over a newer one")


def check_held(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    """5.16: finalizers of others stay on a deleted object, and nothing that is written to it reaches its row."""
    life.require_mutable(case)
    if life.is_retained(case):
        raise NotApplicable("retained kind: its row is refreshed while others hold the object (5.14)")
    _take(life, others.HELD, case, recorder, "what others hold is not left alone")


def check_namesakes(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    """5.17: the row of an object that lives on in MySQL only stays as it is when a namesake is deleted."""
    life.require(case)
    _take(life, others.NAMESAKES, case, recorder, "a deletion is felt by the row of a namesake")


def check_shared_name(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    """5.25: objects of all kinds under one name have each its own row, whatever becomes of the others."""
    life.require(case)
    for step in (others.SHARED, others.SHARED_AND_PATCHED):   # of all kinds, before any goes on
        life.carry_out(step)
    _take(life, others.SHARED_AND_DELETED, case, recorder, "objects of other kinds under its name are felt")


def check_anywhere(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    """5.26: no namespace is left out, whatever it is called."""
    life.require(case)
    _take(life, others.ANYWHERE, case, recorder, "objects in some namespace are not as in others")


def _take(life: Lifecycle, step: Step, case: Case, recorder: Recorder, problem: str) -> None:
    recorder.problem = f"{case.name}: {problem}"
    recorder.look_at = "the evidence of this check, in its order"
    recorder.take(life.get(step, case))
