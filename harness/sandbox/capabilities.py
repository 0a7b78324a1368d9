"""What a sandbox can do to its own parts, where it can: ask with `isinstance`.

A power changes the sandbox under whoever else uses it, so it is refused with `BusyError` while another run
does. Each says with a `Strike` what it did and what was then seen: a fault that nobody saw is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

from harness.sandbox.local.servers.baseyaml import Overrides

PAUSED = "paused"   # the reason of a component that is
SLOW_MS = 200       # of each direction
SLOW_JITTER_MS = 50


class Cut(StrEnum):
    """How the way from the controller manager to a server is cut."""

    REFUSED = "refused"       # old connections are closed, new ones refused
    HANGING = "hanging"       # connections stay and are made, and no byte arrives until it is mended
    RESETTING = "resetting"   # old connections are closed, new ones are reset (TCP RST)
    SLOW = "slow"             # 200 ms in each direction, give or take 50


@dataclass(frozen=True)
class Strike:
    """What was done to a component, and what shows it.

    `seen` is the evidence in words; `struck` whether it shows what was intended. `at` counts seconds since the
    epoch, `took_s` how long it was until then.
    """

    component: str
    deed: str
    struck: bool
    seen: str
    at: float
    took_s: float = 0.0
    pid_before: int | None = None
    pid_after: int | None = None


class Outcome(StrEnum):
    """What becomes of somebody who connects."""

    ANSWERED = "answered"
    REFUSED = "refused"
    RESET = "reset"
    CLOSED = "closed"
    SILENT = "silent"


@dataclass(frozen=True)
class Reach:
    """What became of one connection to `address`. `after_s` is the round trip's time where it was answered."""

    address: str
    outcome: Outcome
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
class InjectsFaults(Protocol):
    """A sandbox that can kill, pause and start its parts: CONTROLLERMGR, MYSQL, KUBE_APISERVER and ETCD.

    All raise `HarnessError` for a component that is none of them, or is not as the deed needs it.
    """

    def kill(self, component: str) -> Strike:
        """Kill a component by SIGKILL; returns once it is gone.

        The controller manager is started again by itself, as always; the others stay down until `start`.
        """

    def start(self, component: str) -> Strike:
        """Start a component that was killed, with its port, data and accounts; returns once it works again.

        Of etcd this means that a running kube-apiserver has found it again.
        """

    def pause(self, component: str) -> Strike:
        """Stop a component's process by SIGSTOP; its status says 'paused'."""

    def resume(self, component: str) -> Strike:
        """Let a paused component go on."""

    def compact_etcd(self) -> int:
        """Drop etcd's history up to now and return the revision; older watches end with 410, once reopened."""


@runtime_checkable
class CutsConnections(Protocol):
    """A sandbox that can cut the way from the controller manager to MYSQL and to KUBE_APISERVER.

    It can where it was started for it (`has_faults`), and raises `HarnessError` where not. Its controller
    manager then has a MySQL account of its own, for which read_only and max_connections hold.
    """

    @property
    def has_faults(self) -> bool:
        """Whether this sandbox was started for faults."""

    def cut(self, component: str, mode: Cut) -> Strike:
        """Cut the way to a component; what it was cut by before is mended first."""

    def mend(self, component: str) -> Strike:
        """Undo `cut`; where nothing is cut, nothing changes."""

    def probe(self, component: str) -> Reach:
        """Connect to the component on the controller manager's way, and say what became of it within a second."""


@runtime_checkable
class FillsDisk(Protocol):
    """A sandbox that can make MySQL's disk full: no table can take another row until `free_disk`.

    It can where it was started for faults, on Linux, and raises `HarnessError` where not.
    """

    def fill_disk(self) -> Strike:
        """Let no file of MySQL grow any more and use up what is left within; evidence is the server's error."""

    def free_disk(self) -> Strike:
        """Undo `fill_disk`; evidence is a row that was written."""
