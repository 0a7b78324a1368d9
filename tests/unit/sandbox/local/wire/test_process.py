"""Promises of `harness.sandbox.local.wire.process`."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from harness.core.errors import HarnessError
from harness.sandbox.local.wire.process import Process, ProcessEndedError, describe_exit, spawn, wait_until

_STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"]).pid, flush=True)
time.sleep(60)
"""


def _spawn(tmp_path: Path, code: str) -> Process:
    command = [sys.executable, "-S", "-c", code]
    return spawn("server", command, log=tmp_path / "log", folder=tmp_path, environment=os.environ)


def _read_when_written(path: Path) -> str:
    deadline = time.monotonic() + 10
    while not path.read_text().endswith("\n"):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return path.read_text()


def _is_gone(pid: int) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.01)
    return False


def test_output_goes_to_the_log_and_its_last_line_is_ended(tmp_path: Path) -> None:
    """All that a process writes is in its log, whole lines only, after what was there."""

    async def run() -> int | None:
        (tmp_path / "log").write_text("before\n")
        process = _spawn(tmp_path, "import sys; print('out', flush=True); sys.stderr.write('err'); sys.exit(3)")
        await process.ended.wait()
        return process.exit_code

    assert (asyncio.run(run()), (tmp_path / "log").read_text()) == (3, "before\nout\nerr\n")


def test_stop_is_polite_first(tmp_path: Path) -> None:
    """A process that obeys SIGTERM ends by itself."""
    code = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n"
        "print('up', flush=True)\ntime.sleep(60)"
    )

    async def run() -> int:
        process = _spawn(tmp_path, code)
        await asyncio.to_thread(_read_when_written, tmp_path / "log")
        return await process.stop(10)

    assert asyncio.run(run()) == 7


def test_stop_kills_what_does_not_obey_and_what_it_started(tmp_path: Path) -> None:
    """After the grace nothing of the process's group is left."""

    async def run() -> tuple[int, int]:
        process = _spawn(tmp_path, _STUBBORN)
        grandchild = int(await asyncio.to_thread(_read_when_written, tmp_path / "log"))
        return await process.stop(0.05), grandchild

    exit_code, grandchild = asyncio.run(run())
    assert (exit_code, _is_gone(grandchild)) == (-signal.SIGKILL, True)


def test_what_a_process_left_behind_ends_with_it(tmp_path: Path) -> None:
    """A process that ends by itself takes the rest of its group along."""
    code = _STUBBORN.rpartition("time.sleep(60)")[0]

    async def run() -> int:
        process = _spawn(tmp_path, code)
        await process.ended.wait()
        return int((tmp_path / "log").read_text())

    assert _is_gone(asyncio.run(run()))


def test_paused_process_is_killed_at_once(tmp_path: Path) -> None:
    """A paused process does nothing until it goes on; a stop does not wait for it to obey."""

    async def run() -> tuple[bool, int, float]:
        process = _spawn(tmp_path, "import time; time.sleep(60)")
        seen = psutil.Process(process.pid)
        process.pause()
        await wait_until(lambda: seen.status() == psutil.STATUS_STOPPED, process)
        going = process.is_going
        process.resume()
        await wait_until(lambda: seen.status() != psutil.STATUS_STOPPED, process)
        process.pause()
        began = time.monotonic()
        return going, await process.stop(grace_s=20), time.monotonic() - began

    going, exit_code, took_s = asyncio.run(run())
    assert (going, exit_code) == (False, -signal.SIGKILL)
    assert took_s < 10


def test_ignored_signal_does_not_end_a_process(tmp_path: Path) -> None:
    """A process can be started so that a signal that would end it does not."""

    async def run(ignored: tuple[signal.Signals, ...]) -> str:
        log = tmp_path / f"log{len(ignored)}"
        process = spawn("server", ["sh", "-c", "kill -XFSZ $$; echo on"], log=log, folder=tmp_path,
                      environment=os.environ, ignored=ignored)  # fmt: skip
        await process.ended.wait()
        return f"{process.describe_end()} {log.read_text().strip()}".strip()

    assert asyncio.run(run(())) == "killed by SIGXFSZ"
    assert asyncio.run(run((signal.SIGXFSZ,))) == "exit code 0 on"


def test_waiting_for_a_process_that_ended_quotes_its_log(tmp_path: Path) -> None:
    """Who waits for a server that died is told how it ended and what it said last."""

    async def run() -> None:
        process = _spawn(tmp_path, "print('cannot bind'); raise SystemExit(4)")
        await wait_until(lambda: False, process)

    with pytest.raises(ProcessEndedError, match=r"server ended \(exit code 4\):\n    cannot bind"):
        asyncio.run(run())


def test_waiting_ends_when_the_condition_holds(tmp_path: Path) -> None:
    """A condition is asked again until it holds."""
    answers = iter([False, False, True])

    async def run() -> None:
        process = _spawn(tmp_path, "import time; time.sleep(60)")
        await wait_until(lambda: next(answers), process, interval_s=0.001)
        await process.stop()

    asyncio.run(run())
    assert list(answers) == []


def test_program_that_can_not_be_run_is_named(tmp_path: Path) -> None:
    """A file that is no program gives an error that names it."""
    path = tmp_path / "program"
    path.write_text("no program")

    async def run() -> None:
        spawn("server", [str(path)], log=tmp_path / "log", folder=tmp_path, environment={})

    with pytest.raises(HarnessError, match=f"server: {path} can't be run"):
        asyncio.run(run())


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux does it")
def test_process_dies_with_a_killed_parent(tmp_path: Path) -> None:
    """SIGKILL of the supervisor ends what it started."""
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import asyncio, os, pathlib, sys\n"
            "from harness.sandbox.local.wire.process import spawn\n"
            "async def run():\n"
            "    folder = pathlib.Path(sys.argv[1])\n"
            "    process = spawn('server', ['sleep', '60'], log=folder / 'log', folder=folder,\n"
            "                  environment=os.environ)\n"
            "    print(process.pid, flush=True)\n"
            "    await process.ended.wait()\n"
            "asyncio.run(run())",
            str(tmp_path),
        ],
        stdout=subprocess.PIPE,
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    alive = psutil.pid_exists(pid)
    parent.kill()
    parent.communicate()
    assert (alive, _is_gone(pid)) == (True, True)


def test_ends_are_described_in_words() -> None:
    """An exit code or signal is described as a person would."""
    described = [describe_exit(code) for code in (None, 0, 2, -9, -250)]
    assert described == ["running", "exit code 0", "exit code 2", "killed by SIGKILL", "killed by signal 250"]
