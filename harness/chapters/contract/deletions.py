"""Steps in which an object goes: deleted, orphaned, marked for deletion, retired to MySQL, and created again.

The order of a deletion is observed, not assumed: nobody can write to the row while it is set in motion, and
whatever the Ingester does before its write to MySQL has then been done.
"""

from __future__ import annotations

import datetime as dt
import functools
import time
from collections.abc import Callable

from harness.chapters.contract.lifecycle import Lifecycle, Step
from harness.chapters.contract.writes import TWINS
from harness.clients.kube import Version
from harness.clients.mysql import HeldRow
from harness.core import codes
from harness.core.errors import HarnessError
from harness.core.polling import wait_for
from harness.core.record import Finding
from harness.spec import features
from harness.spec.annotations import (
    DELETING_ANNOTATION,
    FOREGROUND,
    FOREGROUND_FINALIZER,
    IMMUTABLE_ANNOTATION,
    INGESTER_FINALIZER,
    OURS,
    PROPAGATION_ANNOTATION,
    get_finalizers,
    is_released,
)
from harness.spec.equality import compare_row, show
from harness.spec.model import Case, JsonObject
from harness.spec.row import Row
from harness.spec.row_rules import compare_contents, compare_kept, examine_deleted, expect_live, expect_one_live
from harness.subject import evidence
from harness.subject.subject import Subject
from harness.suite.recorder import Recorder
from harness.suite.rows import record_row

_SECOND = dt.timedelta(seconds=3)   # within which the clock's second is another one
_USUALLY_S = 2.0   # within which a deletion is over
_DELETING: JsonObject = {"metadata": {"annotations": {DELETING_ANNOTATION: "true"}}}


def _delete(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    sibling = life.make(case, "deleted", sibling=True)
    subject = life.make(case, "deleted", finalizer=True)
    recorder.evidence = subject.evidence
    record_row(recorder, life.wait_for_row(sibling), "a sibling in another namespace, created")
    record_row(recorder, life.wait_for_row(subject), "created")
    delete_while_held(life, subject, recorder, subject.delete)


def _observe_deleted(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    observe_soft_deleted(life, life.find(case, "deleted"), recorder)
    record_row(recorder, life.wait_for_row(life.find(case, "deleted sibling")), "the sibling, afterwards")


def _delete_without_finalizer(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    subject = life.make(case, "orphan")
    recorder.evidence = subject.evidence
    record_row(recorder, life.wait_for_row(subject), "created")
    if life.adds_finalizer:
        delete_while_held(life, subject, recorder, subject.delete)
    else:
        subject.delete()


def _observe_orphaned(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    subject = life.find(case, "orphan")
    if life.adds_finalizer:
        observe_ended(life, subject, recorder)
        return
    row = subject.read_row()
    recorder.evidence.append(evidence.of_row(row, "the row afterwards", time.time()))
    recorder.findings += examine_release(life, subject)
    if life.is_retained(case):
        recorder.findings += expect_live(row)
    elif row is not None and row.live:
        recorder.find(codes.ROW_LIVE, "the row of the deleted object", "soft-deleted", "live: an orphan")
    else:
        recorder.findings += examine_deleted(row)
    if row is not None:
        recorder.findings += _compare_with_version(subject, row)
    subject.release()


def _annotate_deleting(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    subject = life.make(case, "deleting", finalizer=True)
    recorder.evidence = subject.evidence
    record_row(recorder, life.wait_for_row(subject), "created")
    held = delete_while_held(
        life, subject, recorder, lambda: subject.patch(_ask_to_delete(life)), wait=wait_for_deletion
    )
    if held is not None and "deletionTimestamp" in held["metadata"]:
        expected = "deleted in Kubernetes after delete_time is set"
        recorder.find(codes.ORDER, "the order", expected, "deletionTimestamp before it")
    plain = life.make(case, "deleting-plain")
    record_row(recorder, life.wait_for_row(plain), "created without finalizer")
    plain.asked_at = life.context.database.get_time()
    plain.patch(_DELETING)
    life.postpone(case, functools.partial(wait_for_deletion, life, plain))
    recorder.evidence += plain.evidence
    both = life.make(case, "deleting-immutable", finalizer=True)
    record_row(recorder, life.wait_for_row(both), "created")
    both.asked_at = life.context.database.get_time()
    both.patch({"metadata": {"annotations": dict.fromkeys((DELETING_ANNOTATION, IMMUTABLE_ANNOTATION), "true")}})
    life.postpone(case, functools.partial(wait_for_deletion, life, both))
    recorder.evidence += both.evidence


def _observe_annotated_deleting(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    if _deletes_first(life):
        _examine_delete_first(life.find(case, "deleting"), recorder)
    for role in ("deleting", "deleting-plain", "deleting-immutable"):
        seen = Recorder()
        observe_soft_deleted(life, life.find(case, role), seen)
        seen.findings = [finding.within(f"{role}: ") for finding in seen.findings]
        recorder.take(seen)


def _deletes_first(life: Lifecycle) -> bool:
    return life.context.contract.get_feature(features.DELETING_ANNOTATION) == features.DELETE_FIRST


def _ask_to_delete(life: Lifecycle) -> JsonObject:
    """Return the patch that asks for a deletion; by a policy that shows, where the version follows one."""
    policy = {PROPAGATION_ANNOTATION: FOREGROUND} if _deletes_first(life) else {}
    return {"metadata": {"annotations": {**_DELETING["metadata"]["annotations"], **policy}}}


def _examine_delete_first(subject: Subject, recorder: Recorder) -> None:
    """Take down where Kubernetes' delete did not come first, or not by the policy that the object names."""
    versions = subject.history.read_versions()
    recorder.note("versions of the object", "\n".join(map(describe_version, versions)))
    deleted = next((v.object for v in versions if "deletionTimestamp" in v.object["metadata"]), None)
    if deleted is None:
        if not subject.history.has_gaps:
            expected = f"deleted in Kubernetes while {INGESTER_FINALIZER} is on"
            recorder.find(codes.ORDER, "the order", expected, "no version with deletionTimestamp")
        return
    finalizers = get_finalizers(deleted)
    if INGESTER_FINALIZER not in finalizers:
        expected = f"{INGESTER_FINALIZER} goes after the delete in Kubernetes"
        recorder.find(codes.ORDER, "the order", expected, f"finalizers {show(finalizers)} when it was deleted")
    if FOREGROUND_FINALIZER not in finalizers:
        where, expected = f"annotation {PROPAGATION_ANNOTATION}", f"a delete by the policy {FOREGROUND}"
        recorder.find(codes.OBJECT_FIELD, where, expected, f"finalizers {show(finalizers)}")


def describe_version(version: Version) -> str:
    """Return a version in a line: its number, whether it is being deleted, its finalizers."""
    marks = ["deleted"] if version.deleted else []
    marks += ["deletionTimestamp"] if "deletionTimestamp" in version.object["metadata"] else []
    finalizers = ", ".join(get_finalizers(version.object)) or "none"
    return f"{version.number}: {', '.join([*marks, 'finalizers'])}: {finalizers}"


def _retire(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    if life.is_immutable(case):
        with life.context.database.hold_table(case.kind) as held:   # there is no row yet that could be held
            subject = life.make(case, "immutable", finalizer=True, pairs=TWINS)
            recorder.evidence = subject.evidence
            _await_retirement(life, subject, held, recorder, None)
        what = "created"
    else:
        subject = life.make(case, "immutable", finalizer=True)
        recorder.evidence = subject.evidence
        record_row(recorder, life.wait_for_row(subject), "created")
        metadata = {"annotations": {IMMUTABLE_ANNOTATION: "true"}, "labels": {f"{OURS}/last": "word"}}
        with life.hold_quiet(subject, recorder) as held:
            before = subject.read_row()
            subject.patch({"metadata": metadata})
            _await_retirement(life, subject, held, recorder, before)
        what = "marked immutable"
    subject.restart_clock()
    record_row(recorder, life.wait_for_row(subject), what)
    life.postpone(case, functools.partial(wait_for_release, life, subject))
    if not life.is_immutable(case):
        born = life.make(case, "immutable-born", finalizer=True, annotations={IMMUTABLE_ANNOTATION: "true"})
        recorder.evidence += born.evidence
        record_row(recorder, life.wait_for_row(born), "created with the annotation")
        life.postpone(case, functools.partial(wait_for_release, life, born))


def _await_retirement(
    life: Lifecycle, subject: Subject, held: HeldRow | None, recorder: Recorder, before: Row | None
) -> None:
    """Take down that an object left while its row, which was as `before`, could not be written."""
    life.wait_for_block(held, recorder, lambda: is_released(subject.read()))
    has_left = is_released(subject.read())
    if held is not None and has_left and not _was_written(before, subject.read_row(), recorder):
        expected = "the object leaves Kubernetes after its row is written"
        recorder.find(codes.ORDER, "the order", expected, "it left before")


def _was_written(before: Row | None, after: Row | None, recorder: Recorder) -> bool:
    """Whether a row was written although it was held: then the server's locks show no order of anything.

    So it is where reads, and with them our locks, go to a replica.
    """
    if (before and before.columns) == (after and after.columns):   # its children are not held
        return False
    recorder.facts["order"] = "not observed: this server's shared locks keep nobody from writing"
    return True


def _observe_retired(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    for role in ("immutable",) if life.is_immutable(case) else ("immutable", "immutable-born"):
        subject = life.find(case, role)
        observe_live(life, subject, recorder)
        subject.release()


def _recreate(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    role = _get_role(life, case)
    first = life.find(case, role)
    earlier = first.read_row()
    second = life.make(case, role, finalizer=True)
    recorder.evidence = second.evidence
    record_row(recorder, life.wait_for_row(second), "created again", earlier=[first.key])
    second.patch({"metadata": {"labels": {f"{OURS}/life": "second"}}})
    record_row(recorder, life.wait_for_row(second), "created again, and patched", earlier=[first.key])
    later = first.read_row()
    if earlier is None or later is None:
        recorder.find(codes.ROW_LOST, "the first object's row", "there, as it was", "no row")
    else:
        recorder.findings += compare_contents(earlier, later, "the first object's row")
        before, after = earlier.columns["delete_time"], later.columns["delete_time"]
        if before != after or (before is None) is not life.is_retained(case):
            seen = f"{show(before)}, then {show(after)}"
            expected = "NULL for ever" if life.is_retained(case) else "set once and for all"
            recorder.find(codes.ROW_CHANGED, "the first object's delete_time", expected, seen)


def _observe_recreated(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    if not life.is_retained(case):
        recorder.findings += expect_one_live(life.find(case, _get_role(life, case)).read_rows(), "")


def _delete_successor(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    recorder.take(life.get(RECREATED, case))
    second = life.find(case, _get_role(life, case))
    first = life.find_earlier(case, _get_role(life, case))
    if not recorder.findings and first.read_row() is not None:   # else its row may be any
        let_a_second_pass(life, first)
        second.delete()
        wait = wait_for_end if life.is_retained(case) else wait_for_deletion
        life.postpone(case, functools.partial(wait, life, second))


def _compare_first(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    role = _get_role(life, case)
    if not recorder.findings:
        first = life.find_earlier(case, role)
        what = "the first object's row, after its successor was deleted as well"
        recorder.findings += compare_kept(first.seen, first.read_row(), what)
    life.find(case, role).release()


def _get_role(life: Lifecycle, case: Case) -> str:
    """Return the role of what was deleted first, and of what was then created under its name."""
    return "retained" if life.is_retained(case) else "deleted"


def _reuse_name(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    """Create an object under the name of one whose row stayed live."""
    role, when = (
        ("immutable", " of an immutable kind")
        if life.is_immutable(case)
        else ("orphan", " after a deletion without finalizer")
    )
    first = life.find(case, role)
    second = life.make(case, role)
    recorder.evidence = second.evidence
    record_row(recorder, life.wait_for_row(second), "created again", earlier=[first.key])
    recorder.findings += expect_one_live(second.read_rows(), when)


def delete_while_held(
    life: Lifecycle,
    subject: Subject,
    recorder: Recorder,
    ask: Callable[[], object],
    wait: Callable[[Lifecycle, Subject, float], None] | None = None,
) -> JsonObject | None:
    """Set a deletion in motion while nobody can write to the row; let it run, and `wait` for its end later.

    Returns the object as it was meanwhile; None where it was gone, or the row could not be held.
    """
    with life.hold_quiet(subject, recorder) as held:
        before = subject.read_row()
        subject.asked_at = life.context.database.get_time()
        ask()
        life.wait_for_block(held, recorder, lambda: is_released(subject.read()))
        obj = subject.read()
        holds = held is not None and not _was_written(before, subject.read_row(), recorder)
    if holds and (obj is None or INGESTER_FINALIZER not in get_finalizers(obj)):
        what = "gone from Kubernetes" if obj is None else f"finalizers {show(get_finalizers(obj))}"
        written = "the final state is written" if life.is_retained(subject.case) else "delete_time is set"
        expected = f"{INGESTER_FINALIZER} goes after {written}"
        recorder.find(codes.ORDER, "the order", expected, f"{what} before it")
    life.postpone(subject.case, functools.partial(wait or wait_for_end, life, subject))
    return obj if holds else None


def let_a_second_pass(life: Lifecycle, subject: Subject) -> None:
    """Wait until a soft delete of now would have another time than that of the row."""
    row, now = subject.seen, life.context.database.get_time()
    deleted_at = None if row is None else row.columns["delete_time"]
    if isinstance(deleted_at, dt.datetime) and now <= deleted_at < now + _SECOND:   # else it is wrong, and said so
        read = life.context.database.get_time
        wait_for(read, lambda later: later > deleted_at, timeout_s=_SECOND.total_seconds())


def wait_for_release(life: Lifecycle, subject: Subject, since: float | None = None) -> None:
    """Wait until the Ingester has let go of an object, or the time for it is over: from now on, or `since`."""
    life.wait_until(subject.read, is_released, since)


def wait_for_end(life: Lifecycle, subject: Subject, since: float | None = None) -> None:
    """Wait until a delete in Kubernetes is over: once it is released, where its row is to stay live or known to.

    Else as `wait_for_deletion` says.
    """
    if life.is_retained(subject.case) or life.leaves_rows:
        wait_for_release(life, subject, since)
    else:
        wait_for_deletion(life, subject, since)


def observe_ended(life: Lifecycle, subject: Subject, recorder: Recorder) -> None:
    """Take down what is wrong with a deleted object and its row, as its kind has it; then let it go."""
    if life.is_retained(subject.case):
        observe_retained(life, subject, recorder)
    else:
        observe_soft_deleted(life, subject, recorder)


def observe_live(life: Lifecycle, subject: Subject, recorder: Recorder) -> Row | None:
    """Take down what is wrong with an object that has left, and with its row, which stays live; return the row."""
    row = subject.read_row()
    recorder.evidence.append(evidence.of_row(row, f"the row of {subject} afterwards", time.time()))
    recorder.findings += examine_release(life, subject)
    recorder.findings += expect_live(row)
    if row is not None:
        recorder.findings += _compare_with_version(subject, row)
    return row


def observe_retained(life: Lifecycle, subject: Subject, recorder: Recorder) -> None:
    """Take down what is wrong with a deleted object whose row stays live, with its final state; then let it go."""
    if (row := observe_live(life, subject, recorder)) is not None:
        versions = subject.history.read_versions()
        going = [v.number for v in versions if "deletionTimestamp" in v.object["metadata"]]
        if going and row.res_version < going[0]:
            expected = f"{going[0]} or later, at which it was being deleted"
            recorder.find(codes.ROW_BEHIND, "its final state, column res_version", expected, str(row.res_version))
    if others := get_finalizers(subject.read()):
        recorder.facts["held by"] = ", ".join(others)
    subject.release()


def wait_for_deletion(life: Lifecycle, subject: Subject, since: float | None = None) -> None:
    """Wait until the object is released and its row soft-deleted, or the time for both is over.

    It runs from now on, or `since` then (monotonic clock).
    """
    asked = time.monotonic() if since is None else since

    def is_done(seen: tuple[JsonObject | None, Row | None]) -> bool:
        obj, row = seen
        return is_released(obj) and row is not None and not row.live

    waited_s = 0.0
    for limit_s in (min(_USUALLY_S, life.sync_s), life.sync_s):
        wait = wait_for(
            lambda: (subject.read(), subject.read_row()),
            is_done,
            timeout_s=max(0.0, asked + limit_s - time.monotonic()),
            max_interval_s=0.05,
        )
        waited_s += wait.duration_s
        if wait.satisfied:
            life.patience.note(waited_s, in_vain=False)
            return
        if any(map(life.context.expectations.explain, examine_release(life, subject))):
            return   # of a deletion that is known never to end, no more need be seen
    life.patience.note(waited_s, in_vain=True)


def observe_soft_deleted(life: Lifecycle, subject: Subject, recorder: Recorder) -> None:
    """Take down what is wrong with a deleted object and its row, and what else holds it; then let it go."""
    row = subject.read_row()
    recorder.evidence.append(evidence.of_row(row, f"the row of {subject} afterwards", time.time()))
    recorder.findings += examine_release(life, subject)
    recorder.findings += examine_deleted(row, subject.asked_at, life.context.database.get_time())
    if row is not None:
        recorder.findings += _compare_with_version(subject, row)
    if others := get_finalizers(subject.read()):
        recorder.facts["held by"] = ", ".join(others)
    subject.release()


def examine_release(life: Lifecycle, subject: Subject) -> list[Finding]:
    """Return that the Ingester has not let go of a deleted object, with the errors that it logged about it."""
    obj = subject.read()
    if is_released(obj):
        return []
    seen = f"there; finalizers {show(get_finalizers(obj))}; errors logged: {life.find_errors(subject) or 'none'}"
    return [Finding(codes.OBJECT_KEPT, f"{subject} in Kubernetes", "released", seen)]


def _compare_with_version(subject: Subject, row: Row) -> list[Finding]:
    """Return where a row that outlives its object differs from the version that it holds, delete_time aside."""
    obj = subject.history.find(row.res_version)
    if obj is None and subject.history.has_gaps:
        raise HarnessError(
            f"{subject}: the version that its row holds is no longer in the API server's watch cache",
            hint="Run this kind alone with --crd, soon after the sandbox has started.",
        )
    if obj is None:
        return [Finding(codes.ROW_VERSION, "column res_version", "a version of the object", str(row.res_version))]
    return [m for m in compare_row(subject.case.kind, obj, row) if m.where != "column delete_time"]


DELETED = Step("deleted", _delete, _observe_deleted)
ORPHANED = Step("orphaned", _delete_without_finalizer, _observe_orphaned)
DELETING_ANNOTATED = Step("deleting annotation", _annotate_deleting, _observe_annotated_deleting)
RETIRED = Step("retired", _retire, _observe_retired)
RECREATED = Step("recreated", _recreate, _observe_recreated, after=(DELETED,))
SUCCEEDED = Step("recreated and deleted", _delete_successor, _compare_first, after=(RECREATED,))
NAME_REUSED = Step("name reused", _reuse_name, after=(ORPHANED,))
NAME_REUSED_AFTER_RETIREMENT = Step("name reused after retirement", _reuse_name, after=(RETIRED,))
