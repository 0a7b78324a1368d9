"""The chapter in progress: each step is carried out once, for all kinds of the run, and remembered.

A kind has one main object, which is made with every field of its spec, gets every field of its status, has each of
them changed, and loses them all. What keeps it from MySQL is found, named and left out, and it goes on without.
Objects beside it have what one object can't: the other values of enums, the other branches of a choice. At the
very end it gets what may make it undecodable, since that holds up all of its kind.
"""

from __future__ import annotations

import functools
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from harness.chapters.fields.course import Course
from harness.chapters.fields.drawn import Draft, find_failure
from harness.chapters.fields.plan import DRAWN, LAST, MIXED, STATES, Group, Step
from harness.chapters.fields.repair import FIELD_UNSYNCED, Repair
from harness.chapters.fields.schemas import Schemas
from harness.chapters.fields.watch import Fate, Watch
from harness.chapters.fields.writer import GONE, Writer
from harness.core.errors import HarnessError, Refusal
from harness.core.outcomes import NotApplicable, NotRun, Outcome
from harness.core.record import Finding
from harness.spec.model import Case
from harness.spec.schema.objects import Filled
from harness.subject.subject import Subject, Write
from harness.suite.context import RunContext
from harness.suite.recorder import Recorder

_T = TypeVar("_T")
_ROUNDS = 20   # of repairs of one object
_SHRINKING_S = 30.0   # for the random objects of one kind, until the smallest that is wrong is found


@dataclass
class Result:
    """What a step has brought for one kind so far; `end` is what ended it before anything was found."""

    course: Course
    recorder: Recorder = field(default_factory=Recorder)
    end: Exception | None = None

    def attempt(self, act: Callable[..., _T], *arguments: object) -> _T | None:
        """Carry something out; what ends it is raised when the kind's own check asks for it."""
        try:
            return act(*arguments)
        except (HarnessError, Refusal, Outcome) as reason:
            self.course.ended = self.course.ended or str(reason)
            if not self.recorder.findings:   # what was found before stands
                self.end = reason
            return None

    @property
    def goes_on(self) -> bool:
        """Whether there is a main object to go on with; notes why where there is none."""
        ended = self.course.ended
        if ended and self.end is None and not self.recorder.findings:
            self.end = (NotApplicable if ended.startswith(GONE) else NotRun)(ended)
        return not ended


@dataclass(frozen=True)
class Variant:
    """An object beside the main one, with other values of enums and other branches of choices."""

    result: Result
    step: Step
    filled: Filled
    subject: Subject


class Fields:
    """The objects of one run's chapter, in a namespace of their own."""

    def __init__(self, context: RunContext) -> None:
        self.context = context
        self._results: dict[Step, dict[str, Result]] = {}

    @functools.cached_property
    def namespace(self) -> str:
        """The objects' namespace."""
        return self.context.take_namespace()

    @functools.cached_property
    def courses(self) -> dict[str, Course]:
        """The way of each kind of the run that can be judged."""
        return {name: each for name, each in self._opened.items() if isinstance(each, Course)}

    def require(self, case: Case) -> None:
        """Raise NotRun or NotApplicable where nothing can be asked of the kind."""
        self.context.require_rows(case)
        if reason := self._explain_absence(case):
            raise NotApplicable(reason)

    def get_course(self, case: Case) -> Course:
        """Return the kind's way; NotApplicable where its schema can't be read."""
        course = self._opened[case.name]
        if isinstance(course, NotApplicable):
            raise course
        return course

    def get(self, step: Step, case: Case) -> Recorder:
        """Return what the step brought for the kind, or raise what ended it; carried out for all kinds at once."""
        self.get_course(case)
        result = self.carry_out(step)[case.name]
        if result.end is not None:
            raise result.end
        return result.recorder

    def carry_out(self, step: Step) -> dict[str, Result]:
        """Carry the step out, unless that was done, after those that it stands on."""
        if step not in self._results:
            if step.after is not None:
                self.carry_out(step.after)
            self._results[step] = self._act(step)
            if step is LAST:
                for course in self.courses.values():
                    self._writer.delete_all(course)
        return self._results[step]

    @functools.cached_property
    def _opened(self) -> dict[str, Course | NotApplicable]:
        """The way of each kind of the run, or why its schema can't be read."""
        cases = [c for c in self.context.cases if self.context.expects_rows(c) and not self._explain_absence(c)]
        schemas = Schemas(self.context.cluster)
        opened: dict[str, Course | NotApplicable] = {}
        for case in cases:
            try:
                opened[case.name] = Course(case, schemas.read(case))
            except NotApplicable as reason:
                opened[case.name] = reason
        return opened

    @functools.cached_property
    def _writer(self) -> Writer:
        return Writer(self.context, self.namespace)

    @functools.cached_property
    def _repair(self) -> Repair:
        return Repair(self.context, self.namespace, self._writer)

    def _explain_absence(self, case: Case) -> str:
        issue = self.context.expectations.find_blocking(case.name)
        return f"known issue {issue.id} would show again" if issue else ""

    def _act(self, step: Step) -> dict[str, Result]:
        results = {name: Result(course) for name, course in self.courses.items()}
        if act := {DRAWN: self._draw, STATES: self._pass_states}.get(step):
            for result in results.values():
                result.attempt(act, result)
            return results
        if step is MIXED:
            for course in self.courses.values():
                course.allow_again()
        for part in step.parts:
            open_ = [each for each in results.values() if each.end is None and each.goes_on]
            if step.group is Group.LAST:
                for each in open_:
                    self._repair.blame_known(each.course, each.recorder)
            going = [each for each in open_ if _has_part(each.course, part, step)]
            self._bring(going, part, step)
            if step.has_variants:
                self._bring_variants([r for r in going if r.end is None and not r.course.ended], part)
        return results

    def _draw(self, result: Result) -> None:
        """Try random objects of the kind, each of leaves that have reached MySQL in others."""
        course, examples = result.course, self.context.examples
        parts = course.fillers if not self.context.is_immutable(course.case) else ["spec"]
        leaves = {part: proven for part in parts if (proven := course.list_proven(part))}
        if not leaves or not examples.count:
            result.end = NotApplicable("none was asked for" if leaves else "no field is known to reach MySQL")
            return
        until = time.monotonic() + _SHRINKING_S
        facts, tried, refused = result.recorder.facts, itertools.count(1), itertools.count(1)

        def try_(draft: Draft) -> list[Finding]:
            facts["objects drawn"] = str(number := next(tried))
            try:
                return self._repair.try_draft(course, draft, number)
            except Refusal:
                facts["of them refused by the API server"] = str(next(refused))
                raise

        failure = find_failure(leaves, examples, try_, lambda: time.monotonic() < until)
        if failure is not None:
            result.recorder.findings += failure.findings
            result.recorder.note("the smallest object that is wrong", f"{failure.draft.part}: {failure.draft}")
        facts["drawn from"] = f"seed {examples.seed}: --examples {examples.count}@{examples.seed}"

    def _pass_states(self, result: Result) -> None:
        """Lead an object of the kind through its states, those of a field that has reached MySQL in others."""
        course, recorder = result.course, result.recorder
        proven = [path for path in course.list_proven("status") if path.count(".") == 1]
        states = [path for path in proven if len(course.leaves_by_path[path].choices) > 1]
        if not states or self.context.is_immutable(course.case):
            what = "immutable kind" if states else "no state of the kind is known to reach MySQL"
            result.end = NotApplicable(what)
            return
        end = [path for path in proven if path not in states]
        for number, found in enumerate(self._repair.pass_states(course, states, end), 1):
            recorder.facts["states"] = str(number)
            recorder.findings += found

    def _bring(self, results: Sequence[Result], part: str, step: Step) -> None:
        """Write the part of each main object, and mend that until it is in MySQL or there is no hope."""
        pending = list(results)
        for _ in range(_ROUNDS):
            watch = Watch(self.context, self.namespace)
            writes = [(each, each.attempt(self._writer.write, each.course, part, step)) for each in pending]
            sent = [(each, write) for each, write in writes if write is not None]
            fates = watch.await_all(
                [write for _, write in sent],
                ignores=self._is_past,
                relists=any(each.course.stale for each, _ in sent),
            )
            pending = [
                each
                for (each, _), fate in zip(sent, fates, strict=True)
                if each.attempt(self._repair.settle, each.course, fate, part, step, each.recorder)
            ]
            if not pending:
                return
        for each in pending:
            each.course.ended = f"it could not be mended in {_ROUNDS} rounds"

    def _is_past(self, write: Write, words: str) -> bool:
        return self.courses[write.subject.case.name].is_past(words)

    def _bring_variants(self, results: Sequence[Result], part: str) -> None:
        """Write objects with the other values of enums and the other branches of choices, all of them at once."""
        watch = Watch(self.context, self.namespace)
        variants = [variant for each in results for variant in self._create_variants(each, part)]
        fates = watch.await_all([each.subject.last for each in variants], ignores=self._is_past)
        for variant, first in zip(variants, fates, strict=True):
            fate = watch.await_all([variant.subject.last], relists=True)[0] if first.is_open else first
            variant.result.attempt(self._settle_variant, variant, part, fate)

    def _create_variants(self, result: Result, part: str) -> Iterator[Variant]:
        course = result.course
        filler = course.fillers.get(part)
        if filler is None:
            return
        for number in range(1, filler.count_variants()):
            step = Step(f"variant {number} of the {part}", (part,), round=-1)
            leaves = course.list_wanted(part) + list(course.alternatives)
            filled = course.fill(part, filter(filler.choices.__contains__, leaves), variant=number)
            if not filled.leaves:
                continue
            try:
                subject = self._writer.create_beside(course, part, filled, f"{part}-variant-{number}")
            except Refusal as refusal:
                course.note_refused(filled, str(refusal))
            else:
                yield Variant(result, step, filled, subject)

    def _settle_variant(self, variant: Variant, part: str, fate: Fate) -> None:
        result, subject, step = variant.result, variant.subject, variant.step
        if fate.arrived:
            self._repair.record(result.course, subject, variant.filled, part, step, result.recorder)
        else:
            where = f"{result.course.case.name} {step.name}"
            result.recorder.find(FIELD_UNSYNCED, where, "its row to follow", fate.error)
            self._writer.delete(result.course, subject)


def _has_part(course: Course, part: str, step: Step) -> bool:
    """Whether the step writes anything of that part; the spec stands for the object itself."""
    if step.group is not Group.MAIN:
        return bool(course.list_wanted(part, step.group))
    return part in course.fillers or part == "spec"
