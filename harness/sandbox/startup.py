"""Starts all of a sandbox, side by side where nothing forbids it, and ends all of it.

The controller manager waits for two things: every kind served (its watches would wait 10 s before they ask
again) and the schema job completed. Everything else runs as soon as what it needs is there.
"""

from __future__ import annotations

import asyncio
import dataclasses
import shlex
import time
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from harness.assets.mysqld import MySQLServerFiles
from harness.errors import HarnessError
from harness.sandbox import controlplane, mysqlserver
from harness.sandbox.apiclient import ApiClient
from harness.sandbox.apiserver import start_apiserver, takes_connections
from harness.sandbox.base import APISERVER, CONTROLLERMGR, ETCD, KUBE_APISERVER, MYSQL, SCHEMA_INIT, Phase
from harness.sandbox.child import Child, ChildEndedError, wait_until
from harness.sandbox.controllermgr import ControllerManagerRunner
from harness.sandbox.credentials import Credentials, write_kubeconfig
from harness.sandbox.folder import SandboxFolder
from harness.sandbox.logs import get_log
from harness.sandbox.plan import Executable, Plan
from harness.sandbox.ports import LOOPBACK, choose_port, describe_holder, is_port_clash
from harness.sandbox.schemajob import run_schema_job
from harness.sandbox.state import SandboxPhase, StateFile
from harness.settings import MySQLEndpoint

_T = TypeVar("_T")
_PORT_ATTEMPTS = 3
_SHORTEST_WAIT_S = 5.0   # for the controller manager, where the servers took all the time


class Startup:
    """The parts of one sandbox, and the order in which they come and go."""

    def __init__(self, folder: SandboxFolder, plan: Plan, credentials: Credentials, state: StateFile) -> None:
        self._folder = folder
        self._plan = plan
        self._credentials = credentials
        self._state = state
        self._children: dict[str, Child] = {}
        self._watches: set[asyncio.Task[None]] = set()
        self._broken: asyncio.Future[HarnessError] = asyncio.get_running_loop().create_future()
        self._client: ApiClient | None = None
        self._stopping = False
        self.controllermgr: ControllerManagerRunner | None = None

    async def start(self) -> None:
        """Start everything; HarnessError where a part fails, ends early or takes too long."""
        self._describe_components()
        deadline = time.monotonic() + self._plan.start_timeout_s
        try:
            async with asyncio.timeout(self._plan.start_timeout_s):
                endpoint = await self._unless_broken(self._start_servers())
        except TimeoutError:
            raise await self._explain_timeout() from None
        self.controllermgr = ControllerManagerRunner(
            self._folder, self._state, endpoint, self._plan.base_yaml_overrides
        )
        with self._state.stage("controller manager"):
            left_s = max(deadline - time.monotonic(), _SHORTEST_WAIT_S)
            await self._unless_broken(self.controllermgr.start(self._plan.controllermgr, left_s))
        self._state.state.phase = SandboxPhase.READY
        self._state.publish()

    async def stop(self) -> None:
        """End everything: the controller manager politely, what is throw-away at once."""
        self._stopping = True
        if self.controllermgr is not None:
            await self.controllermgr.stop()
        await asyncio.gather(*(child.stop() for child in self._children.values()))

    async def _unless_broken(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Return what `work` returns; HarnessError as soon as a part that was up has ended."""
        task = asyncio.create_task(work)
        either: set[asyncio.Future[Any]] = {task, self._broken}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            task.cancel()   # which does nothing to what is done
        if self._broken.done():
            raise self._broken.result()
        return await task

    async def _start_servers(self) -> MySQLEndpoint:
        mysql = asyncio.create_task(self._start_mysql())
        control_plane = asyncio.create_task(self._start_control_plane(mysql))
        try:
            _, endpoint = await asyncio.gather(control_plane, mysql)
        finally:
            control_plane.cancel()
            mysql.cancel()
        return endpoint

    async def _start_control_plane(self, mysql: asyncio.Task[MySQLEndpoint]) -> None:
        plan, folder = self._plan, self._folder.path / "etcd"
        with self._state.stage("etcd"):
            etcd = controlplane.start_etcd(plan.etcd, folder, get_log(self._folder.logs, ETCD, 0))
            self._note_start(etcd)
            await controlplane.wait_for_etcd(etcd, folder)
            self._note_ready(etcd)
        with self._state.stage("kube-apiserver"):
            apiserver, client = await self._with_port(KUBE_APISERVER, partial(self._start_apiserver, folder))
            self._note_ready(apiserver)
        if plan.apiserver is not None:
            endpoint = await mysql   # long since there: kube-apiserver takes longest
            with self._state.stage(APISERVER):
                await self._with_port(
                    APISERVER, partial(self._start_michelangelo, plan.apiserver, endpoint, client)
                )
            return
        with self._state.stage("CRDs served"):
            await controlplane.create_crds(client, plan.crds, plan.crds_source, apiserver)
            await controlplane.wait_for_kinds(client, apiserver)

    async def _start_michelangelo(
        self, executable: Executable, mysql: MySQLEndpoint, client: ApiClient, port: int
    ) -> None:
        log = get_log(self._folder.logs, APISERVER, 0)
        overrides = self._plan.base_yaml_overrides
        server = start_apiserver(executable, self._folder, mysql, port=port, overrides=overrides, log=log)
        self._note_start(server)
        await controlplane.wait_for_kinds(client, server)
        await wait_until(partial(takes_connections, port), server)
        self._state.state.apiserver_address = f"{LOOPBACK}:{port}"
        self._note_ready(server)

    async def _start_apiserver(self, folder: Path, port: int) -> tuple[Child, ApiClient]:
        write_kubeconfig(self._folder.kubeconfig, self._credentials, port)
        log = get_log(self._folder.logs, KUBE_APISERVER, 0)
        executable = self._plan.kube_apiserver
        apiserver = controlplane.start_apiserver(executable, folder, self._credentials, port=port, log=log)
        self._note_start(apiserver)
        client = self._client = ApiClient(port, self._credentials)
        await wait_until(client.takes_crds, apiserver)
        return apiserver, client

    async def _start_mysql(self) -> MySQLEndpoint:
        endpoint = self._plan.mysql
        if endpoint is None:
            endpoint = await self._start_mysql_server()
        else:
            await self._reach_mysql(endpoint)
        self._state.state.mysql = endpoint
        mysqlserver.write_client_files(self._folder, endpoint)
        with self._state.stage("schema"):
            await self._run_schema_job(endpoint)
        return endpoint

    async def _start_mysql_server(self) -> MySQLEndpoint:
        files = self._plan.mysql_server
        assert files is not None  # noqa: S101  a plan has one server or the other
        folder = mysqlserver.MySQLFolder(self._folder.path / "mysql")

        async def attempt(port: int) -> tuple[Child, MySQLEndpoint]:
            endpoint = mysqlserver.make_endpoint(port)
            log = get_log(self._folder.logs, MYSQL, 0)
            server = mysqlserver.start_server(
                files, folder, endpoint, temporary=self._folder.temporary, log=log
            )
            self._note_start(server)
            await mysqlserver.wait_for_server(server, folder, endpoint)
            return server, endpoint

        with self._state.stage("mysql data folder"):
            await mysqlserver.initialise(files, folder)
        with self._state.stage("mysql"):
            server, endpoint = await self._with_port(MYSQL, attempt)
            self._note_ready(server)
        return endpoint

    async def _reach_mysql(self, endpoint: MySQLEndpoint) -> None:
        with self._state.stage("mysql"):
            version = await asyncio.to_thread(mysqlserver.get_version, endpoint)
        self._state.set_component(MYSQL, phase=Phase.RUNNING, version=version)

    async def _run_schema_job(self, endpoint: MySQLEndpoint) -> None:
        plan, log = self._plan, get_log(self._folder.logs, SCHEMA_INIT, 0)
        self._state.set_component(SCHEMA_INIT, phase=Phase.RUNNING)
        try:
            await asyncio.to_thread(run_schema_job, endpoint, plan.schema, plan.schema_source, log)
        except HarnessError as error:
            self._state.set_component(SCHEMA_INIT, phase=Phase.FAILED, reason=error.problem)
            raise
        self._state.set_component(SCHEMA_INIT, phase=Phase.COMPLETED)

    async def _with_port(self, name: str, attempt: Callable[[int], Awaitable[_T]]) -> _T:
        """Return what `attempt` makes of a port: the one asked for, else a free one, and if lost another."""
        chosen = self._plan.ports.get(name)
        for attempts_left in reversed(range(_PORT_ATTEMPTS)):
            port = chosen or choose_port()
            try:
                return await attempt(port)
            except ChildEndedError as error:
                if not is_port_clash(error.problem):
                    raise
                if chosen or not attempts_left:
                    raise HarnessError(
                        f"{name} can't listen on {LOOPBACK}:{port}: {describe_holder(port)} holds that port",
                        hint="Choose another port, or end what holds it",
                    ) from error
        raise AssertionError  # pragma: no cover  the last attempt returns or raises

    def _note_start(self, child: Child) -> None:
        self._children[child.name] = child
        self._state.set_component(child.name, pid=child.pid, started_at=child.started_at)

    def _note_ready(self, child: Child) -> None:
        self._state.set_component(child.name, phase=Phase.RUNNING)
        watch = asyncio.create_task(self._watch(child))
        self._watches.add(watch)

    async def _watch(self, child: Child) -> None:
        """Say so when a part ends by itself; without it the sandbox is broken."""
        await child.ended.wait()
        if self._stopping:
            return
        reason = child.describe_end()
        self._state.set_component(child.name, phase=Phase.FAILED, pid=None, reason=reason)
        if not self._broken.done():
            self._broken.set_result(HarnessError(f"{child.name} ended ({reason}):\n{child.quote_log()}"))

    async def _explain_timeout(self) -> HarnessError:
        components = self._state.state.components
        installs_crds = self._plan.apiserver is None
        if installs_crds and self._client is not None and components[KUBE_APISERVER].phase is Phase.RUNNING:
            plan = self._plan
            explain = partial(controlplane.explain_missing_kinds, self._client, plan.crds, plan.crds_source)
            if error := await asyncio.to_thread(explain):
                return error
        done = (Phase.RUNNING, Phase.COMPLETED)
        late = [c for c in components.values() if c.phase not in done]
        words = [
            f"{component.name} ({component.phase}):\n{self._children[component.name].quote_log()}"
            for component in late
            if component.name in self._children
        ]
        names = ", ".join(component.name for component in late)
        problem = f"The sandbox was not up after {self._plan.start_timeout_s:g} s; it waited for {names}"
        return HarnessError("\n".join([problem, *words]))

    def _describe_components(self) -> None:
        """Publish all components in their starting order, with what is known before they run."""
        plan = self._plan
        mysql = {"path": f"external: {plan.mysql.host}:{plan.mysql.port}"} if plan.mysql else {}
        self._state.state.mysql_client = _spell_client(plan.mysql_server)
        if (files := plan.mysql_server) is not None:
            version = f"{files.version} ({files.flavor})"
            mysql = {"version": version, "path": str(files.server), "sha256": files.sha256}
        known = {
            ETCD: dataclasses.asdict(plan.etcd),
            KUBE_APISERVER: dataclasses.asdict(plan.kube_apiserver),
            MYSQL: mysql,
            SCHEMA_INIT: {"path": plan.schema_source},
            **({APISERVER: dataclasses.asdict(plan.apiserver)} if plan.apiserver else {}),
            CONTROLLERMGR: dataclasses.asdict(plan.controllermgr.executable),
        }
        for name, values in known.items():
            self._state.set_component(name, **values)


def _spell_client(files: MySQLServerFiles | None) -> str:
    """Return MySQL's command line client as a shell takes it."""
    if files is None or files.client is None:
        return "mysql"
    words = [shlex.quote(str(files.client))]
    if files.library_path:
        words.insert(0, f"LD_LIBRARY_PATH={shlex.quote(files.library_path)}")
    return " ".join(words)
