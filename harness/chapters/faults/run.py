"""What a check of this chapter gets: it conducts rounds in one sandbox, each in a namespace of its own.

It concludes each check from its round. Between rounds it leaves the sandbox as it found it: whole, and without the
objects of the round.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from functools import partial

from harness.chapters.faults.backoff import MARGIN_S
from harness.chapters.faults.catalogue import Fault
from harness.chapters.faults.round import Round
from harness.chapters.faults.terms import Place, Report
from harness.chapters.faults.workload import Load
from harness.chapters.seed.run import Run
from harness.clients.kube import Cluster
from harness.core.errors import HarnessError, Refusal
from harness.core.outcomes import NotApplicable, NotRun
from harness.core.polling import wait_for
from harness.core.record import Check, Finding
from harness.sandbox.base import SCHEMA_INIT, Phase
from harness.spec.model import Case, Kind
from harness.subject import evidence
from harness.subject.clearing import clear
from harness.suite.findings import conclude, explains

DEFAULT_SEED = 1
_WHOLE_TIMEOUT_S = 30.0
_FIRST = ("struck", "converged", "outage", "operations")   # what a reader looks for, in this order
_WIDTH = 300   # of the evidence of one proof in the message

Spell = Callable[[Sequence[Case], Sequence[str], int, float], str]


class FaultRun:
    """Rounds of faults in the run's sandbox.

    `take_namespace` creates a namespace; `spell` returns the command that repeats a round, from its cases, the
    names of its faults, its seed and the outage in seconds.
    """

    def __init__(self, run: Run, cases: Sequence[Case], take_namespace: Callable[[], str], spell: Spell) -> None:
        self._run = run
        self._take_namespace = take_namespace
        self._spell = spell
        self._selected = cases
        self.cases = [case for case in cases if run.profile.find_obstacle(case.name) is None]

    def conduct(
        self,
        faults: Sequence[Fault],
        check: Check,
        *,
        seed: int,
        outage_s: float,
        cases: Sequence[Case] | None = None,
    ) -> None:
        """Conduct one round, with some of the run's `cases` where given, and conclude the check from it.

        Raises Invalid, Known, NotApplicable and NotRun, CheckFailure where the product failed, HarnessError where
        the sandbox did.
        """
        check.reproduce = self._spell(cases or self._selected, [fault.name for fault in faults], seed, outage_s)
        chosen = self.cases if cases is None else cases
        kinds = [case.kind for case in chosen]
        strokes = [fault.make() for fault in faults]
        for fault in faults:
            if reason := self.explain_absence(fault):
                raise NotApplicable(reason)
        self._require_ready(kinds)
        namespace = self._take_namespace()
        place = Place(
            self._run.sandbox,
            self._open_cluster,
            kinds,
            partial(self._is_known, check),
            min(MARGIN_S, self._run.timeouts.sync_s),
        )
        load = Load(
            seed,
            namespace,
            tuple(chosen),
            {case.name: self._run.render(case, namespace) for case in chosen},
            self._run.profile.immutable_kinds.intersection(case.name for case in chosen),
        )
        retry_s = max(fault.retry_s for fault in faults)
        conducted = Round(place, load, strokes, outage_s, retry_s=retry_s)
        try:
            conducted.conduct()
        finally:
            self._note(conducted.report, check)
            self._clear(namespace, kinds)
        names = " and ".join(fault.title for fault in faults)
        conclude(
            self._run, check, conducted.report.findings,
            problem=f"after {names}, MySQL does not hold what was acknowledged",
            look_at="the operations in the evidence, and the controller manager's log",
        )  # fmt: skip

    def explain_absence(self, fault: Fault) -> str:
        """Return why the sandbox can't be struck by the fault; '' where it can."""
        return fault.make().explain_absence(self._run.sandbox)

    def _open_cluster(self) -> Cluster:
        return Cluster(self._run.sandbox.kubeconfig, retries=False)

    def _is_known(self, check: Check, finding: Finding) -> bool:
        """Whether a known issue of the check's section explains the finding."""
        issues = self._run.profile.list_contract_issues(check.section, check.kind)
        return any(explains(issue, finding) for issue in issues)

    def _require_ready(self, kinds: Sequence[Kind]) -> None:
        """Raise NotRun where kinds have no controller, HarnessError where a part of the sandbox is not there."""
        registration = self._run.get_registration()
        missing = [kind.name for kind in kinds if kind.name in registration.missing]
        if missing or not kinds:
            raise NotRun(f"1.3: {registration.headline}" if missing else "no kind is left that can be tested")

        def find_broken() -> list[str]:
            return [
                f"{component.name} ({component.phase} {component.reason})".replace(" )", ")")
                for component in self._run.sandbox.components()
                if component.name != SCHEMA_INIT and (component.phase is not Phase.RUNNING or component.reason)
            ]

        broken = wait_for(find_broken, lambda found: not found, timeout_s=_WHOLE_TIMEOUT_S, interval_s=0.05).value
        if broken:
            raise HarnessError(f"the sandbox is not whole: {', '.join(broken)}")

    @staticmethod
    def _note(report: Report, check: Check) -> None:
        check.facts |= {name: report.facts[name] for name in _FIRST if name in report.facts}
        check.facts |= {name: text for name, text in report.facts.items() if name not in _FIRST}
        check.evidence += [evidence.of_note(title, body) for title, body in report.notes]

    def _clear(self, namespace: str, kinds: Sequence[Kind]) -> None:
        """Remove the round's objects, those that nobody lets go of as well; their rows stay.

        What can't be removed is no finding: the next round has a namespace of its own.
        """
        with contextlib.suppress(HarnessError, Refusal):
            self._run.database.reconnect()
        with contextlib.closing(self._open_cluster()) as cluster, contextlib.suppress(HarnessError, Refusal):
            clear(cluster, kinds, [namespace])
