"""The faults that there are: data. A section is a family of faults, a check one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import partial

from harness.chapters.faults.backoff import RETRY_INTERVAL_S
from harness.chapters.faults.connections import CutOff
from harness.chapters.faults.processes import Kill, Pause
from harness.chapters.faults.refusals import Deadlock, DiskFull, LockWait, ReadOnly, TooManyConnections
from harness.chapters.faults.scene import Stroke
from harness.chapters.faults.schema import ColumnRenamed, TableMissing
from harness.chapters.faults.watches import WatchExpiry
from harness.core.errors import SettingsError
from harness.sandbox.base import CONTROLLERMGR, ETCD, KUBE_APISERVER, MYSQL
from harness.sandbox.capabilities import Cut


class Part(IntEnum):
    """What a fault strikes, in the order in which two at once are struck.

    A fault of MySQL shows only while the controller manager works, so that comes last.
    """

    MYSQL = 1
    CONTROL_PLANE = 2
    CONTROLLERMGR = 3
    SEVERAL = 4


@dataclass(frozen=True)
class Fault:
    """One fault: `make` returns a stroke of it. It stands for `outage_s`, in a long soak for up to `long_s`.

    `retry_s`: what it has kept from being written must be tried again within so long; 0: as the back-off says.
    """

    name: str
    section: str
    title: str
    part: Part
    make: Callable[[], Stroke]
    outage_s: float = 1.5
    long_s: float = 10.0
    retry_s: float = 0.0


_PARTS = {
    CONTROLLERMGR: Part.CONTROLLERMGR,
    MYSQL: Part.MYSQL,
    KUBE_APISERVER: Part.CONTROL_PLANE,
    ETCD: Part.CONTROL_PLANE,
}
_NAMES = {CONTROLLERMGR: "controllermgr", MYSQL: "mysql", KUBE_APISERVER: "kube-apiserver", ETCD: "etcd"}
_CUTS = {
    Cut.REFUSED: "refuses connections",
    Cut.HANGING: "hangs",
    Cut.RESETTING: "resets connections",
    Cut.SLOW: "is slow",
}


def _list_kills() -> list[Fault]:
    return [
        Fault(f"{name}-kill", "8.1", f"{name} is killed", _PARTS[component], partial(Kill, component))
        for component, name in _NAMES.items()
    ]


def _list_pauses() -> list[Fault]:
    title = "is stopped for a while"
    return [
        Fault(f"{name}-stop", "8.2", f"{name} {title}", _PARTS[component], partial(Pause, component), 2.0, 15.0)
        for component, name in _NAMES.items()
    ]


def _list_cuts(component: str, section: str) -> list[Fault]:
    name, part = _NAMES[component], _PARTS[component]
    return [
        Fault(f"{name}-{mode}", section, f"the way to {name} {words}", part, partial(CutOff, component, mode), 2.0)
        for mode, words in _CUTS.items()
    ]


FAULTS: tuple[Fault, ...] = (
    *_list_kills(),
    *_list_pauses(),
    *_list_cuts(MYSQL, "8.3"),
    Fault(
        "mysql-away",
        "8.3",
        "mysql is away",
        Part.MYSQL,
        partial(CutOff, MYSQL, Cut.REFUSED),
        outage_s=10.0,
        long_s=60.0,
        retry_s=RETRY_INTERVAL_S,
    ),
    *_list_cuts(KUBE_APISERVER, "8.4"),
    Fault("mysql-read-only", "8.5", "mysql is read-only", Part.MYSQL, ReadOnly),
    Fault("mysql-lock-wait", "8.5", "mysql's rows are locked by others", Part.MYSQL, LockWait, 2.5),
    Fault("mysql-deadlock", "8.5", "mysql breaks a deadlock", Part.MYSQL, Deadlock, 0.0, 0.0),
    Fault("mysql-max-connections", "8.5", "mysql takes no more connections", Part.MYSQL, TooManyConnections),
    Fault("mysql-disk-full", "8.5", "mysql's disk is full", Part.MYSQL, DiskFull),
    Fault("table-missing", "8.6", "a table is missing", Part.MYSQL, TableMissing),
    Fault("table-altered", "8.6", "a column has another name", Part.MYSQL, ColumnRenamed),
    Fault("watch-expired", "8.7", "watches have expired", Part.SEVERAL, WatchExpiry, 2.0, 20.0),
)
"""In the order of a short run."""

FAULTS_BY_NAME: dict[str, Fault] = {fault.name: fault for fault in FAULTS}


def find_fault(name: str, option: str = "--fault") -> Fault:
    """Return the fault called `name`; SettingsError, with the nearest names, where there is none."""
    if name not in FAULTS_BY_NAME:
        raise SettingsError.unknown(option, name, FAULTS_BY_NAME)
    return FAULTS_BY_NAME[name]
