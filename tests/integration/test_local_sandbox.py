"""The local sandbox with real servers: what it promises to whoever starts, keeps, shares or kills it."""

from __future__ import annotations

import dataclasses
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import mysql.connector
import psutil
import pytest

from harness.clients.kube import Cluster
from harness.clients.mysql import Database
from harness.core.errors import HarnessError
from harness.core.progress import SILENT
from harness.core.settings import ControllerManager, SandboxSettings
from harness.sandbox.base import (
    CONTROLLERMGR,
    ETCD,
    KUBE_APISERVER,
    KUBE_CONTROLLER_MANAGER,
    MYSQL,
    SCHEMA_INIT,
    Phase,
    RestartsControllerManager,
)
from harness.sandbox.capabilities import BusyError
from harness.sandbox.local.client.sandbox import LocalSandbox, end_sandbox, list_sandboxes, start_local_sandbox
from harness.sandbox.local.wire.process import describe_exit
from harness.spec.bundle import render_schema
from tests.fakes.contract import CONTRACT
from tests.integration.conftest import Shared, Start, find_processes_below, wait_until

_TABLES = sorted(table for kind in CONTRACT.kinds for table in kind.tables)
_CLIENT = """
import sys
from harness.core.progress import SILENT
from harness.sandbox.local.client.sandbox import start_local_sandbox
from harness.core.settings import SandboxSettings
print("starting", flush=True)
start_local_sandbox(SandboxSettings(), keep=len(sys.argv) > 1, progress=SILENT)
print("up", flush=True)
input()
"""


def _is_empty(root: Path) -> bool:
    return not find_processes_below(root) and not [p for p in root.iterdir() if not p.name.startswith(".")]


def _get_phases(sandbox: LocalSandbox) -> dict[str, Phase]:
    return {component.name: component.phase for component in sandbox.components()}


def _get_pids(sandbox: LocalSandbox) -> dict[str, int | None]:
    return {component.name: component.pid for component in sandbox.components()}


def _list_ports(pid: int) -> list[int]:
    connections = psutil.Process(pid).net_connections("tcp")
    return [c.laddr.port for c in connections if c.status == psutil.CONN_LISTEN and c.laddr]


def _list_tables(sandbox: LocalSandbox) -> list[str]:
    database = Database(sandbox.mysql)
    try:
        return sorted(database.get_columns())
    finally:
        database.close()


def _run_client(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _CLIENT, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def _read_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_everything_is_up_and_then_gone(root: Path, start: Start) -> None:
    """A sandbox is up with all components, tables and controllers, and leaves no process, port or folder."""
    sandbox = start()
    assert _get_phases(sandbox) == {
        ETCD: Phase.RUNNING,
        KUBE_APISERVER: Phase.RUNNING,
        MYSQL: Phase.RUNNING,
        SCHEMA_INIT: Phase.COMPLETED,
        CONTROLLERMGR: Phase.RUNNING,
    }
    assert not sandbox.reused
    assert set(_TABLES) <= set(_list_tables(sandbox))
    assert Cluster(sandbox.kubeconfig).create_namespace("a-namespace")
    registered = "Ingester controller registered successfully"
    count = len(CONTRACT.kinds)
    wait_until(lambda: sum(registered in line.text for line in sandbox.read_log(CONTROLLERMGR)) == count)
    for component in sandbox.components():
        if component.name != SCHEMA_INIT:
            assert (len(component.sha256), bool(component.path)) == (64, True)
    listening = [port for pid in _get_pids(sandbox).values() if pid for port in _list_ports(pid)]
    sandbox.stop()
    sandbox.stop()   # which is safe to call twice
    assert _is_empty(root)
    assert len(listening) >= 3
    for port in listening:
        with socket.socket() as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind(("127.0.0.1", port))


def test_only_the_account_of_the_sandbox_can_log_in(shared: Shared) -> None:
    """Another user of the machine finds neither a MySQL account nor an API server without password."""
    sandbox = shared()
    data = sandbox.folder.path / "mysql/data/mysql.sock"
    for where in ({"host": "127.0.0.1", "port": sandbox.mysql.port}, {"unix_socket": str(data)}):
        for user in ("root", "", "mysql"):
            with pytest.raises(mysql.connector.Error, match=r"(?i)denied|not allowed"):
                mysql.connector.connect(user=user, password="", use_pure=True, **where)
    assert oct(sandbox.folder.path.stat().st_mode & 0o777) == "0o700"


@pytest.mark.parametrize("moment", ["starting", "up"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_outlives_the_client(root: Path, moment: str, number: signal.Signals) -> None:
    """Whatever ends the client, and when, the sandbox goes with it."""
    client = _run_client()
    while _read_line(client).strip() != moment:
        pass
    if moment == "starting":
        wait_until(lambda: len(find_processes_below(root)) > 2)
    client.send_signal(number)
    client.communicate()
    wait_until(lambda: _is_empty(root))


def test_interrupted_start_to_keep_keeps_nothing(root: Path) -> None:
    """Ctrl-C while a sandbox starts that was to be kept ends it."""
    client = _run_client("keep")
    wait_until(lambda: len(find_processes_below(root)) > 2)
    client.send_signal(signal.SIGINT)
    client.communicate()
    assert _is_empty(root)


def test_kept_sandbox_outlives_its_client_and_is_found_again(root: Path, start: Start) -> None:
    """A kept sandbox survives SIGKILL of its client; the next client with equal settings has it."""
    client = _run_client("keep")
    assert [_read_line(client), _read_line(client)] == ["starting\n", "up\n"]
    client.kill()
    client.communicate()
    (folder, _), = list_sandboxes(root)
    first = start(keep=True, **dataclasses.asdict(SandboxSettings()) | {"controllermgr": ControllerManager()})
    first.remember_namespace("one")
    second = start(keep=True, **dataclasses.asdict(SandboxSettings()) | {"controllermgr": ControllerManager()})
    second.remember_namespace("two")
    assert (first.folder, second.folder, first.reused) == (folder, folder, True)
    assert first.known_namespaces() == ["one", "two"]
    second.stop()
    first.stop()
    assert [state.kept for _, state in list_sandboxes(root)] == [True]
    end_sandbox(root, folder)
    assert _is_empty(root)


def test_a_kept_sandbox_is_nobody_s_who_does_not_ask_for_it(root: Path, start: Start) -> None:
    """Somebody may work in it by hand: a plain run makes its own, and leaves that one as it is."""
    kept = start(keep=True)
    pids = _get_pids(kept)
    kept.stop()
    own = start()
    assert (own.reused, own.folder != kept.folder) == (False, True)
    own.stop()
    (folder, _), = list_sandboxes(root)
    assert (folder, _get_pids(kept)) == (kept.folder, pids)


def test_a_sandbox_in_use_is_ended_by_force_alone(root: Path, start: Start) -> None:
    """A run in progress would end with it."""
    sandbox = start(keep=True)
    with pytest.raises(BusyError, match="Another run uses the sandbox"):
        end_sandbox(root, sandbox.folder)
    assert sandbox.component(CONTROLLERMGR).phase is Phase.RUNNING
    end_sandbox(root, sandbox.folder, used=True)
    assert _is_empty(root)


def test_another_controller_manager_replaces_the_old_one_alone(start: Start) -> None:
    """With another profile of the reference, a kept sandbox is used again and only that process is new."""
    reference = {"crds": None, "schema": None, "controllermgr": ControllerManager()}
    first = start(keep=True, profile="report-2026-03", **reference)
    before = _get_pids(first)
    first.stop()
    second = start(keep=True, profile="upstream-main", **reference)
    after = _get_pids(second)
    assert {name for name in before if before[name] != after[name]} == {CONTROLLERMGR}
    assert (second.reused, second.component(CONTROLLERMGR).version) == (True, "profile upstream-main")
    assert {line.run for line in second.read_log(CONTROLLERMGR)} == {0, 1}


def test_kept_sandbox_is_as_good_as_new(start: Start) -> None:
    """A controller manager that crashed in an earlier run is replaced, once what brought it down is removed."""
    first = start(keep=True)
    pid = first.component(CONTROLLERMGR).pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: first.component(CONTROLLERMGR).restarts == 1)
    first.stop()
    seen: list[int] = []
    second = start(keep=True, on_reuse=lambda sandbox: seen.append(sandbox.component(CONTROLLERMGR).restarts))
    renewed = second.component(CONTROLLERMGR)
    assert (seen, second.reused, renewed.phase, renewed.restarts) == ([1], True, Phase.RUNNING, 0)
    assert start(keep=True).component(CONTROLLERMGR).pid == renewed.pid


def test_sandbox_in_use_does_not_change_under_its_user(start: Start) -> None:
    """While one run uses a kept sandbox, another controller manager gets a sandbox of its own."""
    reference = {"crds": None, "schema": None, "controllermgr": ControllerManager()}
    first = start(keep=True, profile="report-2026-03", **reference)
    pid = first.component(CONTROLLERMGR).pid
    second = start(keep=True, profile="upstream-main", **reference)
    assert (second.reused, first.component(CONTROLLERMGR).pid) == (False, pid)


def test_objects_of_a_run_in_progress_are_no_left_overs(start: Start) -> None:
    """While one run uses a kept sandbox, the next one's clean-up does not touch it."""
    start(keep=True)
    cleaned: list[LocalSandbox] = []
    assert start(keep=True, on_reuse=cleaned.append).reused
    assert cleaned == []


def test_kept_sandbox_with_a_dead_part_is_replaced(root: Path, start: Start) -> None:
    """A part that died shows as Error with the reason; the next start does not use that sandbox again."""
    first = start(keep=True)
    etcd = first.component(ETCD).pid
    assert etcd is not None
    os.kill(etcd, signal.SIGKILL)
    wait_until(lambda: first.component(ETCD).phase is Phase.FAILED)
    assert first.component(ETCD).reason == describe_exit(-signal.SIGKILL)
    first.stop()
    second = start(keep=True)
    assert not second.reused
    assert not first.folder.path.exists()


def test_controller_manager_is_restarted_after_a_crash_and_on_request(shared: Shared) -> None:
    """A crash is counted and followed by a restart; a restart on request is a new run and no crash."""
    sandbox = shared()
    assert isinstance(sandbox, RestartsControllerManager)
    cursor = sandbox.log_cursor(CONTROLLERMGR)
    pid, restarts = sandbox.component(CONTROLLERMGR).pid, sandbox.component(CONTROLLERMGR).restarts
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: sandbox.component(CONTROLLERMGR).phase is Phase.CRASH_LOOP)
    assert sandbox.component(CONTROLLERMGR).reason == "killed by SIGKILL; starts again in 0.5 s"
    wait_until(lambda: sandbox.component(CONTROLLERMGR).phase is Phase.RUNNING)
    assert sandbox.component(CONTROLLERMGR).restarts == restarts + 1
    wait_until(lambda: any(line.run == cursor.run + 1 for line in sandbox.read_log(CONTROLLERMGR, cursor)))
    sandbox.restart_controllermgr()
    assert sandbox.component(CONTROLLERMGR).restarts == restarts + 1
    wait_until(lambda: any(line.run == cursor.run + 2 for line in sandbox.read_log(CONTROLLERMGR, cursor)))


def test_what_has_lost_its_owner_goes_once_that_is_asked_for(shared: Shared) -> None:
    """The garbage collector starts on request and once; then namespaces go as well, and nothing is broken."""
    sandbox = shared()
    cluster = Cluster(sandbox.kubeconfig)
    assert KUBE_CONTROLLER_MANAGER not in {component.name for component in sandbox.components()}
    cluster.create_namespace("doomed")
    sandbox.collect_garbage()
    first = sandbox.component(KUBE_CONTROLLER_MANAGER)
    assert first.phase is Phase.RUNNING
    sandbox.collect_garbage()
    assert sandbox.component(KUBE_CONTROLLER_MANAGER) == first
    cluster.delete_namespace("doomed")
    wait_until(lambda: cluster.get_namespace("doomed") is None)
    assert sandbox.find_end() == ""


def test_any_sql_runs_as_the_server_takes_it(start: Start, tmp_path: Path) -> None:
    """Comments, quotes, results and a database of its own in a schema file are as for MySQL's own client."""
    schema = tmp_path / "schema.sql"
    schema.write_text(
        "-- a comment; with a semicolon and a quote'\n"
        "CREATE DATABASE IF NOT EXISTS michelangelo; USE michelangelo;\n"
        f"{render_schema(CONTRACT.kinds)}\n"
        "/* another; one */ SELECT 'a;b' AS `c;d`, \"it's\", 'it''s \\' so';  # the last\n"
        "-- the end\n"
    )
    sandbox = start(schema=schema, controllermgr=ControllerManager(), crds=None)
    texts = [line.text for line in sandbox.read_log(SCHEMA_INIT)]
    assert texts[:-1] == ["c;d\tit's\tit's ' so", "a;b\tit's\tit's ' so"]
    assert texts[-1].endswith(" statements, 39 of 39 tables")


def test_schema_without_a_table_fails(root: Path, start: Start, tmp_path: Path) -> None:
    """A schema file that leaves out a table ends the start, which names file and table and leaves nothing."""
    schema = tmp_path / "schema.sql"
    schema.write_text(render_schema(CONTRACT.kinds).replace("EXISTS `rayjob_labels`", "EXISTS `rayjob_label`"))
    with pytest.raises(HarnessError) as caught:
        start(schema=schema)
    assert caught.value.problem == (
        f"{schema} leaves 1 of 39 tables missing in the database 'michelangelo': rayjob_labels"
    )
    assert _is_empty(root)


def test_statement_that_fails_is_numbered(root: Path, start: Start, tmp_path: Path) -> None:
    """A statement that the server refuses ends the start with its number and the server's words."""
    schema = tmp_path / "schema.sql"
    schema.write_text("SELECT 1;\nCREATE TABEL x (y INT);\n")
    with pytest.raises(HarnessError, match=rf"{schema}: statement 2 failed: 1064 .*TABEL"):
        start(schema=schema)
    assert _is_empty(root)


@pytest.mark.parametrize("component", [MYSQL, KUBE_APISERVER])
def test_taken_port_is_named_with_its_holder(root: Path, start: Start, component: str) -> None:
    """A server that can't have the port that was asked for is named, with the port and who holds it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(HarnessError) as caught:
            start(ports={component: port})
    holder = f"{psutil.Process().name()} (pid {os.getpid()})"
    assert caught.value.problem == f"{component} can't listen on 127.0.0.1:{port}: {holder} holds that port"
    assert _is_empty(root)


def test_chosen_ports_are_used(start: Start) -> None:
    """Ports that were asked for are those that the servers listen on."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        ports = {MYSQL: one.getsockname()[1], KUBE_APISERVER: two.getsockname()[1]}
    sandbox = start(ports=ports)
    assert sandbox.mysql.port == ports[MYSQL]
    assert f"https://127.0.0.1:{ports[KUBE_APISERVER]}" in sandbox.kubeconfig.read_text()


@pytest.fixture
def crashing(tmp_path: Path) -> ControllerManager:
    """A controller manager that ends at once."""
    binary = tmp_path / "controllermgr"
    binary.write_text("#!/bin/sh\necho 'no such flag' >&2\nexit 64\n")
    binary.chmod(0o755)
    return ControllerManager(binary)


def test_controller_manager_that_exits_at_once_fails_the_start(
    root: Path, start: Start, crashing: ControllerManager
) -> None:
    """A binary that can't work fails the start within seconds, with its exit code and last words."""
    with pytest.raises(HarnessError, match=r"(?s)ended 3 times before it was healthy: exit code 64.*no such flag"):
        start(controllermgr=crashing)
    assert _is_empty(root)


def test_controller_manager_that_exits_at_once_can_be_looked_at(
    root: Path, settings: SandboxSettings, crashing: ControllerManager
) -> None:
    """Whoever is to judge it gets the sandbox, whose state and log tell how it fares, and whose servers work."""
    sandbox = start_local_sandbox(
        dataclasses.replace(settings, controllermgr=crashing), keep=False, progress=SILENT, allow_crash_loop=True
    )
    try:
        component = sandbox.component(CONTROLLERMGR)
        assert component.restarts >= 2
        assert component.phase is Phase.CRASH_LOOP
        assert {line.text for line in sandbox.read_log(CONTROLLERMGR)} == {"no such flag"}
        assert Database(sandbox.mysql).get_time()
    finally:
        sandbox.stop()
    assert _is_empty(root)


def test_controller_manager_that_never_answers_fails_the_start(
    root: Path, start: Start, tmp_path: Path
) -> None:
    """A binary that runs and is never healthy fails the start at its time limit, and is killed if it must be."""
    binary = tmp_path / "controllermgr"
    binary.write_text("#!/bin/sh\ntrap '' TERM\necho 'thinking'\nwhile :; do sleep 1; done\n")
    binary.chmod(0o755)
    with pytest.raises(HarnessError, match=r"(?s)was not healthy after \d.*:\n    thinking"):
        start(controllermgr=ControllerManager(binary), start_timeout_s=20.0)
    assert _is_empty(root)


def test_crds_that_kube_apiserver_refuses_fail_the_start(root: Path, start: Start, tmp_path: Path) -> None:
    """A CRD that is valid YAML and no valid CRD ends the start with the server's reason."""
    for kind in CONTRACT.kinds:
        name = f"{kind.plural}.michelangelo.api"
        (tmp_path / f"{kind.table}.yaml").write_text(
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"
            f"metadata: {{name: {name}}}\n"
            "spec: {group: michelangelo.api, scope: Namespaced,"
            f" names: {{kind: {kind.name}, plural: {kind.plural}}},"
            " versions: [{name: v2, served: true, storage: true}]}\n"
        )
    with pytest.raises(HarnessError, match=rf"{tmp_path}: kube-apiserver refuses a CRD: .*is invalid"):
        start(crds=tmp_path)
    assert _is_empty(root)


def test_server_elsewhere_is_used_as_it_is(shared: Shared, start: Start) -> None:
    """With a MySQL server elsewhere none is started; the database is made there and gets the tables."""
    provider = shared()
    endpoint = dataclasses.replace(provider.mysql, database="mirror")
    sandbox = start(mysql=endpoint, schema=None)
    component = sandbox.component(MYSQL)
    assert (component.phase, component.pid) == (Phase.RUNNING, None)
    assert component.path == f"external: 127.0.0.1:{endpoint.port}"
    assert (sandbox.mysql, _list_tables(sandbox)) == (endpoint, _TABLES)
    sandbox.stop()
    assert set(_TABLES) <= set(_list_tables(provider))


def test_leftovers_of_a_killed_supervisor_are_swept(root: Path, start: Start) -> None:
    """A supervisor that was killed with its client leaves nothing that the next start doesn't remove."""
    client = _run_client()
    while _read_line(client).strip() != "up":
        pass
    (folder, state), = list_sandboxes(root)
    os.kill(state.supervisor_pid, signal.SIGKILL)
    client.kill()
    client.communicate()
    sandbox = start()
    assert (folder.path.exists(), sandbox.folder == folder) == (False, False)
