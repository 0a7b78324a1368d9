"""The Ingester's gates and settings: one chain of starts of the controller manager, each step once.

It is stopped, and objects are written to meanwhile; then it runs with the first gate off, with the second one
missing, and with settings of its own, which is the start that has to catch up (`backfill`). It needs a sandbox
that can start the controller manager with another configuration.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from harness.chapters.contract.lifecycle import Lifecycle
from harness.chapters.restarts.backfill import Backfill
from harness.core.errors import HarnessError
from harness.core.outcomes import NotApplicable, NotRun
from harness.core.polling import hold, wait_for
from harness.sandbox.base import CONTROLLERMGR, ComponentStatus, LogCursor, Phase
from harness.sandbox.capabilities import ReconfiguresControllerManager
from harness.sandbox.local.servers.baseyaml import Overrides
from harness.sandbox.local.wire.channel import BusyError
from harness.spec.catalogue import KINDS
from harness.spec.equality import show
from harness.subject import evidence
from harness.subject.log import REGISTERED, SETTING_UP, SKIPPED, WORKERS_STARTED, LogEntry, parse_log
from harness.subject.registration import await_registration
from harness.suite.account import Account

WORKERS, WORKERS_OF = 2, {"Project": 4}
PERIOD_S, PERIOD_OF_S = 5, {"Project": 7}
SETTINGS: tuple[tuple[str, Any], ...] = (
    ("ingester.concurrentReconciles", WORKERS),
    ("ingester.concurrentReconcilesMap", WORKERS_OF),
    ("ingester.requeuePeriod", f"{PERIOD_S}s"),
    ("ingester.requeuePeriodMap", {kind: f"{period}s" for kind, period in PERIOD_OF_S.items()}),
)
_GATE_OFF = (("metadataStorage.enableMetadataStorage", False),)
_REASON = re.compile(r"mysql.*\b(empty|missing|absent|required|not (set|given|found|configured))", re.IGNORECASE)


class Gates:
    """The chain of starts. Raises NotApplicable where the sandbox lacks the power, NotRun where others use it."""

    def __init__(self, life: Lifecycle, backfill: Backfill) -> None:
        self._life = life
        self._run = life.run
        self._backfill = backfill
        self._steps: dict[Callable[[], Account], Account] = {}

    def close_first(self) -> Account:
        """6.1: with the first gate off nothing is registered, no row comes, and all else is healthy."""
        return self._reach(self._close_first)

    def close_second(self) -> Account:
        """6.2: with the first gate on and no mysql stanza it refuses to start, and says why."""
        return self._reach(self._close_second)

    def open(self) -> Account:
        """6.3: open again, settings per kind are accepted, and every controller is registered with its own."""
        return self._reach(self._open)

    def get_backfill(self) -> Backfill:
        """Return what there is to catch up with, once the controller manager is back."""
        self.open()
        return self._backfill

    @property
    def _power(self) -> ReconfiguresControllerManager:
        sandbox = self._run.sandbox
        if not isinstance(sandbox, ReconfiguresControllerManager):
            raise NotApplicable(f"the {sandbox.name} sandbox can't reconfigure the controller manager")
        return sandbox

    def _reach(self, step: Callable[[], Account]) -> Account:
        registration = self._run.get_registration()
        if len(registration.missing) == len(KINDS):
            raise NotRun(f"1.3: {registration.headline}")
        for each in (self._go_down, self._close_first, self._close_second, self._open):
            if each not in self._steps:
                self._steps[each] = each()
            if each == step:
                break
        return self._steps[step]

    def _go_down(self) -> Account:
        power = self._power
        self._backfill.prepare()
        try:
            power.stop_controllermgr()
        except BusyError as busy:
            raise NotRun(busy.problem) from busy
        self._backfill.write()
        return Account()

    def _close_first(self) -> Account:
        account, cursor, before = Account(), self._run.sandbox.log_cursor(CONTROLLERMGR), self._count_rows()
        self._start(account, _GATE_OFF)
        restarts = self._get_component().restarts
        said = wait_for(
            lambda: self._read_log(cursor),
            lambda log: any(entry.message == SKIPPED for entry in log),
            timeout_s=self._run.timeouts.log_s,
            interval_s=0.02,
        )
        alive = hold(
            self._get_component,
            lambda now: now.phase is Phase.RUNNING and now.restarts == restarts,
            for_s=self._run.timeouts.settle_s,
        )
        setup = [e for e in self._read_log(cursor) if e.message in (SETTING_UP, REGISTERED, SKIPPED)]
        account.evidence.append(evidence.of_log(setup, "its lines about the Ingester"))
        if not said.satisfied:
            account.find(f"{CONTROLLERMGR}'s log", show(SKIPPED), "no such line")
        if registered := sum(entry.message == REGISTERED for entry in setup):
            account.find("Ingester controllers", "none registered", f"{registered} registered")
        if not alive.satisfied:
            account.find(CONTROLLERMGR, "Running without a restart", _describe(alive.value))
        self._expect_same_rows(account, before)
        return account

    def _close_second(self) -> Account:
        account, cursor, before = Account(), self._run.sandbox.log_cursor(CONTROLLERMGR), self._count_rows()
        restarts = self._get_component().restarts
        self._power.start_controllermgr(without=("mysql",), await_healthy=False)
        ended = wait_for(
            self._get_component,
            lambda now: now.restarts > restarts or (now.phase is not Phase.RUNNING and now.reason != ""),
            timeout_s=self._run.timeouts.issue_s,
            interval_s=0.02,
        )
        self._power.stop_controllermgr()
        log = self._read_log(cursor)
        said = [entry for entry in log if _REASON.search(entry.text)]
        account.note("the controller manager", _describe(ended.value))
        account.evidence.append(evidence.of_log(said[:3] or log[-8:], "what it says of it"))
        if not ended.satisfied or ended.value.phase is Phase.COMPLETED:
            account.find(CONTROLLERMGR, "to refuse to start without its mysql stanza", _describe(ended.value))
        if not said:
            last = log[-1].text if log else "nothing"
            account.find("its error", "a line that says that the mysql configuration is missing", last)
        self._expect_same_rows(account, before)
        return account

    def _open(self) -> Account:
        account, cursor = Account(), self._run.sandbox.log_cursor(CONTROLLERMGR)
        self._backfill.note_start()
        self._start(account, SETTINGS)
        registration = await_registration(self._run.sandbox, self._run.timeouts.registration_s)
        account.evidence += registration.evidence
        for kind in set(registration.missing).difference(self._run.get_registration().missing):
            account.find(f"controller of {kind}", "registered", "not registered")
        expected = {k.name: WORKERS_OF.get(k.name, WORKERS) for k in KINDS if k.name not in registration.missing}
        workers = wait_for(
            lambda: _count_workers(self._read_log(cursor)),
            lambda found: found == expected,
            timeout_s=self._run.timeouts.log_s,
            interval_s=0.05,
        ).value
        for kind, number in expected.items():
            if workers.get(kind) != number:
                account.find(f"workers of {kind}", str(number), str(workers.get(kind, "no line that says so")))
        for kind, period in _read_periods(self._read_log(cursor)).items():
            if period != float(PERIOD_OF_S.get(kind, PERIOD_S)):
                account.find(f"requeuePeriod of {kind}", f"{PERIOD_OF_S.get(kind, PERIOD_S)} s", f"{period:g} s")
        account.note("settings", "\n".join(f"{key}: {value}" for key, value in SETTINGS))
        return account

    def _start(self, account: Account, overrides: Overrides) -> None:
        """Start the controller manager; one that does not become healthy is a finding."""
        try:
            self._power.start_controllermgr(overrides)
        except HarnessError as error:
            account.find(CONTROLLERMGR, "to start, and to be healthy", error.problem)

    def _get_component(self) -> ComponentStatus:
        return self._run.sandbox.component(CONTROLLERMGR)

    def _read_log(self, cursor: LogCursor) -> list[LogEntry]:
        return parse_log(self._run.sandbox.read_log(CONTROLLERMGR, cursor))

    def _count_rows(self) -> dict[str, int]:
        return self._run.database.count_rows(self._life.namespaces[0])

    def _expect_same_rows(self, account: Account, before: dict[str, int]) -> None:
        after = self._count_rows()
        for table, number in before.items():
            if after[table] != number:
                account.find(f"table {table}", f"{number} rows, as before", f"{after[table]} rows")
        account.facts["rows"] = f"{sum(after.values())}, as many as before" if after == before else "changed"


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


def _read_periods(log: list[LogEntry]) -> dict[str, float]:
    """Return the requeue period of each kind in seconds, as far as the log has it as a number."""
    return {
        kind: float(entry.fields["requeuePeriod"])
        for entry in log
        if entry.message == REGISTERED and isinstance(entry.fields.get("requeuePeriod"), int | float)
        for kind in entry.kinds()
    }
