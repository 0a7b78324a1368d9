"""Launches a supervisor process and completes the plan that it follows."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import harness
from harness.core.progress import Progress
from harness.provision.assets.controlplane import find_control_plane
from harness.provision.assets.faultproxy import find_fault_proxy
from harness.provision.assets.mysqld import find_mysql_server
from harness.sandbox.local.client.identity import Request, identify
from harness.sandbox.local.wire.channel import Channel
from harness.sandbox.local.wire.folder import MARKER_VARIABLE, SandboxFolder, lock_root, make_folder
from harness.sandbox.local.wire.logs import read_last_lines
from harness.sandbox.local.wire.plan import Executable, Plan, write_plan
from harness.sandbox.local.wire.sweep import sweep

_END_TIMEOUT_S = 20.0
_PACKAGE_PARENT = Path(harness.__file__).resolve().parents[1]


class SupervisorProcess:
    """A supervisor that this process started, in a new folder below `root`, and the connection to it.

    It ends by itself, with all that it owns, when this process is gone.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        with lock_root(root):
            self.folder, lock = make_folder(root)
        ours, theirs = socket.socketpair()
        environment = {
            **os.environ,
            MARKER_VARIABLE: str(self.folder.path),
            "TMPDIR": str(self.folder.temporary),
            "PYTHONPATH": os.pathsep.join([str(_PACKAGE_PARENT), *filter(None, [os.environ.get("PYTHONPATH")])]),
        }
        try:
            with self.folder.supervisor_log.open("ab") as log:
                self._process = subprocess.Popen(
                    [
                        sys.executable, "-m", "harness.sandbox.local.supervisor", str(self.folder.path),
                        f"--lock={lock}", f"--owner={theirs.fileno()}",
                    ],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=self.folder.path,
                    env=environment,
                    pass_fds=(lock, theirs.fileno()),
                    start_new_session=True,
                )  # fmt: skip
        finally:
            os.close(lock)
            theirs.close()
        self.channel = Channel(ours)

    def quote_log(self) -> str:
        """Return the last lines of what the supervisor itself wrote, indented."""
        lines = read_last_lines(self.folder.supervisor_log, 15)
        return "\n".join(f"    {line}" for line in lines) or "    (it wrote nothing)"

    def end(self) -> None:
        """Make sure that it has ended, and all that it owned with it."""
        self.channel.close()
        try:
            self._process.wait(_END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self.folder.path.exists():
            with lock_root(self._root):
                sweep(self._root)

    def interrupt(self) -> None:
        """Make it end, whatever it does just now; from any thread. `end` is still due."""
        self._process.terminate()

    def detach(self) -> None:
        """Leave it running when this process ends."""
        self._process.returncode = 0   # else Python warns of a process that nobody waited for


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
        base_yaml_overrides=settings.base_yaml_overrides,
        ports=dict(request.ports),
    )
    write_plan(folder, plan)


def _hash(path: Path) -> str:
    return identify(path).sha256
