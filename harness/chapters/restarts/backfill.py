"""What the Ingester catches up with: objects written to while the controller manager was down, a thousand as well.

`gates` stops and starts it; here objects are made and written to before and meanwhile, and what has become of them
is seen afterwards.
"""

from __future__ import annotations

import functools
import time
from concurrent.futures import ThreadPoolExecutor

from harness.chapters.contract.deletions import (
    examine_release,
    observe_ended,
    observe_live,
    observe_soft_deleted,
    wait_for_deletion,
    wait_for_end,
    wait_for_release,
)
from harness.chapters.contract.lifecycle import Lifecycle, Step
from harness.clients.kube import get_version
from harness.core import codes
from harness.core.outcomes import NotApplicable
from harness.core.polling import Wait, wait_for
from harness.spec.annotations import DELETING_ANNOTATION, IMMUTABLE_ANNOTATION, OURS, is_released
from harness.spec.equality import compare_row
from harness.spec.keys import get_key
from harness.spec.model import Case, JsonObject
from harness.spec.row_rules import compare_kept, examine_deleted, expect_live
from harness.subject import evidence
from harness.subject.pairing import pair_rows
from harness.subject.subject import Subject
from harness.suite.recorder import Recorder
from harness.suite.rows import record_row

MANY = 1000
_KIND = "Project"   # of the thousand objects
_CLIENTS = 4
_TIMEOUT_S = 240.0   # a version that writes to each object before its row is held back by its own client
_SHOWN = 20
_TOUCHES_S = 1.0     # between two looks at how many objects the Ingester has written to
_MARKED, _RETIRED = "marked-away", "retired-away"
_MARKS = {_MARKED: DELETING_ANNOTATION, _RETIRED: IMMUTABLE_ANNOTATION}
_GLIMPSE_S = 0.2   # an object that is not released at once may be one that is known never to be


class Backfill:
    """The objects that are written to while the controller manager is down."""

    def __init__(self, life: Lifecycle) -> None:
        self._life = life
        self._many: list[JsonObject] = []
        self._written_s = 0.0
        self._started_at = 0.0
        self._awaited: tuple[Wait[int], float] | None = None

    def prepare(self) -> None:
        """Make the objects that exist before."""
        self._life.carry_out(_PREPARED)

    def write(self) -> None:
        """Create, patch and delete while nobody watches."""
        self._life.carry_out(_WRITTEN)
        self._create_many()

    def note_start(self) -> None:
        """Say that the controller manager is started now, with everything to catch up with."""
        self._started_at = time.monotonic()

    def get_created(self, case: Case) -> Recorder:
        """6.4: an object that was created meanwhile has its row."""
        return self._get(_CREATED, case)

    def get_patched(self, case: Case) -> Recorder:
        """6.5: the row of an object that was patched meanwhile holds the patch."""
        return self._get(_PATCHED, case)

    def get_deleted(self, case: Case) -> Recorder:
        """6.6: what was deleted, marked or retired meanwhile has left, and its row is as it must be."""
        return self._get(_DELETED, case)

    def get_fleeting(self, case: Case) -> Recorder:
        """6.7: an object that was created and deleted meanwhile, so that it has no row, is released."""
        return self._get(_GONE, case)

    def get_many(self) -> Recorder:
        """6.8: a thousand objects that were created meanwhile have their rows; timed."""
        case, context = self._many_case, self._life.context
        if case is not None:
            context.require_controller(case)
        if case is None or not self._many:
            raise NotApplicable(f"{_KIND}, the kind of the {MANY} objects, is not part of the run")
        recorder, expected = Recorder(), self._list_versions()
        recorder.problem = "not all objects were caught up with"
        wait, spent_s = self._wait_for_many()
        recorder.evidence.append(evidence.of_wait(wait, "rows that have reached their objects' versions"))
        if wait.satisfied:
            recorder.facts["time"] = f"{spent_s:.1f} s from the start on, {MANY / spent_s:.0f} objects/s"
        recorder.facts["objects"] = f"{MANY}, created in {self._written_s:.1f} s"
        rows = context.database.get_rows_of(case.kind, list(expected))
        namespace = self._life.namespaces[0]
        known = (*self._many, *context.cluster.list_objects(case.kind, namespace))
        objects = pair_rows(context.cluster, case.kind, namespace, rows.values(), known)
        for key in expected:
            row, obj = rows.get(key), objects.get(key)
            if row is None or obj is None:
                seen = str(row and row.res_version)
                recorder.find(codes.ROW_MISSING, f"uid {key}", "a row at a version of the object", seen)
            else:
                recorder.findings += compare_row(case.kind, obj, row)
        if len(recorder.findings) > _SHOWN:
            recorder.note("all differences", "\n".join(map(str, recorder.findings)))
        return recorder

    def _get(self, stage: Step, case: Case) -> Recorder:
        """See what became of the kind's own objects, once the thousand before them in the queue are through."""
        if self._many:
            self._wait_for_many()
        return self._life.get(stage, case)

    def _wait_for_many(self) -> tuple[Wait[int], float]:
        """Wait for the thousand once, for as long as it makes progress; return when it ended, after the start."""
        if self._awaited is None:
            self._awaited = self._wait(), time.monotonic() - self._started_at
        return self._awaited

    def _wait(self) -> Wait[int]:
        case, context, namespace = self._many_case, self._life.context, self._life.namespaces[0]
        expected = self._list_versions()
        progress = [(0, time.monotonic())]   # how many rows and writes to objects there were, since when
        touches = [(0, time.monotonic())]    # how many objects were written to, and when that was looked at

        def count_touched() -> int:
            """A version may write a finalizer or a key to all objects before the first row of any."""
            if case is not None and time.monotonic() - touches[-1][1] > _TOUCHES_S:
                objects = context.cluster.list_objects(case.kind, namespace)
                touched = sum(get_version(obj) > expected.get(get_key(case.kind, obj), 0) for obj in objects)
                touches.append((touched, time.monotonic()))
            return touches[-1][0]

        def count() -> int:
            found = context.database.get_versions(case.kind, namespace) if case else {}
            number = sum(found.get(key, 0) >= version for key, version in expected.items())
            if number + count_touched() != progress[-1][0]:
                progress.append((number + touches[-1][0], time.monotonic()))
            return number

        return wait_for(
            count,
            lambda number: number == MANY,
            give_up=lambda _: time.monotonic() - progress[-1][1] > context.timeouts.sync_s,
            timeout_s=_TIMEOUT_S,
            interval_s=0.05,
        )

    def _list_versions(self) -> dict[str, int]:
        case = self._many_case
        return {get_key(case.kind, obj): get_version(obj) for obj in self._many} if case else {}

    @property
    def _many_case(self) -> Case | None:
        return next((case for case in self._life.cases if case.name == _KIND), None)

    def _create_many(self) -> None:
        case, context = self._many_case, self._life.context
        if case is None or case.name in context.registration.missing:
            return
        template = context.render(case, self._life.namespaces[0])

        def create(number: int) -> JsonObject:
            metadata = {**template["metadata"], "name": f"{template['metadata']['name']}-many-{number}"}
            return context.cluster.create(case.kind, {**template, "metadata": metadata})

        started = time.monotonic()
        with ThreadPoolExecutor(_CLIENTS) as clients:
            self._many = list(clients.map(create, range(MANY)))
        self._written_s = time.monotonic() - started


def _prepare(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    if life.is_immutable(case):
        return
    for role in ("patched-away", "deleted-away", *_MARKS):
        subject = life.make(case, role, finalizer=role != "patched-away")
        record_row(recorder, life.wait_for_row(subject), "created before")
    if not life.is_retained(case) and not life.leaves_rows:
        held = life.make(case, "held-away", finalizer=True, held_by=(f"{OURS}/others",))
        record_row(recorder, life.wait_for_row(held), "created before, with a finalizer of others")
        held.asked_at = life.context.database.get_time()
        held.delete()
        life.postpone(case, functools.partial(wait_for_deletion, life, held))


def _write(life: Lifecycle, case: Case, _recorder: Recorder) -> None:
    life.make(case, "created-away", finalizer=True)
    if life.is_immutable(case):
        return
    life.find(case, "patched-away").patch({"metadata": {"labels": {f"{OURS}/away": "patched"}}})
    deleted = life.find(case, "deleted-away")
    deleted.asked_at = life.context.database.get_time()
    deleted.delete()
    for role, mark in _MARKS.items():
        subject = life.find(case, role)
        subject.asked_at = life.context.database.get_time()
        subject.patch({"metadata": {"annotations": {mark: "true"}, "labels": {f"{OURS}/last": "word"}}})
    life.make(case, "fleeting-away", finalizer=True).delete()


def _observe_created(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    subject = life.find(case, "created-away")
    recorder.evidence = subject.evidence
    subject.restart_clock()
    record_row(recorder, life.wait_for_row(subject), "created while down")
    if life.is_immutable(case):
        wait_for_release(life, subject)
        recorder.findings += examine_release(life, subject)


def _observe_patched(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    subject = life.find(case, "patched-away")
    recorder.evidence = subject.evidence
    subject.restart_clock()
    record_row(recorder, life.wait_for_row(subject), "patched while down")


def _wait_for_deletion(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    waits = {"deleted-away": wait_for_end, _MARKED: wait_for_deletion, _RETIRED: wait_for_release}
    for role, wait in waits.items():
        subject = life.find(case, role)
        recorder.evidence += subject.evidence
        life.postpone(case, functools.partial(wait, life, subject))


def _observe_deleted(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    observe_ended(life, life.find(case, "deleted-away"), recorder)
    observe_soft_deleted(life, life.find(case, _MARKED), recorder)
    _observe_retired(life, life.find(case, _RETIRED), recorder)
    if not life.is_retained(case) and not life.leaves_rows:
        held = life.find(case, "held-away")
        before, row = held.seen, held.read_row()   # nothing was asked of it meanwhile
        recorder.evidence.append(evidence.of_row(row, f"the row of {held}, which others hold", time.time()))
        recorder.findings += examine_deleted(row, held.asked_at, life.context.database.get_time())
        if before is not None and not before.live:
            recorder.findings += compare_kept(before, row, "the row of an object that others held meanwhile")
        held.release()


def _observe_retired(life: Lifecycle, subject: Subject, recorder: Recorder) -> None:
    """Take down what is wrong with an object that was to leave for MySQL, and with its row; then let it go."""
    row = observe_live(life, subject, recorder)
    if row is not None and row.res_version < subject.last.version:
        where, expected = f"{subject}, column res_version", f"{subject.last.version} or later, its last word"
        recorder.find(codes.ROW_BEHIND, where, expected, str(row.res_version))
    subject.release()


def _wait_for_release(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    subject = life.find(case, "fleeting-away")
    recorder.evidence = subject.evidence
    wait_for(subject.read, is_released, timeout_s=_GLIMPSE_S)
    findings = examine_release(life, subject)
    if findings and not all(map(life.context.expectations.explain, findings)):
        life.postpone(case, functools.partial(wait_for_release, life, subject))


def _observe_released(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    subject = life.find(case, "fleeting-away")
    recorder.findings += examine_release(life, subject)
    if life.is_retained(case):
        recorder.findings += expect_live(subject.read_row())
    subject.release()


_PREPARED = Step("prepared for a time away", _prepare)
_WRITTEN = Step("written to meanwhile", _write)
_CREATED = Step("created meanwhile", _observe_created)
_PATCHED = Step("patched meanwhile", _observe_patched)
_DELETED = Step("deleted meanwhile", _wait_for_deletion, _observe_deleted)
_GONE = Step("come and gone meanwhile", _wait_for_release, _observe_released)
