"""Promises of `harness.sandbox.local.supervisor.controllermgr.ControllerManagerRunner`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable

import pytest

from harness.core.errors import HarnessError
from harness.core.settings import MySQLEndpoint
from harness.sandbox.base import CONTROLLERMGR, ComponentStatus, LogLine, Phase
from harness.sandbox.local.supervisor import controllermgr
from harness.sandbox.local.supervisor.controllermgr import ControllerManagerRunner, Reconfiguration
from harness.sandbox.local.wire.channel import CrashLoopError
from harness.sandbox.local.wire.folder import SandboxFolder
from harness.sandbox.local.wire.logs import read_lines
from harness.sandbox.local.wire.plan import ControllerManagerPlan, Executable
from harness.sandbox.local.wire.state import State, StateFile
from tests.unit.conftest import MakeProgram

_SERVE = """
import json, os, pathlib, signal, socket, sys, time
config = json.loads(pathlib.Path(os.environ["CONFIG_DIR"], "base.yaml").read_text())
host, _, port = config["controllermgr"]["healthProbeBindAddress"].partition(":")
print("serving", flush=True)
server = socket.create_server((host, int(port)))
def answer():
    connection = server.accept()[0]
    connection.recv(1000)
    connection.sendall(b"HTTP/1.1 %s\\r\\nContent-Length: 0\\r\\n\\r\\n")
    connection.close()
"""
HEALTHY = _SERVE.replace("%s", "404 Not Found") + "while True: answer()\n"
FAILING = _SERVE.replace("%s", "500 Internal Server Error") + "while True: answer()\n"
CRASHING = _SERVE.replace("%s", "200 OK") + "answer()\nserver.close()\nprint('panic')\nsys.exit(2)\n"

Scenario = Callable[["Stage"], Awaitable[None]]


class Stage:
    """A runner in a sandbox's folder, and what can be seen of it."""

    def __init__(self, folder: SandboxFolder) -> None:
        self.folder = folder
        self.file = StateFile(folder, State(), lambda *_: None)
        endpoint = MySQLEndpoint("127.0.0.1", 3306, "me", "michelangelo", "pw")
        self.runner = ControllerManagerRunner(folder, self.file, endpoint)

    @property
    def status(self) -> ComponentStatus:
        """What is published."""
        return self.file.state.components[CONTROLLERMGR]

    @property
    def log(self) -> list[LogLine]:
        """All lines of all runs."""
        return list(read_lines(self.folder.logs, CONTROLLERMGR))

    async def wait_for(self, condition: Callable[[], bool]) -> None:
        """Return once the condition holds, or fail after 10 s."""
        async with asyncio.timeout(10):
            while not condition():
                await asyncio.sleep(0.005)


@pytest.fixture
def play(folder: SandboxFolder, monkeypatch: pytest.MonkeyPatch) -> Callable[[Scenario], None]:
    """Plays a scenario with short delays, and stops the controller manager afterwards."""
    monkeypatch.setattr(controllermgr, "FIRST_DELAY_S", 0.02)
    monkeypatch.setattr(controllermgr, "LONGEST_RESTART_DELAY_S", 0.05)

    async def run(scenario: Scenario) -> None:
        stage = Stage(folder)
        try:
            await scenario(stage)
        finally:
            await stage.runner.stop()

    return lambda scenario: asyncio.run(run(scenario))


def _plan(make_program: MakeProgram, body: str) -> ControllerManagerPlan:
    path = str(make_program("mgr", body))
    return ControllerManagerPlan((path,), Executable(path, "v1", "ab"), digest=body)


def test_start_returns_once_it_is_healthy(play: Callable[[Scenario], None], make_program: MakeProgram) -> None:
    """A probe that answers, be it with 404, is health; the component says what runs since when."""

    async def scenario(stage: Stage) -> None:
        await stage.runner.start(_plan(make_program, HEALTHY), 10)
        status = stage.status
        assert (status.phase, status.restarts, status.reason) == (Phase.RUNNING, 0, "")
        assert (status.version, status.sha256) == ("v1", "ab")
        assert status.pid is not None
        assert os.getpgid(status.pid) == status.pid
        assert (stage.file.state.controllermgr_healthy, stage.file.state.controllermgr_digest) == (True, HEALTHY)

    play(scenario)


def test_server_error_is_no_health(play: Callable[[Scenario], None], make_program: MakeProgram) -> None:
    """A probe that fails all the time ends the wait with an error that quotes the log."""

    async def scenario(stage: Stage) -> None:
        with pytest.raises(HarnessError, match=r"(?s)was not healthy after 0\.5 s:\n    serving") as caught:
            await stage.runner.start(_plan(make_program, FAILING), 0.5)
        assert not isinstance(caught.value, CrashLoopError)
        assert not stage.file.state.controllermgr_healthy

    play(scenario)


def test_slow_crash_loop_is_one(play: Callable[[Scenario], None], make_program: MakeProgram) -> None:
    """What has ended once by the time limit, and was never healthy, is crash-looping, not slow."""

    async def scenario(stage: Stage) -> None:
        body = "import time\nprint('trying', flush=True)\ntime.sleep(1)\nraise SystemExit(1)"
        with pytest.raises(CrashLoopError, match=r"(?s)was not healthy after 2\.8 s:\n    trying"):
            await stage.runner.start(_plan(make_program, body), 2.8)   # a third end comes after 3 s

    play(scenario)


def test_crash_is_followed_by_a_restart(play: Callable[[Scenario], None], make_program: MakeProgram) -> None:
    """What crashes after it was healthy is started again, counted, and its log kept, run by run."""

    async def scenario(stage: Stage) -> None:
        await stage.runner.start(_plan(make_program, CRASHING), 10)
        await stage.wait_for(lambda: stage.status.phase is Phase.CRASH_LOOP and stage.status.restarts == 1)
        status = stage.status
        assert (status.pid, status.reason) == (None, "exit code 2; starts again in 0.04 s")
        assert not stage.file.state.controllermgr_healthy
        await stage.wait_for(lambda: stage.status.restarts == 2)
        assert [line for line in stage.log if line.run < 2] == [
            LogLine(run, text) for run in (0, 1) for text in ("serving", "panic")
        ]

    play(scenario)


def test_clean_end_shows_as_completed(play: Callable[[Scenario], None], make_program: MakeProgram) -> None:
    """Exit code 0 shows as Completed, and is followed by a restart all the same, as in a Deployment."""

    async def scenario(stage: Stage) -> None:
        body = CRASHING.replace("sys.exit(2)", "sys.exit(0)")
        await stage.runner.start(_plan(make_program, body), 10)
        await stage.wait_for(lambda: stage.status.phase is Phase.COMPLETED)
        await stage.wait_for(lambda: stage.status.restarts == 1)

    play(scenario)


def test_program_that_never_works_fails_the_start(
    play: Callable[[Scenario], None], make_program: MakeProgram
) -> None:
    """Three ends before any health are enough to give up, with exit codes, last words and path."""

    async def scenario(stage: Stage) -> None:
        plan = _plan(make_program, "print('no config'); raise SystemExit(3)")
        with pytest.raises(CrashLoopError) as caught:
            await stage.runner.start(plan, 10)
        assert caught.value.problem == (
            f"{CONTROLLERMGR} ({plan.executable.path}) ended 3 times before it was healthy:"
            " exit code 3, exit code 3, exit code 3\n    no config"
        )

    play(scenario)


def test_program_that_works_at_the_third_try_is_fine(
    play: Callable[[Scenario], None], make_program: MakeProgram, folder: SandboxFolder
) -> None:
    """Failing at first, as when the database is not there yet, is what restarts are for."""
    count = "import os, pathlib\nruns = len(list(pathlib.Path(os.environ['CONFIG_DIR'], '../logs').iterdir()))\n"

    async def scenario(stage: Stage) -> None:
        body = f"{count}if runs < 3: raise SystemExit(1)\n{HEALTHY}"
        await stage.runner.start(_plan(make_program, body), 10)
        assert stage.status.restarts == 2

    play(scenario)


def test_missing_program_fails_the_start(play: Callable[[Scenario], None], folder: SandboxFolder) -> None:
    """A program that can't be run is named, with the reason."""

    async def scenario(stage: Stage) -> None:
        plan = ControllerManagerPlan(("/nowhere/mgr",), Executable("/nowhere/mgr"), "d")
        with pytest.raises(HarnessError, match=r"/nowhere/mgr can't be run \(No such file or directory\)"):
            await stage.runner.start(plan, 10)

    play(scenario)


def test_restart_on_request_begins_a_new_run(
    play: Callable[[Scenario], None], make_program: MakeProgram
) -> None:
    """A restart on request gives a new process and a new log, and is not counted as a crash."""

    async def scenario(stage: Stage) -> None:
        await stage.runner.start(_plan(make_program, HEALTHY), 10)
        first = stage.status.pid
        await stage.runner.restart(10)
        status = stage.status
        assert (status.phase, status.restarts, status.pid != first) == (Phase.RUNNING, 0, True)
        assert stage.log == [LogLine(0, "serving"), LogLine(1, "serving")]

    play(scenario)


def test_another_program_takes_over(play: Callable[[Scenario], None], make_program: MakeProgram) -> None:
    """After a stop another program can be started: its restarts count from 0, its log goes on."""

    async def scenario(stage: Stage) -> None:
        await stage.runner.start(_plan(make_program, CRASHING), 10)
        await stage.wait_for(lambda: stage.status.restarts == 1)
        await stage.runner.stop()
        assert (stage.status.phase, stage.status.pid) == (Phase.TERMINATED, None)
        await stage.runner.start(_plan(make_program, HEALTHY), 10)
        assert (stage.status.phase, stage.status.restarts) == (Phase.RUNNING, 0)
        assert stage.file.state.controllermgr_digest == HEALTHY
        assert stage.log[0] == LogLine(0, "serving")
        assert stage.log[-1].run >= 2

    play(scenario)


def test_stop_while_it_waits_for_a_restart(play: Callable[[Scenario], None], make_program: MakeProgram) -> None:
    """A controller manager that is stopped between two runs stays down."""

    async def scenario(stage: Stage) -> None:
        await stage.runner.start(_plan(make_program, CRASHING), 10)
        await stage.wait_for(lambda: stage.status.phase is Phase.CRASH_LOOP)
        await stage.runner.stop()
        lines = stage.log
        await asyncio.sleep(0.15)   # three times the longest delay
        assert (stage.status.phase, stage.log) == (Phase.TERMINATED, lines)

    play(scenario)


def test_each_run_gets_ports_of_its_own(play: Callable[[Scenario], None], make_program: MakeProgram) -> None:
    """A port that was lost to somebody else is not asked for again."""

    async def scenario(stage: Stage) -> None:
        ports = set()
        await stage.runner.start(_plan(make_program, HEALTHY), 10)
        for _ in range(3):
            ports.add((stage.folder.config / "base.yaml").read_text())
            await stage.runner.restart(10)
        assert len(ports) == 3

    play(scenario)


_SHOWING = _SERVE.replace("%s", "404 Not Found") + (
    "print(json.dumps([config.get('ingester'), 'mysql' in config]), flush=True)\nwhile True: answer()\n"
)


def test_reconfigured_one_keeps_its_change_until_it_is_taken_back(
    play: Callable[[Scenario], None], make_program: MakeProgram
) -> None:
    """Keys and sections are other ones after a change, also after a restart, and the usual ones without it."""
    change = Reconfiguration((("ingester.concurrentReconciles", 3),), ("mysql",))

    async def scenario(stage: Stage) -> None:
        await stage.runner.start(_plan(make_program, _SHOWING), 10)
        usual = stage.file.state.controllermgr_digest
        await stage.runner.reconfigure(change, 10, await_healthy=True)
        assert stage.file.state.controllermgr_digest != usual
        await stage.runner.restart(10)
        await stage.runner.reconfigure(Reconfiguration(), 10, await_healthy=True)
        assert stage.file.state.controllermgr_digest == usual
        await stage.wait_for(lambda: len(stage.log) == 8)
        changed = '[{"concurrentReconciles": 3}, false]'
        assert [line.text for line in stage.log[1::2]] == ["[null, true]", changed, changed, "[null, true]"]
        assert stage.status.restarts == 0

    play(scenario)


def test_start_that_does_not_await_health_lets_it_fail(
    play: Callable[[Scenario], None], make_program: MakeProgram
) -> None:
    """One that refuses its configuration can be watched: the start returns, the restarts are counted."""
    refusing = f"{_SERVE}if 'mysql' not in config: raise SystemExit('no mysql')\nwhile True: answer()\n"

    async def scenario(stage: Stage) -> None:
        await stage.runner.start(_plan(make_program, refusing.replace("%s", "200 OK")), 10)
        await stage.runner.reconfigure(Reconfiguration(without=("mysql",)), 10, await_healthy=False)
        await stage.wait_for(lambda: stage.status.phase is Phase.CRASH_LOOP and stage.status.restarts >= 3)
        assert stage.status.reason.startswith("exit code 1; starts again in")
        assert LogLine(1, "no mysql") in stage.log

    play(scenario)


def test_missing_program_fails_the_start_that_does_not_await_health(play: Callable[[Scenario], None]) -> None:
    """A program that can't be run is no process to wait for."""

    async def scenario(stage: Stage) -> None:
        plan = ControllerManagerPlan(("/nowhere/mgr",), Executable("/nowhere/mgr"), "d")
        with pytest.raises(HarnessError, match="can't be run"):
            await stage.runner.start(plan, 10, await_healthy=False)

    play(scenario)
