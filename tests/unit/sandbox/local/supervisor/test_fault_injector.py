"""Promises of `harness.sandbox.local.supervisor.fault_injector`, with stand-ins for servers, proxy and disk."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from typing import Any, cast

import psutil
import pytest

from harness.core.errors import HarnessError, SettingsError
from harness.sandbox.base import CONTROLLERMGR, ETCD, FAULT_PROXY, KUBE_APISERVER, MYSQL, ComponentStatus, Phase
from harness.sandbox.capabilities import LinkFault
from harness.sandbox.local.supervisor.controllermgr import ControllerManagerRunner
from harness.sandbox.local.supervisor.fault_injector import FaultInjector
from harness.sandbox.local.supervisor.processes import Processes
from harness.sandbox.local.wire.folder import SandboxFolder
from harness.sandbox.local.wire.logs import get_log
from harness.sandbox.local.wire.process import Process, ProcessEndedError, spawn, wait_until
from harness.sandbox.local.wire.state import State, StateFile


class _Proxy:
    """Writes down what it is told."""

    def __init__(self, done: list[str]) -> None:
        self._done = done

    def break_link(self, name: str, mode: LinkFault) -> None:
        self._done.append(f"break {name} {mode}")

    def heal_link(self, name: str) -> None:
        self._done.append(f"heal {name}")


class _Disk:
    """Says with which process it was told what."""

    def fill(self, pid: int) -> str:
        return f"full, pid {pid}"

    def free(self, pid: int) -> str:
        return f"free, pid {pid}"


class _Manager:
    """A controller manager that never started."""

    process: Process | None = None


class Stage:
    """A sandbox with a MySQL that sleeps, and an etcd that runs elsewhere."""

    def __init__(self, folder: SandboxFolder, *, faults: bool) -> None:
        self._folder = folder
        self.file = StateFile(folder, State(), lambda *_: None)
        self.processes = Processes(self.file)
        self.done: list[str] = []
        self.code = "import time; time.sleep(60)"
        self.works = True
        for name in (CONTROLLERMGR, KUBE_APISERVER, ETCD, MYSQL):
            self.file.set_component(name, path=f"/{name}")
        proxy, disk = (_Proxy(self.done), _Disk()) if faults else (None, None)
        self.injector = FaultInjector(
            self.processes, self.file, cast(ControllerManagerRunner, _Manager()), {MYSQL: self.restart},
            cast(Any, proxy), cast(Any, disk),
        )  # fmt: skip

    def status(self, name: str = MYSQL) -> ComponentStatus:
        """Return what is published."""
        return self.file.state.components[name]

    async def restart(self) -> Process:
        """Start the stand-in."""
        command = ["python3", "-S", "-c", self.code]
        log = get_log(self._folder.logs, MYSQL, 0)
        process = spawn(MYSQL, command, log=log, folder=self._folder.temporary, environment=os.environ)
        self.processes.note_start(process)
        await wait_until(lambda: self.works, process)
        self.processes.note_ready(process)
        return process


Scenario = Callable[[Stage], Awaitable[None]]


@pytest.fixture(params=[True])
def play(request: pytest.FixtureRequest, folder: SandboxFolder) -> Callable[[Scenario], None]:
    """Plays a scenario in which MySQL runs, and kills everything afterwards."""

    async def run(scenario: Scenario) -> None:
        stage = Stage(folder, faults=request.param)
        try:
            await stage.restart()
            await scenario(stage)
        finally:
            await stage.processes.stop()

    return lambda scenario: asyncio.run(run(scenario))


def test_killed_server_is_down_until_it_is_started(play: Callable[[Scenario], None]) -> None:
    """Each action says the process before and after it, and what is seen of it."""

    async def scenario(stage: Stage) -> None:
        pid = stage.status().pid
        killed = await stage.injector.kill(MYSQL)
        assert (killed.component, killed.action, killed.injected) == (MYSQL, "SIGKILL", True)
        assert (killed.seen, killed.pid_before, killed.pid_after) == ("killed by SIGKILL", pid, None)
        assert stage.status().phase is Phase.TERMINATED
        with pytest.raises(HarnessError, match=r"mysql does not run here \(Terminated: killed by SIGKILL"):
            await stage.injector.kill(MYSQL)
        started = await stage.injector.start(MYSQL, 10)
        assert (started.pid_before, started.pid_after) == (None, stage.status().pid)
        assert (stage.status().phase, stage.status().reason) == (Phase.RUNNING, "")
        assert stage.status().pid != pid
        with pytest.raises(HarnessError, match="mysql runs already"):
            await stage.injector.start(MYSQL, 10)

    play(scenario)


def test_server_that_does_not_come_back_is_quoted(play: Callable[[Scenario], None]) -> None:
    """One that ends while it starts is named with its last words, and shows as an error."""

    async def scenario(stage: Stage) -> None:
        await stage.injector.kill(MYSQL)
        stage.code, stage.works = "print('corrupt'); raise SystemExit(3)", False
        with pytest.raises(ProcessEndedError, match=r"(?s)mysql ended \(exit code 3\):\n    corrupt"):
            await stage.injector.start(MYSQL, 10)
        assert (stage.status().phase, stage.status().reason) == (Phase.FAILED, "mysql ended (exit code 3):")

    play(scenario)


def test_server_that_takes_too_long_is_ended(play: Callable[[Scenario], None]) -> None:
    """One that does not come to work in time is named with its last words, and leaves no process."""

    async def scenario(stage: Stage) -> None:
        await stage.injector.kill(MYSQL)
        stage.works = False
        with pytest.raises(HarnessError, match=r"mysql did not work again 0\.3 s after its start"):
            await stage.injector.start(MYSQL, 0.3)
        process = stage.processes.find(MYSQL)
        assert process is not None
        assert process.exit_code == -signal.SIGKILL
        assert stage.status().phase is Phase.TERMINATED
        stage.works = True
        await stage.injector.start(MYSQL, 10)

    play(scenario)


def test_paused_server_says_so_until_it_goes_on(play: Callable[[Scenario], None]) -> None:
    """The process is stopped in fact, its status says paused, and both end with the pause."""

    async def scenario(stage: Stage) -> None:
        pid = stage.status().pid
        assert pid is not None
        result = await stage.injector.pause(MYSQL)
        assert (result.action, result.seen, result.pid_after) == ("SIGSTOP", "the process is stopped", pid)
        assert psutil.Process(pid).status() == psutil.STATUS_STOPPED
        assert (stage.status().phase, stage.status().reason) == (Phase.RUNNING, "paused")
        with pytest.raises(HarnessError, match="mysql is paused already"):
            await stage.injector.pause(MYSQL)
        await stage.injector.resume(MYSQL)
        assert psutil.Process(pid).status() != psutil.STATUS_STOPPED
        assert stage.status().reason == ""
        with pytest.raises(HarnessError, match="mysql is not paused"):
            await stage.injector.resume(MYSQL)

    play(scenario)


def test_broken_links_show_until_they_are_healed(play: Callable[[Scenario], None]) -> None:
    """The proxy's status lists what is broken; a link that is broken anew is healed first."""

    async def scenario(stage: Stage) -> None:
        await stage.injector.break_link(MYSQL, LinkFault.REFUSED)
        await stage.injector.break_link(KUBE_APISERVER, LinkFault.SLOW)
        assert stage.status(FAULT_PROXY).reason == "mysql refused, kube-apiserver slow"
        await stage.injector.break_link(MYSQL, LinkFault.HANGING)
        await stage.injector.heal_link(KUBE_APISERVER)
        assert stage.status(FAULT_PROXY).reason == "mysql hanging"
        await stage.injector.heal_link(MYSQL)
        assert stage.status(FAULT_PROXY).reason == ""
        assert stage.done == [
            "break mysql refused", "break kube-apiserver slow", "heal mysql", "break mysql hanging",
            "heal kube-apiserver", "heal mysql",
        ]  # fmt: skip

    play(scenario)


def test_full_disk_and_pause_are_both_said(play: Callable[[Scenario], None]) -> None:
    """What was done to a server and not undone stands in its status; a new process has no full disk."""

    async def scenario(stage: Stage) -> None:
        pid = stage.status().pid
        result = await stage.injector.fill_disk()
        assert (result.seen, result.injected) == (f"full, pid {pid}", True)
        await stage.injector.pause(MYSQL)
        assert stage.status().reason == "paused, disk full"
        await stage.injector.resume(MYSQL)
        assert stage.status().reason == "disk full"
        await stage.injector.free_disk()
        assert stage.status().reason == ""
        await stage.injector.fill_disk()
        await stage.injector.kill(MYSQL)
        await stage.injector.start(MYSQL, 10)
        await stage.injector.pause(MYSQL)
        assert stage.status().reason == "paused"

    play(scenario)


def test_unknown_and_distant_components_are_refused(play: Callable[[Scenario], None]) -> None:
    """What is no component, runs elsewhere or starts by itself is named, with the valid ones."""

    async def scenario(stage: Stage) -> None:
        with pytest.raises(SettingsError, match=r"component: unknown value 'mysqld'\n.*did you mean mysql"):
            await stage.injector.kill("mysqld")
        with pytest.raises(SettingsError, match=r"(?s)unknown value 'etcd'.*Valid: mysql, kube-apiserver"):
            await stage.injector.break_link(ETCD, LinkFault.SLOW)
        with pytest.raises(HarnessError, match=r"etcd does not run here \(Pending: /etcd\)"):
            await stage.injector.pause(ETCD)
        with pytest.raises(HarnessError, match="etcd can't be started on request: it runs elsewhere"):
            await stage.injector.start(ETCD, 1)
        with pytest.raises(HarnessError, match="can't be started on request: it starts again by itself"):
            await stage.injector.start(CONTROLLERMGR, 1)

    play(scenario)


@pytest.mark.parametrize("play", [False], indirect=True)
def test_sandbox_without_faults_has_no_links_to_break(play: Callable[[Scenario], None]) -> None:
    """Where the sandbox was not started for faults, the error says how to."""

    async def scenario(stage: Stage) -> None:
        for action in (
            stage.injector.break_link(MYSQL, LinkFault.SLOW),
            stage.injector.heal_link(MYSQL),
            stage.injector.fill_disk(),
        ):
            with pytest.raises(HarnessError) as caught:
                await action
            assert caught.value.hint == "Start it with SandboxSettings(faults=True)"

    play(scenario)
