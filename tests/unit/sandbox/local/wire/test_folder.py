"""Promises of `harness.sandbox.local.wire.folder`."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from harness.core.errors import HarnessError
from harness.core.progress import SILENT
from harness.sandbox.local.wire.folder import (
    SandboxFolder,
    list_folders,
    make_folder,
    wait_to_keep,
)


def test_folder_is_alive_as_long_as_somebody_holds_its_lock(root: Path) -> None:
    """A sandbox counts as alive from the moment its folder exists until its lock's last holder is gone."""
    folder, lock = make_folder(root)
    heir = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=(lock,))
    alive_with_us = folder.is_alive()
    os.close(lock)
    alive_with_heir = folder.is_alive()
    heir.kill()
    heir.communicate()
    assert (alive_with_us, alive_with_heir, folder.is_alive()) == (True, True, False)


def test_folder_without_lock_file_is_dead(root: Path) -> None:
    """A folder that was never finished counts as dead."""
    (root / "0123abcd").mkdir()
    assert not SandboxFolder(root / "0123abcd").is_alive()


def test_new_folder_is_private(root: Path) -> None:
    """Nobody else can look into a sandbox's folder."""
    folder, lock = make_folder(root)
    os.close(lock)
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700


def test_only_sandboxes_are_listed(root: Path) -> None:
    """What doesn't look like a sandbox's folder is none, whatever else lies in the root."""
    folder, lock = make_folder(root)
    os.close(lock)
    (root / "notes").mkdir()
    (root / "0123abcd").write_text("a file")
    assert list_folders(root) == [folder]


def test_longest_socket_path_fits_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Below the longest root allowed, every socket's path has at most the 103 characters that macOS takes."""
    folder = SandboxFolder(Path("/" + "x" * 69) / "0123abcd")
    sockets = [folder.control_socket, folder.path / "etcd/client.sock:0"]
    assert max(len(str(path)) for path in sockets) <= 103


def test_second_start_to_keep_waits_for_the_first(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two sandboxes to be kept are not started at the same time; who waits too long is told what held it."""
    monkeypatch.setattr("harness.sandbox.local.wire.folder._KEEP_LOCK_TIMEOUT_S", 0.1)
    holder = (
        "import filelock, sys\nlock = filelock.FileLock(sys.argv[1])\nlock.acquire()\n"
            "print('held', flush=True)\ninput()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", holder, str(root / ".keep.lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(HarnessError, match="Another run held"), wait_to_keep(root, SILENT):
            pass
    finally:
        process.communicate(b"\n")
    with wait_to_keep(root, SILENT):
        pass
