"""The life of objects after their creation, stage by stage, each stage once.

A stage is gone through for all kinds of the run at once, so that what must not happen afterwards is waited for
once and not thirteen times. It brings an `Account` for each kind. The stages themselves are in `writes` and
`deletions`; what one of them stands on, it says.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from harness.chapters.seed.run import Run, as_applied
from harness.clients.mysql import HeldRow
from harness.core.errors import HarnessError, Refusal
from harness.core.outcomes import NotApplicable, NotRun, Signal
from harness.core.polling import hold, wait_for
from harness.core.record import Finding
from harness.sandbox.base import CONTROLLERMGR
from harness.spec.annotations import INGESTER_FINALIZER
from harness.spec.model import Case
from harness.subject.arrival import Arrivals
from harness.subject.log import find_object_entries, parse_log
from harness.subject.specimen import Specimen
from harness.suite.account import Account, OverdueError
from harness.suite.findings import explains
from harness.suite.verdict import require_controller

Act = Callable[["Lifecycle", Case, Account], None]


@dataclass(frozen=True)
class Stage:
    """A part of the objects' lives: `act` sets it going, `look` sees what has become of it a moment later."""

    name: str
    act: Act
    look: Act | None = None
    after: tuple[Stage, ...] = ()


class Lifecycle:
    """The objects of one run's contract chapter, in a namespace of their own, and one for their namesakes.

    `cases` are those of the run whose objects can lead a normal life.
    """

    def __init__(self, run: Run, cases: Sequence[Case], take_namespace: Callable[[], str]) -> None:
        self.run = run
        self.cases = [case for case in cases if run.profile.find_obstacle(case.name) is None]
        self._take_namespace = take_namespace
        self._arrivals = Arrivals(
            run.sandbox,
            run.database,
            run.timeouts,
            unblock=lambda _: False,
            get_messages=lambda _: (),
            hurries=True,
        )
        self._specimens: dict[tuple[str, str], Specimen] = {}
        self._outcomes: dict[tuple[str, bool], dict[str, Account | Exception]] = {}

    @functools.cached_property
    def namespaces(self) -> tuple[str, str]:
        """The objects' namespace, and that of their namesakes."""
        return self._take_namespace(), self._take_namespace()

    @property
    def sync_s(self) -> float:
        """How long the Ingester's doing is waited for now, in seconds; less once it was in vain a few times."""
        return self._arrivals.sync_s

    def is_immutable(self, case: Case) -> bool:
        """Whether objects of the kind leave Kubernetes once they are in MySQL."""
        return case.name in self.run.profile.immutable_kinds

    def require(self, case: Case) -> None:
        """Raise NotApplicable where a known issue keeps the kind from a normal life, NotRun without controller."""
        if obstacle := self.run.profile.find_obstacle(case.name):
            raise NotApplicable(f"known issue {obstacle.id}")
        require_controller(self.run, case)

    def require_mutable(self, case: Case) -> None:
        """Raise as `require` does, and NotApplicable for a kind whose objects leave Kubernetes at once."""
        self.require(case)
        if self.is_immutable(case):
            raise NotApplicable("immutable kind: the object leaves Kubernetes once it is in MySQL")

    def get(self, stage: Stage, case: Case) -> Account:
        """Go through the stage, unless that has been done, and return the kind's account, or raise what ended it.

        Immutable kinds and others go through it apart, since few stages have both.
        """
        outcome = self._go_through(stage, immutable=self.is_immutable(case))[case.name]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def go_through(self, stage: Stage) -> None:
        """Go through the stage with the objects of all kinds, immutable ones included."""
        for immutable in (False, True):
            self._go_through(stage, immutable=immutable)

    def make(
        self,
        case: Case,
        role: str,
        *,
        finalizer: bool = False,
        marks: Mapping[str, str] | None = None,
        elsewhere: bool = False,
    ) -> Specimen:
        """Create an object for the role, with `marks` as labels and annotations; `elsewhere`: a namesake of it."""
        obj = as_applied(self.run.render(case, self.namespaces[int(elsewhere)]))
        metadata = obj["metadata"]
        metadata["name"] = f"{metadata['name']}-{role}"
        if marks:
            metadata["labels"] = {**metadata.get("labels", {}), **marks}
            metadata["annotations"] = {**metadata["annotations"], **marks}
        if finalizer:
            metadata["finalizers"] = [INGESTER_FINALIZER]
        specimen = Specimen(self.run, self._arrivals, case, obj)
        self._specimens[case.name, f"{role} elsewhere" if elsewhere else role] = specimen
        return specimen

    def find(self, case: Case, role: str) -> Specimen:
        """Return the object of the role; NotRun where the stage that makes it did not come to that."""
        specimen = self._specimens.get((case.name, role))
        if specimen is None:
            raise NotRun(f"{case.name}: the object {role!r} could not be made")
        return specimen

    def find_or_make(self, case: Case, role: str) -> Specimen:
        """Return the object of the role, made by whichever stage needs it first."""
        return self._specimens.get((case.name, role)) or self.make(case, role)

    def settle(self) -> None:
        """Give the Ingester time to do what it must not: absence is never proven by one look."""
        hold(lambda: self.run.sandbox.component(CONTROLLERMGR), lambda _: True, for_s=self.run.timeouts.settle_s)

    def find_errors(self, specimen: Specimen) -> str:
        """Return the different errors that the Ingester logged about the object, in their order."""
        log = parse_log(self.run.sandbox.read_log(CONTROLLERMGR, specimen.cursor))
        own = find_object_entries(log, specimen.case.kind, specimen.namespace, specimen.name)
        errors = [str(entry.fields["error"]) for entry in own if "error" in entry.fields]
        return "; ".join(dict.fromkeys(errors))

    def explains(self, finding: Finding) -> bool:
        """Whether a known issue of the profile explains the finding, whatever section it is found in."""
        return any(explains(issue, finding) for issue in self.run.profile.contract_known_issues)

    def await_block(
        self, held: HeldRow | None, account: Account, is_over: Callable[[], bool] = lambda: False
    ) -> None:
        """Wait until a reconcile waits for the held row, so that all that it does before is done."""
        if held is None:
            account.facts["order"] = "not observed: the account may not lock rows"
            return
        waited = wait_for(
            lambda: (held.is_awaited(), is_over()),
            any,
            timeout_s=self.sync_s,
            max_interval_s=0.02,
        )
        what = "waited for it" if waited.value[0] else "did not wait for it"
        account.note("the row was held", f"the Ingester {what}, {waited.duration_s:.3f} s after the write")

    def _go_through(self, stage: Stage, *, immutable: bool) -> dict[str, Account | Exception]:
        key = (stage.name, immutable)
        if key not in self._outcomes:
            for earlier in stage.after:
                self._go_through(earlier, immutable=immutable)
            missing = self.run.get_registration().missing   # their rows would be waited for in vain
            cases = [c for c in self.cases if self.is_immutable(c) is immutable and c.name not in missing]
            self._outcomes[key] = self._act(cases, stage)
        return self._outcomes[key]

    def _act(self, cases: Sequence[Case], stage: Stage) -> dict[str, Account | Exception]:
        outcomes = {case.name: self._attempt(stage.act, case, Account()) for case in cases}
        if stage.look is not None:
            self.settle()
            for case in cases:
                outcome = outcomes[case.name]
                if isinstance(outcome, Account):
                    seen = self._attempt(stage.look, case, outcome)
                    if isinstance(seen, Account) or not outcome.findings:   # what was found before stands
                        outcomes[case.name] = seen
        return outcomes

    def _attempt(self, act: Act, case: Case, account: Account) -> Account | Exception:
        """Return the account, or the reason why there is none: raised when the kind's own check asks for it."""
        try:
            act(self, case, account)
        except OverdueError:
            return account
        except (HarnessError, Refusal, Signal) as reason:
            return reason
        return account
