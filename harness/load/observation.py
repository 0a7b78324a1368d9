"""What is seen of a system under load: writes, commits, processes, queues; gathered as time goes on."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from harness.clients.mysql.commits import CommitLog, RowLooks
from harness.core.errors import HarnessError
from harness.load.answers import AnswerLog
from harness.load.measurement import Measurement
from harness.load.metrics import ControllerMetrics, scrape
from harness.load.plan import Template
from harness.load.record import Clocks, ComponentLoad, ControllerLoad
from harness.load.resources import Look, look
from harness.load.statistics import find_quantile
from harness.load.writes import WriteFile
from harness.sandbox.base import CONTROLLERMGR, Sandbox
from harness.sandbox.capabilities import NotesWrites, ServesMetrics
from harness.spec.model import Kind
from harness.suite.context import RunContext

LOAD = "load generator"
"""What Locust's processes are called among the components."""

_LOOK_EVERY_S = 1.0

Commits = CommitLog | RowLooks


def open_commits(context: RunContext, kinds: list[Kind], namespace: str) -> Commits:
    """Return what says when rows are committed: the server itself, where it is the sandbox's own and can.

    A server of others is looked at, and never changed.
    """
    if isinstance(context.sandbox, NotesWrites) and context.sandbox.write_log is not None:
        try:
            return CommitLog(context.sandbox.mysql, kinds)
        except HarnessError:
            if "MariaDB" in context.database.get_server_version():
                raise   # it can: something else is wrong
    return RowLooks(context.sandbox.mysql, kinds, namespace)


@dataclass
class Observation:
    """All that is seen of one load. `gather` is called again and again; `pids` are Locust's processes."""

    sandbox: Sandbox
    templates: tuple[Template, ...]
    commits: Commits
    metrics_url: str = ""
    clock: Callable[[], float] = time.time
    looks: list[Look] = field(default_factory=list)
    depth: list[tuple[float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.measurement = Measurement(self.templates)
        log = self.sandbox.write_log if isinstance(self.sandbox, NotesWrites) else None
        self._answers = None if log is None else AnswerLog(log)
        self._first: ControllerMetrics | None = None
        self._last: ControllerMetrics | None = None
        self._look_at(self.clock(), [])

    def gather(self, writes: WriteFile | None, pids: list[int]) -> None:
        """Take in what has come since, and look at the processes once a second."""
        if writes is not None:
            self.measurement.add_writes(writes.read())
        self.measurement.add_commits(self.commits.read())
        now = self.clock()
        if now - self.looks[-1].at_s >= _LOOK_EVERY_S:
            self._look_at(now, pids)

    def read_answers(self) -> bool:
        """Read when the API server answered, as far as it has told; whether that is all, or never told."""
        if self._answers is None:
            return True
        self._answers.read()
        return self.measurement.count_timed(self._answers.answers) == len(self.measurement.writes)

    @property
    def answers(self) -> AnswerLog | None:
        """When the API server answered, where it tells."""
        return self._answers

    def describe_clocks(self) -> Clocks:
        """Return by which clocks rows were timed."""
        measured, exact = self.measurement, self.commits.exact
        commits = "MySQL's own, of each commit" if exact else "this machine's, of each look at the rows"
        if self._answers is None or not measured.writes:
            return Clocks("this machine's, of the answer", commits, 0.0, measured.find_look_error_s())
        answers = self._answers.answers
        spans = sorted(
            answers[write.audit_id].answered_at - answers[write.audit_id].received_at
            for write in measured.writes
            if write.audit_id in answers
        )
        return Clocks(
            "kube-apiserver's own, of each answer",
            commits,
            len(spans) / len(measured.writes),
            measured.find_look_error_s(),
            find_quantile(spans, 0.99),
        )

    def describe_components(self, began_at: float) -> dict[str, ComponentLoad]:
        """Return what each component took, in seconds after `began_at`; of one that began anew, the later part."""
        loads: dict[str, ComponentLoad] = {}
        looks = [each for each in self.looks if each.at_s >= began_at - _LOOK_EVERY_S]
        for before, after in itertools.pairwise(looks):
            for name, usage in after.usages.items():
                load = loads.setdefault(name, ComponentLoad())
                at_s = max(after.at_s - began_at, 0.0)
                load.memory.append((at_s, usage.memory))
                load.peak = max(load.peak, usage.memory)
                earlier = before.usages.get(name)
                if earlier is not None and earlier.cpu_s <= usage.cpu_s:
                    spent = usage.cpu_s - earlier.cpu_s
                    load.cores.append((at_s, spent / (after.at_s - before.at_s)))
                    load.cpu_s += spent
        return loads

    def describe_controller(self, began_at: float) -> ControllerLoad | None:
        """Return what the controller manager counted since the beginning; None where it serves nothing."""
        if self._first is None or self._last is None:
            return None
        counted = self._last.subtract(self._first)
        mean_s = counted.reconcile_s / counted.reconciles if counted.reconciles else None
        depth = [(at - began_at, number) for at, number in self.depth if at >= began_at]
        p99_s = counted.find_quantile_s(0.99)
        bound = None if p99_s == float("inf") else p99_s
        return ControllerLoad(depth, counted.retries, counted.reconciles, counted.errors, mean_s, bound)

    def _look_at(self, now: float, pids: list[int]) -> None:
        components = self.sandbox.components() if isinstance(self.sandbox, NotesWrites) else []
        self.looks.append(Look(now, look(components, {LOAD: pids} if pids else {})))
        url = self.metrics_url
        if not url and isinstance(self.sandbox, ServesMetrics) and any(
            each.name == CONTROLLERMGR and each.pid is not None for each in components
        ):
            url = self.sandbox.metrics_url
        found = scrape(url) if url else None
        if found is not None:
            self._first = self._first or found
            self._last = found
            self.depth.append((now, found.depth))
