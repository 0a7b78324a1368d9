"""The processes of one sandbox but for the controller manager, and what it means when one of them ends.

One that ends unasked breaks the sandbox; one that is ended on request is missed by nobody until it is started
again.
"""

from __future__ import annotations

import asyncio

from harness.core.errors import HarnessError
from harness.sandbox.base import Phase
from harness.sandbox.local.wire.process import Child
from harness.sandbox.local.wire.state import StateFile


class Parts:
    """The processes by name. `broken` is set as soon as one that was up has ended by itself."""

    def __init__(self, state: StateFile) -> None:
        self._state = state
        self._children: dict[str, Child] = {}
        self._expected: set[Child] = set()
        self._watches: set[asyncio.Task[None]] = set()
        self.broken: asyncio.Future[HarnessError] = asyncio.get_running_loop().create_future()

    def find(self, name: str) -> Child | None:
        """Return the process of that name that was started last, be it alive or not."""
        return self._children.get(name)

    def note_start(self, child: Child) -> None:
        """Take in a process that is on its way."""
        self._children[child.name] = child
        self._state.set_component(
            child.name, phase=Phase.PENDING, reason="", pid=child.pid, started_at=child.started_at
        )

    def note_ready(self, child: Child) -> None:
        """Say that a process does its work, and miss it from now on."""
        self._state.set_component(child.name, phase=Phase.RUNNING)
        watch = asyncio.create_task(self._watch(child))
        self._watches.add(watch)
        watch.add_done_callback(self._watches.discard)

    async def end(self, child: Child) -> None:
        """Kill a process on request: it shows as Terminated, and nothing is broken."""
        self._expected.add(child)
        await child.stop()
        reason = f"{child.describe_end()}, on request"
        self._state.set_component(child.name, phase=Phase.TERMINATED, pid=None, reason=reason)

    async def stop(self) -> None:
        """Kill everything, paused or not."""
        self._expected.update(self._children.values())
        await asyncio.gather(*(child.stop() for child in self._children.values()))

    async def _watch(self, child: Child) -> None:
        await child.ended.wait()
        if child in self._expected:
            return
        reason = child.describe_end()
        self._state.set_component(child.name, phase=Phase.FAILED, pid=None, reason=reason)
        if not self.broken.done():
            self.broken.set_result(HarnessError(f"{child.name} ended ({reason}):\n{child.quote_log()}"))
