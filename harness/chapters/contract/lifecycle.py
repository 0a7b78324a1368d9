"""The life of objects after their creation, step by step, each once.

A step is carried out for all kinds of the run at once, so that what must not happen afterwards is waited for once
and not once per kind. What must happen is awaited so too: a wait that is postponed is carried out once objects
of all kinds have been asked for it. Each has its whole time then, and all together hardly more than one. A step
brings a `Recorder` for each kind. What the steps are is said beside this, and in each what it stands on.
"""

from __future__ import annotations

import contextlib
import functools
import operator
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from harness.clients.mysql import HeldRow, OvertakenRow
from harness.core.errors import HarnessError, Refusal
from harness.core.outcomes import NotApplicable, NotRun, Outcome
from harness.core.polling import hold, wait_for
from harness.core.record import Finding
from harness.sandbox.base import CONTROLLERMGR
from harness.sandbox.capabilities import CollectsGarbage
from harness.spec.annotations import INGESTER_FINALIZER
from harness.spec.features import FINALIZER, INGESTER, KUBERNETES_DELETE, RELEASE, Life
from harness.spec.manifest import as_applied
from harness.spec.model import Case, JsonObject
from harness.subject.arrival import Arrivals
from harness.subject.patience import Patience
from harness.subject.sender import KubectlSender
from harness.subject.steps import Sync
from harness.subject.subject import Subject, Write
from harness.suite.context import RunContext
from harness.suite.recorder import Recorder
from harness.suite.rows import OverdueError

_FAST_S = 2.0   # for what is done to an object, once some was awaited in vain
_BLOCKED_S = 0.5   # for a reconcile to wait for a held row, once one did not: nothing is found by it
T = TypeVar("T")
Act = Callable[["Lifecycle", Case, Recorder], None]

_HOLDS, _QUIET_S = 8, 0.1   # how often a row is held anew until nobody has waited for it that long


@dataclass(frozen=True)
class Step:
    """A part of the objects' lives: `act` sets it going, `observe` sees what has become of it a moment later."""

    name: str
    act: Act
    observe: Act | None = None
    after: tuple[Step, ...] = ()


def _wait(
    postponed: Mapping[str, Sequence[Callable[[], object]]], _life: Lifecycle, case: Case, _recorder: Recorder
) -> None:
    """Carry out what was postponed for the kind."""
    for wait in postponed[case.name]:
        wait()


def _refer_to(owner: Subject) -> JsonObject:
    of_kind = {"apiVersion": owner.sent["apiVersion"], "kind": owner.sent["kind"]}
    return {**of_kind, "name": owner.name, "uid": owner.uid, "controller": True, "blockOwnerDeletion": True}


class Lifecycle:
    """The objects of one run's contract chapter, in a namespace of their own, and one for their siblings.

    `cases` are those of the run whose objects can lead a normal life.
    """

    def __init__(self, context: RunContext) -> None:
        self.context = context
        self.cases = [c for c in context.cases if context.expectations.find_blocking(c.name) is None]
        self._arrivals = Arrivals(
            context.surroundings,
            context.timeouts,
            tables=[kind.table for kind in context.contract.kinds],
            fails_fast=True,
        )
        self.patience = Patience(context.timeouts.sync_s, _FAST_S)   # with what the Ingester does to objects
        self._sender = KubectlSender(context.cluster, brief=True)
        self._blocks = Patience(context.timeouts.sync_s, _BLOCKED_S, in_vain=1)
        self._subjects: dict[tuple[str, str], Subject] = {}
        self._doomed: dict[Life, str] = {}
        self._earlier: dict[tuple[str, str], Subject] = {}
        self._postponed: dict[str, list[Callable[[], object]]] = {}   # by kind
        self._hastily = False   # whether a row that is missing will be confirmed to be
        self._outcomes: dict[tuple[str, Life], dict[str, Recorder | Exception]] = {}

    @functools.cached_property
    def namespaces(self) -> tuple[str, str]:
        """The objects' namespace, and that of their siblings of the same name."""
        return self.context.take_namespace(), self.context.take_namespace()

    @functools.cached_property
    def namespace_of_lost(self) -> str:
        """The namespace of the objects whose rows are lost: all rows of it are."""
        return self.context.take_namespace()

    def find_doomed_namespace(self, case: Case) -> str:
        """Return the namespace that is deleted with all that is in it: one for kinds of the same life."""
        life = self.get_life(case)
        if life not in self._doomed:
            self._doomed[life] = self.context.take_namespace()
        return self._doomed[life]

    @functools.cached_property
    def collects_garbage(self) -> bool:
        """Whether it is certain that objects go with their owners and namespaces; where it can, it is seen to."""
        sandbox = self.context.sandbox
        if not isinstance(sandbox, CollectsGarbage):
            return False
        sandbox.collect_garbage()
        return True

    @property
    def sync_s(self) -> float:
        """How long the Ingester's doing is waited for now, in seconds; less once it was in vain a few times."""
        return self.patience.seconds

    def is_immutable(self, case: Case) -> bool:
        """Whether objects of the kind leave Kubernetes once they are in MySQL."""
        return self.context.is_immutable(case)

    def get_life(self, case: Case) -> Life:
        """Return what becomes of the kind's objects."""
        return self.context.contract.get_life(case.name)

    def is_retained(self, case: Case) -> bool:
        """Whether the rows of the kind's objects outlive them live."""
        return self.get_life(case) is Life.RETAINED

    @property
    def adds_finalizer(self) -> bool:
        """Whether it is the Ingester that adds its finalizer, so that what kubectl sends has it as well."""
        return self.context.contract.get_feature(FINALIZER) == INGESTER

    @property
    def leaves_rows(self) -> bool:
        """Whether a delete in Kubernetes is known to leave rows live, so that it is of no use to wait for more."""
        return self.context.contract.get_feature(KUBERNETES_DELETE) == RELEASE

    def require(self, case: Case) -> None:
        """Raise NotApplicable where a known issue keeps the kind from a normal life, NotRun without controller."""
        if blocking := self.context.expectations.find_blocking(case.name):
            raise NotApplicable(f"known issue {blocking.id}")
        self.context.require_rows(case)

    def require_mutable(self, case: Case) -> None:
        """Raise as `require` does, and NotApplicable for a kind whose objects leave Kubernetes at once."""
        self.require(case)
        if self.is_immutable(case):
            raise NotApplicable("immutable kind: the object leaves Kubernetes once it is in MySQL")

    def require_retained(self, case: Case) -> None:
        """Raise as `require` does, and NotApplicable for a kind whose rows don't outlive their objects live."""
        self.require(case)
        if not self.is_retained(case):
            raise NotApplicable(f"{self.get_life(case)} kind: its rows are not retained")

    def get(self, step: Step, case: Case) -> Recorder:
        """Carry the step out, unless it has been; return what it brought for the kind, or raise what ended it.

        Kinds of different lives have it apart, since few steps are for all of them.
        """
        outcome = self._carry_out(step, self.get_life(case))[case.name]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def carry_out(self, step: Step) -> None:
        """Carry the step out with the objects of all kinds, whatever their lives."""
        for life in Life:
            self._carry_out(step, life)

    def make(
        self,
        case: Case,
        role: str,
        *,
        finalizer: bool = False,
        held_by: Sequence[str] = (),
        pairs: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        sibling: bool = False,
        owner: Subject | None = None,
        namespace: str = "",
        name: str = "",
    ) -> Subject:
        """Create an object for the role, with `pairs` as labels and annotations; or its `sibling` elsewhere.

        Its name is the kind's own with the role, where no other `name` is given. It is `held_by` these finalizers,
        beside the Ingester's where it has that, and goes with its `owner`.
        Raises NotRun where the API server does not accept it.
        """
        obj = as_applied(self.context.render(case, namespace or self.namespaces[int(sibling)]))
        metadata = obj["metadata"]
        if owner is not None:
            metadata["ownerReferences"] = [_refer_to(owner)]
        metadata["name"] = name or f"{metadata['name']}-{role}"
        if pairs:
            metadata["labels"] = {**metadata.get("labels", {}), **pairs}
            metadata["annotations"] = {**metadata["annotations"], **pairs}
        if annotations:
            metadata["annotations"] = {**metadata["annotations"], **annotations}
        if finalizer or held_by:
            own = [INGESTER_FINALIZER] if finalizer else []   # not where its place would tell it from others'
            metadata["finalizers"] = [*held_by[:1], *own, *held_by[1:]]
        subject = Subject(self.context.surroundings, case, obj, self._sender).require_accepted()
        key = case.name, f"{role} sibling" if sibling else role
        if key in self._subjects:
            self._earlier[key] = self._subjects[key]
        self._subjects[key] = subject
        return subject

    def find(self, case: Case, role: str) -> Subject:
        """Return the object of the role; NotRun where the step that makes it did not come to that."""
        subject = self._subjects.get((case.name, role))
        if subject is None:
            raise NotRun(f"{case.name}: the object {role!r} could not be made")
        return subject

    def find_earlier(self, case: Case, role: str) -> Subject:
        """Return the object that had the role, and its name, before the present one; NotRun as `find` says."""
        self.find(case, role)
        return self._earlier.get((case.name, role)) or self.find(case, role)

    def find_or_make(self, case: Case, role: str) -> Subject:
        """Return the object of the role, made by whichever step needs it first."""
        return self._subjects.get((case.name, role)) or self.make(case, role)

    def wait_for_row(self, subject: Subject) -> Sync:
        """Wait until the row has reached the object's last write, or the time for it is over."""
        sync = self._arrivals.await_row_alone(subject.last, hastily=self._hastily)
        self.context.notice(sync)
        return sync

    def wait_until(self, read: Callable[[], T], condition: Callable[[T], bool], since: float | None = None) -> T:
        """Wait for what the Ingester has to do to an object, as long as for a row; return what was read last.

        The time for it runs from now on, or `since` then (monotonic clock).
        """
        spent_s = 0.0 if since is None else time.monotonic() - since
        wait = wait_for(read, condition, timeout_s=max(0.0, self.sync_s - spent_s), max_interval_s=0.05)
        self.patience.note(wait.duration_s, in_vain=not wait.satisfied)
        return wait.value

    def postpone(self, case: Case, wait: Callable[[float], object]) -> None:
        """Carry a wait out once the step has come to all kinds; it is told from when on its time runs: now.

        It may postpone another one, which then is carried out once this one's like has been, of all kinds.
        """
        self._postponed.setdefault(case.name, []).append(functools.partial(wait, time.monotonic()))

    def settle(self) -> None:
        """Give the Ingester time to do what it must not: absence is never proven by one look."""
        sandbox, settle_s = self.context.sandbox, self.context.timeouts.settle_s
        hold(lambda: sandbox.component(CONTROLLERMGR), lambda _: True, for_s=settle_s)

    def find_errors(self, subject: Subject) -> str:
        """Return the different errors that the Ingester logged about the object, in their order."""
        return subject.read_errors()

    @contextlib.contextmanager
    def hold_quiet(self, subject: Subject, recorder: Recorder) -> Iterator[HeldRow | None]:
        """Hold the object's row while nobody waits for it, so that who does from then on has what is asked next.

        Business controllers write to the object as well, and a reconcile of theirs would hide the one that counts.
        """
        for last in (False,) * (_HOLDS - 1) + (True,):
            with self.context.database.hold_row(subject.case.kind, subject.key) as held:
                awaited = held is not None and not hold(held.is_awaited, operator.not_, for_s=_QUIET_S).satisfied
                if awaited and not last:
                    continue
                if awaited:
                    recorder.facts["order"] = "perhaps not observed: others write to the object all the time"
                yield held
                return

    def wait_for_block(
        self, held: HeldRow | OvertakenRow | None, recorder: Recorder, is_over: Callable[[], bool] = lambda: False
    ) -> None:
        """Wait until a reconcile waits for the held row, so that all that it does before is done."""
        if held is None:
            recorder.facts["order"] = f"not observed: {self.context.database.explain_no_lock()}"
            return
        waited = wait_for(
            lambda: (held.is_awaited(), is_over()),
            any,
            timeout_s=self._blocks.seconds,
            max_interval_s=0.02,
        )
        self._blocks.note(waited.duration_s, in_vain=not waited.satisfied)
        what = "waited for it" if waited.value[0] else "did not wait for it"
        recorder.note("the row was held", f"the Ingester {what}, {waited.duration_s:.3f} s after the write")

    def _carry_out(self, step: Step, life: Life) -> dict[str, Recorder | Exception]:
        key = (step.name, life)
        if key not in self._outcomes:
            for earlier in step.after:
                self._carry_out(earlier, life)
            cases = [c for c in self.cases if self.get_life(c) is life and self.context.expects_rows(c)]
            self._outcomes[key] = self._act(cases, step)
        return self._outcomes[key]

    def _act(self, cases: Sequence[Case], step: Step) -> dict[str, Recorder | Exception]:
        self._hastily = True
        try:
            outcomes = {case.name: self._attempt(step.act, case, Recorder()) for case in cases}
        finally:
            self._hastily = False
        while self._postponed:   # what was awaited may bring about what is to be awaited next
            postponed, self._postponed = self._postponed, {}
            waiting = [case for case in cases if case.name in postponed]
            self._go_on(waiting, outcomes, functools.partial(_wait, postponed))
        if step.observe is not None:
            self.settle()
            self._go_on(cases, outcomes, step.observe)
        return outcomes

    def _go_on(self, cases: Sequence[Case], outcomes: dict[str, Recorder | Exception], act: Act) -> None:
        """Carry out what follows, for each kind that has come so far."""
        for case in cases:
            outcome = outcomes[case.name]
            if isinstance(outcome, Recorder):
                seen = self._attempt(act, case, outcome)
                if isinstance(seen, Recorder) or not outcome.findings:   # what was found before stands
                    outcomes[case.name] = seen

    def _confirm(self, recorder: Recorder, write: Write, findings: Sequence[Finding], _since: float) -> None:
        """Give a row that did not come at once the rest of its time.

        Raises NotRun where it comes and nothing else was found: the step has not gone on, which proves nothing.
        """
        if not self._arrivals.confirm(write):
            return
        recorder.findings = [finding for finding in recorder.findings if finding not in findings]
        late_s = time.monotonic() - write.at
        came = f"the row of {write.subject} came, but late, after some {late_s:.1f} s"
        recorder.note(came, "by then it was given up, since others had been awaited in vain")
        if not recorder.findings:
            raise NotRun(f"{came}, by which time it was given up: run this kind alone with --crd")

    def _attempt(self, act: Act, case: Case, recorder: Recorder) -> Recorder | Exception:
        """Return what was recorded, or why there is nothing: raised when the kind's own check asks for it."""
        try:
            act(self, case, recorder)
        except OverdueError as overdue:
            if self._hastily and overdue.write is not None:
                self.postpone(case, functools.partial(self._confirm, recorder, overdue.write, overdue.findings))
            return recorder
        except (HarnessError, Refusal, Outcome) as reason:
            return reason
        return recorder
