"""What became of a write: its row is compared, or what keeps it from MySQL is found, named and left out.

After that the rest is compared all the same, so that no field costs others their comparison.
"""

from __future__ import annotations

import functools
import itertools
import time
from collections.abc import Iterator, Sequence

from harness.chapters.fields.bisection import Culprit, find_culprits
from harness.chapters.fields.course import Course, Reason
from harness.chapters.fields.drawn import Draft, put_at_edge
from harness.chapters.fields.places import Places
from harness.chapters.fields.plan import Group, Step
from harness.chapters.fields.rows import examine, list_lost
from harness.chapters.fields.watch import Fate, Watch, shorten
from harness.chapters.fields.words import find_form, find_free, find_refused, find_undecodable, find_unknown
from harness.chapters.fields.writer import GONE, Writer
from harness.core import codes
from harness.core.errors import Refusal
from harness.core.outcomes import NotApplicable
from harness.core.polling import wait_for
from harness.core.record import Finding
from harness.sandbox.base import CONTROLLERMGR, Phase
from harness.spec.equality import show
from harness.spec.schema.objects import Filled
from harness.subject import evidence
from harness.subject.arrival import Arrivals
from harness.subject.patience import Patience
from harness.subject.subject import Subject
from harness.suite.context import RunContext
from harness.suite.proto_column import find_run_classes
from harness.suite.recorder import Recorder

FIELD_UNSYNCED = "field.unsynced"        # an object with the field is never synced
FIELD_UNDECODABLE = "field.undecodable"  # the Ingester can't decode an object with it, and so none of its kind

_PROBE_S = 3.0
_BRIEFLY_S = 0.5    # for a patch of nothing to be followed, once one was not
_BISECTION_S, _BISECTIONS_S = 20.0, 60.0   # for one kind at a time, and in all
_REPAIRS = 6        # of a kind whose objects can't be decoded: its clients wait longer and longer in between
_RECOVERY_S = 60.0
_TRIES_APART = 24
_ANYTHING = {"metadata": {"labels": {"fields.ingester-acceptance/anything": "else"}}}
_WORDS = 500        # of an error that names many fields


class Repair:
    """Settles the writes of one namespace."""

    def __init__(self, context: RunContext, namespace: str, writer: Writer) -> None:
        self._context = context
        self._namespace = namespace
        self._writer = writer
        classes = find_run_classes(context)
        self._classes = classes if classes is not None and classes.own else None   # others don't know every field
        self._numbers = itertools.count(1)
        self._bisected_s = 0.0
        self._patience = Patience(_PROBE_S, _BRIEFLY_S, in_vain=1)
        self._learnt: dict[str, str] = {}   # words about undecodable fields, and the kind that they were said of
        self._arrivals = Arrivals(
            context.surroundings, context.timeouts, tables=context.contract.main_tables, fails_fast=True
        )

    def settle(self, course: Course, fate: Fate, part: str, step: Step, recorder: Recorder) -> bool:
        """Record what became of a write; return whether it is to be written again, since a cause was found."""
        subject, filled = fate.write.subject, course.sent[part]
        if fate.is_open:
            return True   # it is written again, which changes nothing, and awaited once more
        if fate.arrived:
            before = len(course.alternatives)
            self.record(course, subject, filled, part, step, recorder)
            if len(course.alternatives) == before or self._context.is_immutable(course.case):
                return False
            if subject.read() is None:
                course.ended = GONE
            return not course.ended   # the object goes on without the alternatives that it can't have
        if fate.crash:
            recorder.find(codes.CONTROLLERMGR_STATE, f"{course.case.name}, {step.name}", "it runs on", fate.crash)
            self._end(course, "the controller manager ended")
            return False
        if fate.undecodable:
            return self._learn(course, fate, filled, part, step, recorder)
        if not fate.errors and (unread := self._context.explain_missing_log()):
            self._end(course, f"what was not synced can't be explained: {unread}")
            raise NotApplicable(course.ended)
        if named := find_refused(fate.error, filled):
            culprits = [Culprit(tuple(named), fate.error[:_WORDS])]
        elif not fate.errors and any(subject.waits) and not self._follows_anything(course, part, step):
            culprits = []
        else:
            culprits = self._bisect(course, fate.error, filled, part, step)
        for culprit in culprits:
            self._blame(course, culprit, FIELD_UNSYNCED, recorder)
        if not culprits:
            recorder.evidence += self._arrivals.await_row_alone(subject.last).describe()
            seen = f"{fate.error}; no field of it alone is to blame"
            recorder.find(FIELD_UNSYNCED, f"{step.name}: {subject}", "its row to follow", seen)
            self._end(course, "its main object is not synced")
        return bool(culprits)

    def blame_known(self, course: Course, recorder: Recorder) -> None:
        """Leave out, of what is tried last, what another kind's words have explained: it is of the same types."""
        open_leaves = [leaf for part in course.fillers for leaf in course.list_wanted(part, Group.LAST)]
        for words, kind in self._learnt.items():
            if leaves := find_unknown(words, open_leaves):
                culprit = Culprit(tuple(leaves), f"{words}, as for {kind}")
                self._blame(course, culprit, FIELD_UNDECODABLE, recorder)

    def record(
        self, course: Course, subject: Subject, filled: Filled, part: str, step: Step, recorder: Recorder
    ) -> None:
        """Compare the row with the object, and note which leaves reached it."""
        sync = self._arrivals.await_row_alone(subject.last)
        findings = examine(sync, filled, self._classes)
        lost = list_lost(findings, filled)
        if sync.obj is not None:
            lost += [leaf for leaf in filled.list_dropped(sync.write.obj, sync.obj) if leaf not in lost]
        if lost and step.round in (0, 1):
            findings = self._try_apart(course, lost, findings, filled, part, step)
        if findings:
            recorder.evidence += sync.describe()
        recorder.compare(
            [each.within(f"{step.name}: ") for each in findings],
            f"{subject.name}, {step.name} ({part}): the row against the object",
        )
        course.note(sync, filled, step, findings)

    def try_draft(self, course: Course, draft: Draft, number: int) -> list[Finding]:
        """Return what is wrong with the row of a draft's object; Refusal where that is not taken."""
        filled = course.fill(draft.part, draft.leaves, variant=draft.variant, round_=draft.round)
        put_at_edge(filled, course.leaves_by_path, draft.edges)
        watch = Watch(self._context, self._namespace)
        subject = self._writer.create_beside(course, draft.part, filled, f"drawn-{number}")
        found = self._examine(watch, course, subject, filled, str(draft))
        self._writer.delete(course, subject)
        return found

    def pass_states(self, course: Course, states: Sequence[str], end: Sequence[str]) -> Iterator[list[Finding]]:
        """Lead one object through the values of its states, and with the last one to its end.

        Yields what is wrong with its row at each. Refusal where the API server does not take one.
        """
        watch = Watch(self._context, self._namespace)
        count = max(len(course.leaves_by_path[state].choices) for state in states)
        subject: Subject | None = None
        for number in range(count):
            filled = course.fill("status", [*states, *(end if number == count - 1 else ())], variant=number)
            if subject is None:
                subject = self._writer.create_beside(course, "status", filled, "states")
            else:
                self._writer.patch(course, subject, "status", filled.value)
            values = ", ".join(f"{leaf} {show(filled.get(place))}" for place, leaf in filled.leaves.items())
            yield self._examine(watch, course, subject, filled, values)

    def _examine(
        self, watch: Watch, course: Course, subject: Subject, filled: Filled, what: str
    ) -> list[Finding]:
        """Return what is wrong with the row of an object that was just written, or why there is none."""
        fate = watch.await_all([subject.last], relists=bool(course.stale))[0]
        if fate.arrived:
            found = examine(self._arrivals.await_row_alone(subject.last), filled, self._classes)
        else:
            code = FIELD_UNDECODABLE if fate.undecodable else FIELD_UNSYNCED
            found = [Finding(code, f"{course.case.name} {what}", "its row to follow", fate.error)]
        return [each.within(f"{subject.name}: ") for each in found]

    @staticmethod
    def _blame(course: Course, culprit: Culprit, code: str, recorder: Recorder) -> None:
        reason = Reason.UNDECODABLE if code == FIELD_UNDECODABLE else Reason.UNSYNCED
        course.leave_out(culprit.leaves, reason, culprit.error)
        where = f"{course.case.name} {culprit}"
        recorder.find(code, where, "an object with it to reach MySQL", culprit.error)

    def _learn(  # noqa: PLR0911  each thing that words may say
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
        if free := find_free(words, filled):   # their schema takes anything, and Go does not: a value is unknown
            course.leave_out(free, Reason.UNMADE, words)
            return True
        leaves = find_undecodable(words, filled)
        form = find_form(words)
        names = {leaf.rpartition(".")[2] for leaf in leaves if form and leaf not in course.forms}
        if fresh := [leaf for leaf in course.leaves if leaf.rpartition(".")[2] in names]:
            course.forms |= dict.fromkeys(fresh, form)
            return True
        if not leaves and any(text in words for text in course.texts):
            return True   # of what stood there before: the words came late
        if leaves:
            alike = find_unknown(words, [leaf for leaf in course.leaves if leaf not in course.proven])
            culprit = Culprit(tuple(dict.fromkeys((*leaves, *alike))), words)
            self._blame(course, culprit, FIELD_UNDECODABLE, recorder)
            self._learnt.setdefault(words, course.case.name)
            if step.group is Group.MAIN or course.list_wanted(part, step.group):
                return True
            self._writer.write(course, part, step)   # nothing is left of it, and nobody waits until that is read
            return False
        self._writer.delete(course, course.subject)   # as long as it is there, no object of its kind is synced
        course.subject = None
        culprits = self._bisect(course, words, filled, part, step)
        for culprit in culprits:
            self._blame(course, culprit, FIELD_UNDECODABLE, recorder)
        if not culprits or part != "spec":
            course.ended = "its main object can't be decoded"
        return not course.ended

    def _bisect(self, course: Course, error: str, filled: Filled, part: str, step: Step) -> list[Culprit]:
        began = time.monotonic()
        until = began + min(_BISECTION_S, _BISECTIONS_S - self._bisected_s)
        culprits = find_culprits(
            filled.paths,
            functools.partial(self._probe, course, part, step),
            first_error=error,
            may_go_on=lambda: time.monotonic() < until,
        )
        self._bisected_s += time.monotonic() - began
        return culprits

    def _follows_anything(self, course: Course, part: str, step: Step) -> bool:
        """Whether the row of a plain object follows a patch of a label: else no field is to blame."""
        watch = Watch(self._context, self._namespace)
        plain = self._writer.fill(course, part, step, ())
        subject = self._writer.create_beside(course, part, plain, f"plain-{next(self._numbers)}")
        follows = watch.await_all([subject.last], timeout_s=_PROBE_S)[0].arrived
        if follows and not isinstance(subject.try_patch(_ANYTHING).stored, Refusal):
            fate = watch.await_all([subject.last], timeout_s=self._patience.seconds)[0]
            follows = fate.arrived
            self._patience.note(fate.waited_s, in_vain=not follows)
        self._writer.delete(course, subject)
        return follows

    def _probe(self, course: Course, part: str, step: Step, leaves: Sequence[str]) -> str:
        """Return what keeps a fresh object from MySQL that has these leaves alone, '' where nothing does."""
        watch = Watch(self._context, self._namespace)
        filled = self._writer.fill(course, part, step, leaves)
        subject = self._writer.create_beside(course, part, filled, f"probe-{next(self._numbers)}")
        fate = watch.await_all([subject.last], relists=bool(course.stale), timeout_s=_PROBE_S)[0]
        self._writer.delete(course, subject)
        return fate.error

    def _try_apart(
        self, course: Course, lost: list[str], findings: list[Finding], filled: Filled, part: str, step: Step
    ) -> list[Finding]:
        """Set lost leaves without the others: those that arrive then are alternatives, of which one may be set.

        Returns the findings that are left.
        """
        open_leaves, waiting = list(lost), [[leaf] for leaf in lost]
        for _ in range(_TRIES_APART):
            apart = self._writer.fill(course, part, step, open_leaves)
            if not apart.leaves:
                break
            watch = Watch(self._context, self._namespace)
            subject = self._writer.create_beside(course, part, apart, f"apart-{next(self._numbers)}")
            if not watch.await_all([subject.last], timeout_s=_PROBE_S)[0].arrived:
                break
            sync = self._arrivals.await_row_alone(subject.last)
            found = examine(sync, apart, self._classes)
            course.note(sync, apart, step, found)
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
        places = Places(filled.find_places(course.alternatives))
        return [f for f in findings if not places.concern(f.where)]

    def _end(self, course: Course, why: str) -> None:
        """Let go of a kind whose main object leads nowhere: it is deleted, and the controller manager recovers."""
        course.ended = why
        self._writer.delete(course, course.subject)
        sandbox = self._context.sandbox
        wait_for(
            lambda: sandbox.component(CONTROLLERMGR).phase,
            lambda phase: phase is Phase.RUNNING,
            timeout_s=_RECOVERY_S,
        )
