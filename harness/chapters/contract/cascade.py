"""Steps in which an object goes because something else does: its owner, by each policy, or its namespace.

Kubernetes' own controllers carry that out, which not every cluster of others has: there, what nobody even began to
delete proves nothing.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from harness.chapters.contract.deletions import observe_ended, wait_for_end
from harness.chapters.contract.lifecycle import Lifecycle, Step
from harness.core import codes
from harness.core.outcomes import NotApplicable
from harness.core.polling import wait_for
from harness.core.record import Finding
from harness.spec.annotations import (
    FOREGROUND,
    FOREGROUND_FINALIZER,
    INGESTER_FINALIZER,
    ORPHAN,
    ORPHAN_FINALIZER,
    is_going,
)
from harness.spec.equality import show
from harness.spec.model import Case, JsonObject
from harness.spec.row_rules import expect_live
from harness.subject.subject import Subject
from harness.suite.recorder import Recorder
from harness.suite.rows import record_row

_POLICIES = ("Background", FOREGROUND, ORPHAN)
_NOT_OTHERS = (INGESTER_FINALIZER, FOREGROUND_FINALIZER, ORPHAN_FINALIZER)   # the latter are Kubernetes' own
_IN_NAMESPACE = "in-doomed-namespace"


@dataclass(frozen=True)
class _Pair:
    """An owner that was deleted by a policy, and what it owns."""

    policy: str
    owner: Subject
    owned: Subject
    recorder: Recorder
    certain: bool   # that what its owner left is collected


def _delete_owners(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    certain = life.collects_garbage
    for policy in _POLICIES:
        owner = life.make(case, f"owner-{policy.lower()}", finalizer=True)
        owned = life.make(case, f"owned-{policy.lower()}", finalizer=True, owner=owner)
        recorder.evidence += [*owner.evidence, *owned.evidence]
        for subject in (owner, owned):
            record_row(recorder, life.wait_for_row(subject), f"{subject.name}, created")
        if not (owned.read() or {}).get("metadata", {}).get("ownerReferences"):
            recorder.find(codes.OBJECT_FIELD, f"metadata.ownerReferences of {owned.name}", "its owner", "none")
            continue
        owner.asked_at = owned.asked_at = life.context.database.get_time()
        owner.delete(policy)
        pair = _Pair(policy, owner, owned, recorder, certain)
        life.postpone(case, functools.partial(_wait_for_owner, life, pair))


def _wait_for_owner(life: Lifecycle, pair: _Pair, since: float) -> None:
    wait_for_end(life, pair.owner, since)
    pair.owner.release(keep=_NOT_OTHERS)
    life.postpone(pair.owner.case, functools.partial(_wait_for_owned, life, pair))


def _wait_for_owned(life: Lifecycle, pair: _Pair, since: float) -> None:
    owner, owned = pair.owner, pair.owned
    if pair.policy == ORPHAN:
        _wait_for_kubernetes(life, owned, lambda obj: obj is None or not _has_owner(obj), since)
        return
    is_due = pair.policy == FOREGROUND or _wait_for_kubernetes(life, owner, lambda obj: obj is None, since)
    if is_due and not _wait_for_kubernetes(life, owned, is_going, since) and not pair.certain:
        raise NotApplicable("nobody collects what owners left in this cluster")
    if is_due:
        life.postpone(owned.case, functools.partial(_finish_owned, life, pair))


def _wait_for_kubernetes(
    life: Lifecycle, subject: Subject, condition: Callable[[JsonObject | None], bool], since: float
) -> bool:
    """Wait for what Kubernetes' own controllers do, which is not the Ingester's time; return whether they did."""
    left_s = since + life.context.timeouts.issue_s - time.monotonic()
    return wait_for(subject.read, condition, timeout_s=max(0.0, left_s), max_interval_s=0.05).satisfied


def _finish_owned(life: Lifecycle, pair: _Pair, since: float) -> None:
    wait_for_end(life, pair.owned, since)
    pair.owned.release(keep=_NOT_OTHERS)
    if pair.policy == FOREGROUND:
        _wait_for_kubernetes(life, pair.owner, lambda obj: obj is None, time.monotonic())
        pair.recorder.findings += _examine_order(pair.owner, pair.owned)


def _observe_owners(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    for policy, owner, owned in _find_pairs(life, case):
        if owner.asked_at is None:
            continue
        is_owner_gone = owner.read() is None
        observe_ended(life, owner, recorder)
        if policy == ORPHAN:
            _observe_left(life, owned, recorder)
        elif policy == FOREGROUND or is_owner_gone:
            observe_ended(life, owned, recorder)
        else:
            recorder.note(f"{owned.name} is not judged", "its owner is still there")
            owned.release()


def _observe_left(life: Lifecycle, owned: Subject, recorder: Recorder) -> None:
    """Take down what is wrong with an object that its owner left behind, and with its row; then let it go."""
    obj = owned.read()
    if obj is None or is_going(obj) or _has_owner(obj):
        seen = "gone, or going" if obj is None or is_going(obj) else show(obj["metadata"]["ownerReferences"])
        recorder.find(codes.OBJECT_GONE, f"{owned.name}, whose owner left it behind", "there, without owner", seen)
        return
    owned.note_write(obj)   # the garbage collector's
    record_row(recorder, life.wait_for_row(owned), f"{owned.name}, left behind by its owner")
    recorder.findings += expect_live(owned.read_row())


def _examine_order(owner: Subject, owned: Subject) -> list[Finding]:
    """Return that an owner was gone before what it owned, which is to go first in the foreground."""
    ends = [next((v.number for v in each.history.read_versions() if v.deleted), None) for each in (owner, owned)]
    first, second = ends
    if first is None or second is None or second < first:   # that one is not gone, is said elsewhere
        return []
    expected = f"{owner.name} goes after {owned.name}, which it owns"
    seen = f"gone at {first}, what it owned at {second}"
    return [Finding(codes.ORDER, "the order in the foreground", expected, seen)]


def _find_pairs(life: Lifecycle, case: Case) -> Iterator[tuple[str, Subject, Subject]]:
    for policy in _POLICIES:
        yield policy, life.find(case, f"owner-{policy.lower()}"), life.find(case, f"owned-{policy.lower()}")


def _has_owner(obj: JsonObject) -> bool:
    return bool(obj["metadata"].get("ownerReferences"))


def _fill_namespace(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    subject = life.make(case, _IN_NAMESPACE, finalizer=True, namespace=life.find_doomed_namespace(case))
    recorder.evidence = subject.evidence
    record_row(recorder, life.wait_for_row(subject), "created")
    subject.asked_at = life.context.database.get_time()


def _delete_namespace(life: Lifecycle, case: Case, _recorder: Recorder) -> None:
    """Delete the namespace, which the first kind does for all; then see that the kind's object goes with it."""
    certain = life.collects_garbage
    life.context.cluster.delete_namespace(life.find_doomed_namespace(case))
    subject = life.find(case, _IN_NAMESPACE)

    def wait(since: float) -> None:
        if not _wait_for_kubernetes(life, subject, is_going, since) and not certain:
            raise NotApplicable("nobody empties namespaces that are deleted in this cluster")
        life.postpone(case, functools.partial(wait_for_end, life, subject))

    life.postpone(case, wait)


def _observe_namespace(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    observe_ended(life, life.find(case, _IN_NAMESPACE), recorder)


OWNED = Step("owned", _delete_owners, _observe_owners)
_IN_DOOMED = Step("in a namespace", _fill_namespace)
NAMESPACED = Step("namespace deleted", _delete_namespace, _observe_namespace, after=(_IN_DOOMED,))
