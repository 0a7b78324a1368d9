"""The processes of one sandbox but for the controller manager, and what it means when one of them ends.

One that ends unasked breaks the sandbox; one that is ended on request is missed by nobody until it is started
again.
"""

from __future__ import annotations

import asyncio

from harness.core.errors import HarnessError
from harness.sandbox.base import Phase
from harness.sandbox.local.wire.process import Process
from harness.sandbox.local.wire.state import StateFile


class Processes:
    """The processes by name. `broken` is set as soon as one that was up has ended by itself."""

    def __init__(self, state: StateFile) -> None:
        self._state = state
        self._by_name: dict[str, Process] = {}
        self._expected: set[Process] = set()
        self._watches: set[asyncio.Task[None]] = set()
        self.broken: asyncio.Future[HarnessError] = asyncio.get_running_loop().create_future()

    def find(self, name: str) -> Process | None:
        """Return the process of that name that was started last, be it alive or not."""
        return self._by_name.get(name)

    def note_start(self, process: Process) -> None:
        """Take in a process that is on its way."""
        self._by_name[process.name] = process
        self._state.set_component(
            process.name, phase=Phase.PENDING, reason="", pid=process.pid, started_at=process.started_at
        )

    def note_ready(self, process: Process) -> None:
        """Say that a process does its work, and miss it from now on."""
        self._state.set_component(process.name, phase=Phase.RUNNING)
        watch = asyncio.create_task(self._watch(process))
        self._watches.add(watch)
        watch.add_done_callback(self._watches.discard)

    async def end(self, process: Process) -> None:
        """Kill a process on request: it shows as Terminated, and nothing is broken."""
        self._expected.add(process)
        await process.stop()
        reason = f"{process.describe_end()}, on request"
        self._state.set_component(process.name, phase=Phase.TERMINATED, pid=None, reason=reason)

    async def stop(self) -> None:
        """Kill everything, paused or not."""
        self._expected.update(self._by_name.values())
        await asyncio.gather(*(process.stop() for process in self._by_name.values()))

    async def _watch(self, process: Process) -> None:
        await process.ended.wait()
        if process in self._expected:
            return
        reason = process.describe_end()
        self._state.set_component(process.name, phase=Phase.FAILED, pid=None, reason=reason)
        if not self.broken.done():
            self.broken.set_result(HarnessError(f"{process.name} ended ({reason}):\n{process.quote_log()}"))
