"""One round: load, a fault in the middle of it, recovery from it, and the validation of what is left.

A round that proved nothing, since the fault was not injected or the load was not there, is `Invalid`. Whatever
happens, the fault is recovered from and the load ended.
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Iterator, Sequence

from harness.chapters.faults.backoff import allow
from harness.chapters.faults.environment import Environment
from harness.chapters.faults.errorlog import ErrorLog
from harness.chapters.faults.injections.base import Injection, InjectionContext
from harness.chapters.faults.judgement import judge
from harness.chapters.faults.load.history import Outcome
from harness.chapters.faults.load.plan import Verb
from harness.chapters.faults.load.sampler import Sampler
from harness.chapters.faults.load.workload import Load, Workload
from harness.chapters.faults.round_record import RoundRecord, RoundResult
from harness.chapters.faults.validation import Validation
from harness.clients.mysql.admin import Admin
from harness.core.outcomes import Invalid
from harness.core.polling import hold, wait_for
from harness.sandbox.base import CONTROLLERMGR
from harness.sandbox.capabilities import LONGEST_RESTART_DELAY_S

FEWEST_ACKNOWLEDGED = 30
LOWEST_RATE = 8.0          # acknowledged operations a second, before the fault
_LOAD_S = 1.5              # at least, before the fault
_LOAD_TIMEOUT_S = 10.0
_AFTERWARDS_S = 2.0        # within which the load goes on after the fault
_NEEDED = (Verb.CREATE, Verb.PATCH, Verb.RELABEL, Verb.DELETE)


class Round:
    """One round in a namespace that nothing else uses; the injections hold for `outage_s`.

    With `retry_s` every retry has to come within that time, and is waited for; without it what has backed off for
    long is touched instead.
    """

    def __init__(
        self,
        environment: Environment,
        load: Load,
        injections: Sequence[Injection],
        outage_s: float,
        *,
        retry_s: float = 0.0,
    ) -> None:
        self.record = RoundRecord(
            seed=load.seed,
            namespace=load.namespace,
            kinds=list(environment.kinds),
            immutable=load.immutable,
            retained=load.retained,
            retry_s=retry_s,
        )
        self.result = self.record.noted   # until it is judged
        self._environment = environment
        self._load = load
        self._injections = injections
        self._outage_s = outage_s
        sandbox = environment.sandbox
        self._cluster = environment.open_cluster()
        self._admin = Admin(sandbox.mysql)
        self._workload = Workload(load, environment.open_cluster)
        self._sampler = Sampler(sandbox.mysql, environment.kinds, load.namespace, load.seed)
        self.record.sightings = self._sampler.follower.sightings   # also of a round that does not come to its end
        self._errors = ErrorLog(sandbox, load.namespace)
        self._context = InjectionContext(
            sandbox, self._cluster, self._admin, load.namespace, environment.kinds, self._workload.history,
            self._sampler.follower,
        )  # fmt: skip

    def run(self) -> RoundResult:
        """Carry the round out; Invalid where it proves nothing, HarnessError where the sandbox gave way."""
        sandbox, record = self._environment.sandbox, self.record
        with contextlib.ExitStack() as stack:
            for each in (self._admin, self._sampler, self._workload, self._cluster):
                stack.callback(each.close)
            restarts = sandbox.component(CONTROLLERMGR).restarts
            with self._loading():
                record.injected_at = self._await_load()
                with self._injected():
                    record.recovering_at = time.monotonic()
                record.recovered_at = time.monotonic()
                self._await_operations(record.recovered_at)
            restarts = sandbox.component(CONTROLLERMGR).restarts - restarts
            crashed = restarts > sum(injection.restarts for injection in self._injections)
            self._require_operations()
            self._note_load()
            record.allowance = allow(
                record.recovered_at - record.injected_at,
                restart_s=LONGEST_RESTART_DELAY_S if crashed else 0.0,
                breaks_watches=any(injection.breaks_watches for injection in self._injections),
                objects_of_a_kind=self._load.clients,
                margin_s=self._environment.margin_s,
                retry_s=record.retry_s,
            )
            Validation(self._environment, self._cluster, self._sampler, self._errors, record).run()
            self.result = judge(record, self._environment.is_explained)
        return self.result

    @contextlib.contextmanager
    def _loading(self) -> Iterator[None]:
        """Have the load and the sampler at work."""
        self._sampler.start()
        self._workload.start()
        self.record.started_at = self._workload.started_at
        try:
            yield
        finally:
            self._workload.end()
            self.record.events = self._workload.history.events

    def _await_load(self) -> float:
        """Wait until the load is there; return when that was. Invalid where it does not come."""
        history, started = self._workload.history, self._workload.started_at

        def measure() -> tuple[int, float, set[Verb]]:
            now = time.monotonic()
            number = history.count(Outcome.ACKNOWLEDGED)
            return number, number / max(now - started, 0.001), set(history.count_verbs())

        def suffices(seen: tuple[int, float, set[Verb]]) -> bool:
            number, rate, verbs = seen
            return (
                time.monotonic() - started >= _LOAD_S
                and number >= FEWEST_ACKNOWLEDGED
                and rate >= LOWEST_RATE
                and verbs.issuperset(_NEEDED)
            )

        wait = wait_for(measure, suffices, timeout_s=_LOAD_TIMEOUT_S, interval_s=0.05)
        number, rate, verbs = wait.value
        if not wait.satisfied:
            missing = ", ".join(verb for verb in _NEEDED if verb not in verbs)
            raise Invalid(
                f"the load was not there: {number} operations acknowledged, {rate:.1f}/s, before the fault; needed"
                f" are {FEWEST_ACKNOWLEDGED} at {LOWEST_RATE:g}/s" + (f"; none of {missing}" if missing else "")
            )
        self.result.facts["load before"] = f"{number} acknowledged, {rate:.0f}/s"
        return time.monotonic()

    @contextlib.contextmanager
    def _injected(self) -> Iterator[None]:
        """Inject the faults, prove them, let them hold, and recover; the body runs just before that."""
        context = self._context
        context.since = context.sandbox.log_cursor(CONTROLLERMGR)
        started = time.monotonic()
        with contextlib.ExitStack() as recovery:
            proofs = []
            for injection in self._injections:
                recovery.callback(injection.recover, context)
                injection.inject(context)
                proofs.append(injection.prove(context))
            self.record.proven_at = time.monotonic()
            self.result.facts["injected"] = "; ".join(_shorten(proof) for proof in proofs)
            self.result.notes += [("the fault was injected", proof) for proof in proofs]
            lasting = [injection for injection in self._injections if not injection.recovers_itself]
            left_s = self._outage_s - (time.monotonic() - started)
            if lasting and left_s > 0:
                held = hold(
                    lambda: all(each.is_active(context) for each in lasting), bool, for_s=left_s, interval_s=0.25
                )
                if not held.satisfied:
                    raise Invalid(f"the fault was over after {held.duration_s:.1f} s of {left_s:.1f} s")
            if len(self._injections) == 1:   # of two, the other one may be what holds everything up
                self.result.findings += self._injections[0].examine(context)
            yield

    def _await_operations(self, recovered_at: float) -> None:
        """Let the load go on until each client has had an answer again, if they get any."""
        history = self._workload.history
        wait_for(
            lambda: {
                event.operation.client
                for event in history.events
                if event.outcome is Outcome.ACKNOWLEDGED and event.answered_at > recovered_at
            },
            lambda clients: len(clients) == self._load.clients,
            timeout_s=_AFTERWARDS_S,
            interval_s=0.05,
        )

    def _require_operations(self) -> None:
        """Raise Invalid where the load did not go on during the fault."""
        record = self.record
        during = [e for e in record.events if record.injected_at <= e.sent_at < record.recovered_at]
        sent = [event for event in during if event.outcome is not Outcome.SKIPPED]
        if not sent:
            raise Invalid("the load was not there: no operation was sent while the fault held")

    def _note_load(self) -> None:
        """Write down how much was asked for and answered, and how long the outage was."""
        history, facts, record = self._workload.history, self.result.facts, self.record
        elapsed_s = time.monotonic() - self._workload.started_at
        outcomes = Counter(event.outcome for event in history.events)
        acknowledged = outcomes[Outcome.ACKNOWLEDGED]
        others = [f"{n} {outcome}" for outcome, n in outcomes.items() if outcome is not Outcome.ACKNOWLEDGED]
        counts = [f"{acknowledged} acknowledged, {acknowledged / elapsed_s:.0f}/s", ", ".join(others)]
        facts["operations"] = "; ".join(filter(None, counts))
        during = history.count(Outcome.ACKNOWLEDGED, since=record.injected_at, until=record.recovered_at)
        facts["during the fault"] = f"{during} acknowledged"
        recovery_s = record.recovered_at - record.recovering_at
        facts["outage"] = f"{record.recovering_at - record.injected_at:.1f} s, recovered in {recovery_s:.1f} s"
        facts["seed"] = str(self._load.seed)


def _shorten(text: str, width: int = 140) -> str:
    line = text.partition("\n")[0]
    return line if len(line) <= width else f"{line[:width]}…"
