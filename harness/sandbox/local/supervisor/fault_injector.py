"""What is done to a sandbox's processes and links on request, at the supervisor's end, one after the other.

All of it shows in the components' status until it is undone, so that a sandbox that was left disturbed is not
taken for a whole one. What ends on request breaks nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import psutil

from harness.core.errors import HarnessError, SettingsError
from harness.sandbox.base import CONTROLLERMGR, ETCD, FAULT_PROXY, KUBE_APISERVER, MYSQL, Phase
from harness.sandbox.capabilities import PAUSED, InjectionResult, LinkFault
from harness.sandbox.local.servers.fulldisk import FullDisk
from harness.sandbox.local.supervisor.controllermgr import ControllerManagerRunner
from harness.sandbox.local.supervisor.processes import Processes
from harness.sandbox.local.wire.process import Process, ProcessEndedError, wait_until
from harness.sandbox.local.wire.state import StateFile

if TYPE_CHECKING:   # it loads a client for HTTP, which sandboxes without faults need not wait for
    from harness.sandbox.local.servers.faultproxy import FaultProxy

COMPONENTS = (CONTROLLERMGR, MYSQL, KUBE_APISERVER, ETCD)
LINKS = (MYSQL, KUBE_APISERVER)
FULL_DISK = "disk full"   # the reason of a server whose disk is

_SIGNAL_TIMEOUT_S = 5.0


class FaultInjector:
    """Disturbs one sandbox. `restarts` start its servers again, and return once they work.

    `proxy` and `disk` are there where the sandbox was started for faults.
    """

    def __init__(
        self,
        processes: Processes,
        state: StateFile,
        controllermgr: ControllerManagerRunner,
        restarts: dict[str, Callable[[], Awaitable[Process]]],
        proxy: FaultProxy | None,
        disk: FullDisk | None,
    ) -> None:
        self._processes = processes
        self._state = state
        self._controllermgr = controllermgr
        self._restarts = restarts
        self._proxy = proxy
        self._disk = disk
        self._is_full = False
        self._broken_links: dict[str, LinkFault] = {}

    async def kill(self, name: str) -> InjectionResult:
        """Kill a component's process; HarnessError where it has none."""
        process, began = self._get_running(name), time.time()
        if name == CONTROLLERMGR:
            await self._controllermgr.kill()
        else:
            await self._processes.end(process)
        return self._describe(name, "SIGKILL", process.describe_end(), began, pid_before=process.pid)

    async def start(self, name: str, timeout_s: float) -> InjectionResult:
        """Start a server that was killed; HarnessError, with its last words, where it does not come to work."""
        self._require_known(name)
        if name not in self._restarts:
            reason = "it starts again by itself" if name == CONTROLLERMGR else "it runs elsewhere"
            raise HarnessError(f"{name} can't be started on request: {reason}")
        if (running := self._processes.find(name)) is not None and running.exit_code is None:
            raise HarnessError(f"{name} runs already (pid {running.pid})")
        began = time.time()
        try:
            async with asyncio.timeout(timeout_s):
                process = await self._restarts[name]()
        except TimeoutError:
            raise await self._give_up(name, timeout_s) from None
        except ProcessEndedError as error:
            self._state.set_component(name, phase=Phase.FAILED, pid=None, reason=error.problem.partition("\n")[0])
            raise
        self._is_full = self._is_full and name != MYSQL   # its new process has no limit
        return self._describe(name, "start", f"works again, pid {process.pid}", began, pid_after=process.pid)

    async def pause(self, name: str) -> InjectionResult:
        """Stop a component's process by SIGSTOP; HarnessError where it is stopped already."""
        process, began = self._get_running(name), time.time()
        if process.is_paused:
            raise HarnessError(f"{name} is paused already")
        process.pause()
        self._mark(name, process)
        status = await self._wait_for_status(process, stopped=True)
        return self._describe(
            name, "SIGSTOP", f"the process is {status}", began, pid_before=process.pid, pid_after=process.pid
        )

    async def resume(self, name: str) -> InjectionResult:
        """Let a paused component go on; HarnessError where it is not paused."""
        process, began = self._get_running(name), time.time()
        if not process.is_paused:
            raise HarnessError(f"{name} is not paused")
        process.resume()
        status = await self._wait_for_status(process, stopped=False)
        self._mark(name, process)
        return self._describe(
            name, "SIGCONT", f"the process is {status}", began, pid_before=process.pid, pid_after=process.pid
        )

    async def break_link(self, name: str, mode: LinkFault) -> None:
        """Break the link from the controller manager to a server; one that is broken already is healed first."""
        proxy = self._get_proxy(name)
        if name in self._broken_links:
            await asyncio.to_thread(proxy.heal_link, name)
        self._note_broken_links({**self._broken_links, name: mode})
        await asyncio.to_thread(proxy.break_link, name, mode)

    async def heal_link(self, name: str) -> None:
        """Make the link whole."""
        await asyncio.to_thread(self._get_proxy(name).heal_link, name)
        self._note_broken_links({link: mode for link, mode in self._broken_links.items() if link != name})

    async def fill_disk(self) -> InjectionResult:
        """Make MySQL's disk full; HarnessError where this sandbox can't."""
        process, began = self._get_running(MYSQL), time.time()
        disk = self._get_disk()
        self._is_full = True
        self._mark(MYSQL, process)
        seen = await asyncio.to_thread(disk.fill, process.pid)
        return self._describe(MYSQL, FULL_DISK, seen, began, pid_before=process.pid, pid_after=process.pid)

    async def free_disk(self) -> InjectionResult:
        """Make room on MySQL's disk again; HarnessError where this sandbox can't."""
        process, began = self._get_running(MYSQL), time.time()
        seen = await asyncio.to_thread(self._get_disk().free, process.pid)
        self._is_full = False
        self._mark(MYSQL, process)
        return self._describe(MYSQL, "disk free", seen, began, pid_before=process.pid, pid_after=process.pid)

    def _describe(
        self, name: str, action: str, seen: str, began: float, *,
        pid_before: int | None = None, pid_after: int | None = None,
    ) -> InjectionResult:  # fmt: skip
        now = time.time()
        return InjectionResult(name, action, True, seen, now, now - began, pid_before, pid_after)

    def _require_known(self, name: str) -> None:
        if name not in COMPONENTS:
            raise SettingsError.unknown("component", name, COMPONENTS)

    def _get_running(self, name: str) -> Process:
        self._require_known(name)
        process = self._controllermgr.process if name == CONTROLLERMGR else self._processes.find(name)
        if process is None or process.exit_code is not None:
            status = self._state.state.components[name]
            raise HarnessError(f"{name} does not run here ({status.phase}: {status.reason or status.path})")
        return process

    def _get_proxy(self, name: str) -> FaultProxy:
        if name not in LINKS:
            raise SettingsError.unknown("component", name, LINKS)
        if self._proxy is None:
            raise _lack_faults(f"The link to {name} can't be broken")
        return self._proxy

    def _get_disk(self) -> FullDisk:
        if self._disk is None:
            raise _lack_faults("MySQL's disk can't be made full")
        return self._disk

    def _note_broken_links(self, broken: dict[str, LinkFault]) -> None:
        self._broken_links = broken
        reason = ", ".join(f"{name} {mode}" for name, mode in broken.items())
        self._state.set_component(FAULT_PROXY, reason=reason)

    def _mark(self, name: str, process: Process) -> None:
        """Let the component's status say what was done to it and not undone."""
        marks = ((PAUSED, process.is_paused), (FULL_DISK, name == MYSQL and self._is_full))
        self._state.set_component(name, reason=", ".join(mark for mark, holds in marks if holds))

    async def _wait_for_status(self, process: Process, *, stopped: bool) -> str:
        """Return the process's status once it is stopped, or not; HarnessError where that takes too long."""
        found = psutil.Process(process.pid)
        try:
            async with asyncio.timeout(_SIGNAL_TIMEOUT_S):
                await wait_until(
                    lambda: (found.status() == psutil.STATUS_STOPPED) is stopped, process, interval_s=0.005
                )
        except TimeoutError:
            problem = f"{process.name} (pid {process.pid}) did not obey within {_SIGNAL_TIMEOUT_S:g} s"
            raise HarnessError(problem) from None
        return str(found.status())

    async def _give_up(self, name: str, timeout_s: float) -> HarnessError:
        """End a server that was started and does not come to work; return the error."""
        process = self._processes.find(name)
        words = ""
        if process is not None:
            words = f":\n{process.quote_log()}"
            await self._processes.end(process)
        return HarnessError(f"{name} did not work again {timeout_s:g} s after its start{words}")


def _lack_faults(problem: str) -> HarnessError:
    return HarnessError(
        f"{problem}: the sandbox was not started for faults, or the server runs elsewhere",
        hint="Start it with SandboxSettings(faults=True)",
    )
