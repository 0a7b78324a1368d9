"""The chapter in progress: each step is carried out once, for all kinds of the run, and remembered.

A kind has one main object, which is made with every field of its spec, gets every field of its status, has each of
them changed, and loses them all. What keeps it from MySQL is found, named and left out, and it goes on without.
Objects beside it have what one object can't: the other values of enums, the other branches of a choice.
"""

from __future__ import annotations

import functools
import itertools
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.chapters.fields.bisection import Culprit, find_culprits
from harness.chapters.fields.course import Course, Reason, is_at
from harness.chapters.fields.rows import examine, list_lost
from harness.chapters.fields.watch import Fate, Watch, shorten
from harness.chapters.fields.words import find_form, find_refused, find_undecodable
from harness.core import codes
from harness.core.errors import HarnessError, Refusal
from harness.core.outcomes import NotApplicable, NotRun, Outcome
from harness.core.polling import wait_for
from harness.core.record import Finding
from harness.sandbox.base import CONTROLLERMGR, Phase
from harness.spec.manifest import add_labels
from harness.spec.model import API_VERSION, Case, JsonObject
from harness.spec.schema.objects import Filled, make_patch
from harness.spec.schema.published import KindSchema, find_in_crd, find_in_openapi
from harness.subject import evidence
from harness.subject.arrival import Arrivals
from harness.subject.sender import KubectlSender
from harness.subject.subject import Subject, Write
from harness.suite.context import RunContext
from harness.suite.recorder import Recorder

GONE = "a business controller deleted the object at once"
FIELD_UNSYNCED = "field.unsynced"        # an object with the field is never synced
FIELD_UNDECODABLE = "field.undecodable"  # the Ingester can't decode an object with it, and so none of its kind

_ROUNDS = 20        # of repairs of one object
_REFUSALS = 8       # of one write
_PROBE_S = 3.0
_BISECTION_S = 20.0
_REPAIRS = 6        # of a kind whose objects can't be decoded: its clients wait longer and longer in between
_RECOVERY_S = 60.0
_TRIES_APART = 24


@dataclass(frozen=True)
class Step:
    """A part of the objects' lives: what is written of them, in which round (None: emptied), after what."""

    name: str
    parts: tuple[str, ...]
    round: int | None = 0
    after: Step | None = None


FULL = Step("full spec", ("spec",))
STATUS = Step("full status", ("status",), after=FULL)
CHANGED = Step("changed", ("spec", "status"), round=1, after=STATUS)
REMOVED = Step("removed", ("spec", "status"), round=None, after=CHANGED)


class Fields:
    """The objects of one run's chapter, in a namespace of their own."""

    def __init__(self, context: RunContext) -> None:
        self.context = context
        self._arrivals = Arrivals(
            context.surroundings, context.timeouts, tables=context.contract.main_tables, fails_fast=True
        )
        self._sender = KubectlSender(context.cluster, brief=True)
        self._outcomes: dict[str, dict[str, Recorder | Exception]] = {}
        self._numbers = itertools.count(1)
        self._variants: dict[tuple[str, int], Subject] = {}

    @functools.cached_property
    def namespace(self) -> str:
        """The objects' namespace."""
        return self.context.take_namespace()

    @functools.cached_property
    def courses(self) -> dict[str, Course | NotApplicable]:
        """The way of each kind of the run that can be judged, or why its schema can't be read."""
        missing = self.context.registration.missing
        cases = [c for c in self.context.cases if c.name not in missing and not self._explain_absence(c)]
        return {case.name: self._open(case) for case in cases}

    def require(self, case: Case) -> None:
        """Raise NotRun or NotApplicable where nothing can be asked of the kind."""
        self.context.require_controller(case)
        if reason := self._explain_absence(case):
            raise NotApplicable(reason)

    def get_course(self, case: Case) -> Course:
        """Return the kind's way; NotApplicable where its schema can't be read."""
        course = self.courses[case.name]
        if isinstance(course, NotApplicable):
            raise course
        return course

    def get(self, step: Step, case: Case) -> Recorder:
        """Return what the step brought for the kind, or raise what ended it; carried out for all kinds at once."""
        self.get_course(case)
        outcome = self.carry_out(step)[case.name]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def carry_out(self, step: Step) -> dict[str, Recorder | Exception]:
        """Carry the step out, unless that was done, after those that it stands on."""
        if step.name not in self._outcomes:
            if step.after is not None:
                self.carry_out(step.after)
            self._outcomes[step.name] = self._act(step)
            if step is REMOVED:
                self._clear()
        return self._outcomes[step.name]

    def _explain_absence(self, case: Case) -> str:
        issue = self.context.expectations.find_blocking(case.name)
        return f"known issue {issue.id} would show again" if issue else ""

    def _open(self, case: Case) -> Course | NotApplicable:
        schema = self._read_schema(case)
        return schema if isinstance(schema, NotApplicable) else Course(case, schema)

    def _read_schema(self, case: Case) -> KindSchema | NotApplicable:
        try:
            crd = self.context.cluster.get_crd(case.kind)
            if crd is not None and (found := find_in_crd(crd)):
                return found
            why = "it is not served"
        except Refusal as refusal:
            why = str(refusal)
        try:
            if found := find_in_openapi(self._openapi, case.name, case.kind.plural):
                return found
        except Refusal as refusal:
            why += f"; {refusal}"
        return NotApplicable(f"the schema of {case.name} can't be read: {why}")

    @functools.cached_property
    def _openapi(self) -> JsonObject:
        return self.context.cluster.get_openapi()

    def _act(self, step: Step) -> dict[str, Recorder | Exception]:
        courses = [course for course in self.courses.values() if isinstance(course, Course)]
        outcomes: dict[str, Recorder | Exception] = {course.case.name: Recorder() for course in courses}
        for part in step.parts:
            going = [
                c
                for c in courses
                if isinstance(outcomes[c.case.name], Recorder) and self._may_go_on(c, outcomes)
            ]
            having = [c for c in going if part in c.fillers or part == "spec"]
            self._bring(having, part, step, outcomes)
            if step.round == 0:
                well = [c for c in having if isinstance(outcomes[c.case.name], Recorder)]
                self._bring_variants(well, part, outcomes)
                self._bring_suspects(well, part, step, outcomes)
        return outcomes

    @staticmethod
    def _may_go_on(course: Course, outcomes: dict[str, Recorder | Exception]) -> bool:
        if course.ended:
            recorder = outcomes[course.case.name]
            if isinstance(recorder, Recorder) and not recorder.findings:
                end = NotApplicable if course.ended.startswith(GONE) else NotRun
                outcomes[course.case.name] = end(course.ended)
            return False
        return True

    def _bring(
        self, courses: Sequence[Course], part: str, step: Step, outcomes: dict[str, Recorder | Exception]
    ) -> None:
        """Write the part of each main object, and mend that until it is in MySQL or there is no hope."""
        pending = list(courses)
        for _ in range(_ROUNDS):
            writes: dict[str, Write] = {}
            watch = Watch(self.context, self.namespace)
            for course in pending:
                self._attempt(course, outcomes, functools.partial(self._write_to, writes, course, part, step))
            fates = watch.await_all(list(writes.values()), stale=[word for c in pending for word in c.stale])
            by_name = {fate.write.subject.case.name: fate for fate in fates}
            again: list[Course] = []
            for course in pending:
                fate = by_name.get(course.case.name)
                if fate is not None:
                    recorder = outcomes[course.case.name]
                    settle = functools.partial(self._settle_into, again, course, fate, part, step, recorder)
                    self._attempt(course, outcomes, settle)
            pending = again
            if not pending:
                return
        for course in pending:
            course.ended = f"it could not be mended in {_ROUNDS} rounds"

    def _attempt(
        self, course: Course, outcomes: dict[str, Recorder | Exception], act: Callable[[], object]
    ) -> None:
        """Carry something out for one kind; what ends it is raised when the kind's own check asks for it."""
        try:
            act()
        except (HarnessError, Refusal, Outcome) as reason:
            course.ended = course.ended or str(reason)
            before = outcomes[course.case.name]
            if not (isinstance(before, Recorder) and before.findings):   # what was found before stands
                outcomes[course.case.name] = reason

    def _write_to(self, writes: dict[str, Write], course: Course, part: str, step: Step) -> None:
        writes[course.case.name] = self._write(course, part, step)

    def _settle_into(
        self,
        again: list[Course],
        course: Course,
        fate: Fate,
        part: str,
        step: Step,
        recorder: Recorder | Exception,
    ) -> None:
        if self._settle(course, fate, part, step, recorder):
            again.append(course)

    def _write(self, course: Course, part: str, step: Step) -> Write:
        """Send the part of the main object without what the API server refuses; return the write."""
        for _ in range(_REFUSALS):
            filled = self._fill(course, part, step, course.list_main_leaves(part))
            answer = self._send(course, part, filled)
            if not isinstance(answer, Refusal):
                return answer
            if answer.not_found and course.subject is not None:
                raise NotApplicable(f"{GONE}: {answer}")
            named = find_refused(str(answer), filled)
            if not named:
                leaves = course.list_main_leaves(part)
                probe = functools.partial(self._probe_refused, course, part, step)
                named = {
                    leaf: culprit.error
                    for culprit in find_culprits(leaves, probe, first_error=str(answer))
                    for leaf in culprit.leaves
                }
            for leaf, words in named.items():
                course.leave_out([leaf], Reason.REFUSED, words)
        raise HarnessError(f"{course.case.name}: the API server still refuses the {part}: {answer}")

    def _fill(self, course: Course, part: str, step: Step, leaves: Iterable[str], variant: int = 0) -> Filled:
        if part not in course.fillers:
            return Filled({})
        if step.round is None:
            return course.fill(part, ())
        return course.fill(part, leaves, variant=variant, round_=step.round)

    def _send(self, course: Course, part: str, filled: Filled) -> Write | Refusal:
        if course.subject is None:
            subject = self._create(course, filled.value if part == "spec" else {})
            if isinstance(subject.answer, Refusal):
                return subject.answer
            course.subject = subject
        else:
            try:
                self._patch(course, course.subject, part, filled.value)
            except Refusal as refusal:
                return refusal
        course.sent[part] = filled
        course.texts |= {text for text in map(filled.get, filled.leaves) if isinstance(text, str) and "-" in text}
        return course.subject.last

    def _create(self, course: Course, spec: JsonObject, *, name: str = "full") -> Subject:
        obj = self._make(course, spec, name)
        subject = Subject(self.context.surroundings, course.case, obj, self._sender)
        course.objects += subject.accepted
        return subject

    def _make(self, course: Course, spec: JsonObject, name: str) -> JsonObject:
        metadata = {"name": f"fields-{name}", "namespace": self.namespace}
        obj: JsonObject = {"apiVersion": API_VERSION, "kind": course.case.name, "metadata": metadata, "spec": spec}
        return add_labels(obj, self.context.labels)

    def _patch(self, course: Course, subject: Subject, part: str, value: JsonObject) -> None:
        """Make the part of the object what is given, whatever it is by now; Refusal where it is gone."""
        now = subject.read()
        if now is None:
            raise Refusal(404, "NotFound", f"{subject} was deleted by somebody else")
        patch = make_patch(now.get(part) or {}, value)
        subject.patch({part: patch}, status=part == "status" and course.schema.has_status_subresource)

    def _settle(  # noqa: PLR0911  each way in which a write may end
        self, course: Course, fate: Fate, part: str, step: Step, recorder: Recorder | Exception
    ) -> bool:
        """Record what became of a write; return whether it is to be written again, since a cause was found."""
        if isinstance(recorder, Exception) or course.subject is None:
            return False
        filled = course.sent[part]
        if fate.is_open:
            return True   # it is written again, which changes nothing, and awaited once more
        if fate.arrived:
            before = len(course.alternatives)
            self._record(course, course.subject, filled, part, step, recorder)
            if len(course.alternatives) == before or self.context.is_immutable(course.case):
                return False
            if course.subject.read() is None:
                course.ended = GONE
                return False
            return True   # the object goes on without the alternatives that it can't have
        if fate.crash:
            recorder.find(codes.CONTROLLERMGR_STATE, f"{course.case.name}, {step.name}", "it runs on", fate.crash)
            self._end(course, "the controller manager ended")
            return False
        if fate.undecodable:
            return self._learn(course, fate, filled, part, step, recorder)
        if not fate.errors and self.context.explain_missing_log():
            self._end(course, f"what was not synced can't be explained: {self.context.explain_missing_log()}")
            raise NotApplicable(course.ended)
        culprits = self._bisect(course, fate.error, filled, part, step)
        if not culprits:
            sync = self._arrivals.await_row_alone(course.subject.last)
            recorder.evidence += sync.describe()
            where = f"{step.name}: {course.subject}"
            seen = f"{fate.error}; no field of it alone is to blame"
            recorder.find(FIELD_UNSYNCED, where, "its row to follow", seen)
            self._end(course, "its main object is not synced")
            return False
        for culprit in culprits:
            self._blame(course, culprit, FIELD_UNSYNCED, Reason.UNSYNCED, recorder)
        return True

    def _blame(
        self, course: Course, culprit: Culprit, code: str, reason: Reason, recorder: Recorder
    ) -> None:
        course.leave_out(culprit.leaves, reason, culprit.error)
        where = f"{course.case.name} {culprit}"
        recorder.find(code, where, "an object with it to reach MySQL", culprit.error)

    def _learn(
        self, course: Course, fate: Fate, filled: Filled, part: str, step: Step, recorder: Recorder
    ) -> bool:
        """Take from the words which fields can't be decoded: write them in another form, or leave them out."""
        words = shorten(fate.undecodable)
        course.stale.append(words)
        recorder.evidence.append(evidence.of_note(f"{course.case.name} can't be decoded", words))
        if len(course.stale) > _REPAIRS:
            where = f"{course.case.name} {part}"
            recorder.find(FIELD_UNDECODABLE, where, "an object with all of it in MySQL", words)
            self._end(course, f"its main object still can't be decoded: {words}")
            return False
        leaves = find_undecodable(words, filled)
        form = find_form(words)
        names = {leaf.rpartition(".")[2] for leaf in leaves if form and leaf not in course.forms}
        fresh = [leaf for leaf in course.leaves if leaf.rpartition(".")[2] in names]
        if fresh:
            course.forms |= dict.fromkeys(fresh, form)
            return True
        if not leaves and any(text in words for text in course.texts):
            return True   # of what stood there before: the words came late
        if leaves:
            self._blame(course, Culprit(tuple(leaves), words), FIELD_UNDECODABLE, Reason.UNDECODABLE, recorder)
            return True
        if course.subject is not None:   # as long as it is there, no object of its kind is synced
            self.context.cluster.delete(course.case.kind, self.namespace, course.subject.name)
            course.subject = None
        culprits = self._bisect(course, words, filled, part, step)
        for culprit in culprits:
            self._blame(course, culprit, FIELD_UNDECODABLE, Reason.UNDECODABLE, recorder)
        if not culprits or part != "spec":
            course.ended = "its main object can't be decoded"
        return bool(culprits) and part == "spec"

    def _bisect(self, course: Course, error: str, filled: Filled, part: str, step: Step) -> list[Culprit]:
        until = time.monotonic() + _BISECTION_S
        return find_culprits(
            filled.paths,
            functools.partial(self._probe, course, part, step),
            first_error=error,
            may_go_on=lambda: time.monotonic() < until,
        )

    def _probe(self, course: Course, part: str, step: Step, leaves: Sequence[str]) -> str:
        """Return what keeps a fresh object from MySQL that has these leaves alone, '' where nothing does."""
        filled = self._fill(course, part, step, leaves)
        watch = Watch(self.context, self.namespace)
        subject = self._make_beside(course, part, filled, f"probe-{next(self._numbers)}")
        fate = watch.await_all([subject.last], stale=course.stale, timeout_s=_PROBE_S)[0]
        if fate.undecodable:
            course.stale.append(shorten(fate.undecodable))
        self.context.cluster.delete(course.case.kind, self.namespace, subject.name)
        return fate.error

    def _probe_refused(self, course: Course, part: str, step: Step, leaves: Sequence[str]) -> str:
        """Return what the API server says against a part with these leaves alone, '' where it takes it."""
        filled = self._fill(course, part, step, leaves)
        try:
            if part == "spec":
                obj = self._make(course, filled.value, "probe")
                self.context.cluster.create(course.case.kind, obj, dry_run=True)
            elif course.subject is not None:
                self._patch(course, course.subject, part, filled.value)
        except Refusal as refusal:
            return str(refusal)
        return ""

    def _make_beside(self, course: Course, part: str, filled: Filled, name: str) -> Subject:
        """Create an object with that part alone; Refusal where it is not accepted."""
        least = course.fill("spec", ()).value if "spec" in course.fillers else {}
        spec = filled.value if part == "spec" else least
        subject = self._create(course, spec, name=name)
        if isinstance(subject.answer, Refusal):
            raise subject.answer
        if part == "status":
            self._patch(course, subject, part, filled.value)
        return subject

    def _record(
        self, course: Course, subject: Subject, filled: Filled, part: str, step: Step, recorder: Recorder
    ) -> None:
        """Compare the row with the object, and note which leaves reached it."""
        sync = self._arrivals.await_row_alone(subject.last)
        findings = examine(sync, filled)
        lost = list_lost(findings, filled)
        if sync.obj is not None:
            lost += [leaf for leaf in filled.list_dropped(sync.write.obj, sync.obj) if leaf not in lost]
        if lost and step.round in (0, 1):
            findings = self._try_apart(course, lost, findings, filled, part, step)
        if findings:
            recorder.evidence += sync.describe()
        recorder.compare(
            [Finding(f.code, f"{step.name}: {f.where}", f.expected, f.actual) for f in findings],
            f"{subject.name}, {step.name} ({part}): the row against the object",
        )
        if sync.obj is not None and sync.row is not None:
            course.note(filled, sync.write.obj, sync.obj, findings)
            course.note_columns(sync.row, step.name, findings)

    def _try_apart(
        self, course: Course, lost: list[str], findings: list[Finding], filled: Filled, part: str, step: Step
    ) -> list[Finding]:
        """Set lost leaves without the others: those that arrive then are alternatives, of which one may be set.

        Returns the findings that are left.
        """
        open_leaves, waiting = list(lost), [[leaf] for leaf in lost]
        for _ in range(_TRIES_APART):
            apart = self._fill(course, part, step, open_leaves)
            if not apart.leaves:
                break
            watch = Watch(self.context, self.namespace)
            subject = self._make_beside(course, part, apart, f"apart-{next(self._numbers)}")
            if not watch.await_all([subject.last], timeout_s=_PROBE_S)[0].arrived:
                break
            sync = self._arrivals.await_row_alone(subject.last)
            found = examine(sync, apart)
            if sync.obj is not None and sync.row is not None:
                course.note(apart, sync.write.obj, sync.obj, found)
                course.note_columns(sync.row, step.name, found)
            again = list_lost(found, apart)
            arrived = [leaf for leaf in open_leaves if leaf not in again and leaf in course.proven]
            course.alternatives |= dict.fromkeys(arrived, part)
            left = [leaf for leaf in lost if leaf not in course.alternatives]
            waiting = [leaves for leaves in waiting if leaves[0] in left]
            if arrived:
                open_leaves = left
            elif waiting:
                open_leaves = waiting.pop()
            if not left or not open_leaves:
                break
        places = filled.find_places(course.alternatives)
        return [f for f in findings if not any(is_at(place, f.where) for place in places)]

    def _bring_variants(
        self, courses: Sequence[Course], part: str, outcomes: dict[str, Recorder | Exception]
    ) -> None:
        """Write objects with the other values of enums and the other branches of choices, all of them at once."""
        step = FULL if part == "spec" else STATUS
        watch = Watch(self.context, self.namespace)
        sent: list[tuple[Course, Subject, Filled, int]] = []
        for course in courses:
            if course.ended or part not in course.fillers:
                continue
            filler = course.fillers[part]
            main = course.list_main_leaves(part)
            leaves = [leaf for leaf in (*main, *course.alternatives) if filler.chooses(leaf)]
            for variant in range(1, filler.count_variants()):
                filled = self._fill(course, part, step, leaves, variant)
                if filled.leaves:
                    name = f"{part}-variant-{variant}"
                    self._attempt_variant(course, part, filled, name, variant, sent)
        stale = [word for course, _, _, _ in sent for word in course.stale]
        fates = watch.await_all([subject.last for _, subject, _, _ in sent], stale=stale)
        for (course, subject, filled, variant), first in zip(sent, fates, strict=True):
            recorder = outcomes[course.case.name]
            if isinstance(recorder, Exception):
                continue
            named = Step(f"variant {variant} of the {part}", (part,), round=-1)
            fate = watch.await_all([subject.last], stale=course.stale)[0] if first.is_open else first
            if fate.arrived:
                record = functools.partial(self._record, course, subject, filled, part, named, recorder)
                self._attempt(course, outcomes, record)
            else:
                where = f"{course.case.name} {named.name}"
                recorder.find(FIELD_UNSYNCED, where, "its row to follow", fate.error)
                self.context.cluster.delete(course.case.kind, self.namespace, subject.name)

    def _bring_suspects(
        self, courses: Sequence[Course], part: str, step: Step, outcomes: dict[str, Recorder | Exception]
    ) -> None:
        """Try the leaves that had better be apart in an object of theirs, removed where it can't be decoded."""
        open_courses = [course for course in courses if not course.ended]
        watch = Watch(self.context, self.namespace)
        sent: list[tuple[Course, Subject, Filled, int]] = []
        for course in open_courses:
            suspects = [leaf for leaves in course.list_suspects(part).values() for leaf in leaves]
            filled = self._fill(course, part, step, suspects)
            if filled.leaves:
                self._attempt_variant(course, part, filled, f"apart-{next(self._numbers)}", 0, sent)
        stale = [word for course, _, _, _ in sent for word in course.stale]
        fates = watch.await_all([subject.last for _, subject, _, _ in sent], stale=stale)
        for (course, subject, filled, _), first in zip(sent, fates, strict=True):
            recorder = outcomes[course.case.name]
            if isinstance(recorder, Exception):
                continue
            fate = watch.await_all([subject.last], stale=stale)[0] if first.is_open else first
            if fate.arrived:
                named = Step("messages like Kubernetes' own, apart", (part,), round=-1)
                record = functools.partial(self._record, course, subject, filled, part, named, recorder)
                self._attempt(course, outcomes, record)
                continue
            self.context.cluster.delete(course.case.kind, self.namespace, subject.name)
            leaves = tuple(filled.paths)
            if fate.undecodable:
                course.stale.append(shorten(fate.undecodable))
                culprit = Culprit(leaves, fate.error)
                self._blame(course, culprit, FIELD_UNDECODABLE, Reason.UNDECODABLE, recorder)
            elif fate.errors:
                self._blame(course, Culprit(leaves, fate.error), FIELD_UNSYNCED, Reason.UNSYNCED, recorder)
            else:   # its kind's client still waits before it tries again
                course.leave_out(leaves, Reason.UNTRIED, fate.error)

    def _attempt_variant(
        self,
        course: Course,
        part: str,
        filled: Filled,
        name: str,
        variant: int,
        sent: list[tuple[Course, Subject, Filled, int]],
    ) -> None:
        try:
            sent.append((course, self._make_beside(course, part, filled, name), filled, variant))
        except Refusal as refusal:
            for leaf in filled.paths:
                course.reasons.setdefault(leaf, (Reason.REFUSED, str(refusal)))

    def _end(self, course: Course, why: str) -> None:
        """Let go of a kind whose main object leads nowhere: it is deleted, and the controller manager recovers."""
        course.ended = why
        if course.subject is not None:
            self.context.cluster.delete(course.case.kind, self.namespace, course.subject.name)
        sandbox = self.context.sandbox
        wait_for(
            lambda: sandbox.component(CONTROLLERMGR).phase,
            lambda phase: phase is Phase.RUNNING,
            timeout_s=_RECOVERY_S,
        )

    def _clear(self) -> None:
        """Delete the chapter's objects, so that nobody goes on working on them; their rows stay."""
        for course in self.courses.values():
            if isinstance(course, Course):
                self.context.cluster.delete_all(course.case.kind, self.namespace)


def describe_unproven(course: Course) -> Mapping[str, str]:
    """Return which leaves did not reach MySQL, by reason, each with the words for it."""
    lines: dict[str, list[str]] = {}
    for (reason, words), leaves in course.list_unproven().items():
        said = f" ({' '.join(words.split())[:300]})" if words else ""
        lines.setdefault(str(reason), []).append(f"{', '.join(leaves)}{said}")
    return {reason: "\n".join(each) for reason, each in lines.items()}
