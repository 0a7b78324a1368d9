"""What is done to a sandbox's processes and ways on request, at the supervisor's end, one after the other.

All of it shows in the components' status until it is undone, so that a sandbox that was left struck is not
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
from harness.sandbox.capabilities import PAUSED, Cut, Strike
from harness.sandbox.local.servers.fulldisk import FullDisk
from harness.sandbox.local.supervisor.controllermgr import ControllerManagerRunner
from harness.sandbox.local.supervisor.processes import Parts
from harness.sandbox.local.wire.process import Child, ChildEndedError, wait_until
from harness.sandbox.local.wire.state import StateFile

if TYPE_CHECKING:   # it loads a client for HTTP, which sandboxes without faults need not wait for
    from harness.sandbox.local.servers.faultproxy import FaultProxy

COMPONENTS = (CONTROLLERMGR, MYSQL, KUBE_APISERVER, ETCD)
WAYS = (MYSQL, KUBE_APISERVER)
FULL_DISK = "disk full"   # the reason of a server whose disk is

_SIGNAL_TIMEOUT_S = 5.0


class Outages:
    """Strikes one sandbox. `revivals` start its servers again, and return once they work.

    `proxy` and `disk` are there where the sandbox was started for faults.
    """

    def __init__(
        self,
        parts: Parts,
        state: StateFile,
        controllermgr: ControllerManagerRunner,
        revivals: dict[str, Callable[[], Awaitable[Child]]],
        proxy: FaultProxy | None,
        disk: FullDisk | None,
    ) -> None:
        self._parts = parts
        self._state = state
        self._controllermgr = controllermgr
        self._revivals = revivals
        self._proxy = proxy
        self._disk = disk
        self._is_full = False
        self._cuts: dict[str, Cut] = {}

    async def kill(self, name: str) -> Strike:
        """Kill a component's process; HarnessError where it has none."""
        child, began = self._get_running(name), time.time()
        if name == CONTROLLERMGR:
            await self._controllermgr.kill()
        else:
            await self._parts.end(child)
        return self._describe(name, "SIGKILL", child.describe_end(), began, pid_before=child.pid)

    async def start(self, name: str, timeout_s: float) -> Strike:
        """Start a server that was killed; HarnessError, with its last words, where it does not come to work."""
        self._require_known(name)
        if name not in self._revivals:
            reason = "it starts again by itself" if name == CONTROLLERMGR else "it runs elsewhere"
            raise HarnessError(f"{name} can't be started on request: {reason}")
        if (running := self._parts.find(name)) is not None and running.exit_code is None:
            raise HarnessError(f"{name} runs already (pid {running.pid})")
        began = time.time()
        try:
            async with asyncio.timeout(timeout_s):
                child = await self._revivals[name]()
        except TimeoutError:
            raise await self._give_up(name, timeout_s) from None
        except ChildEndedError as error:
            self._state.set_component(name, phase=Phase.FAILED, pid=None, reason=error.problem.partition("\n")[0])
            raise
        self._is_full = self._is_full and name != MYSQL   # its new process has no limit
        return self._describe(name, "start", f"works again, pid {child.pid}", began, pid_after=child.pid)

    async def pause(self, name: str) -> Strike:
        """Stop a component's process by SIGSTOP; HarnessError where it is stopped already."""
        child, began = self._get_running(name), time.time()
        if child.is_paused:
            raise HarnessError(f"{name} is paused already")
        child.pause()
        self._mark(name, child)
        status = await self._wait_for_status(child, stopped=True)
        return self._describe(
            name, "SIGSTOP", f"the process is {status}", began, pid_before=child.pid, pid_after=child.pid
        )

    async def resume(self, name: str) -> Strike:
        """Let a paused component go on; HarnessError where it is not paused."""
        child, began = self._get_running(name), time.time()
        if not child.is_paused:
            raise HarnessError(f"{name} is not paused")
        child.resume()
        status = await self._wait_for_status(child, stopped=False)
        self._mark(name, child)
        return self._describe(
            name, "SIGCONT", f"the process is {status}", began, pid_before=child.pid, pid_after=child.pid
        )

    async def cut(self, name: str, mode: Cut) -> None:
        """Cut the way from the controller manager to a server; what it was cut by before is mended first."""
        proxy = self._get_proxy(name)
        if name in self._cuts:
            await asyncio.to_thread(proxy.mend, name)
        self._note_cuts({**self._cuts, name: mode})
        await asyncio.to_thread(proxy.cut, name, mode)

    async def mend(self, name: str) -> None:
        """Make the way whole."""
        await asyncio.to_thread(self._get_proxy(name).mend, name)
        self._note_cuts({way: mode for way, mode in self._cuts.items() if way != name})

    async def fill_disk(self) -> Strike:
        """Make MySQL's disk full; HarnessError where this sandbox can't."""
        child, began = self._get_running(MYSQL), time.time()
        disk = self._get_disk()
        self._is_full = True
        self._mark(MYSQL, child)
        seen = await asyncio.to_thread(disk.fill, child.pid)
        return self._describe(MYSQL, FULL_DISK, seen, began, pid_before=child.pid, pid_after=child.pid)

    async def free_disk(self) -> Strike:
        """Make room on MySQL's disk again; HarnessError where this sandbox can't."""
        child, began = self._get_running(MYSQL), time.time()
        seen = await asyncio.to_thread(self._get_disk().free, child.pid)
        self._is_full = False
        self._mark(MYSQL, child)
        return self._describe(MYSQL, "disk free", seen, began, pid_before=child.pid, pid_after=child.pid)

    def _describe(
        self, name: str, deed: str, seen: str, began: float, *,
        pid_before: int | None = None, pid_after: int | None = None,
    ) -> Strike:  # fmt: skip
        now = time.time()
        return Strike(name, deed, True, seen, now, now - began, pid_before, pid_after)

    def _require_known(self, name: str) -> None:
        if name not in COMPONENTS:
            raise SettingsError.unknown("component", name, COMPONENTS)

    def _get_running(self, name: str) -> Child:
        self._require_known(name)
        child = self._controllermgr.child if name == CONTROLLERMGR else self._parts.find(name)
        if child is None or child.exit_code is not None:
            status = self._state.state.components[name]
            raise HarnessError(f"{name} does not run here ({status.phase}: {status.reason or status.path})")
        return child

    def _get_proxy(self, name: str) -> FaultProxy:
        if name not in WAYS:
            raise SettingsError.unknown("component", name, WAYS)
        if self._proxy is None:
            raise _lack_faults(f"The way to {name} can't be cut")
        return self._proxy

    def _get_disk(self) -> FullDisk:
        if self._disk is None:
            raise _lack_faults("MySQL's disk can't be made full")
        return self._disk

    def _note_cuts(self, cuts: dict[str, Cut]) -> None:
        self._cuts = cuts
        reason = ", ".join(f"{name} {mode}" for name, mode in cuts.items())
        self._state.set_component(FAULT_PROXY, reason=reason)

    def _mark(self, name: str, child: Child) -> None:
        """Let the component's status say what was done to it and not undone."""
        marks = ((PAUSED, child.is_paused), (FULL_DISK, name == MYSQL and self._is_full))
        self._state.set_component(name, reason=", ".join(mark for mark, holds in marks if holds))

    async def _wait_for_status(self, child: Child, *, stopped: bool) -> str:
        """Return the process's status once it is stopped, or not; HarnessError where that takes too long."""
        process = psutil.Process(child.pid)
        try:
            async with asyncio.timeout(_SIGNAL_TIMEOUT_S):
                await wait_until(
                    lambda: (process.status() == psutil.STATUS_STOPPED) is stopped, child, interval_s=0.005
                )
        except TimeoutError:
            problem = f"{child.name} (pid {child.pid}) did not obey within {_SIGNAL_TIMEOUT_S:g} s"
            raise HarnessError(problem) from None
        return str(process.status())

    async def _give_up(self, name: str, timeout_s: float) -> HarnessError:
        """End a server that was started and does not come to work; return the error."""
        child = self._parts.find(name)
        words = ""
        if child is not None:
            words = f":\n{child.quote_log()}"
            await self._parts.end(child)
        return HarnessError(f"{name} did not work again {timeout_s:g} s after its start{words}")


def _lack_faults(problem: str) -> HarnessError:
    return HarnessError(
        f"{problem}: the sandbox was not started for faults, or the server runs elsewhere",
        hint="Start it with SandboxSettings(faults=True)",
    )
