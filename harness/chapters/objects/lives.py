"""The chapter in progress: the lives of a user's objects, each begun when it is first asked for."""

from __future__ import annotations

import time
from dataclasses import dataclass

from harness.chapters.objects.rendering import Namespaces, render, render_status
from harness.core import codes
from harness.core.errors import Refusal
from harness.core.outcomes import NotApplicable
from harness.core.polling import wait_for
from harness.spec.annotations import get_finalizers, is_released
from harness.spec.equality import show
from harness.spec.features import Life
from harness.spec.manifest import add_labels
from harness.spec.model import Case, JsonObject
from harness.spec.row import Row
from harness.spec.row_rules import examine_deleted, expect_live
from harness.subject import evidence
from harness.subject.arrival import Arrivals
from harness.subject.sender import KubectlSender
from harness.subject.subject import Subject
from harness.suite.context import RunContext
from harness.suite.recorder import Recorder
from harness.suite.rows import OverdueError, record_row
from harness.suite.user_objects import UserObject

_NOTHING: JsonObject = {}


@dataclass(frozen=True)
class Own:
    """What a check of this chapter is about: an object of the user's, and the case of its kind."""

    user_object: UserObject
    case: Case


class Lives:
    """The user's objects of one run, in namespaces of their own."""

    def __init__(self, context: RunContext) -> None:
        self.context = context
        self._namespaces = Namespaces(context.take_namespace)
        self._sender = KubectlSender(context.cluster)
        self._arrivals = Arrivals(
            context.surroundings, context.timeouts, tables=context.contract.main_tables, fails_fast=True
        )
        self._subjects: dict[int, Subject | Refusal] = {}

    def get(self, own: Own) -> Subject:
        """Return the object, created when first asked for; NotApplicable, with the words, where it is refused."""
        self.context.require_controller(own.case)
        number = own.user_object.number
        if number not in self._subjects:
            self._subjects[number] = self._create(own)
        subject = self._subjects[number]
        if isinstance(subject, Refusal):
            raise NotApplicable(f"the API server refuses {own.user_object}: {subject}")
        return subject

    def bring(self, own: Own, recorder: Recorder) -> None:
        """Create the object and patch it by nothing: its row equals it each time."""
        subject = self.get(own)
        recorder.evidence += subject.evidence
        self._record(recorder, subject, "created")
        if subject.read() is None:
            recorder.facts["afterwards"] = "it left Kubernetes, so that nothing was patched"
            return
        recorder.evidence += subject.try_patch(_NOTHING).evidence
        self._record(recorder, subject, "patched by nothing")

    def delete(self, own: Own, recorder: Recorder) -> None:
        """Delete the object: its row is soft-deleted, or stays live where that is its kind's life."""
        subject = self.get(own)
        life = self.context.contract.get_life(own.case.name)
        if subject.read() is None and life is not Life.IMMUTABLE:
            raise NotApplicable("somebody else, a business controller most likely, deleted the object")
        since = self.context.database.get_time()
        subject.delete()

        def is_done(seen: tuple[JsonObject | None, Row | None]) -> bool:
            obj, row = seen
            return is_released(obj) and row is not None and (row.live is not (life is Life.MUTABLE))

        obj, row = wait_for(
            lambda: (subject.read(), subject.read_row()), is_done, timeout_s=self._arrivals.sync_s
        ).value
        recorder.evidence.append(evidence.of_row(row, "the row afterwards", time.time()))
        if not is_released(obj):
            errors = subject.read_errors() or "none"
            seen = f"there; finalizers {show(get_finalizers(obj))}; errors logged: {errors}"
            recorder.find(codes.OBJECT_KEPT, f"{subject}, deleted, in Kubernetes", "released", seen)
        if life is Life.MUTABLE:
            recorder.findings += examine_deleted(row, since, self.context.database.get_time())
        else:
            recorder.findings += expect_live(row)
        subject.release()

    def _create(self, own: Own) -> Subject | Refusal:
        namespaces = self._namespaces.find(own.user_object)
        obj = add_labels(render(own.user_object, namespaces), self.context.labels)
        subject = Subject(self.context.surroundings, own.case, obj, self._sender)
        if isinstance(subject.answer, Refusal):
            return subject.answer
        if status := render_status(own.user_object, namespaces):
            try:
                subject.patch({"status": status}, status=True)
            except Refusal as refusal:
                return refusal
        return subject

    def _record(self, recorder: Recorder, subject: Subject, after: str) -> None:
        try:
            record_row(recorder, self._arrivals.await_row_alone(subject.last), after)
        except OverdueError:
            recorder.note("nothing more was tried with this object", "its row did not follow")
