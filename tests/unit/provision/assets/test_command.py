"""Promises of `harness.provision.assets.command`."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from harness.core.errors import HarnessError
from harness.provision.assets import command


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")  # an orphan that init has not collected yet is a zombie
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def _wait_until_gone(pid: int) -> bool:
    deadline = time.monotonic() + 5
    while _is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not _is_running(pid)


def test_returns_what_the_program_left() -> None:
    """Exit code, standard output and standard error are told apart."""
    finished = command.run(["sh", "-c", "echo out; echo err >&2; exit 3"], timeout_s=10)
    assert finished == command.Finished(3, "out", ("err",))


def test_hands_on_lines_as_they_are() -> None:
    """Lines reach `on_line` whole, the last one too, and bytes that are no text don't stop it."""
    lines: list[str] = []
    command.run(["sh", "-c", r"printf 'a\nb\r\n\377c' >&2"], timeout_s=10, on_line=lines.append)
    assert lines == ["a", "b", "\ufffdc"]


def test_merges_both_streams_in_their_order() -> None:
    """Merged, `on_line` gets every line in the order in which it was written, and all of it is kept."""
    lines: list[str] = []
    script = "echo 1; echo 2 >&2; echo 3"
    finished = command.run(["sh", "-c", script], timeout_s=10, merged=True, on_line=lines.append)
    assert (lines, finished) == (["1", "2", "3"], command.Finished(0, "1\n2\n3", ()))


def test_keeps_the_last_lines_only() -> None:
    """A program that writes a lot leaves its last 40 lines of standard error."""
    script = "i=0; while [ $i -lt 100 ]; do echo $i >&2; i=$((i+1)); done"
    finished = command.run(["sh", "-c", script], timeout_s=10)
    assert finished.stderr == tuple(str(number) for number in range(60, 100))


def test_names_the_program_that_can_not_be_run() -> None:
    """A missing program is a clear error."""
    with pytest.raises(HarnessError, match="/nowhere/program: can't be run"):
        command.run(["/nowhere/program"], timeout_s=10)


def test_passes_folder_and_environment(tmp_path: Path) -> None:
    """The program runs in the folder and with the environment that it was given."""
    arguments = ["/bin/sh", "-c", "echo $PWD $A"]
    finished = command.run(arguments, timeout_s=10, folder=tmp_path, environment={"A": "b"})
    assert finished.stdout == f"{tmp_path} b"


def test_ends_the_whole_group_at_the_time_limit(tmp_path: Path) -> None:
    """A program that takes too long is ended with its children, and the error says so."""
    script = f"sleep 60 & echo $! > {tmp_path}/child; wait"
    with pytest.raises(HarnessError, match=r"sh: not done after 0\.5 s"):
        command.run(["sh", "-c", script], timeout_s=0.5)
    assert _wait_until_gone(int((tmp_path / "child").read_text()))


def test_ends_the_whole_group_at_ctrl_c(tmp_path: Path) -> None:
    """Ctrl-C ends the program and its children, and goes on to the caller."""

    def interrupt(line: str) -> None:
        raise KeyboardInterrupt

    script = f"sleep 60 & echo $! > {tmp_path}/child; echo ready >&2; wait"
    with pytest.raises(KeyboardInterrupt):
        command.run(["sh", "-c", script], timeout_s=30, on_line=interrupt)
    assert _wait_until_gone(int((tmp_path / "child").read_text()))


def test_kills_what_does_not_end_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that ignores SIGTERM is killed after the grace period, with its children."""
    monkeypatch.setattr(command, "_GRACE_S", 0.1)
    script = f"trap '' TERM; sleep 60 & echo $$ $! > {tmp_path}/pids; wait"
    with pytest.raises(HarnessError, match="not done"):
        command.run(["sh", "-c", script], timeout_s=0.5)
    gone = [_wait_until_gone(int(pid)) for pid in (tmp_path / "pids").read_text().split()]
    assert gone == [True, True]


def test_ticks_while_the_program_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """`on_tick` is called while the program says nothing."""
    monkeypatch.setattr(command, "_TICK_S", 0.02)
    ticks: list[int] = []
    command.run(["sh", "-c", "sleep 0.3"], timeout_s=10, on_tick=lambda: ticks.append(1))
    assert len(ticks) > 3


def test_last_words_skip_empty_lines() -> None:
    """An error message quotes the last lines that say something."""
    finished = command.Finished(1, "first\n\nsecond", ("", "third", " "))
    assert finished.last_words(2) == "    second\n    third"
    assert command.Finished(1, "", ()).last_words() == "    (it said nothing)"
