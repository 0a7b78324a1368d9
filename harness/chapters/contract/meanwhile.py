"""Steps in which others write to an object, or replace it, at the very moment at which the Ingester lets go of it.

It has read the object by then, and still waits for MySQL. Whoever writes its own copy back afterwards, or a list
of finalizers as it was, undoes what was written meanwhile; and who goes by the name deletes another object.
"""

from __future__ import annotations

import functools

from harness.chapters.contract.deletions import (
    describe_version,
    examine_release,
    wait_for_deletion,
    wait_for_end,
    wait_for_release,
)
from harness.chapters.contract.lifecycle import Lifecycle, Step
from harness.clients.mysql import HeldRow
from harness.core import codes
from harness.core.errors import Refusal
from harness.core.outcomes import NotApplicable
from harness.core.polling import wait_for
from harness.core.record import Finding
from harness.spec.annotations import (
    DELETING_ANNOTATION,
    IMMUTABLE_ANNOTATION,
    INGESTER_FINALIZER,
    OURS,
    get_finalizers,
    is_going,
    is_released,
)
from harness.spec.equality import show
from harness.spec.model import Case, JsonObject
from harness.spec.row_rules import examine_deleted, expect_live
from harness.subject.subject import Subject
from harness.suite.recorder import Recorder
from harness.suite.rows import record_row

_DELETED, _MARKED, _RETIRED = "deleted-meanwhile", "marked-meanwhile", "retired-meanwhile"
_REPLACED = {DELETING_ANNOTATION: "replaced-when-marked", IMMUTABLE_ANNOTATION: "replaced-when-retired"}
_STAYS, _GOES, _COMES = (f"{OURS}/{word}" for word in ("stays", "goes", "comes"))   # finalizers of others
_LABEL = f"{OURS}/meanwhile"
_RETRY_S = 5.0   # for a write of ours to come between those of business controllers


def _write_meanwhile(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    for role in _list_roles(life, case):
        subject = life.make(case, role, finalizer=True, held_by=(_STAYS, _GOES))
        record_row(recorder, life.wait_for_row(subject), f"{role}: created, with finalizers of others")
        _let_go(life, subject, role, recorder)
        recorder.evidence += subject.evidence


def _let_go(life: Lifecycle, subject: Subject, role: str, recorder: Recorder) -> None:
    """Have the object leave, write to it while the Ingester waits for its row, and wait for the end later."""
    with life.hold_quiet(subject, recorder) as held:
        _require(life, held)
        subject.asked_at = life.context.database.get_time()
        _ask(subject, role)
        life.wait_for_block(held, recorder, lambda: is_released(subject.read()))
        _write(subject)
    wait = {_DELETED: wait_for_end, _MARKED: wait_for_deletion, _RETIRED: wait_for_release}[role]
    life.postpone(subject.case, functools.partial(wait, life, subject))


def _require(life: Lifecycle, held: HeldRow | None) -> None:
    """Raise NotApplicable where the row is not held."""
    if held is None:
        raise NotApplicable(f"nobody can write at that very moment: {life.context.database.explain_no_lock()}")


def _list_roles(life: Lifecycle, case: Case) -> tuple[str, ...]:
    """Return the ways to leave: a deleted object of a retained kind is held for as long as others hold it."""
    return (_MARKED, _RETIRED) if life.is_retained(case) else (_DELETED, _MARKED, _RETIRED)


def _ask(subject: Subject, role: str) -> None:
    if role == _DELETED:
        subject.delete()
    else:
        mark = DELETING_ANNOTATION if role == _MARKED else IMMUTABLE_ANNOTATION
        subject.patch({"metadata": {"annotations": {mark: "true"}}})


def _write(subject: Subject) -> None:
    """Write a label and other finalizers of others, at the version that was read, as a careful controller does."""

    def write() -> JsonObject | Refusal | None:
        try:
            obj = subject.read()
            return None if obj is None else subject.patch({"metadata": _change(obj)})
        except Refusal as refusal:
            return refusal

    wait = wait_for(
        write,
        lambda answer: not (isinstance(answer, Refusal) and answer.is_conflict),
        timeout_s=_RETRY_S,
        interval_s=0.02,
    )
    if isinstance(wait.value, Refusal):
        raise wait.value


def _change(obj: JsonObject) -> JsonObject:
    """Return the metadata to write: a label, one finalizer less, and one more unless it is too late for that."""
    finalizers = [name for name in get_finalizers(obj) if name != _GOES]
    if "deletionTimestamp" not in obj["metadata"]:
        finalizers.append(_COMES)
    version = obj["metadata"]["resourceVersion"]
    return {"resourceVersion": version, "labels": {_LABEL: "written"}, "finalizers": finalizers}


def _observe(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    for role in _list_roles(life, case):
        subject = life.find(case, role)
        found = [*examine_release(life, subject), *_compare_written(subject), *_examine_row(life, subject, role)]
        recorder.findings += [each.within(f"{role}: ") for each in found]
        versions = subject.history.read_versions()
        recorder.note(f"versions of {subject}", "\n".join(map(describe_version, versions)))
        subject.release()


def _compare_written(subject: Subject) -> list[Finding]:
    """Return what is no longer there of what others wrote last."""
    written, obj = subject.last.obj, subject.read()
    expected = [name for name in get_finalizers(written) if name != INGESTER_FINALIZER]
    seen = get_finalizers(obj)
    findings = []
    if missing := [name for name in expected if name not in seen]:
        words = f"with {' and '.join(missing)}, which others put there"
        findings.append(Finding(codes.FINALIZER_MISSING, "metadata.finalizers", words, show(seen)))
    if obj is None:
        return findings
    if _GOES in seen and _GOES not in expected:
        words = f"without {_GOES}, which others took off"
        findings.append(Finding(codes.FINALIZER_KEPT, "metadata.finalizers", words, show(seen)))
    label, found = ((each["metadata"].get("labels") or {}).get(_LABEL) for each in (written, obj))
    if label != found:
        findings.append(Finding(codes.OBJECT_FIELD, f"label {_LABEL} of the object", show(label), show(found)))
    return findings


def _examine_row(life: Lifecycle, subject: Subject, role: str) -> list[Finding]:
    row = subject.read_row()
    if role == _RETIRED:
        findings = expect_live(row)
        was_held = INGESTER_FINALIZER in get_finalizers(subject.last.obj)
        if row is not None and was_held and row.res_version < subject.last.version:
            words = f"{subject.last.version} or later, which was written before it was let go of"
            findings.append(Finding(codes.ROW_BEHIND, "column res_version", words, str(row.res_version)))
        return findings
    if role == _DELETED and life.leaves_rows:
        return []
    return examine_deleted(row, subject.asked_at, life.context.database.get_time())


def _replace_meanwhile(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    for mark, role in _REPLACED.items():
        first = life.make(case, role)
        record_row(recorder, life.wait_for_row(first), f"{role}: created")
        _replace(life, first, role, mark, recorder)
        recorder.evidence += first.evidence


def _replace(life: Lifecycle, first: Subject, role: str, mark: str, recorder: Recorder) -> None:
    """Mark the object, and have another one in its place by the time that the Ingester can write its row."""
    with life.hold_quiet(first, recorder) as held:
        _require(life, held)
        first.patch({"metadata": {"annotations": {mark: "true"}}})
        life.wait_for_block(held, recorder, lambda: is_released(first.read()))
        first.delete()
        first.release()   # of the Ingester's finalizer, where it adds that
        life.make(first.case, role)


def _observe_replaced(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    for role in _REPLACED.values():
        first, second = life.find_earlier(case, role), life.find(case, role)
        if is_going(second.read()):
            where = f"{role}: the object that took the name of the one that was let go of"
            recorder.find(codes.OBJECT_GONE, where, "there, since nobody asked for its deletion", "deleted")
        else:
            what = f"{role}: created under the name of one that was let go of"
            record_row(recorder, life.wait_for_row(second), what, earlier=[first.key])
        recorder.evidence += second.evidence


REPLACED_MEANWHILE = Step("replaced meanwhile", _replace_meanwhile, _observe_replaced)
WRITTEN_MEANWHILE = Step("written meanwhile", _write_meanwhile, _observe)
