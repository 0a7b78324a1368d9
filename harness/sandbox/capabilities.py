"""What a sandbox can do to its own components, where it can: ask with `isinstance`, or demand it with `require`.

A capability changes the sandbox under whoever else uses it, so it is refused with `BusyError` while another run
does. Each says with an `InjectionResult` what it did and what was then seen: a fault that nobody saw is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

from harness.core.errors import HarnessError

PAUSED = "paused"   # the reason of a component that is
SLOW_MS = 200       # of each direction
SLOW_JITTER_MS = 50

LONGEST_RESTART_DELAY_S = 8.0
"""The longest delay after which a controller manager that ended is started again."""
MEMORY = "memory"   # of a process, in bytes
LIMITED_USER = "controllermgr"
"""The controller manager's own account of MySQL in a sandbox with faults."""

Overrides = Iterable[tuple[str, Any]]
"""Keys of `base.yaml`, such as 'ingester.requeuePeriod', with their values."""

T = TypeVar("T")


class BusyError(HarnessError):
    """Another client uses the sandbox, which must not change under it."""


class LinkFault(StrEnum):
    """How the link from the controller manager to a server is broken."""

    REFUSED = "refused"       # old connections are closed, new ones refused
    HANGING = "hanging"       # connections stay and are made, and no byte arrives until it is healed
    RESETTING = "resetting"   # old connections are closed, new ones are reset (TCP RST)
    SLOW = "slow"             # 200 ms in each direction, give or take 50


@runtime_checkable
class MeasuresControllerManager(Protocol):
    """A sandbox that can look at the controller manager's process."""

    def measure_controllermgr(self) -> Mapping[str, float]:
        """Return how much it holds now, by name: MEMORY, open files, threads; goroutines where it tells."""


class WriteFault(StrEnum):
    """What becomes of a write when it is to last: of a COMMIT, or of a statement in no transaction."""

    REFUSED = "refused"         # an error is the answer, and nothing was written
    CUT = "cut"                 # the connection breaks before it has arrived
    UNANSWERED = "unanswered"   # it is carried out, and the connection breaks before the answer


class StatementError(StrEnum):
    """What a server answers a statement with; what becomes of its transaction is what the server does then."""

    LOCK_WAIT = "lock-wait"     # 1205: the statement is undone, its transaction goes on
    DEADLOCK = "deadlock"       # 1213: the whole transaction is undone
    TABLE_FULL = "table-full"   # 1114: the statement is undone


@dataclass(frozen=True)
class StatementFault:
    """An error in place of a statement that begins with one of `verbs`, in capitals, and writes to `table`."""

    error: StatementError
    verbs: tuple[str, ...]
    table: str


@dataclass
class FailedWrite:
    """A write that is to fail: `seen` says what became of it once it did, and is empty until then."""

    seen: str = ""


class MySQLRelay(Protocol):
    """What leads to MySQL like MySQL itself, and can fail what is written over it."""

    host: str
    port: int

    def fail_write(self, fault: WriteFault | StatementFault, *named: Sequence[str]) -> FailedWrite:
        """Fail, once, the next write to become lasting, or statement of that kind, whose transaction is meant.

        Which transaction, `named` says: one that has said all texts of one of these groups.
        """

    def disarm(self, failed: FailedWrite) -> None:
        """Let the write pass, where it has not come yet."""

    def fail_over(self) -> int:
        """Let the server be read-only for good to the connections that there are, and writable to those to come.

        So it is where another server takes over an address. Returns how many connections it is read-only to.
        """

    def count_refused(self) -> int:
        """Return how many writes were refused since, for being sent to a read-only server."""

    def cut(self) -> None:
        """Cut the connections that there are; new ones lead to the server."""

    def close(self) -> None:
        """End it with all its connections."""


@runtime_checkable
class RelaysMySQL(Protocol):
    """A sandbox whose controller manager can reach MySQL by a relay: as `mysql.host` and `mysql.port`."""

    def relay_mysql(self) -> MySQLRelay:
        """Open a relay; whoever asked for it closes it."""


@dataclass(frozen=True)
class InjectionResult:
    """What was done to a component, and what shows it.

    `seen` is the evidence in words; `injected` whether it shows what was intended. `at` counts seconds since the
    epoch, `took_s` how long it was until then.
    """

    component: str
    action: str
    injected: bool
    seen: str
    at: float
    took_s: float = 0.0
    pid_before: int | None = None
    pid_after: int | None = None


class ProbeOutcome(StrEnum):
    """What becomes of somebody who connects."""

    ANSWERED = "answered"
    REFUSED = "refused"
    RESET = "reset"
    CLOSED = "closed"
    SILENT = "silent"


@dataclass(frozen=True)
class ProbeResult:
    """What became of one connection to `address`. `after_s` is the round trip's time where it was answered."""

    address: str
    outcome: ProbeOutcome
    after_s: float

    def __str__(self) -> str:
        return f"{self.address} {self.outcome} after {self.after_s:.3f} s"


@runtime_checkable
class ReconfiguresControllerManager(Protocol):
    """A sandbox that can start the controller manager with another `base.yaml`."""

    def stop_controllermgr(self) -> None:
        """Stop the controller manager; its phase is then Terminated, and nobody starts it again unasked."""

    def start_controllermgr(
        self, overrides: Overrides = (), *, without: Sequence[str] = (), await_healthy: bool = True
    ) -> None:
        """Start the controller manager, or start it anew, with the sandbox's `base.yaml` changed as said.

        `overrides` are keys with values, on top of the sandbox's own; `without` names sections that are left
        out; without both, the usual configuration is back. Returns once it is healthy, or with `await_healthy`
        False once its process runs. Raises `SettingsError` where a key or a section is wrong, `HarnessError`,
        which quotes its last words, where it does not become healthy: it is kept restarting even so.
        """


@runtime_checkable
class CollectsCoverage(Protocol):
    """A sandbox whose controller manager, where it was built for it, leaves counters of what ran."""

    def collect_coverage(self) -> Path:
        """Stop the controller manager, which then writes them; return the folder with those of all its runs."""


@runtime_checkable
class NotesWrites(Protocol):
    """A sandbox of whose API server it may be known when it answered each write."""

    @property
    def write_log(self) -> Path | None:
        """Its audit log of writes to the kinds; None where it was not asked to keep one."""


@runtime_checkable
class ServesMetrics(Protocol):
    """A sandbox in which it is known where the controller manager serves its metrics."""

    @property
    def metrics_url(self) -> str:
        """Where they are, as long as this start of it runs; '' where it serves none."""


@runtime_checkable
class CollectsGarbage(Protocol):
    """A sandbox in which nothing goes with its owner or its namespace before it is asked for."""

    def collect_garbage(self) -> None:
        """Start Kubernetes' garbage collector and namespace controller where they don't run; return once they do.

        They run until the sandbox ends. Raises HarnessError where they can't be had.
        """


@runtime_checkable
class InjectsFaults(Protocol):
    """A sandbox that can kill, pause and start its components: CONTROLLERMGR, MYSQL, KUBE_APISERVER and ETCD.

    All raise `HarnessError` for a component that is none of them, or is not as the action needs it.
    """

    def kill(self, component: str) -> InjectionResult:
        """Kill a component by SIGKILL; returns once it is gone.

        The controller manager is started again by itself, as always; the others stay down until `start`.
        """

    def start(self, component: str) -> InjectionResult:
        """Start a component that was killed, with its port, data and accounts; returns once it works again.

        Of etcd this means that a running kube-apiserver has found it again.
        """

    def pause(self, component: str) -> InjectionResult:
        """Stop a component's process by SIGSTOP; its status says 'paused'."""

    def resume(self, component: str) -> InjectionResult:
        """Let a paused component go on."""

    def is_gone(self, pid: int) -> bool:
        """Whether the operating system knows no such process any more, or only its remains."""

    def is_stopped(self, pid: int) -> bool:
        """Whether the operating system says that the process is stopped by a signal."""

    def compact_etcd(self) -> int:
        """Drop etcd's history up to now and return the revision; older watches end with 410, once reopened."""


@runtime_checkable
class BreaksLinks(Protocol):
    """A sandbox that can break the links from the controller manager to MYSQL and to KUBE_APISERVER.

    It can where it was started for it (`has_faults`), and raises `HarnessError` where not. Its controller
    manager then has a MySQL account of its own (LIMITED_USER), for which read_only and max_connections hold.
    """

    @property
    def has_faults(self) -> bool:
        """Whether this sandbox was started for faults."""

    def break_link(self, component: str, mode: LinkFault) -> InjectionResult:
        """Break the link to a component; one that is broken already is healed first."""

    def heal_link(self, component: str) -> InjectionResult:
        """Undo `break_link`; where nothing is broken, nothing changes."""

    def probe(self, component: str) -> ProbeResult:
        """Connect to the component on the controller manager's link, and say what became of it within a second."""


@runtime_checkable
class FillsDisk(Protocol):
    """A sandbox that can make MySQL's disk full: no table can take another row until `free_disk`.

    It can where it was started for faults, on Linux, and raises `HarnessError` where not.
    """

    def fill_disk(self) -> InjectionResult:
        """Let no file of MySQL grow any more and use up what is left within; evidence is the server's error."""

    def free_disk(self) -> InjectionResult:
        """Undo `fill_disk`; evidence is a row that was written."""


def require(sandbox: object, capability: type[T]) -> T:
    """Return the sandbox as one that has the capability; HarnessError where it has it not."""
    if not isinstance(sandbox, capability):
        name = getattr(sandbox, "name", type(sandbox).__name__)
        raise HarnessError(f"a sandbox of the kind {name!r} has no capability {capability.__name__}")
    return sandbox
