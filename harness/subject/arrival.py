"""Awaits the row of a write, and gathers what there is to know about it.

The deadline runs from the write, or from the controller manager's last start where that is later. A
controller manager that crash-loops ends the wait at once: the row can't come.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from harness.core.errors import HarnessError
from harness.core.polling import Wait, wait_for
from harness.core.record import Evidence, Latency
from harness.core.settings import Timeouts
from harness.sandbox.base import CONTROLLERMGR, Phase
from harness.sandbox.log_coverage import LogCoverage, get_log_coverage
from harness.spec.model import Case, JsonObject
from harness.spec.row import Row
from harness.subject import evidence
from harness.subject.log import (
    LogEntry,
    find_crashes,
    find_object_entries,
    find_sequence,
    parse_log,
    quote_crashes,
)
from harness.subject.patience import Patience
from harness.subject.steps import Sync
from harness.subject.subject import Surroundings, Write

_FAST_S = 3.0    # for a row, once some were awaited in vain
_HASTY_S = 1.0   # hastily, once any was
_BRIEF_S = 0.5   # hastily, once one of the kind was


class Arrivals:
    """Waits for rows in one sandbox.

    `tables` are the main tables of all kinds. `latencies` takes what was measured. `unblock` is called when the
    controller manager is down while another case's row is awaited; it returns whether it brought it back.
    `get_messages` returns the log lines that a reconcile of the case writes. With `fails_fast`, no further row is
    waited for as long once some were in vain: rows that are awaited one after the other would take an hour where
    none comes.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        timeouts: Timeouts,
        *,
        tables: Sequence[str],
        latencies: list[Latency] | None = None,
        unblock: Callable[[Case], bool] = lambda _: False,
        get_messages: Callable[[Case], tuple[str, ...]] = lambda _: (),
        fails_fast: bool = False,
    ) -> None:
        self._sandbox = surroundings.sandbox
        self._database = surroundings.database
        self._timeouts = timeouts
        self._tables = tables
        self._unblock = unblock
        self._get_messages = get_messages
        self._patience = Patience(timeouts.sync_s, _FAST_S if fails_fast else timeouts.sync_s)
        self._haste = Patience(timeouts.sync_s, _HASTY_S, in_vain=1)
        self._haste_of: dict[str, Patience] = {}   # by kind
        self._latencies = [] if latencies is None else latencies

    @property
    def sync_s(self) -> float:
        """How long a row is waited for now, in seconds."""
        return self._patience.seconds

    def confirm(self, write: Write) -> bool:
        """Wait for the rest of its time for a row that was waited for hastily; return whether it has come."""
        wait = self._poll(write, max(0.0, self._get_deadline(write, self.sync_s) - time.monotonic()))
        self._note(write, time.monotonic() - write.at, in_vain=not wait.satisfied)
        write.subject.note_wait(came=wait.satisfied)
        return wait.satisfied

    def measure_latency(self, write: Write, operation: str) -> None:
        """Measure how long the write takes to reach its row, if that is as quick as it usually is."""
        if self._manager_runs():
            wait = self._poll(write, self._timeouts.latency_s)
            if wait.satisfied:
                kind = write.subject.case.name
                self._latencies.append(Latency(kind, operation, time.monotonic() - write.at))

    def await_row(self, write: Write) -> Sync:
        """Wait until the row has reached the write's version, the deadline has passed, or all is lost."""
        sync = self.await_row_alone(write)
        sync.evidence = sync.describe()
        return sync

    def await_row_alone(self, write: Write, *, hastily: bool = False) -> Sync:
        """Wait as `await_row` does; the evidence is not made before it is asked for.

        `hastily`: once others were awaited in vain, not for the whole time. Whoever finds the row missing then has
        it confirmed (`confirm`): what is slow is not lost.
        """
        limit_s = self._get_haste_s(write) if hastily else self.sync_s
        waits: list[Wait[int | None]] = []
        crash = ""
        while not crash:
            waits.append(self._poll(write, max(0.0, self._get_deadline(write, limit_s) - time.monotonic())))
            if waits[-1].satisfied:
                break
            if self._manager_runs():
                if self._get_deadline(write, limit_s) <= time.monotonic():
                    break
            elif not self._unblock(write.subject.case):
                crash = self._await_crash_loop(write)
        if waits[-1].satisfied or limit_s >= self.sync_s:
            self._note(write, sum(wait.duration_s for wait in waits), in_vain=not waits[-1].satisfied)
            if not crash:
                write.subject.note_wait(came=waits[-1].satisfied)
        return self._gather(write, waits, crash)

    def _get_haste_s(self, write: Write) -> float:
        """Return how long to wait hastily: as long as any row of the kind may still take, by what was seen."""
        of_kind = self._haste_of.get(write.subject.case.name)
        return min(self.sync_s, (self._haste if of_kind is None or of_kind.is_whole else of_kind).seconds)

    def _note(self, write: Write, duration_s: float, *, in_vain: bool) -> None:
        of_kind = self._haste_of.setdefault(
            write.subject.case.name, Patience(self._timeouts.sync_s, _BRIEF_S, in_vain=1)
        )
        for patience in (self._patience, self._haste, of_kind):
            patience.note(duration_s, in_vain=in_vain)

    def _poll(self, write: Write, timeout_s: float) -> Wait[int | None]:
        return wait_for(
            lambda: self._database.get_version(write.subject.case.kind, write.key),
            lambda version: version is not None and version >= write.version,
            give_up=lambda _: not self._manager_runs(),
            timeout_s=timeout_s,
        )

    def _manager_runs(self) -> bool:
        return self._sandbox.component(CONTROLLERMGR).phase is Phase.RUNNING

    def _get_deadline(self, write: Write, limit_s: float) -> float:
        started_at = self._sandbox.component(CONTROLLERMGR).started_at
        running_since = 0.0 if started_at is None else time.monotonic() - (time.time() - started_at)
        return max(write.at, running_since) + limit_s

    def _await_crash_loop(self, write: Write) -> str:
        """Return what the controller manager does instead of running, '' where it recovered.

        One crash is not yet a loop: it counts once the restarted process has died as well.
        """
        before = write.subject.restarts

        def is_looping() -> bool:
            component = self._sandbox.component(CONTROLLERMGR)
            return component.restarts > before and component.phase is Phase.CRASH_LOOP

        looped = wait_for(is_looping, bool, timeout_s=self._timeouts.issue_s, interval_s=0.02)
        if not looped.satisfied and self._manager_runs():
            return ""
        component = self._sandbox.component(CONTROLLERMGR)
        return (
            f"{CONTROLLERMGR} is in {component.phase} ({component.reason}), {component.restarts - before} "
            f"restarts since {write.subject.case.name} was created"
        )

    def _gather(self, write: Write, waits: list[Wait[int | None]], problem: str) -> Sync:
        """Read the row, the object at the row's version, and the log lines about it."""
        rows, row, obj = self._read_pair(write)
        read_at = time.time()
        has_arrived = row is not None and row.res_version >= write.version
        entries = self._await_entries(write) if has_arrived else self._find_entries(write)
        return Sync(
            write=write,
            row=row,
            rows=rows,
            obj=obj,
            waited_s=sum(wait.duration_s for wait in waits),
            read_at=read_at,
            entries=entries,
            server_time=self._database.get_time(),
            restarts=self._sandbox.component(CONTROLLERMGR).restarts,
            crash=problem,
            traces=self._read_traces(write) if problem else (),
            stray_tables=self._find_stray_tables(write),
            describe=lambda: self._describe(write, waits, problem, row, obj, read_at, entries),
        )

    def _describe(
        self,
        write: Write,
        waits: Sequence[Wait[int | None]],
        problem: str,
        row: Row | None,
        obj: JsonObject | None,
        read_at: float,
        entries: Sequence[LogEntry],
    ) -> list[Evidence]:
        found = [evidence.of_wait(wait, "res_version of the row, at each change") for wait in waits]
        if row is not None and obj is not None:
            found.append(evidence.of_object(obj, f"the object at resourceVersion {row.res_version}"))
        found.append(evidence.of_row(row, f"the row in table {write.subject.case.kind.table}", read_at))
        found.append(evidence.of_log(entries[:12], "log lines about the object since the write"))
        if problem:
            found.append(evidence.of_note("the controller manager", problem))
            log = parse_log(self._sandbox.read_log(CONTROLLERMGR, write.cursor))
            found += [evidence.of_log(trace, f"crash of run {trace[0].run}") for trace in find_crashes(log)]
        return found

    def _read_traces(self, write: Write) -> list[str]:
        """Return the panics of the controller manager since the write, each as its lines."""
        log = parse_log(self._sandbox.read_log(CONTROLLERMGR, write.cursor))
        return quote_crashes(log)

    def _read_pair(self, write: Write) -> tuple[list[Row], Row | None, JsonObject | None]:
        """Read the row and the object at the row's version; HarnessError where that version can't be had."""
        subject, history = write.subject, write.subject.history

        def read() -> tuple[list[Row], Row | None, JsonObject | None]:
            rows = subject.read_rows()
            row = next((row for row in rows if row.uid == write.key), None)
            return rows, row, history.find(row.res_version) if row else None

        def is_certain(pair: tuple[list[Row], Row | None, JsonObject | None]) -> bool:
            return pair[1] is None or pair[2] is not None or not history.has_gaps

        wait = wait_for(read, is_certain, timeout_s=self._timeouts.log_s, interval_s=0.02)
        if not wait.satisfied:
            raise HarnessError(
                f"{subject}: the version that its row holds is no longer in the API server's "
                "watch cache, and the object changes faster than it can be read",
                hint="Run this kind alone with --crd, soon after the sandbox has started.",
            )
        return wait.value

    def _find_entries(self, write: Write) -> list[LogEntry]:
        """Return the object's log lines so far; none where the log can't be read."""
        subject = write.subject
        lines = self._sandbox.read_log(CONTROLLERMGR, write.cursor)
        return find_object_entries(lines, subject.case.kind, subject.namespace, subject.name)

    def _await_entries(self, write: Write) -> list[LogEntry]:
        """Return the object's log lines; the last one may follow its row by a moment."""
        if get_log_coverage(self._sandbox) is LogCoverage.NONE:
            return []
        messages = self._get_messages(write.subject.case)
        if not messages:
            return []   # nobody asks for them, and reading a long log for each row takes its time
        return wait_for(
            lambda: self._find_entries(write),
            lambda found: len(find_sequence(found, messages)) == len(messages),
            timeout_s=self._timeouts.log_s,
            interval_s=0.01,
        ).value

    def _find_stray_tables(self, write: Write) -> list[str]:
        own = write.subject.case.kind.table
        return self._database.find_tables_with(write.key, [table for table in self._tables if table != own])
