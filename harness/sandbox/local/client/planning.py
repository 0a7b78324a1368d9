"""Completes the plan that a supervisor follows: what was asked for, and the servers that it takes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from harness.core.progress import Progress
from harness.core.settings import SandboxSettings
from harness.provision.assets.controlplane import find_control_plane, find_ready_control_plane
from harness.provision.assets.faultproxy import find_fault_proxy
from harness.provision.assets.mysqld import find_mysql_server, find_ready_mysql_server
from harness.sandbox.local.client.identity import Request, identify
from harness.sandbox.local.wire.folder import SandboxFolder
from harness.sandbox.local.wire.plan import Executable, Plan, write_plan


def are_servers_ready(settings: SandboxSettings) -> bool:
    """Tell whether this machine or the cache has the servers: nothing has to be downloaded or built.

    Raises HarnessError where what there is does not work.
    """
    return find_ready_control_plane() is not None and (
        settings.mysql is not None or find_ready_mysql_server() is not None
    )


def complete_plan(folder: SandboxFolder, request: Request, progress: Progress) -> None:
    """Find the servers, which may take minutes the first time, and write the plan into the folder."""
    settings = request.settings
    found = find_control_plane(progress)
    etcd = Executable(str(found.etcd), found.etcd_version, found.etcd_sha256 or _hash(found.etcd))
    apiserver = Executable(
        str(found.kube_apiserver),
        found.kube_apiserver_version,
        found.kube_apiserver_sha256 or _hash(found.kube_apiserver),
    )
    server = find_mysql_server(progress) if settings.mysql is None else None
    if server is not None and not server.sha256:
        server = replace(server, sha256=_hash(server.server))
    proxy = None
    if settings.faults:
        files = find_fault_proxy(progress)
        proxy = Executable(str(files.path), files.version, files.sha256)
    plan = Plan(
        digest=request.digest,
        etcd=etcd,
        kube_apiserver=apiserver,
        mysql_server=server,
        mysql=settings.mysql,
        kinds=request.kinds,
        crds=request.crds,
        crds_source=request.crds_source,
        schema=request.schema,
        schema_source=request.schema_source,
        controllermgr=request.controllermgr,
        start_timeout_s=settings.start_timeout_s,
        apiserver=request.apiserver,
        fault_proxy=proxy,
        notes_writes=settings.notes_writes,
        base_yaml_overrides=settings.base_yaml_overrides,
        ports=dict(request.ports),
    )
    write_plan(folder, plan)


def _hash(path: Path) -> str:
    return identify(path).sha256
