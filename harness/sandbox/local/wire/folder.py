"""Where sandboxes live on this machine: one folder per sandbox, and whether its supervisor is alive.

A sandbox's folder holds all that it has: plan, state, sockets, secrets, data and logs. While its supervisor
lives, it holds an advisory lock on the file `lock` there; the kernel lets go of that whatever ends the
process.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import filelock

from harness.core.errors import HarnessError
from harness.core.progress import Progress

MARKER_VARIABLE = "INGESTER_ACCEPTANCE_SANDBOX"   # in the environment of each process of a sandbox: its folder

CONTEXT_NAME = "ingester-sandbox"
"""The context of a sandbox's kubeconfig."""

_NAME = re.compile(r"[0-9a-f]{8}")
_ROOT_LOCK_TIMEOUT_S = 60.0
_KEEP_LOCK_TIMEOUT_S = 1800.0   # long enough for a first build of the servers


@dataclass(frozen=True)
class SandboxFolder:
    """The folder of one sandbox and the paths in it."""

    path: Path

    @property
    def name(self) -> str:
        """The sandbox's identity: eight hexadecimal digits."""
        return self.path.name

    @property
    def lock(self) -> Path:
        """Locked as long as the supervisor lives."""
        return self.path / "lock"

    @property
    def plan(self) -> Path:
        """What the client asked for; see `harness.sandbox.local.wire.plan`."""
        return self.path / "plan.json"

    @property
    def state(self) -> Path:
        """What the supervisor says; see `harness.sandbox.local.wire.state`."""
        return self.path / "state.json"

    @property
    def control_socket(self) -> Path:
        """Where the supervisor takes requests."""
        return self.path / "control.sock"

    @property
    def logs(self) -> Path:
        """A file per component and run; see `harness.sandbox.local.wire.logs`."""
        return self.path / "logs"

    @property
    def supervisor_log(self) -> Path:
        """What the supervisor itself says."""
        return self.path / "supervisor.log"

    @property
    def kubeconfig(self) -> Path:
        """The kubeconfig of the cluster's administrator."""
        return self.path / "kubeconfig"

    @property
    def etcd(self) -> Path:
        """The working folder of etcd and kube-apiserver, with etcd's data and sockets."""
        return self.path / "etcd"

    @property
    def write_log(self) -> Path:
        """When kube-apiserver answered each write to the kinds, where it is to note that; its own audit log."""
        return self.etcd / "writes.log"

    @property
    def proxied_kubeconfig(self) -> Path:
        """The controller manager's kubeconfig where it reaches kube-apiserver through the fault proxy."""
        return self.path / "kubeconfig-proxied"

    @property
    def mysql_options(self) -> Path:
        """An options file for MySQL's command line client, with the password."""
        return self.path / "mysql-client.cnf"

    @property
    def mysql_password(self) -> Path:
        """A file with the password alone, such as MYSQL_PASSWORD_FILE names."""
        return self.path / "mysql-password"

    @property
    def config(self) -> Path:
        """The controller manager's CONFIG_DIR."""
        return self.path / "config"

    @property
    def coverage(self) -> Path:
        """Where a controller manager that was built for it leaves which of its statements ran, when it ends."""
        return self.path / "coverage"

    @property
    def zone(self) -> Path:
        """The file of the time zone that Michelangelo's programs run in."""
        return self.path / "zone"

    @property
    def apiserver_config(self) -> Path:
        """The CONFIG_DIR of Michelangelo's API server."""
        return self.path / "apiserver-config"

    @property
    def namespaces(self) -> Path:
        """The namespaces that runs made here, one a line."""
        return self.path / "namespaces.txt"

    @property
    def temporary(self) -> Path:
        """TMPDIR of all processes of the sandbox."""
        return self.path / "tmp"

    def is_alive(self) -> bool:
        """Return whether a supervisor holds the lock."""
        try:
            descriptor = os.open(self.lock, os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False


def lock_root(root: Path) -> filelock.FileLock:
    """Return the lock, for a `with`, under which folders below `root` are made, searched and swept."""
    return filelock.FileLock(root / ".lock", timeout=_ROOT_LOCK_TIMEOUT_S)


@contextmanager
def wait_to_keep(root: Path, progress: Progress) -> Iterator[None]:
    """Hold the lock under which sandboxes that are to be kept are started, one at a time."""
    lock = filelock.FileLock(root / ".keep.lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        stage = "wait for another run that starts a sandbox"
        progress.begin(stage)
        try:
            lock.acquire(timeout=_KEEP_LOCK_TIMEOUT_S)
        except filelock.Timeout:
            raise HarnessError(
                f"Another run held {lock.lock_file} for {_KEEP_LOCK_TIMEOUT_S:g} s",
                hint="End that run",
            ) from None
        progress.end(stage)
    try:
        yield
    finally:
        lock.release()


def list_folders(root: Path) -> list[SandboxFolder]:
    """Return the folders of all sandboxes, by name, be they alive or left by a crash."""
    found = [path for path in root.iterdir() if _NAME.fullmatch(path.name) and path.is_dir()]
    return [SandboxFolder(path) for path in sorted(found)]


def make_folder(root: Path) -> tuple[SandboxFolder, int]:
    """Make a new sandbox's folder; return it with the descriptor that holds its lock.

    The supervisor inherits the descriptor, so that no moment is unlocked. To be called under `lock_root`.
    """
    folder = SandboxFolder(root / secrets.token_hex(4))
    folder.path.mkdir(mode=0o700)
    for inner in (folder.logs, folder.config, folder.coverage, folder.temporary):
        inner.mkdir(mode=0o700)
    descriptor = os.open(folder.lock, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return folder, descriptor
