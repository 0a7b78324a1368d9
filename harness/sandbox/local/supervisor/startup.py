"""Starts all of a sandbox, side by side where nothing forbids it, and ends all of it.

The controller manager waits for two things: every kind served (its watches would wait 10 s before they ask
again) and the schema job completed. Everything else runs as soon as what it needs is there.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from harness.core.errors import HarnessError
from harness.core.settings import MySQLEndpoint
from harness.provision.assets.mysqld import MySQLServerFiles
from harness.sandbox.base import (
    APISERVER,
    ETCD,
    FAULT_PROXY,
    KUBE_APISERVER,
    KUBE_CONTROLLER_MANAGER,
    MYSQL,
    SCHEMA_INIT,
    Phase,
)
from harness.sandbox.local.servers import controlplane, mysqlserver
from harness.sandbox.local.servers.apiclient import ApiClient
from harness.sandbox.local.servers.apiserver import start_apiserver, takes_connections
from harness.sandbox.local.servers.collector import start_collector
from harness.sandbox.local.servers.credentials import Credentials, write_kubeconfig
from harness.sandbox.local.servers.etcdclient import EtcdClient
from harness.sandbox.local.servers.fulldisk import FullDisk
from harness.sandbox.local.servers.mysqlserver import MySQLFolder
from harness.sandbox.local.servers.schemajob import run_schema_job
from harness.sandbox.local.supervisor.controllermgr import ControllerManagerRunner
from harness.sandbox.local.supervisor.fault_injector import FaultInjector
from harness.sandbox.local.supervisor.inventory import describe_components
from harness.sandbox.local.supervisor.processes import Processes
from harness.sandbox.local.wire.channel import CrashLoopError
from harness.sandbox.local.wire.folder import SandboxFolder
from harness.sandbox.local.wire.logs import get_log, list_runs
from harness.sandbox.local.wire.plan import Executable, Plan
from harness.sandbox.local.wire.process import Process, ProcessEndedError, wait_until
from harness.sandbox.local.wire.state import SandboxPhase, StateFile
from harness.sandbox.ports import LOOPBACK, choose_lasting_port, describe_holder, is_port_clash

if TYPE_CHECKING:
    from harness.sandbox.local.servers.faultproxy import FaultProxy

_T = TypeVar("_T")
_PORT_ATTEMPTS = 3
_SHORTEST_WAIT_S = 5.0   # for the controller manager, where the servers took all the time


class Startup:
    """The processes of one sandbox, and the order in which they come and go."""

    def __init__(self, folder: SandboxFolder, plan: Plan, credentials: Credentials, state: StateFile) -> None:
        self._folder = folder
        self._plan = plan
        self._credentials = credentials
        self._state = state
        self._processes = Processes(state)
        self._restarts: dict[str, Callable[[], Awaitable[Process]]] = {}
        self._client: ApiClient | None = None
        self._disk: FullDisk | None = None
        self._limited: MySQLEndpoint | None = None   # the controller manager's own account, where it has one
        self.controllermgr: ControllerManagerRunner | None = None
        self.injector: FaultInjector | None = None

    async def start(self) -> None:
        """Start everything; HarnessError where one fails, ends early or takes too long.

        All is up even so where that is a CrashLoopError.
        """
        describe_components(self._plan, self._state)
        deadline = time.monotonic() + self._plan.start_timeout_s
        try:
            async with asyncio.timeout(self._plan.start_timeout_s):
                endpoint = await self._unless_broken(self._start_servers())
                proxy = await self._unless_broken(self._start_fault_proxy(endpoint))
        except TimeoutError:
            raise await self._explain_timeout() from None
        self.controllermgr = self._make_controllermgr(endpoint)
        self.injector = FaultInjector(
            self._processes, self._state, self.controllermgr, self._restarts, proxy, self._disk
        )
        left_s = max(deadline - time.monotonic(), _SHORTEST_WAIT_S)
        try:
            with self._state.stage("controller manager"):
                await self._unless_broken(self.controllermgr.start(self._plan.controllermgr, left_s))
        except CrashLoopError:
            self._note_ready()
            raise
        self._note_ready()

    def _note_ready(self) -> None:
        self._state.state.phase = SandboxPhase.READY
        self._state.publish()

    async def stop(self) -> None:
        """End everything: the controller manager politely, what is throw-away at once."""
        if self.controllermgr is not None:
            await self.controllermgr.stop()
        await self._processes.stop()

    async def _unless_broken(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Return what `work` returns; HarnessError as soon as a process that was up has ended."""
        task = asyncio.create_task(work)
        either: set[asyncio.Future[Any]] = {task, self._processes.broken}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            task.cancel()   # which does nothing to what is done
        if self._processes.broken.done():
            raise self._processes.broken.result()
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
        plan, folder = self._plan, self._folder.etcd
        with self._state.stage("etcd"):
            etcd = controlplane.start_etcd(plan.etcd, folder, get_log(self._folder.logs, ETCD, 0))
            self._processes.note_start(etcd)
            await controlplane.wait_for_etcd(etcd, folder)
            self._processes.note_ready(etcd)
            self._restarts[ETCD] = partial(self._restart_etcd, folder)
        with self._state.stage("kube-apiserver"):
            apiserver, client = await self._with_port(KUBE_APISERVER, partial(self._start_apiserver, folder))
            self._processes.note_ready(apiserver)
        if plan.apiserver is not None:
            endpoint = await mysql   # long since there: kube-apiserver takes longest
            with self._state.stage(APISERVER):
                await self._with_port(
                    APISERVER, partial(self._start_michelangelo, plan.apiserver, endpoint, client)
                )
            return
        with self._state.stage("CRDs served"):
            await controlplane.create_crds(client, plan.crds, plan.crds_source, apiserver)
            await controlplane.wait_for_kinds(client, self._plan.kinds, apiserver)

    async def _start_michelangelo(
        self, executable: Executable, mysql: MySQLEndpoint, client: ApiClient, port: int
    ) -> None:
        log = get_log(self._folder.logs, APISERVER, 0)
        overrides = self._plan.base_yaml_overrides
        server = start_apiserver(executable, self._folder, mysql, port=port, overrides=overrides, log=log)
        self._processes.note_start(server)
        await controlplane.wait_for_kinds(client, self._plan.kinds, server)
        await wait_until(partial(takes_connections, port), server)
        self._state.state.apiserver_address = f"{LOOPBACK}:{port}"
        self._processes.note_ready(server)

    async def _start_apiserver(self, folder: Path, port: int) -> tuple[Process, ApiClient]:
        write_kubeconfig(self._folder.kubeconfig, self._credentials, port)
        apiserver = self._run_apiserver(folder, port, get_log(self._folder.logs, KUBE_APISERVER, 0))
        client = self._client = ApiClient(port, self._credentials)
        await wait_until(client.takes_crds, apiserver)
        self._restarts[KUBE_APISERVER] = partial(self._restart_apiserver, folder, port, client)
        return apiserver, client

    async def collect_garbage(self, executable: Executable, within_s: float) -> None:
        """Start the garbage collector unless it runs; return once it collects, HarnessError where it does not."""
        running = self._processes.find(KUBE_CONTROLLER_MANAGER)
        if running is not None and running.exit_code is None:
            return
        if self._client is None:
            raise HarnessError(f"{KUBE_APISERVER} has not been started yet")
        self._state.set_component(KUBE_CONTROLLER_MANAGER, **dataclasses.asdict(executable))
        log = self._make_log(KUBE_CONTROLLER_MANAGER)
        process = start_collector(executable, self._folder.kubeconfig, log=log)
        self._processes.note_start(process)
        try:
            async with asyncio.timeout(within_s):
                await wait_until(self._client.leave_garbage, process)
                await wait_until(self._client.is_garbage_gone, process)
        except (TimeoutError, ProcessEndedError) as error:
            await self._processes.end(process)
            problem = f"{KUBE_CONTROLLER_MANAGER} collects nothing"
            raise HarnessError(f"{problem}:\n{process.quote_log()}") from error
        self._processes.note_ready(process)

    async def _restart_etcd(self, folder: Path) -> Process:
        """Start etcd again; return once kube-apiserver, where it runs, has found it again.

        That tries less and less often, so that after a minute without etcd it may take half a minute more.
        """
        etcd = controlplane.start_etcd(self._plan.etcd, folder, self._make_log(ETCD))
        self._processes.note_start(etcd)
        await wait_until(EtcdClient(controlplane.get_etcd_socket(folder)).is_healthy, etcd)
        apiserver, client = self._processes.find(KUBE_APISERVER), self._client
        if apiserver is not None and client is not None and apiserver.is_going:
            await wait_until(client.is_ready, etcd)
        self._processes.note_ready(etcd)
        return etcd

    async def _restart_apiserver(self, folder: Path, port: int, client: ApiClient) -> Process:
        apiserver = self._run_apiserver(folder, port, self._make_log(KUBE_APISERVER))
        await controlplane.wait_for_kinds(client, self._plan.kinds, apiserver)
        self._processes.note_ready(apiserver)
        return apiserver

    def _run_apiserver(self, folder: Path, port: int, log: Path) -> Process:
        apiserver = controlplane.start_apiserver(
            self._plan.kube_apiserver,
            folder,
            self._credentials,
            port=port,
            log=log,
            write_log=self._folder.write_log if self._plan.notes_writes else None,
        )
        self._processes.note_start(apiserver)
        return apiserver

    def _make_log(self, name: str) -> Path:
        """Return the log file of a component's next run."""
        return get_log(self._folder.logs, name, max(list_runs(self._folder.logs, name), default=-1) + 1)

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
        folder = MySQLFolder(self._folder.path / "mysql")

        async def attempt(port: int) -> tuple[Process, MySQLEndpoint]:
            endpoint = mysqlserver.make_endpoint(port)
            self._limited = mysqlserver.make_limited_endpoint(endpoint) if self._plan.fault_proxy else None
            mysqlserver.write_accounts(files, folder, endpoint, self._limited)
            log = get_log(self._folder.logs, MYSQL, 0)
            return await self._run_mysql_server(files, folder, endpoint, log), endpoint

        with self._state.stage("mysql data folder"):
            await mysqlserver.initialise(files, folder)
        with self._state.stage("mysql"):
            server, endpoint = await self._with_port(MYSQL, attempt)
            self._processes.note_ready(server)
        self._restarts[MYSQL] = partial(self._restart_mysql, files, folder, endpoint)
        self._disk = FullDisk(folder.data, endpoint) if self._plan.fault_proxy else None
        return endpoint

    async def _run_mysql_server(
        self, files: MySQLServerFiles, folder: MySQLFolder, endpoint: MySQLEndpoint, log: Path
    ) -> Process:
        server = mysqlserver.start_server(
            files, folder, endpoint.port, temporary=self._folder.temporary, log=log,
            faults=self._plan.fault_proxy is not None,
        )  # fmt: skip
        self._processes.note_start(server)
        await mysqlserver.wait_for_server(server, folder, endpoint)
        return server

    async def _restart_mysql(
        self, files: MySQLServerFiles, folder: MySQLFolder, endpoint: MySQLEndpoint
    ) -> Process:
        server = await self._run_mysql_server(files, folder, endpoint, self._make_log(MYSQL))
        self._processes.note_ready(server)
        return server

    async def _reach_mysql(self, endpoint: MySQLEndpoint) -> None:
        with self._state.stage("mysql"):
            version = await asyncio.to_thread(mysqlserver.get_version, endpoint)
        self._state.set_component(MYSQL, phase=Phase.RUNNING, version=version)

    async def _run_schema_job(self, endpoint: MySQLEndpoint) -> None:
        plan, log = self._plan, get_log(self._folder.logs, SCHEMA_INIT, 0)
        self._state.set_component(SCHEMA_INIT, phase=Phase.RUNNING)
        try:
            tables = [table for kind in plan.kinds for table in kind.tables]
            await asyncio.to_thread(
                run_schema_job, endpoint, plan.schema, plan.schema_source, log, tables=tables
            )
        except HarnessError as error:
            self._state.set_component(SCHEMA_INIT, phase=Phase.FAILED, reason=error.problem)
            raise
        self._state.set_component(SCHEMA_INIT, phase=Phase.COMPLETED)

    async def _with_port(self, name: str, attempt: Callable[[int], Awaitable[_T]]) -> _T:
        """Return what `attempt` makes of a port: the one asked for, else a free one, and if lost another."""
        chosen = self._plan.ports.get(name)
        for attempts_left in reversed(range(_PORT_ATTEMPTS)):
            port = chosen or choose_lasting_port()
            try:
                return await attempt(port)
            except ProcessEndedError as error:
                if not is_port_clash(error.problem):
                    raise
                if chosen or not attempts_left:
                    raise HarnessError(
                        f"{name} can't listen on {LOOPBACK}:{port}: {describe_holder(port)} holds that port",
                        hint="Choose another port, or end what holds it",
                    ) from error
        raise AssertionError  # pragma: no cover  the last attempt returns or raises

    async def _start_fault_proxy(self, mysql: MySQLEndpoint) -> FaultProxy | None:
        """Put the fault proxy between the controller manager and its servers, where there is to be one."""
        executable = self._plan.fault_proxy
        if executable is None:
            return None
        from harness.sandbox.local.servers.faultproxy import FaultProxy, start_fault_proxy  # noqa: PLC0415  see `fault_injector`

        async def attempt(port: int) -> tuple[Process, FaultProxy]:
            log = get_log(self._folder.logs, FAULT_PROXY, 0)
            process = start_fault_proxy(executable, self._folder.temporary, port=port, log=log)
            self._processes.note_start(process)
            proxy = FaultProxy(port)
            await wait_until(proxy.answers, process, interval_s=0.01)
            return process, proxy

        with self._state.stage("fault proxy"):
            process, proxy = await self._with_port(FAULT_PROXY, attempt)
            assert self._client is not None  # noqa: S101  the servers are up
            servers = {MYSQL: f"{mysql.host}:{mysql.port}", KUBE_APISERVER: f"{LOOPBACK}:{self._client.port}"}
            for name, address in servers.items():
                self._state.state.proxy_ports[name] = await asyncio.to_thread(proxy.open_link, name, address)
            self._processes.note_ready(process)
        return proxy

    def _make_controllermgr(self, mysql: MySQLEndpoint) -> ControllerManagerRunner:
        overrides, ports = self._plan.base_yaml_overrides, self._state.state.proxy_ports
        if not ports:
            return ControllerManagerRunner(self._folder, self._state, mysql, overrides)
        kubeconfig = self._folder.proxied_kubeconfig
        write_kubeconfig(kubeconfig, self._credentials, ports[KUBE_APISERVER])
        proxied = dataclasses.replace(self._limited or mysql, host=LOOPBACK, port=ports[MYSQL])
        return ControllerManagerRunner(self._folder, self._state, proxied, overrides, kubeconfig)

    async def _explain_timeout(self) -> HarnessError:
        components = self._state.state.components
        installs_crds = self._plan.apiserver is None
        if installs_crds and self._client is not None and components[KUBE_APISERVER].phase is Phase.RUNNING:
            plan = self._plan
            explain = partial(
                controlplane.explain_missing_kinds, self._client, plan.kinds, plan.crds, plan.crds_source
            )
            if error := await asyncio.to_thread(explain):
                return error
        done = (Phase.RUNNING, Phase.COMPLETED)
        late = [c for c in components.values() if c.phase not in done]
        words = [
            f"{component.name} ({component.phase}):\n{process.quote_log()}"
            for component in late
            if (process := self._processes.find(component.name)) is not None
        ]
        names = ", ".join(component.name for component in late)
        problem = f"The sandbox was not up after {self._plan.start_timeout_s:g} s; it waited for {names}"
        return HarnessError("\n".join([problem, *words]))
