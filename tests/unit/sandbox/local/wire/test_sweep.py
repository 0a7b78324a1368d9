"""Promises of `harness.sandbox.local.wire.sweep`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from harness.sandbox.base import ComponentStatus, Phase
from harness.sandbox.local.wire.folder import MARKER_VARIABLE, SandboxFolder, make_folder
from harness.sandbox.local.wire.state import State, StateFile
from harness.sandbox.local.wire.sweep import find_processes, sweep

Processes = list["subprocess.Popen[bytes]"]


@pytest.fixture
def processes() -> Iterator[Processes]:
    """Processes to end after the test."""
    started: Processes = []
    yield started
    for process in started:
        process.kill()
        process.communicate()


def _start(processes: Processes, marker: str | None) -> subprocess.Popen[bytes]:
    environment = {**os.environ, **({} if marker is None else {MARKER_VARIABLE: marker})}
    process = subprocess.Popen(
        [sys.executable, "-S", "-c", "print('up', flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
    )
    processes.append(process)
    assert process.stdout is not None
    process.stdout.readline()   # it has its own environment by now
    return process


def _make_dead(root: Path) -> SandboxFolder:
    folder, lock = make_folder(root)
    (folder.path / "mysql").mkdir()
    (folder.path / "mysql/ibdata1").write_text("data")
    os.close(lock)
    return folder


def test_leftovers_of_a_killed_supervisor_end(root: Path, processes: Processes) -> None:
    """A sandbox without a supervisor loses its processes and its folder."""
    folder = _make_dead(root)
    leftover = _start(processes, str(folder.path))
    assert sweep(root) == [folder]
    assert (psutil.pid_exists(leftover.pid), folder.path.exists()) == (False, False)


def test_live_sandbox_is_left_alone(root: Path, folder: SandboxFolder, processes: Processes) -> None:
    """The sandbox of another run keeps its processes and its folder, also while a dead one is swept."""
    _make_dead(root)
    other = _start(processes, str(folder.path))
    sweep(root)
    assert (other.poll(), folder.path.exists()) == (None, True)


def test_process_id_that_was_used_again_is_left_alone(root: Path, processes: Processes) -> None:
    """A stranger that has the process id of a dead sandbox's component is not touched."""
    folder = _make_dead(root)
    stranger = _start(processes, None)
    component = ComponentStatus("etcd", Phase.RUNNING, pid=stranger.pid, started_at=1.0)
    state = State(supervisor_pid=stranger.pid, components={"etcd": component})
    StateFile(folder, state, lambda *_: None).publish()
    sweep(root)
    assert (stranger.poll(), folder.path.exists()) == (None, False)


def test_process_of_a_similar_folder_is_left_alone(root: Path, processes: Processes) -> None:
    """A process belongs to the folder that it names and to no other that begins alike."""
    folder = _make_dead(root)
    other = _start(processes, f"{folder.path}0")
    sweep(root)
    assert other.poll() is None


def test_other_things_in_the_root_are_left_alone(root: Path) -> None:
    """What is no sandbox's folder stays where it is."""
    (root / "notes").mkdir()
    sweep(root)
    assert (root / "notes").is_dir()


def test_own_process_is_never_found(folder: SandboxFolder, processes: Processes) -> None:
    """The supervisor, which belongs to the sandbox too, doesn't end itself."""
    code = (
        "import os, pathlib, sys\nfrom harness.sandbox.local.wire.sweep import find_processes\n"
        "print(os.getpid() in [p.pid for p in find_processes([pathlib.Path(sys.argv[1])])])"
    )
    environment = {**os.environ, MARKER_VARIABLE: str(folder.path)}
    other = _start(processes, str(folder.path))
    answer = subprocess.run(
        [sys.executable, "-c", code, str(folder.path)], env=environment, capture_output=True, text=True, check=True
    )
    assert answer.stdout == "False\n"
    assert [process.pid for process in find_processes([folder.path])] == [other.pid]
