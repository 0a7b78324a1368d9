"""The process that owns a sandbox: it starts the processes, watches them, takes requests, and ends them all.

It runs in a session of its own, so that Ctrl-C reaches the client alone and a kept sandbox outlives it.
It ends when a client says so, on SIGTERM, SIGINT and SIGHUP, and when the client that started it is gone
without having said that the sandbox is to be kept, or somebody removed the folder, as those who clean /tmp
do. Nothing of the sandbox is left then.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import socket
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from harness.core.errors import HarnessError
from harness.sandbox.capabilities import BusyError, InjectionResult, LinkFault
from harness.sandbox.local.servers.credentials import make_credentials
from harness.sandbox.local.supervisor.controllermgr import ControllerManagerRunner, Reconfiguration
from harness.sandbox.local.supervisor.fault_injector import FaultInjector
from harness.sandbox.local.supervisor.startup import Startup
from harness.sandbox.local.wire.channel import CrashLoopError, Message, describe_error, encode
from harness.sandbox.local.wire.folder import SandboxFolder
from harness.sandbox.local.wire.plan import ControllerManagerPlan, Executable, read_plan
from harness.sandbox.local.wire.state import SandboxPhase, State, StateFile
from harness.sandbox.local.wire.sweep import end_processes, remove

_FOLDER_CHECK_S = 1.0
_INJECTIONS: Mapping[str, Callable[[FaultInjector, dict[str, Any]], Awaitable[InjectionResult | None]]] = {
    "kill": lambda injector, values: injector.kill(values["component"]),
    "start component": lambda injector, values: injector.start(values["component"], values["within_s"]),
    "pause": lambda injector, values: injector.pause(values["component"]),
    "resume": lambda injector, values: injector.resume(values["component"]),
    "break link": lambda injector, values: injector.break_link(values["component"], LinkFault(values["mode"])),
    "heal link": lambda injector, values: injector.heal_link(values["component"]),
    "fill disk": lambda injector, _: injector.fill_disk(),
    "free disk": lambda injector, _: injector.free_disk(),
}


@dataclass(eq=False)
class _Session:
    """One client's connection. `is_owner`: it started the sandbox. `uses`: it works with the sandbox."""

    writer: asyncio.StreamWriter
    is_owner: bool = False
    uses: bool = False
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def send(self, message: Message) -> None:
        if not self.writer.is_closing():
            self.writer.write(encode(message))


class Supervisor:
    """Owns the sandbox in `folder`. `owner` is the connection of the client that started it."""

    def __init__(self, folder: SandboxFolder, owner: socket.socket) -> None:
        self._folder = folder
        self._owner_connection = owner
        self._sessions: set[_Session] = set()
        self._owner: _Session | None = None
        self._state = StateFile(
            folder, State(supervisor_pid=os.getpid(), started_at=time.time()), on_stage=self._tell_stage
        )
        self._startup: Startup | None = None
        self._starting: asyncio.Task[None] | None = None
        self._changing = asyncio.Lock()
        self._stop = asyncio.Event()
        self._stopped = asyncio.Event()

    async def run(self) -> None:
        """Serve until the sandbox is to end, and end it."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._stop.set)
        server = await asyncio.start_unix_server(self._serve, self._folder.control_socket)
        reader, writer = await asyncio.open_unix_connection(sock=self._owner_connection)
        owner = asyncio.create_task(self._serve(reader, writer, is_owner=True))
        try:
            await self._wait_for_stop()
        finally:
            await self._end()
        server.close()
        owner.cancel()

    async def _wait_for_stop(self) -> None:
        """Return once the sandbox is to end: also when its folder was removed, as nobody could find it then."""
        while not self._stop.is_set() and self._folder.lock.exists():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), _FOLDER_CHECK_S)

    async def _end(self) -> None:
        self._state.state.phase = SandboxPhase.STOPPING
        self._state.publish()
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.wait({self._starting})
        if self._startup is not None:
            await self._startup.stop()
        end_processes([self._folder.path])
        remove(self._folder)
        self._stopped.set()
        for session in self._sessions.copy():   # whoever asked for the end gets an answer
            await asyncio.gather(*session.tasks, return_exceptions=True)
            with suppress(ConnectionError):
                await session.writer.drain()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_owner: bool = False
    ) -> None:
        session = _Session(writer, is_owner=is_owner, uses=is_owner)
        self._sessions.add(session)
        if is_owner:
            self._owner = session
        try:
            while line := await reader.readline():
                task = asyncio.create_task(self._answer(session, json.loads(line)))
                session.tasks.add(task)
                task.add_done_callback(partial(self._forget, session))
        except ConnectionError:
            pass
        finally:
            self._sessions.discard(session)
            writer.close()
            if is_owner and not self._state.state.kept:
                self._stop.set()

    async def _answer(self, session: _Session, message: Message) -> None:
        try:
            result = await self._do(session, message.pop("do"), message)
        except HarnessError as error:
            session.send(describe_error(error))
        else:
            session.send({"event": "done", "result": result})

    def _forget(self, session: _Session, task: asyncio.Task[None]) -> None:
        """Drop a finished task; after a fault of ours the client must not wait, and nothing may stay behind."""
        session.tasks.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            traceback.print_exception(fault)
            session.writer.close()
            self._stop.set()

    async def _do(self, session: _Session, name: str, values: dict[str, Any]) -> dict[str, Any] | None:
        if name in _INJECTIONS:
            return await self._inject(session, name, values)
        if name in _USES:
            _USES[name](self, session)
            return None
        match name:
            case "start":
                self._starting = asyncio.current_task()
                await self._start()
            case "restart":
                async with self._changing:
                    await self._get_controllermgr().restart(values["within_s"])
            case "stop controllermgr":
                self._require_exclusive(session)
                async with self._changing:
                    await self._get_controllermgr().stop()
            case "start controllermgr":
                self._require_exclusive(session)
                async with self._changing:
                    await self._reconfigure(values)
            case "collect garbage":
                async with self._changing:
                    await self._collect_garbage(Executable(**values["executable"]), values["within_s"])
            case "replace":
                async with self._changing:
                    await self._replace(session, values)
            case "stop":
                self._stop.set()
                await self._stopped.wait()
            case _:
                raise HarnessError(f"The sandbox's supervisor does not know {name!r}")
        return None

    async def _start(self) -> None:
        self._state.begin_start()
        plan = read_plan(self._folder)
        self._state.state.digest = plan.digest
        credentials = await asyncio.to_thread(make_credentials, self._folder.path / "credentials")
        self._startup = Startup(self._folder, plan, credentials, self._state)
        try:
            await self._startup.start()
        except CrashLoopError:
            raise   # whether a sandbox with such a controller manager is of use, the client decides
        except HarnessError:
            asyncio.get_running_loop().call_soon(self._stop.set)   # once the client has its answer
            raise

    async def _inject(self, session: _Session, name: str, values: dict[str, Any]) -> dict[str, Any] | None:
        self._require_exclusive(session)
        if self._startup is None or self._startup.injector is None:
            raise HarnessError("The sandbox has not been started yet")
        async with self._changing:
            result = await _INJECTIONS[name](self._startup.injector, values)
        return None if result is None else asdict(result)

    async def _collect_garbage(self, executable: Executable, within_s: float) -> None:
        if self._startup is None:
            raise HarnessError("The sandbox has not been started yet")
        await self._startup.collect_garbage(executable, within_s)

    async def _replace(self, session: _Session, values: dict[str, Any]) -> None:
        self._require_exclusive(session)
        runner = self._get_controllermgr()
        await runner.stop()
        await runner.start(ControllerManagerPlan.load(values["controllermgr"]), values["within_s"])

    async def _reconfigure(self, values: dict[str, Any]) -> None:
        change = Reconfiguration(
            overrides=tuple((key, value) for key, value in values["overrides"]),
            without=tuple(values["without"]),
        )
        await self._get_controllermgr().reconfigure(
            change, values["within_s"], await_healthy=values["await_healthy"]
        )

    def _keep(self, _session: _Session) -> None:
        self._state.state.kept = True
        self._state.publish()

    def _leave(self, session: _Session) -> None:
        session.uses = False

    def _use(self, session: _Session) -> None:
        if self._state.state.proxy_ports:   # who injects faults has the sandbox alone
            self._require_exclusive(session)
        session.uses = True

    def _require_exclusive(self, session: _Session) -> None:
        if any(other.uses for other in self._sessions if other is not session):
            raise BusyError(f"Another run uses the sandbox in {self._folder.path}")

    def _get_controllermgr(self) -> ControllerManagerRunner:
        if self._startup is None or self._startup.controllermgr is None:
            raise HarnessError("The controller manager has not been started yet")
        return self._startup.controllermgr

    def _tell_stage(self, name: str, seconds: float | None) -> None:
        if self._owner is not None:
            self._owner.send({"event": "stage", "name": name, "seconds": seconds})


_USES: Mapping[str, Callable[[Supervisor, _Session], None]] = {
    "keep": Supervisor._keep,
    "use": Supervisor._use,
    "leave": Supervisor._leave,
    "be exclusive": Supervisor._require_exclusive,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Own the sandbox in a folder until it ends; never returns.

    The client passes two open files: the lock of the folder, held until this process ends, and its end of
    a connection.
    """
    parser = argparse.ArgumentParser(prog="python -m harness.sandbox.local.supervisor.__main__")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lock", type=int, required=True, help="descriptor of the locked file")
    parser.add_argument("--owner", type=int, required=True, help="descriptor of the connection")
    options = parser.parse_args(arguments)
    for descriptor in (options.lock, options.owner):
        os.set_inheritable(descriptor, False)
    os.umask(0o077)
    supervisor = Supervisor(SandboxFolder(options.folder), socket.socket(fileno=options.owner))
    asyncio.run(_run_and_exit(supervisor))


async def _run_and_exit(supervisor: Supervisor) -> None:
    await supervisor.run()
    # Without waiting for threads: one may still wait for an answer of a server that is gone
    os._exit(0)


if __name__ == "__main__":
    main()
