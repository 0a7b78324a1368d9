"""What a sandbox is to the rest of the harness: one face for every place where the system can run.

`harness.sandbox.local.client.sandbox` runs it as processes on this machine. Capabilities that not every backend
has (restart, replace the controller manager) are protocols of their own: ask with `isinstance`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from harness.core.settings import MySQLEndpoint

ETCD = "etcd"
KUBE_APISERVER = "kube-apiserver"
MYSQL = "mysql"
SCHEMA_INIT = "ingester-schema-init"
APISERVER = "michelangelo-apiserver"
CONTROLLERMGR = "michelangelo-controllermgr"
FAULT_PROXY = "toxiproxy"
KUBE_CONTROLLER_MANAGER = "kube-controller-manager"


class Phase(StrEnum):
    """The state of a component, in the words of a Kubernetes pod."""

    PENDING = "Pending"
    RUNNING = "Running"
    COMPLETED = "Completed"
    FAILED = "Error"
    CRASH_LOOP = "CrashLoopBackOff"
    TERMINATED = "Terminated"


@dataclass(frozen=True)
class ComponentStatus:
    """A component at one moment. `reason` is in words, such as 'exit code 2'; empty where all is well."""

    name: str
    phase: Phase
    restarts: int = 0
    reason: str = ""
    pid: int | None = None
    started_at: float | None = None   # seconds since the epoch, of the current process
    version: str = ""
    path: str = ""                    # the executable
    sha256: str = ""


@dataclass(frozen=True)
class LogLine:
    """A line that a component wrote. `run` counts the component's starts, from 0."""

    run: int
    text: str


@dataclass(frozen=True)
class LogCursor:
    """A position in a component's log; lines after it are new."""

    run: int = 0
    offset: int = 0


class Sandbox(Protocol):
    """A place where the system under test runs."""

    @property
    def name(self) -> str:
        """The backend's name, such as 'local'."""

    @property
    def kubeconfig(self) -> Path:
        """The kubeconfig file for the kube-apiserver, its current context set."""

    @property
    def mysql(self) -> MySQLEndpoint:
        """The MySQL server that the Ingester writes to."""

    @property
    def reused(self) -> bool:
        """Whether this sandbox was already up before this run."""

    def components(self) -> list[ComponentStatus]:
        """Return every component as it is now (schema init included), in starting order."""

    def component(self, name: str) -> ComponentStatus:
        """Return one component as it is now; KeyError where there is none of that name."""

    def log_cursor(self, component: str) -> LogCursor:
        """Return the end of the component's log as it is now."""

    def read_log(
        self, component: str, since: LogCursor | None = None, until: LogCursor | None = None
    ) -> Iterable[LogLine]:
        """Return the component's whole lines after `since` (else the first) up to `until` (else the last), once.

        They are of all its runs, and may be read while they are gone through: a log may be longer than memory.
        """

    def known_namespaces(self) -> list[str]:
        """Return the namespaces that runs have used in this sandbox, oldest first."""

    def remember_namespace(self, name: str) -> None:
        """Note that a run uses the namespace."""

    def describe_access(self) -> str:
        """Return the lines to show to somebody who wants to look around in the sandbox."""

    def stop(self) -> None:
        """End the sandbox if this run started it and is not to keep it; else detach from it."""


@runtime_checkable
class TimesItsStart(Protocol):
    """A sandbox that knows how long each part of its start took."""

    @property
    def start_stages_s(self) -> Mapping[str, float]:
        """Seconds by stage; empty where it was up already."""


@runtime_checkable
class KnowsItsEnd(Protocol):
    """A sandbox that can tell when it has ended under its user."""

    def find_end(self) -> str:
        """Return what of it has ended by itself, and how; '' where all but what is tested is up."""


@runtime_checkable
class BelongsToOthers(Protocol):
    """A cluster in which a run is a guest: it labels what it makes, and removes that and nothing else."""

    run_id: str            # ends the names of what the run makes
    leftovers: list[Any]   # what `stop` has left, each saying how to remove it

    @property
    def labels(self) -> Mapping[str, str]:
        """The labels that everything must carry that the run makes."""

    def describe(self) -> dict[str, str]:
        """Return what exactly is tested, without secrets."""

    def describe_controllermgr(self) -> str:
        """Return what the system under test is."""

    def take_namespace(self) -> str:
        """Create a namespace of the run's own and return its name."""


@runtime_checkable
class RestartsControllerManager(Protocol):
    """A sandbox that can restart the controller manager on request."""

    def restart_controllermgr(self) -> None:
        """Stop the controller manager (SIGTERM, then SIGKILL) and start it again; returns once it runs."""


@runtime_checkable
class OffersApiServer(Protocol):
    """A sandbox in which Michelangelo's API server may run."""

    @property
    def apiserver_address(self) -> str:
        """Its gRPC address, HOST:PORT; '' where it doesn't run."""
