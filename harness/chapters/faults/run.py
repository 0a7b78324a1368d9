"""The chapter's state: it runs rounds in one sandbox, each in a namespace of its own, and records what they bring.

Between rounds it leaves the sandbox as it found it: whole, and without the objects of the round. It judges
nothing; `harness.suite.judge` concludes each check from what was recorded.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from functools import partial

from harness.chapters.faults.backoff import MARGIN_S
from harness.chapters.faults.catalogue import Fault
from harness.chapters.faults.environment import Environment
from harness.chapters.faults.load.workload import Load
from harness.chapters.faults.round import Round
from harness.chapters.faults.round_file import encode
from harness.chapters.faults.round_record import RoundRecord, RoundResult
from harness.chapters.faults.timeline import make_timeline
from harness.clients.kube import Cluster
from harness.core.errors import HarnessError, Refusal
from harness.core.outcomes import NotApplicable, NotRun
from harness.core.polling import wait_for
from harness.sandbox.base import SCHEMA_INIT, Phase
from harness.spec.features import Life
from harness.spec.model import Case, Kind
from harness.subject import evidence
from harness.subject.clearing import clear
from harness.subject.subject import Subject
from harness.suite.context import RunContext
from harness.suite.growth import measure_growth
from harness.suite.recorder import Recorder

DEFAULT_SEED = 1
LOOK_AT = "the operations in the evidence, and the controller manager's log"
FOLDER = "rounds"   # beside the report
KEPT = "all that the round asked for, did and saw"

_WHOLE_TIMEOUT_S = 30.0
_FEWEST_OBJECTS = 24       # so that no write to one comes before the one before is synced
_WARM_UP, _PATCHES = 1000, 1500
_FIRST = ("injected", "converged", "outage", "operations")   # what a reader looks for, in this order


class FaultRun:
    """Rounds of faults in the run's sandbox, under a load of those kinds that no known issue blocks (`cases`)."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._rounds = 0
        self.cases = [case for case in context.cases if context.expectations.find_blocking(case.name) is None]

    def run_round(
        self,
        faults: Sequence[Fault],
        recorder: Recorder,
        *,
        seed: int,
        outage_s: float,
        cases: Sequence[Case] | None = None,
        section: str = "",
    ) -> None:
        """Run one round, with some of the run's `cases` where given, and record what it brought.

        What known issues of `section` (by default the first fault's) explain is not waited for. Raises Invalid,
        NotApplicable and NotRun, HarnessError where the sandbox gave way.
        """
        context = self._context
        names = [fault.name for fault in faults]
        recorder.reproduce = context.format_soak_command(cases or context.cases, names, seed, outage_s)
        what = " and ".join(fault.title for fault in faults)
        recorder.problem, recorder.look_at = describe_problem(what), LOOK_AT
        for fault in faults:
            if reason := fault.explain_absence(context.sandbox):
                raise NotApplicable(reason)
        chosen = self.cases if cases is None else cases
        self._require_ready(chosen)
        kinds = [case.kind for case in chosen]
        namespace = context.take_namespace()
        environment = Environment(
            context.sandbox,
            self._open_cluster,
            kinds,
            partial(context.expectations.explains_in, section or faults[0].section),
            min(MARGIN_S, context.timeouts.sync_s),
        )
        load = Load(
            seed,
            namespace,
            tuple(chosen),
            {case.name: context.render(case, namespace) for case in chosen},
            frozenset(case.name for case in chosen if context.is_immutable(case)),
            frozenset(case.name for case in chosen if context.contract.get_life(case.name) is Life.RETAINED),
        )
        injections = [fault.make() for fault in faults]
        one = Round(environment, load, injections, outage_s, retry_s=max(fault.retry_s for fault in faults))
        one.record.faults, one.record.title = names, what
        try:
            one.run()
        finally:
            timeline = make_timeline(one.record)
            if timeline is not None:
                recorder.evidence.append(evidence.of_timeline(timeline, "load, fault and lag"))
            write_result(one.result, recorder)
            self._keep(one.record, recorder)
            self._clear(namespace, kinds)

    def _keep(self, record: RoundRecord, recorder: Recorder) -> None:
        """Put the round's record beside the report, so that it can be judged again."""
        self._rounds += 1
        path = self._context.keep(f"{FOLDER}/{self._rounds:04}-{'+'.join(record.faults)}.json", encode(record))
        if path:
            recorder.evidence.append(evidence.of_file(path, KEPT))

    def measure_growth(self, recorder: Recorder) -> None:
        """Have thousands of writes synced, and record what grew with every one; raises as `run_round`."""
        context = self._context
        cases = [case for case in self.cases if not context.is_immutable(case)]
        self._require_ready(cases)
        namespace = context.take_namespace()
        try:
            each = math.ceil(_FEWEST_OBJECTS / len(cases))
            subjects = [self._make(case, namespace, number) for case in cases for number in range(each)]
            recorder.take(measure_growth(context, subjects, warm_up=_WARM_UP, patches=_PATCHES, memory=True))
        finally:
            self._clear(namespace, [case.kind for case in cases])

    def _make(self, case: Case, namespace: str, number: int) -> Subject:
        obj = self._context.render(case, namespace)
        obj["metadata"]["name"] = f"{obj['metadata']['name']}-{number}"
        return Subject(self._context.surroundings, case, obj).require_accepted()

    def explain_absence(self, fault: Fault) -> str:
        """Return why the sandbox can't have the fault; '' where it can."""
        return fault.explain_absence(self._context.sandbox)

    def _open_cluster(self) -> Cluster:
        return Cluster(self._context.sandbox.kubeconfig, retries=False)

    def _require_ready(self, cases: Sequence[Case]) -> None:
        """Raise NotRun where kinds have no controller, HarnessError where a part of the sandbox is not there."""
        for case in cases:
            self._context.require_controller(case)
        if not cases:
            raise NotRun("no kind is left that can be tested")

        def find_broken() -> list[str]:
            return [
                f"{component.name} ({component.phase} {component.reason})".replace(" )", ")")
                for component in self._context.sandbox.components()
                if component.name != SCHEMA_INIT and (component.phase is not Phase.RUNNING or component.reason)
            ]

        broken = wait_for(find_broken, lambda found: not found, timeout_s=_WHOLE_TIMEOUT_S, interval_s=0.05).value
        if broken:
            raise HarnessError(f"the sandbox is not whole: {', '.join(broken)}")

    def _clear(self, namespace: str, kinds: Sequence[Kind]) -> None:
        """Remove the round's objects, those that nobody releases as well; their rows stay.

        What can't be removed is no finding: the next round has a namespace of its own.
        """
        with contextlib.suppress(HarnessError, Refusal):
            self._context.database.reconnect()
        with contextlib.closing(self._open_cluster()) as cluster, contextlib.suppress(HarnessError, Refusal):
            clear(cluster, kinds, [namespace])


def describe_problem(title: str) -> str:
    """Return what it means that a round has findings; `title` says what happened."""
    return f"after {title}, MySQL does not hold what was acknowledged"


def write_result(result: RoundResult, recorder: Recorder) -> None:
    """Record what a round brought."""
    recorder.facts |= {name: result.facts[name] for name in _FIRST if name in result.facts}
    recorder.facts |= {name: text for name, text in result.facts.items() if name not in _FIRST}
    recorder.findings += result.findings
    for title, body in result.notes:
        recorder.note(title, body)
