"""Promises of `harness.sandbox.k3d.cluster`."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from harness.core.errors import HarnessError
from harness.sandbox.k3d.cluster import CLUSTER, K3dCluster, find_cluster, list_clusters, write_kubeconfig
from tests.unit.sandbox.k3d.standins import StandIns


def test_finds_a_cluster_and_its_ports(standins: StandIns) -> None:
    """State and published ports are k3d's; an address that means all of them is reached on loopback."""
    standins.put_clusters(
        michelangelo_sandbox={"running": True, "ports": {"30001": "13306"}},
        other={"running": False, "ports": {}},
    )
    assert find_cluster() == K3dCluster(CLUSTER, True, {30001: ("127.0.0.1", 13306)})
    assert [cluster.is_running for cluster in list_clusters()] == [True, False]


def test_knows_no_cluster(standins: StandIns) -> None:
    """Where k3d has no cluster of the name there is none."""
    assert find_cluster() is None


def test_keeps_an_address_of_its_own(standins: StandIns) -> None:
    """A port that is published on one address is reached there; UDP ports don't count."""
    mappings = {
        "30001/tcp": [{"HostIp": "127.0.0.2", "HostPort": "3306"}],
        "53/udp": [{"HostIp": "127.0.0.2", "HostPort": "53"}],
        "9/tcp": None,
    }
    node = {"role": "server", "State": {"Running": True}, "portMappings": mappings}
    standins.write_program("k3d", f"print({json.dumps(json.dumps([{'name': 'c', 'nodes': [node]}]))})")
    assert list_clusters() == [K3dCluster("c", True, {30001: ("127.0.0.2", 3306)})]


def test_quotes_k3d(standins: StandIns) -> None:
    """What k3d says when it fails, or when it answers with something else, stands in the error."""
    standins.fail("k3d", "cluster", "list", output="FATA[0000] Failed to get nodes")
    with pytest.raises(HarnessError, match="Failed to get nodes"):
        list_clusters()
    standins.configure(failures=[])
    standins.write_program("k3d", "print('NAME SERVERS')")
    with pytest.raises(HarnessError, match="NAME SERVERS"):
        list_clusters()


def test_writes_a_private_kubeconfig(standins: StandIns, tmp_path: Path) -> None:
    """The kubeconfig is for this user alone; its context is the one that k3d made current."""
    standins.put_clusters(c={"running": True, "ports": {}})
    file = tmp_path / "kubeconfig"
    assert write_kubeconfig("c", file) == "k3d-c"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text())["current-context"] == "k3d-c"


def test_says_why_there_is_no_kubeconfig(standins: StandIns, tmp_path: Path) -> None:
    """A cluster that k3d does not know is an error with its words."""
    with pytest.raises(HarnessError, match="No nodes found for given cluster: c"):
        write_kubeconfig("c", tmp_path / "kubeconfig")
