"""The folder of the k3d sandbox: there is one, since `sandbox.py` has one name for its cluster.

Whoever uses the cluster holds the folder's lock: a run that made it will delete it, so that a second run at the
same time would lose its ground. What `sandbox.py` said last stays in the log after the run.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import filelock

from harness.core.errors import HarnessError
from harness.sandbox.storage import get_root

_NAME = ".k3d"


@dataclass(frozen=True)
class K3dFolder:
    """The folder and the paths in it."""

    path: Path

    @property
    def kubeconfig(self) -> Path:
        """The kubeconfig of the cluster alone, so that nothing reaches the user's own."""
        return self.path / "kubeconfig"

    @property
    def log(self) -> Path:
        """All that `sandbox.py` and its programs wrote, and each change that the harness made."""
        return self.path / "sandbox.log"


@contextmanager
def take_folder() -> Iterator[K3dFolder]:
    """Hold the folder, made where absent; HarnessError where another run holds it."""
    folder = K3dFolder(get_root() / _NAME)
    folder.path.mkdir(mode=0o700, exist_ok=True)
    lock = filelock.FileLock(folder.path / "lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        raise HarnessError(
            f"another run uses the k3d sandbox (it holds {lock.lock_file})",
            hint="sandbox.py knows one cluster only: wait for that run, or use --sandbox local",
        ) from None
    try:
        yield folder
    finally:
        lock.release()
