"""Promises of `harness.sandbox.local.supervisor.processes`: whose end breaks a sandbox, and whose does not."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable

import pytest

from harness.sandbox.base import ComponentStatus, Phase
from harness.sandbox.local.supervisor.processes import Processes
from harness.sandbox.local.wire.folder import SandboxFolder
from harness.sandbox.local.wire.logs import get_log
from harness.sandbox.local.wire.process import Process, spawn
from harness.sandbox.local.wire.state import State, StateFile


class Stage:
    """Processes in a sandbox's folder, with one that sleeps."""

    def __init__(self, folder: SandboxFolder) -> None:
        self.file = StateFile(folder, State(), lambda *_: None)
        self.processes = Processes(self.file)
        log = get_log(folder.logs, "server", 0)
        command = ["sleep", "60"]
        self.process: Process = spawn("server", command, log=log, folder=folder.temporary, environment=os.environ)
        self.processes.note_start(self.process)

    @property
    def status(self) -> ComponentStatus:
        """What is published of it."""
        return self.file.state.components["server"]


Scenario = Callable[[Stage], Awaitable[None]]


@pytest.fixture
def play(folder: SandboxFolder) -> Callable[[Scenario], None]:
    """Plays a scenario, and kills everything afterwards."""

    async def run(scenario: Scenario) -> None:
        stage = Stage(folder)
        try:
            await scenario(stage)
        finally:
            await stage.processes.stop()

    return lambda scenario: asyncio.run(run(scenario))


def test_part_is_pending_until_it_is_ready(play: Callable[[Scenario], None]) -> None:
    """A process on its way is shown with its pid, and running once it works."""

    async def scenario(stage: Stage) -> None:
        assert (stage.status.phase, stage.status.pid) == (Phase.PENDING, stage.process.pid)
        stage.processes.note_ready(stage.process)
        assert stage.status.phase is Phase.RUNNING
        assert stage.processes.find("server") is stage.process
        assert stage.processes.find("other") is None

    play(scenario)


def test_end_on_request_breaks_nothing(play: Callable[[Scenario], None]) -> None:
    """A process that is ended on request, even a paused one, is Terminated, and stays so."""

    async def scenario(stage: Stage) -> None:
        stage.processes.note_ready(stage.process)
        await asyncio.sleep(0)   # so that somebody misses it
        stage.process.pause()
        await stage.processes.end(stage.process)
        await asyncio.sleep(0.02)
        assert (stage.status.phase, stage.status.pid) == (Phase.TERMINATED, None)
        assert stage.status.reason == "killed by SIGKILL, on request"
        assert not stage.processes.broken.done()

    play(scenario)


def test_end_unasked_breaks_the_sandbox(play: Callable[[Scenario], None]) -> None:
    """A process that ends by itself, also after another was ended on request, is missed and said."""

    async def scenario(stage: Stage) -> None:
        stage.processes.note_ready(stage.process)
        await asyncio.sleep(0)
        os.kill(stage.process.pid, signal.SIGKILL)
        async with asyncio.timeout(10):
            error = await stage.processes.broken
        assert error.problem == "server ended (killed by SIGKILL):\n    (it wrote nothing)"
        assert (stage.status.phase, stage.status.reason) == (Phase.FAILED, "killed by SIGKILL")

    play(scenario)
