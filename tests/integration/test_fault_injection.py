"""What can be done to a local sandbox with real servers: what each capability does, and that it can be undone.

Tests that undo what they do share a sandbox.
"""

from __future__ import annotations

import itertools
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import mysql.connector
import psutil
import pytest

from harness.clients.kube import Cluster, get_version
from harness.clients.mysql import Database
from harness.core.errors import HarnessError, Refusal, SettingsError
from harness.sandbox.base import CONTROLLERMGR, ETCD, FAULT_PROXY, KUBE_APISERVER, MYSQL, LogCursor, Phase
from harness.sandbox.capabilities import (
    BreaksLinks,
    BusyError,
    FillsDisk,
    InjectsFaults,
    LinkFault,
    ProbeOutcome,
    ReconfiguresControllerManager,
)
from harness.sandbox.local.client.sandbox import LocalSandbox
from harness.spec.model import API_VERSION, JsonObject
from tests.fakes.contract import CONTRACT
from tests.integration.conftest import Shared, Start, find_processes_below, wait_until

_REGISTERED = "Ingester controller registered successfully"
_PROJECT = CONTRACT.kinds[0]
_SERVERS = (MYSQL, KUBE_APISERVER, ETCD)
_NUMBERS = itertools.count()
_CLIENT = """
import sys
from harness.core.progress import SILENT
from harness.sandbox.base import CONTROLLERMGR, ETCD, KUBE_APISERVER, MYSQL
from harness.sandbox.local.client.sandbox import start_local_sandbox
from harness.sandbox.capabilities import LinkFault
from harness.core.settings import SandboxSettings
sandbox = start_local_sandbox(SandboxSettings(faults=True), keep=False, progress=SILENT)
sandbox.break_link(MYSQL, LinkFault.HANGING)
for component in (CONTROLLERMGR, MYSQL, KUBE_APISERVER):
    sandbox.pause(component)
sandbox.kill(ETCD)
print("injected", flush=True)
input()
"""


def _create(sandbox: LocalSandbox) -> JsonObject:
    """Create a project of a new name, past the fault proxy; return it as the server stored it."""
    cluster = Cluster(sandbox.kubeconfig, retries=False)
    cluster.create_namespace("faults")
    metadata = {"name": f"project-{next(_NUMBERS)}", "namespace": "faults"}
    return cluster.create(_PROJECT, {"apiVersion": API_VERSION, "kind": "Project", "metadata": metadata})


def _is_mirrored(sandbox: LocalSandbox, project: JsonObject) -> bool:
    with closing(Database(sandbox.mysql)) as database:
        return database.get_version(_PROJECT, project["metadata"]["uid"]) is not None


def _wait_for_row(sandbox: LocalSandbox, project: JsonObject) -> None:
    wait_until(lambda: _is_mirrored(sandbox, project), 30.0)


@contextmanager
def _connected(sandbox: LocalSandbox, **changes: Any) -> Iterator[Any]:
    endpoint = sandbox.mysql
    account = {"host": endpoint.host, "port": endpoint.port, "user": endpoint.user, "password": endpoint.password}
    options = {**account, "database": endpoint.database, "autocommit": True, "use_pure": True, **changes}
    with closing(mysql.connector.connect(**options)) as connection:
        yield connection.cursor()


def _answers(component: str, sandbox: LocalSandbox) -> bool:
    """Return whether the component's own port, or etcd's socket, answers within half a second."""
    if component == ETCD:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(sandbox.folder.etcd / "client.sock:0"))
            return _hears(client, b"GET /health HTTP/1.0\r\n\r\n")
    port = sandbox.mysql.port if component == MYSQL else _get_port(sandbox)
    with socket.create_connection(("127.0.0.1", port), 0.5) as client:
        return _hears(client, b"GET / HTTP/1.0\r\n\r\n" if component == KUBE_APISERVER else b"")


def _hears(client: socket.socket, words: bytes) -> bool:
    client.settimeout(0.5)
    client.sendall(words)
    try:
        return bool(client.recv(1))
    except TimeoutError:
        return False


def _get_port(sandbox: LocalSandbox) -> int:
    return int(sandbox.kubeconfig.read_text().partition("https://127.0.0.1:")[2].partition('"')[0])


def _count(sandbox: LocalSandbox, words: str, since: LogCursor) -> int:
    return sum(words in line.text for line in sandbox.read_log(CONTROLLERMGR, since))


def test_controller_manager_is_reconfigured_and_back(shared: Shared) -> None:
    """It stays down once stopped; started with other keys it obeys them; started without, all is as usual."""
    sandbox = shared()
    assert isinstance(sandbox, ReconfiguresControllerManager)
    sandbox.stop_controllermgr()
    down = sandbox.component(CONTROLLERMGR)
    assert (down.phase, down.pid) == (Phase.TERMINATED, None)
    cursor = sandbox.log_cursor(CONTROLLERMGR)
    sandbox.start_controllermgr([("metadataStorage.enableMetadataStorage", False)])
    wait_until(lambda: _count(sandbox, "Metadata storage not configured", cursor))
    assert not _count(sandbox, _REGISTERED, cursor)
    cursor = sandbox.log_cursor(CONTROLLERMGR)
    sandbox.start_controllermgr()
    wait_until(lambda: _count(sandbox, _REGISTERED, cursor) == len(CONTRACT.kinds))


def test_controller_manager_that_refuses_its_configuration_can_be_watched(shared: Shared) -> None:
    """Without the section that it needs it crashes again and again, and what it says can be read."""
    sandbox = shared()
    cursor, restarts = sandbox.log_cursor(CONTROLLERMGR), sandbox.component(CONTROLLERMGR).restarts
    sandbox.start_controllermgr(without=("mysql",), await_healthy=False)
    wait_until(lambda: sandbox.component(CONTROLLERMGR).restarts >= restarts + 1)
    assert _count(sandbox, "mysql", cursor)
    sandbox.start_controllermgr()
    assert sandbox.component(CONTROLLERMGR).phase is Phase.RUNNING


def test_wrong_change_is_refused_before_anything_is_stopped(shared: Shared) -> None:
    """A section that does not exist is named, and the controller manager runs on."""
    sandbox = shared()
    pid = sandbox.component(CONTROLLERMGR).pid
    with pytest.raises(SettingsError, match="without: unknown value 'mysq'"):
        sandbox.start_controllermgr(without=("mysq",))
    assert sandbox.component(CONTROLLERMGR).pid == pid


@pytest.mark.parametrize("leave", ["stopped", "reconfigured"])
def test_kept_sandbox_gets_its_usual_controller_manager_back(start: Start, leave: str) -> None:
    """Whatever a run left of the controller manager's configuration, the next one finds the usual one."""
    first = start(keep=True)
    if leave == "stopped":
        first.stop_controllermgr()
    else:
        first.start_controllermgr([("metadataStorage.enableMetadataStorage", False)])
    first.stop()
    cursor = first.log_cursor(CONTROLLERMGR)
    second = start(keep=True)
    assert (second.reused, second.component(CONTROLLERMGR).phase) == (True, Phase.RUNNING)
    wait_until(lambda: _count(second, _REGISTERED, cursor))


def test_killed_mysql_comes_back_with_what_it_had_acknowledged(shared: Shared) -> None:
    """MySQL stays down until it is started; port, account and the last commit before SIGKILL are there again."""
    sandbox = shared()
    assert isinstance(sandbox, InjectsFaults)
    endpoint, pid = sandbox.mysql, sandbox.component(MYSQL).pid
    runs = {line.run for line in sandbox.read_log(MYSQL)}
    with _connected(sandbox) as cursor:
        cursor.execute("CREATE TABLE acknowledged (number INT PRIMARY KEY)")
        for number in range(50):
            cursor.execute("INSERT INTO acknowledged VALUES (%s)", (number,))
        result = sandbox.kill(MYSQL)
    assert (result.injected, result.seen, result.pid_before) == (True, "killed by SIGKILL", pid)
    down = sandbox.component(MYSQL)
    assert (down.phase, down.pid, down.reason) == (Phase.TERMINATED, None, "killed by SIGKILL, on request")
    with pytest.raises(ConnectionRefusedError):
        _answers(MYSQL, sandbox)
    project = _create(sandbox)   # Kubernetes works without it
    restarted = sandbox.start(MYSQL)
    assert (sandbox.mysql, sandbox.component(MYSQL).pid) == (endpoint, restarted.pid_after)
    assert sandbox.component(MYSQL).phase is Phase.RUNNING
    with _connected(sandbox) as cursor:
        cursor.execute("SELECT COUNT(*) FROM acknowledged")
        assert cursor.fetchall() == [(50,)]
        cursor.execute("DROP TABLE acknowledged")
    _wait_for_row(sandbox, project)
    assert {line.run for line in sandbox.read_log(MYSQL)} == runs | {max(runs) + 1}


@pytest.mark.parametrize("component", [KUBE_APISERVER, ETCD])
def test_killed_control_plane_comes_back_with_its_objects(shared: Shared, component: str) -> None:
    """Nobody listens until it is started; then every kind is served, the objects are there, new ones arrive."""
    sandbox = shared()
    before, port = _create(sandbox), _get_port(sandbox)
    result = sandbox.kill(component)
    assert (result.injected, result.pid_before != sandbox.component(component).pid) == (True, True)
    with pytest.raises(ConnectionRefusedError):
        _answers(component, sandbox)
    sandbox.start(component)
    assert (_get_port(sandbox), sandbox.component(component).phase) == (port, Phase.RUNNING)
    if component == KUBE_APISERVER:
        served = Cluster(sandbox.kubeconfig, retries=False).find_kinds()
        assert served.keys() >= {kind.name for kind in CONTRACT.kinds}
    found = Cluster(sandbox.kubeconfig).get(_PROJECT, "faults", before["metadata"]["name"])
    assert found is not None
    assert found["metadata"]["uid"] == before["metadata"]["uid"]
    _wait_for_row(sandbox, _create(sandbox))


def test_killed_controller_manager_is_started_again(shared: Shared) -> None:
    """The controller manager comes back by itself, after its usual delay, and counts one restart."""
    sandbox = shared()
    restarts = sandbox.component(CONTROLLERMGR).restarts
    result = sandbox.kill(CONTROLLERMGR)
    assert (result.injected, result.seen) == (True, "killed by SIGKILL")
    assert sandbox.component(CONTROLLERMGR).pid is None
    wait_until(lambda: sandbox.component(CONTROLLERMGR).phase is Phase.RUNNING)
    assert sandbox.component(CONTROLLERMGR).restarts == restarts + 1
    _wait_for_row(sandbox, _create(sandbox))


def test_what_does_not_fit_is_refused_by_name(shared: Shared) -> None:
    """An action that the component's state does not allow changes nothing and says why."""
    sandbox = shared()
    with pytest.raises(HarnessError, match=r"mysql runs already \(pid"):
        sandbox.start(MYSQL)
    with pytest.raises(HarnessError, match="can't be started on request: it starts again by itself"):
        sandbox.start(CONTROLLERMGR)
    with pytest.raises(SettingsError, match="component: unknown value 'mysq'"):
        sandbox.kill("mysq")
    with pytest.raises(HarnessError, match="etcd is not paused"):
        sandbox.resume(ETCD)
    sandbox.kill(ETCD)
    with pytest.raises(HarnessError, match=r"etcd does not run here \(Terminated: killed by SIGKILL"):
        sandbox.pause(ETCD)
    sandbox.start(ETCD)
    assert not sandbox.has_faults
    with pytest.raises(HarnessError, match="The link to mysql can't be broken: the sandbox was not"):
        sandbox.break_link(MYSQL, LinkFault.REFUSED)
    with pytest.raises(HarnessError, match="MySQL's disk can't be made full"):
        sandbox.fill_disk()
    with pytest.raises(HarnessError, match="No fault proxy stands before mysql"):
        sandbox.probe(MYSQL)


def test_paused_components_are_silent_until_they_go_on(shared: Shared) -> None:
    """A paused server takes connections and answers nothing; resumed, it answers, and the mirror goes on."""
    sandbox = shared()
    for component in _SERVERS:
        result = sandbox.pause(component)
        assert (result.injected, result.seen, result.pid_before) == (
            True, "the process is stopped", sandbox.component(component).pid,
        )  # fmt: skip
        assert (sandbox.component(component).phase, sandbox.component(component).reason) == (
            Phase.RUNNING, "paused",
        )  # fmt: skip
        assert not _answers(component, sandbox)
        with pytest.raises(HarnessError, match=f"{component} is paused already"):
            sandbox.pause(component)
        sandbox.resume(component)
        assert sandbox.component(component).reason == ""
        assert _answers(component, sandbox)
    sandbox.pause(CONTROLLERMGR)
    project = _create(sandbox)
    time.sleep(0.5)
    assert not _is_mirrored(sandbox, project)
    sandbox.resume(CONTROLLERMGR)
    _wait_for_row(sandbox, project)


@pytest.mark.parametrize("component", [MYSQL, KUBE_APISERVER])
def test_broken_link_stops_the_mirror_until_it_is_healed(shared: Shared, component: str) -> None:
    """In each mode the fault shows at the proxy and at the rows, and nowhere else; healed, all rows arrive."""
    sandbox = shared(faults=True)
    assert isinstance(sandbox, BreaksLinks)
    assert sandbox.has_faults
    _wait_for_row(sandbox, _create(sandbox))
    for mode in (LinkFault.REFUSED, LinkFault.HANGING, LinkFault.RESETTING):
        result = sandbox.break_link(component, mode)
        assert (result.injected, result.action) == (True, mode)
        assert sandbox.component(FAULT_PROXY).reason == f"{component} {mode}"
        project = _create(sandbox)
        time.sleep(0.3)
        assert not _is_mirrored(sandbox, project)
        healed = sandbox.heal_link(component)
        assert (healed.injected, sandbox.component(FAULT_PROXY).reason) == (True, "")
        _wait_for_row(sandbox, project)
    assert sandbox.break_link(component, LinkFault.HANGING).injected
    slow = sandbox.break_link(component, LinkFault.SLOW)   # which heals the other first
    assert (slow.injected, sandbox.component(FAULT_PROXY).reason) == (True, f"{component} slow")
    assert sandbox.probe(component).after_s >= 0.15
    began = time.monotonic()
    _wait_for_row(sandbox, _create(sandbox))
    assert time.monotonic() - began >= 0.15
    assert sandbox.heal_link(component).injected
    assert sandbox.probe(component).outcome is ProbeOutcome.ANSWERED


def test_bytes_that_hang_arrive_once_the_link_is_healed(shared: Shared) -> None:
    """What was sent while nothing came through is there afterwards, in order, on the same connection."""
    sandbox = shared(faults=True)
    port = int(sandbox.probe(MYSQL).address.rpartition(":")[2])
    with _connected(sandbox, port=port) as cursor:
        cursor.execute("CREATE TABLE held (content LONGTEXT)")
        content = "".join(str(number) for number in range(200_000))
        sandbox.break_link(MYSQL, LinkFault.HANGING)
        with ThreadPoolExecutor(1) as executor:
            insertion = executor.submit(cursor.execute, "INSERT INTO held VALUES (%s)", (content,))
            with pytest.raises(TimeoutError):
                insertion.result(1.0)
            sandbox.heal_link(MYSQL)
            insertion.result(10.0)
        cursor.execute("SELECT content FROM held")
        assert cursor.fetchall() == [(content,)]
        cursor.execute("DROP TABLE held")


def test_controller_managers_account_obeys_the_servers_limits(shared: Shared) -> None:
    """With faults the controller manager may do all with its database, and read_only holds for it."""
    sandbox = shared(faults=True)
    since = sandbox.log_cursor(CONTROLLERMGR)
    with _connected(sandbox) as cursor:
        cursor.execute("SHOW GRANTS FOR 'controllermgr'@'127.0.0.1'")
        grants = " ".join(row[0] for row in cursor.fetchall())
        assert ("ALL PRIVILEGES ON `michelangelo`.*" in grants, "SUPER" in grants) == (True, False)
        cursor.execute("SET GLOBAL read_only = 1")
        project = _create(sandbox)
        wait_until(lambda: _count(sandbox, "read-only", since) > 0)
        assert not _is_mirrored(sandbox, project)
        cursor.execute("CREATE TABLE ours (id INT)")   # the harness's account goes on
        cursor.execute("DROP TABLE ours")
        cursor.execute("SET GLOBAL read_only = 0")
    _wait_for_row(sandbox, project)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere files of a running process can't be limited")
def test_full_disk_refuses_rows_until_there_is_room(shared: Shared) -> None:
    """On a full disk MySQL runs on and takes no row of any table; with room again, what was missed arrives."""
    sandbox = shared(faults=True)
    assert isinstance(sandbox, FillsDisk)
    pid = sandbox.component(MYSQL).pid
    since = sandbox.log_cursor(CONTROLLERMGR)
    result = sandbox.fill_disk()
    assert (result.injected, "is full" in result.seen) == (True, True)
    assert sandbox.component(MYSQL).reason == "disk full"
    project = _create(sandbox)
    wait_until(lambda: _count(sandbox, "is full", since) > 0)
    assert not _is_mirrored(sandbox, project)
    sandbox.free_disk()
    _wait_for_row(sandbox, project)
    assert (sandbox.component(MYSQL).pid, sandbox.component(MYSQL).reason) == (pid, "")
    with _connected(sandbox) as cursor:
        cursor.execute("SHOW DATABASES")
        assert "ingester_acceptance_ballast" not in {row[0] for row in cursor.fetchall()}


def test_old_watch_expires_after_compaction_and_restart(shared: Shared) -> None:
    """Once etcd's history is dropped and kube-apiserver is new, a watch from before gets 410."""
    sandbox = shared()
    version = get_version(_create(sandbox))
    newest = get_version(_create(sandbox))
    assert sandbox.compact_etcd() >= newest
    sandbox.kill(KUBE_APISERVER)
    sandbox.start(KUBE_APISERVER)
    latest = get_version(_create(sandbox))
    with pytest.raises(Refusal) as caught:
        Cluster(sandbox.kubeconfig).get_changes(_PROJECT, "faults", since=version, until=latest)
    assert caught.value.status == 410
    _wait_for_row(sandbox, _create(sandbox))


def test_stop_ends_what_is_paused_or_down(root: Path, start: Start) -> None:
    """A sandbox that is disturbed in every way stops at once and leaves no process."""
    sandbox = start(faults=True)
    sandbox.break_link(MYSQL, LinkFault.HANGING)
    for component in (CONTROLLERMGR, MYSQL, KUBE_APISERVER):
        sandbox.pause(component)
    sandbox.kill(ETCD)
    began = time.monotonic()
    sandbox.stop()
    assert time.monotonic() - began < 3.0   # the grace of a controller manager that could obey
    assert find_processes_below(root) == []


def test_nothing_that_is_disturbed_outlives_the_client(root: Path) -> None:
    """SIGKILL of the client while components are paused, cut off and down leaves no process and no folder."""
    client = subprocess.Popen(
        [sys.executable, "-c", _CLIENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert client.stdout is not None
    assert client.stdout.readline() == "injected\n"
    assert any(process.status() == psutil.STATUS_STOPPED for process in find_processes_below(root))
    client.send_signal(signal.SIGKILL)
    client.communicate()
    wait_until(lambda: not find_processes_below(root) and not [p for p in root.iterdir() if p.name[0] != "."])


@pytest.mark.parametrize("leave", ["cut off", "paused", "down"])
def test_sandbox_that_was_left_disturbed_is_replaced(start: Start, leave: str) -> None:
    """A kept sandbox that a run left cut off, paused or with a component down poisons no later run."""
    first = start(keep=True, faults=True)
    match leave:
        case "cut off":
            first.break_link(KUBE_APISERVER, LinkFault.SLOW)
        case "paused":
            first.pause(ETCD)
        case _:
            first.kill(MYSQL)
    first.stop()
    second = start(keep=True, faults=True)
    assert not second.reused
    assert not first.folder.path.exists()
    _wait_for_row(second, _create(second))


def test_sandbox_that_was_healed_is_used_again(start: Start) -> None:
    """What was undone leaves a sandbox as good as new, with a controller manager that is."""
    first = start(keep=True, faults=True)
    first.break_link(MYSQL, LinkFault.REFUSED)
    first.heal_link(MYSQL)
    first.kill(MYSQL)
    first.start(MYSQL)
    first.pause(CONTROLLERMGR)
    first.stop()
    second = start(keep=True, faults=True)
    assert (second.folder, second.reused, second.component(CONTROLLERMGR).reason) == (first.folder, True, "")
    _wait_for_row(second, _create(second))


def test_who_injects_faults_has_the_sandbox_alone(start: Start) -> None:
    """A sandbox for faults in use, disturbed or not, is left to its user; it differs from one without faults."""
    plain = start(keep=True)
    first = start(keep=True, faults=True)
    assert first.folder != plain.folder
    first.pause(ETCD)
    second = start(keep=True, faults=True)
    first.resume(ETCD)
    third = start(faults=True)
    assert len({first.folder, second.folder, third.folder}) == 3
    assert first.component(ETCD).phase is Phase.RUNNING
    other = start(keep=True)
    assert other.folder == plain.folder
    with pytest.raises(BusyError, match="Another run uses the sandbox"):
        plain.kill(MYSQL)
    with pytest.raises(BusyError, match="Another run uses the sandbox"):
        plain.stop_controllermgr()
