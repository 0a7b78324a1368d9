"""Keeps the controller manager running as a Deployment of Kubernetes would, and says how it fares.

Whatever it ends with, it is started again after a delay: half a second at first, doubled each time up to
eight, begun anew after it ran well for a while. Those are Kubernetes' 10 s, 5 min and 10 min, scaled to
the timeouts of somebody in front of a laptop. While it waits, its phase is CrashLoopBackOff, or Completed
where it ended with exit code 0. It is healthy once its health probe answers anything but a server error:
upstream's has no checks registered and answers 404.
"""

from __future__ import annotations

import asyncio
import http.client
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.core.errors import HarnessError
from harness.core.settings import MySQLEndpoint
from harness.sandbox.base import CONTROLLERMGR, Phase
from harness.sandbox.capabilities import LONGEST_RESTART_DELAY_S, Overrides
from harness.sandbox.local.servers.baseyaml import render_base_yaml
from harness.sandbox.local.servers.programs import make_environment
from harness.sandbox.local.wire.channel import CrashLoopError
from harness.sandbox.local.wire.folder import SandboxFolder
from harness.sandbox.local.wire.logs import get_log, list_runs
from harness.sandbox.local.wire.plan import ControllerManagerPlan
from harness.sandbox.local.wire.process import Process, ProcessEndedError, spawn, wait_until
from harness.sandbox.local.wire.state import StateFile
from harness.sandbox.ports import LOOPBACK, choose_port
from harness.sandbox.storage import write_private

FIRST_DELAY_S = 0.5
RESET_AFTER_S = 20.0
STOP_GRACE_S = 3.0
EXITS_TO_GIVE_UP = 3


class RestartPolicy:
    """Says how long to wait before the next start; `clock` counts seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started_at = clock()
        self._delay_s = FIRST_DELAY_S

    def note_start(self) -> None:
        """Say that the program starts now."""
        self._started_at = self._clock()

    def get_delay_s(self) -> float:
        """Return how long to wait, now that the program has ended."""
        if self._clock() - self._started_at >= RESET_AFTER_S:
            self._delay_s = FIRST_DELAY_S
        delay_s = self._delay_s
        self._delay_s = min(2 * delay_s, LONGEST_RESTART_DELAY_S)
        return delay_s


@dataclass(frozen=True)
class Reconfiguration:
    """What `base.yaml` has other than usual: keys with their values, and sections that are not there."""

    overrides: tuple[tuple[str, Any], ...] = ()
    without: tuple[str, ...] = ()


UNCHANGED = Reconfiguration()


class ControllerManagerRunner:
    """Runs one controller manager in one sandbox; `overrides` are keys of its `base.yaml`.

    `mysql` and `kubeconfig` (by default the sandbox's) are how it reaches its servers.
    """

    def __init__(
        self,
        folder: SandboxFolder,
        state: StateFile,
        mysql: MySQLEndpoint,
        overrides: Overrides = (),
        kubeconfig: Path | None = None,
    ) -> None:
        self._folder = folder
        self._state = state
        self._mysql = mysql
        self._overrides = tuple(overrides)
        self._kubeconfig = kubeconfig or folder.kubeconfig
        self._plan: ControllerManagerPlan | None = None
        self._process: Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._change = UNCHANGED

    async def start(
        self,
        plan: ControllerManagerPlan,
        timeout_s: float,
        *,
        restarts: int = 0,
        change: Reconfiguration = UNCHANGED,
        await_healthy: bool = True,
    ) -> None:
        """Start it, `restarts` to its account already; return once it has been healthy, or runs.

        Raises `CrashLoopError`, which quotes its last words, where it ends three times before that, or ends at
        all and is not healthy after `timeout_s`; `HarnessError` where it never ended, or can't be run. It is kept
        running even so, until `stop`. One that is reconfigured has another digest, so that the next client does
        not take it for the usual one.
        """
        executable = plan.executable
        self._plan, self._change = plan, change
        digest = plan.digest if change == UNCHANGED else f"{plan.digest} reconfigured"
        self._state.state.controllermgr_digest = digest
        self._set(
            version=executable.version, path=executable.path, sha256=executable.sha256, restarts=restarts
        )
        begin = _Begin()
        self._task = asyncio.create_task(self._keep_running(plan, begin, restarts))
        try:
            async with asyncio.timeout(timeout_s):
                await asyncio.shield(begin.healthy if await_healthy else begin.running)
        except TimeoutError:
            words = self._process.quote_log() if self._process else "    (it does not run)"
            error = CrashLoopError if begin.failures else HarnessError
            raise error(
                f"{CONTROLLERMGR} ({executable.path}) was not healthy after {timeout_s:g} s:\n{words}",
                hint="It must serve HTTP at controllermgr.healthProbeBindAddress of $CONFIG_DIR/base.yaml",
            ) from None

    async def restart(self, timeout_s: float) -> None:
        """Stop it and start it again as it was, which counts as no restart of its own; errors as in `start`."""
        plan = self._plan
        assert plan is not None  # noqa: S101  it has been started
        await self.stop()
        restarts = self._state.state.components[CONTROLLERMGR].restarts
        await self.start(plan, timeout_s, restarts=restarts, change=self._change)

    async def reconfigure(self, change: Reconfiguration, timeout_s: float, *, await_healthy: bool) -> None:
        """Stop it if it runs and start it with another `base.yaml`; errors as in `start`."""
        plan = self._plan
        assert plan is not None  # noqa: S101  it has been started
        await self.stop()
        restarts = self._state.state.components[CONTROLLERMGR].restarts
        await self.start(plan, timeout_s, restarts=restarts, change=change, await_healthy=await_healthy)

    @property
    def process(self) -> Process | None:
        """Its process, which may have ended; None before the first start."""
        return self._process

    async def kill(self) -> None:
        """End its process, which runs, by SIGKILL: it is started again, as after any other end."""
        process = self._process
        assert process is not None  # noqa: S101  it runs
        process.send(signal.SIGKILL)
        await process.ended.wait()
        self._set(phase=Phase.CRASH_LOOP, pid=None, reason=process.describe_end())

    async def stop(self) -> None:
        """End it: by SIGTERM, and after 3 s by SIGKILL."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.wait({self._task})   # however it ended, the rest must end too
        self._task = None
        self._set(phase=Phase.TERMINATED, pid=None, reason="")

    async def _keep_running(self, plan: ControllerManagerPlan, begin: _Begin, restarts: int) -> None:
        policy = RestartPolicy()
        while True:
            policy.note_start()
            end, last_words, exit_code = await self._run_once(plan, begin, restarts)
            begin.failures.append(end)
            if len(begin.failures) == EXITS_TO_GIVE_UP:
                begin.give_up(_give_up(plan, begin.failures, last_words, ran=exit_code is not None))
            delay_s = policy.get_delay_s()
            phase = Phase.COMPLETED if exit_code == 0 else Phase.CRASH_LOOP
            self._set(phase=phase, pid=None, reason=f"{end}; starts again in {delay_s:g} s")
            await asyncio.sleep(delay_s)
            restarts += 1

    async def _run_once(
        self, plan: ControllerManagerPlan, begin: _Begin, restarts: int
    ) -> tuple[str, str, int | None]:
        """Run it to its end; return how it ended, its last words and its exit code."""
        health_port = self._configure(plan)
        run = max(list_runs(self._folder.logs, CONTROLLERMGR), default=-1) + 1
        log = get_log(self._folder.logs, CONTROLLERMGR, run)
        environment = {
            **make_environment(self._folder, self._folder.config, self._kubeconfig),
            "GOCOVERDIR": str(self._folder.coverage),
        }
        try:
            process = spawn(
                CONTROLLERMGR, plan.command, log=log, folder=self._folder.temporary, environment=environment
            )
        except HarnessError as error:
            return error.problem, "", None
        self._process = process
        self._set(
            phase=Phase.RUNNING, restarts=restarts, reason="", pid=process.pid, started_at=process.started_at
        )
        begin.note(begin.running)
        watch = asyncio.create_task(self._watch_health(process, health_port, begin))
        try:
            await process.ended.wait()
        finally:
            watch.cancel()
            self._state.state.controllermgr_healthy = False
            await process.stop(STOP_GRACE_S)
        return process.describe_end(), process.quote_log(), process.exit_code

    def _configure(self, plan: ControllerManagerPlan) -> int:
        """Write `base.yaml` with fresh ports, since those of the last run may be taken; return the probe's."""
        metrics_port, health_port = choose_port(), choose_port()
        text = render_base_yaml(
            self._mysql,
            metrics_port=metrics_port,
            health_port=health_port,
            expands_variables=plan.expands_variables,
            overrides=(*self._overrides, *self._change.overrides),
            without=self._change.without,
        )
        write_private(self._folder.config / "base.yaml", text)
        return health_port

    async def _watch_health(self, process: Process, port: int, begin: _Begin) -> None:
        with suppress(ProcessEndedError):
            await wait_until(lambda: _is_healthy(port), process, interval_s=0.01)
            if process.exit_code is None:
                self._state.state.controllermgr_healthy = True
                self._state.publish()
                begin.note(begin.healthy)

    def _set(self, **changes: object) -> None:
        self._state.set_component(CONTROLLERMGR, **changes)


class _Begin:
    """How far the first run came: two futures, each done once, that nobody need await; and how each run ended."""

    def __init__(self) -> None:
        self.failures: list[str] = []
        loop = asyncio.get_running_loop()
        self.running: asyncio.Future[None] = loop.create_future()
        self.healthy: asyncio.Future[None] = loop.create_future()

    def note(self, reached: asyncio.Future[None]) -> None:
        if not reached.done():
            reached.set_result(None)

    def give_up(self, error: HarnessError) -> None:
        for future in (self.running, self.healthy):
            if not future.done():
                future.set_exception(error)
                future.exception()   # else asyncio complains where nobody awaits it


def _give_up(plan: ControllerManagerPlan, failures: list[str], last_words: str, *, ran: bool) -> HarnessError:
    error = CrashLoopError if ran else HarnessError
    return error(
        f"{CONTROLLERMGR} ({plan.executable.path}) ended {len(failures)} times before it was healthy:"
        f" {', '.join(failures)}\n{last_words}".rstrip(),
        hint="Is it a controller manager, made for this machine, and does it like its base.yaml?",
    )


def _is_healthy(port: int) -> bool:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=1)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
