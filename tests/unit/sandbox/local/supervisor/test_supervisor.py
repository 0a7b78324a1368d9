"""Promises of `supervisor.__main__`, `startup` and `launch`, with stand-ins for the servers."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from harness.core.errors import HarnessError
from harness.core.settings import MySQLEndpoint
from harness.sandbox.base import ETCD, KUBE_APISERVER, Phase
from harness.sandbox.local.client.launch import SupervisorProcess
from harness.sandbox.local.wire.channel import SupervisorLostError
from harness.sandbox.local.wire.plan import ControllerManagerPlan, Executable, Plan, write_plan
from harness.sandbox.local.wire.state import State, read_state
from tests.fakes.contract import CONTRACT
from tests.unit.conftest import MakeProgram

_LISTEN = """
import socket, sys, time
server = socket.socket(socket.AF_UNIX)
server.bind("client.sock:0")
server.listen()
time.sleep(60)
"""
_SLEEP = "import time\nprint('starting', flush=True)\ntime.sleep(60)"
_CLASH = """
import sys
port = next(word for word in sys.argv if word.startswith("--secure-port="))
print(f"listen {port}: bind: address already in use", flush=True)
sys.exit(1)
"""


@pytest.fixture
def silent_mysql() -> Iterator[MySQLEndpoint]:
    """A MySQL server elsewhere that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield MySQLEndpoint("127.0.0.1", server.getsockname()[1], "me", "michelangelo", "pw")


@pytest.fixture
def launch(
    root: Path, make_program: MakeProgram, silent_mysql: MySQLEndpoint
) -> Iterator[Callable[..., SupervisorProcess]]:
    """Launches a supervisor whose plan names the given stand-ins."""
    launched: list[SupervisorProcess] = []

    def do(
        *, etcd: str = _LISTEN, apiserver: str = _SLEEP, timeout_s: float = 20.0, port: int | None = None
    ) -> SupervisorProcess:
        process = SupervisorProcess(root)
        launched.append(process)
        plan = Plan(
            digest="d",
            etcd=Executable(str(make_program(ETCD, etcd))),
            kube_apiserver=Executable(str(make_program(KUBE_APISERVER, apiserver))),
            mysql_server=None,
            mysql=silent_mysql,
            kinds=CONTRACT.served_kinds,
            crds=[],
            crds_source="CRDs",
            schema="",
            schema_source="schema",
            controllermgr=ControllerManagerPlan(("mgr",), Executable("mgr"), "d"),
            start_timeout_s=timeout_s,
            ports={} if port is None else {KUBE_APISERVER: port},
        )
        write_plan(process.folder, plan)
        return process

    yield do
    for process in launched:
        process.end()


def _start(process: SupervisorProcess) -> None:
    process.channel.request("start", timeout_s=20)


def _begin(process: SupervisorProcess) -> list[int]:
    """Have the supervisor start, don't wait for the end; return the processes once kube-apiserver runs."""
    with suppress(SupervisorLostError):
        process.channel.request("start", timeout_s=0.01)
    state = _wait_for_state(process, lambda state: state.components[KUBE_APISERVER].pid is not None)
    return [pid for component in state.components.values() if (pid := component.pid)]


def _wait_for_state(process: SupervisorProcess, condition: Callable[[State], bool]) -> State:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        state = read_state(process.folder)
        if state is not None and KUBE_APISERVER in state.components and condition(state):
            return state
        time.sleep(0.01)
    raise AssertionError(process.quote_log())


def _get_living(pids: list[int]) -> list[int]:
    return [pid for pid in pids if _is_living(pid)]


def _is_living(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _wait_until_gone(process: SupervisorProcess) -> None:
    deadline = time.monotonic() + 10
    while process.folder.path.exists() and time.monotonic() < deadline:
        time.sleep(0.01)


def test_server_that_fails_is_named_and_nothing_is_left(launch: Callable[..., SupervisorProcess]) -> None:
    """A server that ends during the start ends it all; the error quotes its exit code and last words."""
    process = launch(etcd="print('disk full'); raise SystemExit(3)")
    with pytest.raises(HarnessError) as caught:
        _start(process)
    process.end()
    assert caught.value.problem == "etcd ended (exit code 3):\n    disk full"
    assert not process.folder.path.exists()


def test_server_that_dies_later_is_named(launch: Callable[..., SupervisorProcess]) -> None:
    """A server that was up already and dies while others start ends the start at once."""
    process = launch(etcd=_LISTEN.replace("time.sleep(60)", "server.accept(); sys.exit('lost quorum')"))
    with pytest.raises(HarnessError, match=r"etcd ended \(exit code 1\):\n    lost quorum"):
        _start(process)


def test_program_that_can_not_run_is_named(
    launch: Callable[..., SupervisorProcess], tmp_path: Path
) -> None:
    """An executable that is gone by the time it is needed is named."""
    process = launch()
    (tmp_path / ETCD).unlink()
    with pytest.raises(HarnessError, match=f"etcd: {tmp_path}/etcd can't be run"):
        _start(process)


def test_time_limit_says_what_was_waited_for(launch: Callable[..., SupervisorProcess]) -> None:
    """A start that takes too long names who is late and quotes what that said last."""
    process = launch(timeout_s=1.0)
    with pytest.raises(HarnessError) as caught:
        _start(process)
    process.end()
    assert caught.value.problem.startswith("The sandbox was not up after 1 s; it waited for kube-apiserver,")
    assert "kube-apiserver (Pending):\n    starting" in caught.value.problem
    assert not process.folder.path.exists()


def test_sandbox_ends_with_its_client(launch: Callable[..., SupervisorProcess]) -> None:
    """When the connection of the client is gone, be it by SIGKILL, nothing of the sandbox stays."""
    process = launch()
    pids = _begin(process)
    alive = _get_living(pids)
    process.channel.close()
    _wait_until_gone(process)
    assert (len(alive), _get_living(pids), process.folder.path.exists()) == (2, [], False)


def test_sandbox_ends_when_its_folder_is_removed(launch: Callable[..., SupervisorProcess]) -> None:
    """A sandbox that nobody could find any more, since its folder was cleaned away, ends by itself."""
    process = launch()
    pids = _begin(process)
    deadline = time.monotonic() + 10
    while process.folder.path.exists() and time.monotonic() < deadline:
        shutil.rmtree(process.folder.path, ignore_errors=True)   # the start still puts files into it
    while _get_living(pids) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert (_get_living(pids), process.folder.path.exists()) == ([], False)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_sandbox_ends_on_a_signal(launch: Callable[..., SupervisorProcess], number: signal.Signals) -> None:
    """A signal to the supervisor ends the sandbox in order, also during the start."""
    process = launch()
    pids = _begin(process)
    state = read_state(process.folder)
    assert state is not None
    os.kill(state.supervisor_pid, number)
    _wait_until_gone(process)
    assert (_get_living(pids), process.folder.path.exists()) == ([], False)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the sweep ends them")
def test_killed_supervisor_takes_its_children_along(launch: Callable[..., SupervisorProcess]) -> None:
    """After SIGKILL of the supervisor no process stays, and the client removes the folder."""
    process = launch()
    pids = _begin(process)
    state = read_state(process.folder)
    assert state is not None
    os.kill(state.supervisor_pid, signal.SIGKILL)
    process.end()
    psutil.wait_procs([psutil.Process(pid) for pid in _get_living(pids)], timeout=5)
    assert (_get_living(pids), process.folder.path.exists()) == ([], False)


def test_stop_on_request_leaves_nothing(launch: Callable[..., SupervisorProcess]) -> None:
    """Once a stop is answered, processes and folder are gone."""
    process = launch(etcd=_SLEEP)
    with suppress(SupervisorLostError):
        process.channel.request("start", timeout_s=0.01)
    state = _wait_for_state(process, lambda state: state.components[ETCD].pid is not None)
    other = type(process.channel).connect(process.folder)
    other.request("stop", timeout_s=10)
    other.close()
    etcd = state.components[ETCD].pid
    assert etcd is not None
    assert (_get_living([etcd]), process.folder.path.exists()) == ([], False)


def test_components_are_pending_before_they_are_up(launch: Callable[..., SupervisorProcess]) -> None:
    """Each component is listed from the beginning, and shown as running only once it works."""
    process = launch()
    _begin(process)
    state = _wait_for_state(process, lambda state: state.components[ETCD].phase is Phase.RUNNING)
    assert list(state.components) == [
        "etcd",
        "kube-apiserver",
        "mysql",
        "ingester-schema-init",
        "michelangelo-controllermgr",
    ]
    assert state.components[KUBE_APISERVER].phase is Phase.PENDING


def test_taken_port_that_was_asked_for_names_its_holder(launch: Callable[..., SupervisorProcess]) -> None:
    """A server without its port is named with the port and who holds it; no other port is tried."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        process = launch(apiserver=_CLASH, port=port)
        with pytest.raises(HarnessError) as caught:
            _start(process)
    holder = f"{psutil.Process().name()} (pid {os.getpid()})"
    assert caught.value.problem == f"kube-apiserver can't listen on 127.0.0.1:{port}: {holder} holds that port"


def test_lost_port_is_replaced_by_another(launch: Callable[..., SupervisorProcess]) -> None:
    """A free port that is lost to somebody else costs another attempt, with another port."""
    clash = _CLASH.strip().replace("\n", "\n    ")
    once = f"import os\nif not os.path.exists('tried'):\n    open('tried', 'w')\n    {clash}\n{_SLEEP}"
    process = launch(apiserver=once)
    _begin(process)
    log = process.folder.logs / "kube-apiserver.0.log"
    deadline = time.monotonic() + 10
    while "starting" not in log.read_text() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert log.read_text().count("address already in use") == 1
    assert log.read_text().endswith("starting\n")


def test_port_that_is_always_lost_is_given_up(launch: Callable[..., SupervisorProcess]) -> None:
    """Three lost ports are enough."""
    process = launch(apiserver=_CLASH)
    with pytest.raises(HarnessError, match=r"kube-apiserver can't listen on 127\.0\.0\.1:\d+"):
        _start(process)


def test_unknown_and_early_requests_are_refused(launch: Callable[..., SupervisorProcess]) -> None:
    """A supervisor answers what it can't do, and goes on."""
    process = launch()
    with pytest.raises(HarnessError, match="does not know 'dance'"):
        process.channel.request("dance", timeout_s=10)
    with pytest.raises(HarnessError, match="has not been started yet"):
        process.channel.request("restart", timeout_s=10, within_s=1)


def test_fault_of_the_supervisor_is_no_wait(launch: Callable[..., SupervisorProcess]) -> None:
    """After a fault of its own the supervisor ends, with all that it owns; its log says why."""
    process = launch()
    process.folder.plan.write_text("{")
    with pytest.raises(SupervisorLostError):
        _start(process)
    process.end()
    assert not process.folder.path.exists()
