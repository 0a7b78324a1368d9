"""The faults that there are: data. A section is a family of faults, a check one of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from harness.chapters.faults.backoff import RETRY_INTERVAL_S
from harness.chapters.faults.injections.base import Injection
from harness.chapters.faults.injections.connections import BrokenLink
from harness.chapters.faults.injections.processes import Kill, Pause
from harness.chapters.faults.injections.refusals import Deadlock, DiskFull, LockWait, ReadOnly, TooManyConnections
from harness.chapters.faults.injections.schema import ColumnRenamed, TableMissing
from harness.chapters.faults.injections.watches import WatchExpiry
from harness.core.errors import SettingsError
from harness.sandbox.base import CONTROLLERMGR, ETCD, KUBE_APISERVER, MYSQL, Sandbox
from harness.sandbox.capabilities import LinkFault


class Part(IntEnum):
    """Where a fault is, in the order in which two at once are injected.

    A fault of MySQL shows only while the controller manager works, so that comes last.
    """

    MYSQL = 1
    CONTROL_PLANE = 2
    CONTROLLERMGR = 3
    SEVERAL = 4


@dataclass(frozen=True)
class Fault:
    """One fault: `make` returns a new injection of it. It holds for `outage_s`, in a long soak for up to `long_s`.

    `injection` is made with `arguments`. `retry_s`: what it has kept from being written must be tried again within
    so long; 0: as the back-off says.
    """

    name: str
    section: str
    title: str
    part: Part
    injection: type[Injection]
    arguments: tuple[Any, ...] = ()
    outage_s: float = 1.5
    long_s: float = 10.0
    retry_s: float = 0.0

    def make(self) -> Injection:
        """Return a new injection of the fault."""
        return self.injection(*self.arguments)

    def explain_absence(self, sandbox: Sandbox) -> str:
        """Return why the sandbox can't have the fault, '' where it can."""
        return self.injection.explain_absence(sandbox)


_PARTS = {
    CONTROLLERMGR: Part.CONTROLLERMGR,
    MYSQL: Part.MYSQL,
    KUBE_APISERVER: Part.CONTROL_PLANE,
    ETCD: Part.CONTROL_PLANE,
}
_NAMES = {CONTROLLERMGR: "controllermgr", MYSQL: "mysql", KUBE_APISERVER: "kube-apiserver", ETCD: "etcd"}
_LINK_FAULTS = {
    LinkFault.REFUSED: "refuses connections",
    LinkFault.HANGING: "hangs",
    LinkFault.RESETTING: "resets connections",
    LinkFault.SLOW: "is slow",
}


def _list_kills() -> list[Fault]:
    return [
        Fault(f"{name}-kill", "8.1", f"{name} is killed", _PARTS[component], Kill, (component,))
        for component, name in _NAMES.items()
    ]


def _list_pauses() -> list[Fault]:
    title = "is stopped for a while"
    return [
        Fault(f"{name}-stop", "8.2", f"{name} {title}", _PARTS[component], Pause, (component,), 2.0, 15.0)
        for component, name in _NAMES.items()
    ]


def _list_link_faults(component: str, section: str) -> list[Fault]:
    name, part = _NAMES[component], _PARTS[component]
    return [
        Fault(f"{name}-{mode}", section, f"the way to {name} {words}", part, BrokenLink, (component, mode), 2.0)
        for mode, words in _LINK_FAULTS.items()
    ]


FAULTS: tuple[Fault, ...] = (
    *_list_kills(),
    *_list_pauses(),
    *_list_link_faults(MYSQL, "8.3"),
    Fault(
        "mysql-away",
        "8.3",
        "mysql is away",
        Part.MYSQL,
        BrokenLink,
        (MYSQL, LinkFault.REFUSED),
        outage_s=10.0,
        long_s=60.0,
        retry_s=RETRY_INTERVAL_S,
    ),
    *_list_link_faults(KUBE_APISERVER, "8.4"),
    Fault("mysql-read-only", "8.5", "mysql is read-only", Part.MYSQL, ReadOnly),
    Fault("mysql-lock-wait", "8.5", "mysql's rows are locked by others", Part.MYSQL, LockWait, outage_s=2.5),
    Fault("mysql-deadlock", "8.5", "mysql breaks a deadlock", Part.MYSQL, Deadlock, outage_s=0.0, long_s=0.0),
    Fault("mysql-max-connections", "8.5", "mysql takes no more connections", Part.MYSQL, TooManyConnections),
    Fault("mysql-disk-full", "8.5", "mysql's disk is full", Part.MYSQL, DiskFull),
    Fault("table-missing", "8.6", "a table is missing", Part.MYSQL, TableMissing),
    Fault("table-altered", "8.6", "a column has another name", Part.MYSQL, ColumnRenamed),
    Fault("watch-expired", "8.7", "watches have expired", Part.SEVERAL, WatchExpiry, outage_s=2.0, long_s=20.0),
)
"""In the order of a short run."""

FAULTS_BY_NAME: dict[str, Fault] = {fault.name: fault for fault in FAULTS}


def find_fault(name: str, option: str = "--fault") -> Fault:
    """Return the fault called `name`; SettingsError, with the nearest names, where there is none."""
    if name not in FAULTS_BY_NAME:
        raise SettingsError.unknown(option, name, FAULTS_BY_NAME)
    return FAULTS_BY_NAME[name]
