"""Promises of `harness.sandbox.k3d.kubectl`."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from harness.core.errors import HarnessError
from harness.sandbox.k3d.kubectl import Kubectl
from tests.unit.sandbox.k3d.objects import make_config_map, make_pod
from tests.unit.sandbox.k3d.standins import StandIns


def test_names_its_kubeconfig_in_each_call(standins: StandIns, kubectl: Kubectl, tmp_path: Path) -> None:
    """No call depends on the user's own kubeconfig or current context."""
    standins.put(make_pod("a"))
    kubectl.get("pod", "a")
    kubectl.list_everywhere("pods")
    kubectl.delete("pod", "a", timeout_s=1)
    kubeconfig = f"--kubeconfig {tmp_path / 'private' / 'kubeconfig'} "
    assert [call.startswith(kubeconfig) for call in standins.list_calls("kubectl")] == [True, True, True]


def test_tells_absence_from_failure(standins: StandIns, kubectl: Kubectl) -> None:
    """An object that is not there is None; any other failure is an error with kubectl's words."""
    assert kubectl.get("pod", "a") is None
    standins.fail("kubectl", output="error: You must be logged in to the server")
    with pytest.raises(HarnessError, match="must be logged in"):
        kubectl.get("pod", "a")


def test_keeps_what_it_sends_off_command_lines_and_the_log(
    standins: StandIns, kubectl: Kubectl, log: io.StringIO
) -> None:
    """A patch reaches the object, and its password neither a command line nor the log."""
    standins.put(make_config_map("a: 1"))
    kubectl.patch("configmap", "michelangelo-controllermgr-config", {"data": {"base.yaml": "s3cret"}})
    config_map = standins.find("configmap", "michelangelo-controllermgr-config")
    assert config_map is not None
    assert config_map["data"] == {"base.yaml": "s3cret"}
    assert "s3cret" not in " ".join(standins.list_calls("kubectl"))
    assert "s3cret" not in log.getvalue()
    assert log.getvalue().startswith("$ kubectl patch configmap michelangelo-controllermgr-config")


def test_creates_and_deletes(standins: StandIns, kubectl: Kubectl) -> None:
    """An object that is created is there, and gone once it is deleted."""
    kubectl.create(make_pod("a"))
    assert standins.find("pod", "a") is not None
    kubectl.delete("pod", "a", timeout_s=5)
    assert standins.find("pod", "a") is None
    assert "--timeout=5s" in standins.list_calls("kubectl")[-1]


def test_says_what_could_not_be_changed(standins: StandIns, kubectl: Kubectl) -> None:
    """A change that fails names itself and quotes kubectl."""
    standins.fail("kubectl", output="error: forbidden")
    with pytest.raises(HarnessError, match=r"kubectl delete pod a: exit code 1:\n    error: forbidden"):
        kubectl.delete("pod", "a", timeout_s=1)


def test_reads_logs_where_there_are_some(standins: StandIns, kubectl: Kubectl) -> None:
    """A pod's last lines are returned; of a pod that has written nothing, none."""
    standins.put_log("a", "one\ntwo\n")
    assert kubectl.read_log("default", "a", 5) == ["one", "two"]
    assert kubectl.read_log("default", "b", 5) == []
