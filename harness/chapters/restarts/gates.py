"""The Ingester's gates and settings: one chain of starts of the controller manager, each step once.

It runs behind a relay first (`relayed`). Then it is stopped, and objects are written to meanwhile; it runs with
the first gate off, with the second one missing, and with settings of its own, which is the start that has to catch
up (`backfill`). It needs a sandbox that can start the controller manager with another configuration.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from harness.chapters.contract.lifecycle import Lifecycle
from harness.chapters.restarts import delays
from harness.chapters.restarts.backfill import Backfill
from harness.chapters.restarts.relayed import Relayed
from harness.core import codes
from harness.core.errors import HarnessError
from harness.core.outcomes import NotApplicable, NotRun
from harness.core.polling import hold, wait_for
from harness.sandbox.base import CONTROLLERMGR, ComponentStatus, LogCursor, Phase
from harness.sandbox.capabilities import BusyError, Overrides, ReconfiguresControllerManager
from harness.spec.equality import show
from harness.spec.features import CONFIGURABLE, DELETION_DELAY
from harness.subject import evidence
from harness.subject.log import WORKERS_STARTED, LogEntry, parse_log
from harness.suite.context import RunContext
from harness.suite.growth import measure_growth
from harness.suite.recorder import Recorder

WORKERS, WORKERS_OF = 2, {"Project": 4}
PERIOD_S, PERIOD_OF_S = 5, {"Project": 7}
SETTINGS: tuple[tuple[str, Any], ...] = (
    ("ingester.concurrentReconciles", WORKERS),
    ("ingester.concurrentReconcilesMap", WORKERS_OF),
    ("ingester.requeuePeriod", f"{PERIOD_S}s"),
    ("ingester.requeuePeriodMap", {kind: f"{period}s" for kind, period in PERIOD_OF_S.items()}),
)
_FEWEST_OBJECTS = 24       # so that no patch of one comes before the one before is written
_WARM_UP, _PATCHES = 120, 240
_GATE_OFF = (("metadataStorage.enableMetadataStorage", False),)
_REASON = re.compile(r"mysql.*\b(empty|missing|absent|required|not (set|given|found|configured))", re.IGNORECASE)


class Gates:
    """The chain of starts; the first check that asks for a step sets it going.

    Raises NotApplicable where the sandbox can't do it, NotRun where others use it.
    """

    def __init__(self, context: RunContext, life: Lifecycle) -> None:
        self.life = life
        self._life = life
        self._context = context
        self._relayed = Relayed(life)
        self._backfill = Backfill(life)
        self._steps: dict[Callable[[], Recorder], Recorder] = {}
        self._delays: Recorder | None = None
        self._growth: Recorder | None = None

    def close(self) -> None:
        """Close the relay that the first start of the chain leads by."""
        self._relayed.close()

    def get_relayed(self) -> Relayed:
        """Return what is seen behind a relay, before the controller manager is stopped."""
        self._require_controllers()
        return self._relayed

    def get_growth(self) -> Recorder:
        """Return what grew with every sync, in the process that has caught up with everything.

        Raises NotApplicable where nothing can be counted, or no kind of the run has objects that stay.
        """
        self.reach_open()
        if self._growth is None:
            self._growth = _measure_growth(self._life)
        return self._growth

    def reach_first_gate(self) -> Recorder:
        """Return what was seen with the first gate off: nothing is registered, and all else is healthy."""
        return self._reach(self._close_first)

    def reach_second_gate(self) -> Recorder:
        """Return what was seen with the first gate on and no mysql stanza: it refuses to start, and says why."""
        return self._reach(self._close_second)

    def reach_open(self) -> Recorder:
        """Return what was seen once it is open again: settings, and controllers registered with their own."""
        return self._reach(self._open)

    def get_delays(self) -> Recorder:
        """Return what was seen of delayed deletions, in the process that has a delay set for one kind.

        Raises NotApplicable where the version knows no delay, or no kind of the run can have one.
        """
        contract = self._context.contract
        if contract.get_feature(DELETION_DELAY) != CONFIGURABLE:
            raise NotApplicable("this version knows no delay of deletions")
        self.reach_open()
        if not delays.list_delayed_kinds(self._life):
            raise NotApplicable("no kind of the run has objects that stay until they are deleted, and go then")
        if self._delays is None:
            self._delays = delays.observe_delays(self._life)
        return self._delays

    def get_backfill(self) -> Backfill:
        """Return what there is to catch up with, once the controller manager is back."""
        self.reach_open()
        return self._backfill

    @property
    def _capability(self) -> ReconfiguresControllerManager:
        sandbox = self._context.sandbox
        if not isinstance(sandbox, ReconfiguresControllerManager):
            raise NotApplicable(f"the {sandbox.name} sandbox can't reconfigure the controller manager")
        return sandbox

    def _reach(self, step: Callable[[], Recorder]) -> Recorder:
        self._require_controllers()
        for each in (self._go_down, self._close_first, self._close_second, self._open):
            if each not in self._steps:
                self._steps[each] = each()
            if each == step:
                break
        return self._steps[step]

    def _require_controllers(self) -> None:
        registration = self._context.registration
        if len(registration.missing) == len(registration.expected):
            raise NotRun(f"1.3: {registration.headline}")

    def _go_down(self) -> Recorder:
        sandbox = self._capability
        self._relayed.pass_through()
        self._backfill.prepare()
        try:
            sandbox.stop_controllermgr()
        except BusyError as busy:
            raise NotRun(busy.problem) from busy
        self._backfill.write()
        return Recorder()

    def _close_first(self) -> Recorder:
        recorder, cursor, before = Recorder(), self._context.sandbox.log_cursor(CONTROLLERMGR), self._count_rows()
        lines = self._context.contract.setup_lines
        self._start(recorder, _GATE_OFF)
        restarts = self._get_component().restarts
        said = wait_for(
            lambda: self._read_log(cursor),
            lambda log: any(entry.message == lines.skipped for entry in log),
            timeout_s=self._context.timeouts.log_s,
            interval_s=0.02,
        )
        alive = hold(
            self._get_component,
            lambda now: now.phase is Phase.RUNNING and now.restarts == restarts,
            for_s=self._context.timeouts.settle_s,
        )
        setup = [e for e in self._read_log(cursor) if e.message in lines.all]
        recorder.evidence.append(evidence.of_log(setup, "its lines about the Ingester"))
        if not said.satisfied:
            recorder.find(codes.LOG_MISSING, f"{CONTROLLERMGR}'s log", show(lines.skipped), "no such line")
        if registered := sum(entry.message == lines.registered for entry in setup):
            found = f"{registered} registered"
            recorder.find(codes.CONTROLLER_UNEXPECTED, "Ingester controllers", "none registered", found)
        if not alive.satisfied:
            found = _describe(alive.value)
            recorder.find(codes.CONTROLLERMGR_STATE, CONTROLLERMGR, "Running without a restart", found)
        self._expect_same_rows(recorder, before)
        return recorder

    def _close_second(self) -> Recorder:
        recorder, cursor, before = Recorder(), self._context.sandbox.log_cursor(CONTROLLERMGR), self._count_rows()
        restarts = self._get_component().restarts
        self._capability.start_controllermgr(without=("mysql",), await_healthy=False)
        ended = wait_for(
            self._get_component,
            lambda now: now.restarts > restarts or (now.phase is not Phase.RUNNING and now.reason != ""),
            timeout_s=self._context.timeouts.issue_s,
            interval_s=0.02,
        )
        self._capability.stop_controllermgr()
        log = self._read_log(cursor)
        said = [entry for entry in log if _REASON.search(entry.text)]
        recorder.note("the controller manager", _describe(ended.value))
        recorder.evidence.append(evidence.of_log(said[:3] or log[-8:], "what it says of it"))
        if not ended.satisfied or ended.value.phase is Phase.COMPLETED:
            expected = "to refuse to start without its mysql stanza"
            recorder.find(codes.CONTROLLERMGR_STATE, CONTROLLERMGR, expected, _describe(ended.value))
        if not said:
            last = log[-1].text if log else "nothing"
            expected = "a line that says that the mysql configuration is missing"
            recorder.find(codes.LOG_MISSING, "its error", expected, last)
        self._expect_same_rows(recorder, before)
        return recorder

    def _open(self) -> Recorder:
        recorder, cursor = Recorder(), self._context.sandbox.log_cursor(CONTROLLERMGR)
        self._backfill.note_start()
        settings = self._list_settings()
        self._start(recorder, settings)
        registration = self._context.await_registration()
        recorder.evidence += registration.evidence
        for kind in set(registration.missing).difference(self._context.registration.missing):
            recorder.find(codes.CONTROLLER_MISSING, f"controller of {kind}", "registered", "not registered")
        kinds = [name for name in self._context.contract.names if name not in registration.missing]
        expected = {kind: WORKERS_OF.get(kind, WORKERS) for kind in kinds}
        workers = wait_for(
            lambda: _count_workers(self._read_log(cursor)),
            lambda found: found == expected,
            timeout_s=self._context.timeouts.log_s,
            interval_s=0.05,
        ).value
        for kind, number in expected.items():
            if workers.get(kind) != number:
                found = str(workers.get(kind, "no line that says so"))
                recorder.find("controller.workers", f"workers of {kind}", str(number), found)
        delayed = delays.list_delayed_kinds(self._life)
        for kind, delay_s in self._read_seconds(cursor, "deletionDelay").items():
            wanted_s = float(delays.DELAY_S if kind in delayed else 0)
            if delay_s != wanted_s:
                recorder.find("controller.delay", f"deletionDelay of {kind}", f"{wanted_s:g} s", f"{delay_s:g} s")
        for kind, period in self._read_seconds(cursor, "requeuePeriod").items():
            if period != float(PERIOD_OF_S.get(kind, PERIOD_S)):
                expected_s = f"{PERIOD_OF_S.get(kind, PERIOD_S)} s"
                recorder.find("controller.period", f"requeuePeriod of {kind}", expected_s, f"{period:g} s")
        recorder.note("settings", "\n".join(f"{key}: {value}" for key, value in settings))
        return recorder

    def _list_settings(self) -> tuple[tuple[str, Any], ...]:
        """Return what the last start of the chain sets: a delay as well, where the version knows one."""
        delayed = dict.fromkeys(delays.list_delayed_kinds(self._life), f"{delays.DELAY_S}s")
        return (*SETTINGS, *([("ingester.deletionDelayMap", delayed)] if delayed else []))

    def _start(self, recorder: Recorder, overrides: Overrides) -> None:
        """Start the controller manager; one that does not become healthy is a finding."""
        try:
            self._capability.start_controllermgr(overrides)
        except HarnessError as error:
            expected = "to start, and to be healthy"
            recorder.find(codes.CONTROLLERMGR_STATE, CONTROLLERMGR, expected, error.problem)

    def _get_component(self) -> ComponentStatus:
        return self._context.sandbox.component(CONTROLLERMGR)

    def _read_log(self, cursor: LogCursor) -> list[LogEntry]:
        return parse_log(self._context.sandbox.read_log(CONTROLLERMGR, cursor))

    def _read_seconds(self, cursor: LogCursor, field: str) -> dict[str, float]:
        """Return what each kind's controller was registered with, in seconds, as far as the log has numbers."""
        registered = self._context.contract.setup_lines.registered
        return {
            kind: float(entry.fields[field])
            for entry in self._read_log(cursor)
            if entry.message == registered and isinstance(entry.fields.get(field), int | float)
            for kind in entry.kinds()
        }

    def _count_rows(self) -> dict[str, int]:
        return self._context.database.count_rows(self._context.contract.kinds, self._life.namespaces[0])

    def _expect_same_rows(self, recorder: Recorder, before: dict[str, int]) -> None:
        after = self._count_rows()
        for table, number in before.items():
            if after[table] != number:
                expected = f"{number} rows, as before"
                recorder.find(codes.ROW_CHANGED, f"table {table}", expected, f"{after[table]} rows")
        recorder.facts["rows"] = f"{sum(after.values())}, as many as before" if after == before else "changed"


def _measure_growth(life: Lifecycle) -> Recorder:
    """Patch objects of all kinds that stay, some hundreds of times, and count what is held meanwhile."""
    cases = [case for case in life.cases if not life.is_immutable(case) and life.context.expects_rows(case)]
    if not cases:
        raise NotApplicable("no kind of the run has objects that stay in Kubernetes")
    each = math.ceil(_FEWEST_OBJECTS / len(cases))
    subjects = [life.make(case, f"patched-often-{number}") for case in cases for number in range(each)]
    return measure_growth(life.context, subjects, warm_up=_WARM_UP, patches=_PATCHES)


def _describe(component: ComponentStatus) -> str:
    return f"{component.phase} ({component.reason or 'no reason given'}), {component.restarts} restarts"


def _count_workers(log: list[LogEntry]) -> dict[str, int]:
    """Return with how many workers each kind's Ingester controller has started."""
    return {
        kind: int(entry.fields.get("worker count", 0))
        for entry in log
        if entry.message == WORKERS_STARTED and str(entry.fields.get("controller", "")).startswith("ingester_")
        for kind in entry.kinds()
    }
