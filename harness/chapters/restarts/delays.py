"""The delay of deletions, in a process that has one set for one kind: how long that kind's rows stay.

All times are compared with the object's own deletionTimestamp, which has whole seconds, as delete_time has: so a
soft delete that came too early shows exactly. That one came at once is judged by the best of three, since the
machine may be slow.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable

from harness.chapters.contract.deletions import observe_soft_deleted, wait_for_deletion
from harness.chapters.contract.lifecycle import Lifecycle
from harness.core import codes
from harness.core.errors import Refusal
from harness.core.polling import wait_for
from harness.core.record import Finding
from harness.spec.annotations import DELETING_ANNOTATION, is_released
from harness.spec.equality import parse_time, show
from harness.spec.features import CONFIGURABLE, DELETION_DELAY, Life
from harness.spec.model import Case
from harness.subject.subject import Subject
from harness.suite.recorder import Recorder
from harness.suite.rows import OverdueError, record_row

DELAY_S = 3
_DELAY = dt.timedelta(seconds=DELAY_S)
_ATTEMPTS = 3
_MARK = {"metadata": {"annotations": {DELETING_ANNOTATION: "true"}}}


def list_delayed_kinds(life: Lifecycle) -> tuple[str, ...]:
    """Return the kinds whose deletion is to be delayed: one at most, none where none can be."""
    if life.context.contract.get_feature(DELETION_DELAY) != CONFIGURABLE:
        return ()
    return tuple(case.name for case in _list_mutable(life)[:1])


def observe_delays(life: Lifecycle) -> Recorder:
    """Delete objects of the delayed kind and of another one, and take down what does not go when it is due."""
    recorder = Recorder()
    delayed, *others = _list_mutable(life)
    recorder.facts["delay"] = f"{DELAY_S} s for {delayed.name}"
    try:
        _observe_delayed(life, delayed, recorder)
        _observe_at_once(life, delayed, "marked", _delete_and_mark, recorder)
        if others:
            _observe_at_once(life, others[0], "undelayed", Subject.delete, recorder)
        else:
            recorder.note("another kind", "there is none in this run: that no other is delayed was not seen")
    except OverdueError:
        pass   # a row did not come, which is a finding: there is nothing to delete
    return recorder


def _list_mutable(life: Lifecycle) -> list[Case]:
    missing = life.context.registration.missing
    return [c for c in life.cases if life.get_life(c) is Life.MUTABLE and c.name not in missing]


def _observe_delayed(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    subject = life.make(case, "delayed", finalizer=True)
    recorder.evidence += subject.evidence
    record_row(recorder, life.wait_for_row(subject), "created")
    subject.asked_at, asked = life.context.database.get_time(), time.monotonic()
    subject.delete()
    due = _find_due(subject)
    ended = wait_for(lambda: _describe_end(subject), bool, timeout_s=DELAY_S + life.sync_s, interval_s=0.02)
    lasted_s = time.monotonic() - asked
    recorder.note(f"deleted, due at {show(due)}", f"{ended.value or 'nothing happened'}, after {lasted_s:.2f} s")
    recorder.facts["lasted"] = f"{lasted_s:.1f} s"
    where = f"{subject}, deleted, with a delay of {DELAY_S} s"
    if ended.value and lasted_s < DELAY_S - 1:   # the deletionTimestamp is less than a second before the request
        expected = "live, and with its finalizer, until then"
        recorder.find(codes.ORDER, where, expected, f"{ended.value} after {lasted_s:.2f} s")
    wait_for_deletion(life, subject)
    row = subject.read_row()
    deleted_at = row.columns["delete_time"] if row else None
    if due is not None and isinstance(deleted_at, dt.datetime) and deleted_at < due:
        recorder.find(codes.ROW_TIME, f"{where}: column delete_time", f"{show(due)} or later", show(deleted_at))
    observe_soft_deleted(life, subject, recorder)


def _observe_at_once(
    life: Lifecycle, case: Case, role: str, ask: Callable[[Subject], None], recorder: Recorder
) -> None:
    """Take down that an object that is not delayed went as late as one that is, each time it was tried."""
    found: list[Finding] = []
    for number in range(_ATTEMPTS):
        found = []
        subject = life.make(case, f"{role}-{number}", finalizer=True)
        record_row(recorder, life.wait_for_row(subject), f"{role}: created")
        subject.asked_at = life.context.database.get_time()
        ask(subject)
        due = subject.asked_at + _DELAY
        wait_for_deletion(life, subject)
        row = subject.read_row()
        deleted_at = row.columns["delete_time"] if row else None
        recorder.note(f"{subject}, asked to go at {show(subject.asked_at)}", f"delete_time {show(deleted_at)}")
        if isinstance(deleted_at, dt.datetime) and deleted_at < due:
            break
        expected = f"before {show(due)}: it is not delayed"
        found.append(Finding(codes.ROW_TIME, f"{subject}: column delete_time", expected, show(deleted_at)))
        if deleted_at is None:
            break
    recorder.findings += found
    observe_soft_deleted(life, subject, recorder)


def _delete_and_mark(subject: Subject) -> None:
    """Delete an object, and then say by annotation that it must not be waited for; it may be gone by then."""
    subject.delete()
    try:
        subject.patch(_MARK)
    except Refusal as refusal:
        if not refusal.not_found:
            raise


def _find_due(subject: Subject) -> dt.datetime | None:
    """Return when the delay of a deleted object ends; None where nobody knows when it was deleted."""
    going = (v.object["metadata"].get("deletionTimestamp") for v in subject.history.read_versions())
    deleted_at = next(filter(None, going), None)
    return parse_time(deleted_at) + _DELAY if deleted_at else None


def _describe_end(subject: Subject) -> str:
    """Return what has ended of what a delay keeps: the row live, the finalizer on; empty while both are."""
    row, obj = subject.read_row(), subject.read()
    ended = ["the row is gone" if row is None else "" if row.live else "the row is soft-deleted"]
    ended.append("the object is released" if is_released(obj) else "")
    return ", ".join(filter(None, ended))
