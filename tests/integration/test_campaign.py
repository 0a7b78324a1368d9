"""Campaigns on Ray: what becomes of rounds whose worker or machine goes away, and of what they have started."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from harness.campaign.campaign import ROUNDS
from harness.campaign.cluster import RayCrew, find_missing
from harness.campaign.journal import Journal
from harness.campaign.one_round import Order
from harness.campaign.plan import Round
from harness.campaign.record import Attempt
from harness.campaign.worker import Task
from harness.core.polling import wait_for
from harness.core.record import Status
from harness.provision.assets.cache import CACHE_VARIABLE
from harness.sandbox.storage import ROOT_VARIABLE
from harness.suite.session import RunSettings
from tests.integration.conftest import find_processes_below, wait_until

pytestmark = pytest.mark.skipif(bool(find_missing()), reason=find_missing())   # Ray is not to be loaded yet

_ON_LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_USAGE_STATS_ENABLED": "0"}
_LONG_S = 300.0


def find_rounds(root: Path) -> list[psutil.Process]:
    """Return the processes that run rounds whose sandboxes are below `root`."""
    return [
        process
        for process in psutil.process_iter(["cmdline", "environ"])
        if "harness.campaign.one_round" in (process.info["cmdline"] or [])
        and (process.info["environ"] or {}).get(ROOT_VARIABLE) == str(root)
    ]


def list_ancestors(process: psutil.Process) -> list[int]:
    """Return the ids of the processes that a process is below; none where it has gone."""
    try:
        return [each.pid for each in process.parents()]
    except psutil.NoSuchProcess:
        return []


@pytest.fixture
def crew(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RayCrew]:
    """Ray on this machine, for one round at a time; whatever becomes of it, nothing of it stays."""
    for name, value in _ON_LOOPBACK.items():
        monkeypatch.setenv(name, value)
    crew = RayCrew("", 1)
    yield crew
    crew.close()
    assert find_rounds(root) == []


def make_task() -> Task:
    """Return a round of the reference."""
    one = Round("reference", "own", "mysql-read-only", 1, 1.5, "soak")
    return Task(Attempt(one), pickle.dumps(Order(one, RunSettings(words=("project",)))), None, _LONG_S)


def list_listeners(process: psutil.Process) -> set[str]:
    """Return the addresses at which a process and those below it listen."""
    return {
        connection.laddr.ip.removeprefix("::ffff:")
        for each in [process, *process.children(recursive=True)]
        for connection in each.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    }


def test_a_lost_worker_takes_its_sandbox_along(crew: RayCrew, root: Path) -> None:
    """It is told as lost, which is no verdict; the same for all that runs when a campaign is closed."""
    assert list_listeners(psutil.Process()) == {"127.0.0.1"}
    crew.submit(make_task(), [])
    wait_until(lambda: find_processes_below(root), timeout_s=60.0)
    (running,) = find_rounds(root)
    worker = running.parent()
    assert worker is not None
    worker.kill()
    ended = wait_for(lambda: crew.collect(1.0), bool, timeout_s=60.0)
    ((attempt, kept),) = ended.value
    assert (attempt.lost, attempt.is_verdict, kept) == (True, False, b"")
    wait_until(lambda: not find_rounds(root) and not find_processes_below(root), timeout_s=60.0)

    crew.submit(make_task(), [])
    wait_until(lambda: find_processes_below(root), timeout_s=60.0)
    crew.close()
    assert find_rounds(root) == []
    assert find_processes_below(root) == []


@pytest.fixture
def two_nodes(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, Any]]:
    """Yield a cluster of two Ray nodes on this machine, and the second one, whose cache is empty."""
    for name, value in _ON_LOOPBACK.items():
        monkeypatch.setenv(name, value)
    from ray.cluster_utils import Cluster  # noqa: PLC0415  with that environment

    settings = {"node_ip_address": "127.0.0.1", "num_cpus": 1, "object_store_memory": 500 * 2**20}
    cluster = Cluster(initialize_head=True, head_node_args={**settings, "include_dashboard": False})
    with monkeypatch.context() as patch:
        patch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
        second = cluster.add_node(**settings)
    yield cluster, second
    cluster.shutdown()


def test_a_machine_that_is_lost_costs_no_verdict(two_nodes: tuple[Any, Any], root: Path, tmp_path: Path) -> None:
    """Its rounds are run again elsewhere, and each counts once; what it needed was shipped to it."""
    cluster, second = two_nodes
    output = tmp_path / "campaign"
    words = ["--fault", "mysql-read-only", "--fault", "controllermgr-stop", "--seeds", "1-2", "--crd", "project"]
    command = [sys.executable, "-m", "harness", "campaign", "--address", cluster.address, "--output", str(output)]
    with subprocess.Popen([*command, *words], env={**os.environ, **_ON_LOOPBACK}) as campaign:
        raylet = second.all_processes["raylet"][0].process
        wait_until(lambda: any(raylet.pid in list_ancestors(one) for one in find_rounds(root)), timeout_s=120.0)
        assert list((tmp_path / "cache").glob("controlplane-*"))
        raylet.kill()
        raylet.wait()   # its workers take one that nobody has waited for to be alive
        assert campaign.wait(_LONG_S * 2) == 0
    attempts = Journal(output, {}, resume=True).attempts
    verdicts = Counter(attempt.round for attempt in attempts if attempt.is_verdict)
    assert (len(verdicts), set(verdicts.values())) == (4, {1})
    assert any(attempt.lost for attempt in attempts)
    assert {attempt.status for attempt in attempts if attempt.is_verdict} <= {Status.PASS, Status.KNOWN}
    assert not (output / ROUNDS).exists() or all(not attempt.folder for attempt in attempts if attempt.is_verdict)
    wait_until(lambda: not find_rounds(root) and not find_processes_below(root), timeout_s=60.0)
