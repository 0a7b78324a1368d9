"""Processes that scan kinds side by side, since one can't read faster than it compares.

A worker has connections of its own and writes its kind's journal; what it has found is there for whoever reads it.
The processes are made before anything else of the audit, when there is no thread yet, and wait for their kinds.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from multiprocessing.pool import Pool
from pathlib import Path

from harness.audit.classification import Policy
from harness.audit.journal import Journal
from harness.audit.problem import describe_problem
from harness.audit.reading import Reader, Scope
from harness.audit.result import Problem
from harness.audit.scan import scan_kind
from harness.audit.state import KindState
from harness.audit.throttle import Throttle
from harness.clients.kube import Cluster
from harness.clients.mysql.ranges import TableRanges
from harness.core.errors import HarnessError, Refusal
from harness.core.settings import MySQLEndpoint

MOST = 2   # unless more are asked for: the servers are others' as well, and each takes its memory


@dataclass(frozen=True)
class Source:
    """Where a worker reads, and how fast at most: objects or rows a second, None for as fast as they come."""

    kubeconfig: Path
    mysql: MySQLEndpoint
    scope: Scope
    rate: float | None = None


@dataclass(frozen=True)
class Task:
    """One kind to scan, from where the journal in `folder` ends."""

    source: Source
    policy: Policy
    folder: Path
    show_values: bool


@dataclass(frozen=True)
class Outcome:
    """How a kind's scan ended: `problems` keep it from being whole; the pauses were for the servers' sake."""

    kind: str
    problems: tuple[Problem, ...] = ()
    paused_s: float = 0.0


class Workers:
    """Processes that scan kinds of one source at a time, from one audit to the next."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def scan(self, tasks: Sequence[Task]) -> Iterator[Outcome]:
        """Yield how each kind ended, as they end."""
        return self._pool.imap_unordered(scan_task, tasks)


def count_workers(asked: int | None) -> int:
    """Return how many processes there are to be: as many as `asked` for, else one for each core, up to two."""
    return asked or min(os.cpu_count() or 1, MOST)


@contextmanager
def open_workers(number: int) -> Iterator[Workers | None]:
    """Yield so many processes, and end them; None for one, which the audit itself is."""
    if number == 1:
        yield None
        return
    method = "fork" if threading.active_count() == 1 else "spawn"   # a fork would take locks of threads along
    with multiprocessing.get_context(method).Pool(number, initializer=_begin) as pool:
        yield Workers(pool)   # the end of the context ends them, whatever they are at


def _begin() -> None:
    """Leave it to the audit to end its workers, when it has read what they have written; and end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this process where the audit was killed, before somebody resumes it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)


def scan_task(task: Task) -> Outcome:
    """Scan a kind to its end, or to what keeps it from that."""
    kind, journal = task.policy.kind, Journal(task.folder)
    state = KindState.recall(kind.name, journal.read(kind.name))
    throttle = Throttle(task.source.rate)
    problems: tuple[Problem, ...] = ()
    try:
        cluster = Cluster(task.source.kubeconfig)
        with closing(cluster), closing(TableRanges(task.source.mysql)) as tables:
            reader = Reader(cluster, tables, task.source.scope, throttle)
            for _ in scan_kind(reader, task.policy, state, journal, show_values=task.show_values):
                pass   # whoever reads the journal sees how far it has come
    except (HarnessError, Refusal) as error:
        problems = (describe_problem(kind.name, error),)
    return Outcome(kind.name, problems, throttle.paused_s)
