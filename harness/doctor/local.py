"""Looks at this machine: has it what the local sandbox consists of, or can that be had?

Nothing is fetched, built or started, so that the answer comes in seconds.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from harness.clients.mysql import Database
from harness.core.errors import HarnessError
from harness.core.settings import MySQLEndpoint, SandboxSettings
from harness.doctor.diagnosis import Diagnosis, FindingStatus, from_error
from harness.provision.assets.apt import is_apt_system
from harness.provision.assets.cache import CACHE_VARIABLE, OFFLINE_VARIABLE, Cache, is_offline
from harness.provision.assets.controlplane import WAYS_OUT, find_ready_control_plane, find_toolchain_on_path
from harness.provision.assets.mysqld import WAYS_OUT as MYSQL_WAYS_OUT
from harness.provision.assets.mysqld import find_ready_mysql_server
from harness.sandbox.ports import LOOPBACK, choose_port
from harness.sandbox.storage import ROOT_VARIABLE, get_root

CONTROL_PLANE = "etcd, kube-apiserver"
GO = "Go"
MYSQL_SERVER = "MySQL server"
CACHE = "cache"
SANDBOXES = "sandbox folder"
PORTS = "ports"

_MIB = 1024**2
_SANDBOX_MIB = 500     # data folders and logs of one sandbox
_BUILD_MIB = 3000      # Go toolchain, modules, build cache
_READY_MIB = 50


def examine_local(settings: SandboxSettings) -> list[Diagnosis]:
    """Return what was found of each thing that the local sandbox needs; raises nothing for what is missing."""
    cache = Cache()
    control_plane = _guard(CONTROL_PLANE, lambda: _examine_control_plane(cache))
    is_ready = control_plane.status is FindingStatus.OK
    findings = [control_plane]
    if not is_ready:
        findings.append(_guard(GO, _examine_go))
    if settings.mysql is None:
        findings.append(_guard(MYSQL_SERVER, lambda: _examine_mysql_server(cache)))
    else:
        endpoint = settings.mysql
        findings.append(_guard(MYSQL_SERVER, lambda: _examine_endpoint(endpoint)))
    findings.append(_examine_folder(CACHE, cache.root, CACHE_VARIABLE, _READY_MIB if is_ready else _BUILD_MIB))
    findings.append(_guard(SANDBOXES, _examine_sandboxes))
    findings.append(_examine_ports())
    return findings


def _guard(name: str, examine: Callable[[], Diagnosis]) -> Diagnosis:
    try:
        return examine()
    except HarnessError as error:
        return from_error(name, error)


def _examine_control_plane(cache: Cache) -> Diagnosis:
    found = find_ready_control_plane(cache)
    if found is not None:
        detail = f"{found.etcd_version} and {found.kube_apiserver_version}, {found.source}"
        return Diagnosis(CONTROL_PLANE, FindingStatus.OK, detail)
    if is_offline():
        detail = f"neither on PATH nor in the cache, and {OFFLINE_VARIABLE} forbids to fetch or build them"
        return Diagnosis(CONTROL_PLANE, FindingStatus.MISSING, detail, WAYS_OUT)
    detail = "not there yet: the first run downloads them, or builds them in some minutes"
    return Diagnosis(CONTROL_PLANE, FindingStatus.WARNING, detail, WAYS_OUT)


def _examine_go() -> Diagnosis:
    found = find_toolchain_on_path()
    if found is not None:
        return Diagnosis(GO, FindingStatus.OK, f"{found.version}, {found.go}")
    detail = "none on PATH that is new enough: the first run fetches one, if it has to build"
    return Diagnosis(GO, FindingStatus.WARNING, detail)


def _examine_mysql_server(cache: Cache) -> Diagnosis:
    found = find_ready_mysql_server(cache)
    if found is not None:
        return Diagnosis(MYSQL_SERVER, FindingStatus.OK, f"{found.flavor} {found.version}, {found.source}")
    if is_offline() or not is_apt_system():
        why = f"{OFFLINE_VARIABLE} forbids to fetch one" if is_offline() else "only apt's packages can be fetched"
        return Diagnosis(MYSQL_SERVER, FindingStatus.MISSING, f"there is none, and {why}", MYSQL_WAYS_OUT)
    detail = "there is none yet: the first run unpacks the distribution's package into the cache"
    return Diagnosis(MYSQL_SERVER, FindingStatus.WARNING, detail)


def _examine_endpoint(endpoint: MySQLEndpoint) -> Diagnosis:
    with closing(Database(endpoint, timeout_s=5)) as database:
        place = f"{endpoint.user}@{endpoint.host}:{endpoint.port}/{endpoint.database}"
        return Diagnosis(MYSQL_SERVER, FindingStatus.OK, f"{place}, {database.get_server_version()}")


def _examine_sandboxes() -> Diagnosis:
    return _examine_folder(SANDBOXES, get_root(), ROOT_VARIABLE, _SANDBOX_MIB)


def _examine_folder(name: str, folder: Path, variable: str, needed_mib: int) -> Diagnosis:
    """Return whether files can be made in the folder (or where it will be), and whether there is room."""
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    way_out = f"Choose another folder with the environment variable {variable}"
    try:
        if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
            return Diagnosis(name, FindingStatus.MISSING, f"{existing} can't be written to", way_out)
        with tempfile.TemporaryFile(dir=existing):
            free_mib = shutil.disk_usage(existing).free // _MIB
    except OSError as error:
        return Diagnosis(name, FindingStatus.MISSING, f"{existing} can't be written to: {error.strerror}", way_out)
    if free_mib < needed_mib:
        detail = f"{folder} has {free_mib} MiB free; {needed_mib} are needed"
        return Diagnosis(name, FindingStatus.MISSING, detail, f"Make room. {way_out}")
    return Diagnosis(name, FindingStatus.OK, f"{folder}, {free_mib} MiB free")


def _examine_ports() -> Diagnosis:
    try:
        choose_port()
    except HarnessError as error:
        return Diagnosis(PORTS, FindingStatus.MISSING, error.problem, error.hint)
    return Diagnosis(PORTS, FindingStatus.OK, f"free ones can be had on {LOOPBACK}")
