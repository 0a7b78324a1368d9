"""Sends the chapter's objects: the main one of each kind, part by part, and those beside it. Judges nothing."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence

from harness.chapters.fields.bisection import find_culprits
from harness.chapters.fields.course import Course, Reason
from harness.chapters.fields.plan import Step
from harness.chapters.fields.words import find_refused
from harness.core.errors import HarnessError, Refusal
from harness.core.outcomes import NotApplicable
from harness.spec.manifest import add_labels
from harness.spec.model import API_VERSION, JsonObject
from harness.spec.schema.objects import Filled, make_patch
from harness.subject.sender import KubectlSender, attempt
from harness.subject.subject import Subject, Write
from harness.suite.context import RunContext

GONE = "a business controller deleted the object at once"

_REFUSALS = 8   # of one write


class Writer:
    """Writes into one namespace."""

    def __init__(self, context: RunContext, namespace: str) -> None:
        self._context = context
        self._namespace = namespace
        self._sender = KubectlSender(context.cluster, brief=True)

    def write(self, course: Course, part: str, step: Step) -> Write:
        """Send the part of the main object without what the API server refuses; return the write."""
        for _ in range(_REFUSALS):
            filled = self.fill(course, part, step, course.list_wanted(part, step.group))
            answer = attempt(functools.partial(self._send, course, part, filled))
            if not isinstance(answer, Refusal):
                return answer
            if answer.not_found and course.subject is not None:
                raise NotApplicable(f"{GONE}: {answer}")
            for leaf, words in self._find_refused(course, part, step, filled, str(answer)).items():
                course.leave_out([leaf], Reason.REFUSED, words)
        raise HarnessError(f"{course.case.name}: the API server still refuses the {part}: {answer}")

    @staticmethod
    def fill(course: Course, part: str, step: Step, leaves: Iterable[str], variant: int = 0) -> Filled:
        """Return the part as the step has it, with these leaves."""
        if part not in course.fillers:
            return Filled({})
        if step.round is None:
            return course.fill(part, ())
        return course.fill(part, leaves, variant=variant, round_=step.round)

    def create_beside(self, course: Course, part: str, filled: Filled, name: str) -> Subject:
        """Create an object with that part alone; Refusal where it is not accepted."""
        subject = self._create(course, filled.value if part == "spec" else course.least, name)
        if part == "status":
            self.patch(course, subject, part, filled.value)
        return subject

    @staticmethod
    def patch(course: Course, subject: Subject, part: str, value: JsonObject) -> None:
        """Make the part of the object what is given, whatever it is by now; Refusal where it is gone."""
        now = subject.read()
        if now is None:
            raise Refusal(404, "NotFound", f"{subject} was deleted by somebody else")
        patch = make_patch(now.get(part) or {}, value)
        subject.patch({part: patch}, status=part == "status" and course.schema.has_status_subresource)

    def delete(self, course: Course, subject: Subject | None) -> None:
        """Delete an object, where there is one."""
        if subject is not None:
            self._context.cluster.delete(course.case.kind, self._namespace, subject.name)

    def delete_all(self, course: Course) -> None:
        """Delete every object of the kind, so that nobody goes on working on them; their rows stay."""
        self._context.cluster.delete_all(course.case.kind, self._namespace)

    def _send(self, course: Course, part: str, filled: Filled) -> Write:
        if course.subject is None:
            course.subject = self._create(course, filled.value if part == "spec" else {}, "full")
        else:
            self.patch(course, course.subject, part, filled.value)
        course.note_sent(part, filled)
        return course.subject.last

    def _create(self, course: Course, spec: JsonObject, name: str) -> Subject:
        obj = self._make(course, spec, name)
        subject = Subject(self._context.surroundings, course.case, obj, self._sender)
        if isinstance(subject.answer, Refusal):
            raise subject.answer
        course.objects += 1
        return subject

    def _make(self, course: Course, spec: JsonObject, name: str) -> JsonObject:
        metadata = {"name": f"fields-{name}", "namespace": self._namespace}
        obj: JsonObject = {"apiVersion": API_VERSION, "kind": course.case.name, "metadata": metadata, "spec": spec}
        return add_labels(obj, self._context.labels)

    def _find_refused(
        self, course: Course, part: str, step: Step, filled: Filled, words: str
    ) -> dict[str, str]:
        """Return the leaves that the API server refuses, each with its words: those it names, else by halving."""
        if named := find_refused(words, filled):
            return named
        probe = functools.partial(self._probe, course, part, step)
        culprits = find_culprits(course.list_wanted(part, step.group), probe, first_error=words)
        return {leaf: culprit.error for culprit in culprits for leaf in culprit.leaves}

    def _probe(self, course: Course, part: str, step: Step, leaves: Sequence[str]) -> str:
        """Return what the API server says against a part with these leaves alone, '' where it takes it."""
        filled = self.fill(course, part, step, leaves)
        try:
            if part == "spec":
                obj = self._make(course, filled.value, "probe")
                self._context.cluster.create(course.case.kind, obj, dry_run=True)
            elif course.subject is not None:
                self.patch(course, course.subject, part, filled.value)
        except Refusal as refusal:
            return str(refusal)
        return ""
