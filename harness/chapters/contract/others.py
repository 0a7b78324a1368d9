"""Steps in which what is others' must stay: their finalizers, and the rows of objects that had the name before.

A row is its object's, whatever is called the same: a soft delete by namespace and name takes others along.
"""

from __future__ import annotations

import functools
import time

from harness.chapters.contract.deletions import (
    examine_release,
    let_a_second_pass,
    wait_for_deletion,
    wait_for_end,
    wait_for_release,
)
from harness.chapters.contract.lifecycle import Lifecycle, Step
from harness.core import codes
from harness.core.outcomes import NotApplicable
from harness.core.record import Finding
from harness.sandbox.base import BelongsToOthers
from harness.spec.annotations import (
    DELETING_ANNOTATION,
    FOREGROUND_FINALIZER,
    IMMUTABLE_ANNOTATION,
    INGESTER_FINALIZER_OF_OTHERS,
    OURS,
    get_finalizers,
)
from harness.spec.equality import show
from harness.spec.model import Case, JsonObject
from harness.spec.row_rules import compare_kept, examine_deleted, expect_live
from harness.subject import evidence
from harness.subject.subject import Subject
from harness.suite.recorder import Recorder
from harness.suite.rows import OverdueError, record_row

_OTHERS = (f"{OURS}/others", INGESTER_FINALIZER_OF_OTHERS)
_HELD_BY = (*_OTHERS, FOREGROUND_FINALIZER)   # the last is what a delete by that policy adds
_DELETING = {DELETING_ANNOTATION: "true"}
_RETIRE: JsonObject = {"metadata": {"annotations": {IMMUTABLE_ANNOTATION: "true"}}}
_BY_ANNOTATION = "namesake-marked"
_WRITTEN = f"{OURS}/held"   # a label
_HELD_RETIRED = "held-retired"
_SHARED = "shared"
_BUILT_IN = ("default", "kube-system")
_HELD = ("held", "held-marked", _HELD_RETIRED)
_WAYS = {"namesake": "in Kubernetes", _BY_ANNOTATION: "by annotation"}


def _let_go_held(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    """Have objects leave that others hold: deleted, marked for deletion, and retired.

    All have rows before the first one goes, since the names of some begin like those of others.
    """
    for role in _HELD:
        subject = life.make(case, role, finalizer=True, held_by=_HELD_BY)
        recorder.evidence += subject.evidence
        record_row(recorder, life.wait_for_row(subject), f"{role}: created, with finalizers of others")
    for role in _HELD:
        subject = life.find(case, role)
        subject.asked_at = life.context.database.get_time()
        if role == "held":
            subject.delete()
        else:
            subject.patch(_RETIRE if role == _HELD_RETIRED else {"metadata": {"annotations": _DELETING}})
        wait = wait_for_deletion if role != _HELD_RETIRED else wait_for_release
        life.postpone(case, functools.partial(wait, life, subject))


def _write_to_held(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    recorder.take(life.get(_HELD_AND_LEAVING, case))
    if recorder.findings:   # its row did not follow: nobody has asked for its deletion
        raise OverdueError
    for role in _HELD:
        subject = life.find(case, role)
        recorder.findings += examine_release(life, subject)
        finalizers = get_finalizers(subject.read())
        if not set(_OTHERS) <= set(finalizers):
            where, expected = f"{role}: metadata.finalizers", f"with {' and '.join(_OTHERS)}"
            recorder.find(codes.FINALIZER_MISSING, where, expected, show(finalizers))
            continue
        recorder.findings += _examine_held(life, subject, f"{role}, and held by others", recorder)
        let_a_second_pass(life, subject)
        subject.patch({"metadata": {"labels": {_WRITTEN: "under-way"}}})


def _observe_held(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    for role in _HELD:
        subject = life.find(case, role)
        if subject.asked_at is None or subject.read() is None:   # which has been said
            continue
        recorder.findings += _examine_held(life, subject, f"{role}, written to while others hold it", recorder)
        subject.release()
        recorder.findings += _examine_held(life, subject, f"{role}, let go of by the others", recorder)


def _examine_held(life: Lifecycle, subject: Subject, when: str, recorder: Recorder) -> list[Finding]:
    """Return what is wrong with the row of an object that the Ingester is through with, whoever still holds it."""
    row = subject.read_row()
    if subject.name.endswith(_HELD_RETIRED):
        found = expect_live(row)
    else:
        found = examine_deleted(row, subject.asked_at, life.context.database.get_time())
        deleted_at = "no row" if row is None else show(row.columns["delete_time"])
        first = recorder.facts.setdefault(f"delete_time of {subject.name}", deleted_at)
        if not found and deleted_at != first:
            found.append(Finding(codes.ROW_CHANGED, "column delete_time", f"{first}, as before", deleted_at))
        is_written = _WRITTEN in (subject.last.obj["metadata"].get("labels") or {})   # since then
        if row is not None and is_written and row.res_version >= subject.last.version:
            expected = f"a version before {subject.last.version}, which was written after the soft delete"
            found.append(Finding(codes.ROW_CHANGED, "column res_version", expected, str(row.res_version)))
    return [each.within(f"{when}: ") for each in found]


def _list_ways(life: Lifecycle, case: Case) -> list[str]:
    """Return the roles of a namesake's deletions: one of an immutable kind is deleted by annotation alone."""
    return [_BY_ANNOTATION] if life.is_immutable(case) else list(_WAYS)


def _retire_first(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    for role in _list_ways(life, case):
        first = life.make(case, role, finalizer=True)
        record_row(recorder, life.wait_for_row(first), f"{first.name}, created")
        if not life.is_immutable(case):
            first.patch(_RETIRE)
        life.postpone(case, functools.partial(wait_for_release, life, first))


def _observe_first(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    for role in _list_ways(life, case):
        first = life.find(case, role)
        first.release()   # whoever else holds it: its name is to be had again
        life.wait_until(first.read, lambda obj: obj is None)
        row = first.read_row()
        recorder.evidence.append(evidence.of_row(row, f"the row of {first.name}, retired", time.time()))
        recorder.findings += expect_live(row)


def _delete_second(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    for role in _list_ways(life, case):
        first = life.find(case, role)
        # an immutable one would be retired as well before it could be marked
        second = life.make(case, role, finalizer=True, annotations=_DELETING if life.is_immutable(case) else None)
        recorder.evidence += second.evidence
        if life.is_immutable(case):
            life.postpone(case, functools.partial(wait_for_release, life, second))
        else:
            record_row(recorder, life.wait_for_row(second), f"{second.name}, created again", earlier=[first.key])
            first.read_row()   # what a creation does to it, 5.11 and 5.12 say
            _delete(second, role)
            life.postpone(case, functools.partial(wait_for_deletion, life, second))


def _compare_first(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    all_followed = not recorder.findings
    for role in _list_ways(life, case):
        first, second = life.find_earlier(case, role), life.find(case, role)
        if all_followed:
            what = f"a namesake's row, after a deletion {_WAYS[role]}"
            recorder.findings += compare_kept(first.seen, first.read_row(), what)
            if _ends_row(life, case, role):
                found = examine_deleted(second.read_row())
                recorder.findings += [each.within(f"the deleted one's own row, {_WAYS[role]}: ") for each in found]
        second.release()


def _ends_row(life: Lifecycle, case: Case, role: str) -> bool:
    """Whether the deletion of a namesake ends its row: one of an immutable kind has had none."""
    if life.is_immutable(case):
        return False
    return role == _BY_ANNOTATION or not (life.is_retained(case) or life.leaves_rows)


def _delete(subject: Subject, role: str) -> None:
    if role == _BY_ANNOTATION:
        subject.patch({"metadata": {"annotations": _DELETING}})
    else:
        subject.delete()


def _share_name(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    """Give objects of all kinds one name, in one namespace."""
    subject = life.make(case, _SHARED, finalizer=True, name=f"{_SHARED}-by-all-kinds")
    recorder.evidence = subject.evidence
    life.postpone(case, lambda _: record_row(recorder, life.wait_for_row(subject), "created"))


def _write_to_sharer(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    recorder.take(life.get(SHARED, case))
    if recorder.findings:
        return
    subject = life.find(case, _SHARED)
    if life.is_immutable(case):   # its row may be written once more until it has left
        life.postpone(case, functools.partial(wait_for_release, life, subject))
    else:
        subject.patch({"metadata": {"labels": {f"{OURS}/{_SHARED}": case.kind.table}}})
        life.postpone(case, lambda _: record_row(recorder, life.wait_for_row(subject), "patched, as others are"))


def _delete_sharer(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    """Delete each second one: the rows of the others are to stay as they are."""
    recorder.take(life.get(SHARED_AND_PATCHED, case))
    if recorder.findings:
        return
    subject = life.find(case, _SHARED)
    if not _goes(life, case):
        subject.read_row()   # by now that of a retired one is at rest
        return
    subject.delete()
    life.postpone(case, functools.partial(wait_for_end, life, subject))


def _observe_sharer(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    subject = life.find(case, _SHARED)
    if recorder.findings or _goes(life, case):   # its own end is judged by others: 5.6, 5.14
        subject.release()
    elif life.is_immutable(case):
        recorder.findings += compare_kept(subject.seen, subject.read_row(), "its row, once others were deleted")
    else:
        record_row(recorder, life.wait_for_row(subject), "once those of other kinds were deleted")


def _make_anywhere(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    """Create an object in each namespace that Kubernetes makes for itself, and delete it once it has its row.

    Its name is the run's own: nobody else clears these namespaces, and what is in them may be somebody's.
    """
    if isinstance(life.context.sandbox, BelongsToOthers):
        raise NotApplicable("in a cluster of others a run makes objects in its own namespaces alone")
    for namespace in _BUILT_IN:
        name = f"{case.kind.plural}-of-{life.namespaces[0]}"
        subject = life.make(case, f"in-{namespace}", finalizer=True, namespace=namespace, name=name)
        recorder.evidence += subject.evidence
        life.postpone(case, functools.partial(_delete_once_written, life, subject, recorder))


def _delete_once_written(life: Lifecycle, subject: Subject, recorder: Recorder, _since: float) -> None:
    try:
        record_row(recorder, life.wait_for_row(subject), f"created in namespace {subject.namespace}")
    finally:
        if not life.is_immutable(subject.case):
            subject.delete()   # how that is to end, others judge: 5.6, 5.14
            life.postpone(subject.case, functools.partial(wait_for_end, life, subject))


def _clear_anywhere(life: Lifecycle, case: Case, _: Recorder) -> None:
    for namespace in _BUILT_IN:
        life.find(case, f"in-{namespace}").release()


def _goes(life: Lifecycle, case: Case) -> bool:
    """Whether the kind's object of that name is deleted while others stay: each second one that can be."""
    mutable = [each.name for each in life.cases if not life.is_immutable(each)]
    return case.name in mutable[::2]


_HELD_AND_LEAVING = Step("held by others, and leaving", _let_go_held)
HELD = Step("held by others", _write_to_held, _observe_held)
_RETIRED = Step("namesakes retired", _retire_first, _observe_first)
SHARED = Step("one name for all kinds", _share_name)
SHARED_AND_PATCHED = Step("one name for all kinds, patched", _write_to_sharer)
SHARED_AND_DELETED = Step("one name for all kinds, some deleted", _delete_sharer, _observe_sharer)
ANYWHERE = Step("in any namespace", _make_anywhere, _clear_anywhere)
NAMESAKES = Step("namesakes", _delete_second, _compare_first, after=(_RETIRED,))
