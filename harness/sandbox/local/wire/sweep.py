"""Ends what a sandbox left behind whose supervisor was killed; nothing else on the machine is touched.

A process belongs to a sandbox if its environment names the sandbox's folder, which `harness` puts there
and nobody else does. A number alone proves nothing: process ids are used again.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

import psutil

from harness.core.errors import HarnessError
from harness.sandbox.local.wire.folder import MARKER_VARIABLE, SandboxFolder, list_folders

_END_TIMEOUT_S = 5.0
_REMOVE_TIMEOUT_S = 5.0
_REMOVE_RETRY_S = 0.05


def sweep(root: Path) -> list[SandboxFolder]:
    """End the processes and remove the folders of all sandboxes without a supervisor; return those.

    To be called under `lock_root`. Live sandboxes are left alone.
    """
    dead = [folder for folder in list_folders(root) if not folder.is_alive()]
    if dead:
        end_processes([folder.path for folder in dead])
        for folder in dead:
            remove(folder)
    return dead


def end_processes(folders: Collection[Path]) -> None:
    """Kill all processes that belong to sandboxes in `folders`, but for this one."""
    found = find_processes(folders)
    for process in found:
        with suppress(psutil.NoSuchProcess):
            process.kill()   # checks first that the process is still the one that was found
    psutil.wait_procs(found, timeout=_END_TIMEOUT_S)


def find_processes(folders: Collection[Path]) -> list[psutil.Process]:
    """Return all processes that belong to sandboxes in `folders`, but for this one."""
    names = {str(folder) for folder in folders}
    return [
        process
        for process in psutil.process_iter(["environ"])
        if process.pid != os.getpid() and (process.info["environ"] or {}).get(MARKER_VARIABLE) in names
    ]


def remove(folder: SandboxFolder) -> None:
    """Remove a sandbox's folder; HarnessError where that fails."""
    give_up = time.monotonic() + _REMOVE_TIMEOUT_S
    while folder.path.exists():
        # what a process wrote while it died can make the first attempt fail
        shutil.rmtree(folder.path, ignore_errors=time.monotonic() < give_up)
        if folder.path.exists() and time.monotonic() >= give_up:
            raise HarnessError(f"{folder.path} can't be removed")
        time.sleep(_REMOVE_RETRY_S if folder.path.exists() else 0)
