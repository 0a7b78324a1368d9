"""Promises of `harness.sandbox.k3d.controllermgr`."""

from __future__ import annotations

import json

import pytest
import yaml

from harness.core.errors import HarnessError
from harness.sandbox.k3d.controllermgr import make_manifest, open_gates, restart
from harness.sandbox.k3d.kubectl import Kubectl
from tests.unit.sandbox.k3d.objects import JsonObject, make_config_map, make_pod
from tests.unit.sandbox.k3d.standins import StandIns

_NAME = "michelangelo-controllermgr"
_ACCOUNT = {"host": "mysql", "port": 3306, "user": "root", "password": "root", "database": "michelangelo"}
_READY = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}


def _read(standins: StandIns) -> str:
    config_map = standins.find("configmap", "michelangelo-controllermgr-config")
    assert config_map is not None
    return str(config_map["data"]["base.yaml"])


def test_opens_the_gates_and_keeps_the_rest(standins: StandIns, kubectl: Kubectl) -> None:
    """Both gates are on afterwards, and the text before them is as it was."""
    standins.put(make_config_map("minio:\n  awsRegion: us-east-1\n"))
    assert open_gates(kubectl, _ACCOUNT) is True
    assert _read(standins).startswith("minio:\n  awsRegion: us-east-1\n")
    assert yaml.safe_load(_read(standins))["mysql"] == _ACCOUNT
    assert open_gates(kubectl, _ACCOUNT) is False


def test_changes_nothing_where_the_gates_are_open(standins: StandIns, kubectl: Kubectl) -> None:
    """Open gates cost no change of the cluster."""
    base_yaml = {"metadataStorage": {"enableMetadataStorage": True}, "mysql": _ACCOUNT}
    standins.put(make_config_map(yaml.safe_dump(base_yaml)))
    assert open_gates(kubectl, {}) is False
    assert [call for call in standins.list_calls("kubectl") if " patch " in call] == []


def test_says_that_there_is_no_controller_manager(kubectl: Kubectl) -> None:
    """A cluster without its ConfigMap, or without pod and Deployment, is an error that names them."""
    with pytest.raises(HarnessError, match="no ConfigMap michelangelo-controllermgr-config"):
        open_gates(kubectl, _ACCOUNT)
    with pytest.raises(HarnessError, match=f"neither a pod nor a Deployment {_NAME}"):
        restart(kubectl, timeout_s=1)


def test_restarts_a_bare_pod_as_it_was_applied(standins: StandIns, kubectl: Kubectl) -> None:
    """A pod is deleted and made again, as it was once applied."""
    manifest = make_pod(_NAME)
    del manifest["status"]
    pod = make_pod(_NAME, ready=True)
    pod["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(manifest)}
    standins.put(pod)
    standins.configure(statuses={"pod": _READY})
    restart(kubectl, timeout_s=5)
    verbs = [call.split()[4] for call in standins.list_calls("kubectl")]
    assert [verb for verb in verbs if verb != "get"] == ["delete", "create"]
    assert standins.find("pod", _NAME) == {**manifest, "status": _READY}


def test_makes_a_manifest_without_what_the_cluster_added() -> None:
    """Of a pod that was not applied, its uid, node and status are left out."""
    pod = make_pod(_NAME, ready=True)
    pod["spec"]["nodeName"] = "agent-0"
    pod["metadata"]["resourceVersion"] = "7"
    assert make_manifest(pod) == {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": _NAME, "namespace": "default", "labels": {"app": _NAME}, "annotations": {}},
        "spec": {"containers": [{"name": _NAME, "image": f"{_NAME}:1"}]},
    }


def test_says_why_a_restarted_pod_is_not_ready(standins: StandIns, kubectl: Kubectl) -> None:
    """A pod that does not become ready is an error with its state and the way out."""
    standins.put(make_pod(_NAME, ready=True))
    waiting = make_pod(_NAME, phase="Pending", waiting=("ErrImagePull", "denied"), image="x:1")["status"]
    standins.configure(statuses={"pod": waiting})
    with pytest.raises(HarnessError, match="ErrImagePull: denied") as caught:
        restart(kubectl, timeout_s=0.1)
    assert "k3d image import x:1" in caught.value.hint


def _make_deployment(**status: int) -> JsonObject:
    return {
        "kind": "Deployment",
        "metadata": {"name": _NAME, "generation": 2},
        "spec": {"replicas": 1, "template": {"metadata": {}}},
        "status": status,
    }


def test_restarts_a_deployment_by_its_template(standins: StandIns, kubectl: Kubectl) -> None:
    """A Deployment gets an annotation, as `kubectl rollout restart` gives it, and is awaited."""
    ready = {"observedGeneration": 2, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}
    standins.put(_make_deployment(**ready))
    restart(kubectl, timeout_s=5)
    deployment = standins.find("deployment", _NAME)
    assert deployment is not None
    assert list(deployment["spec"]["template"]["metadata"]["annotations"]) == ["kubectl.kubernetes.io/restartedAt"]


@pytest.mark.parametrize(
    "changes", [{"observedGeneration": 1}, {"replicas": 2}, {"updatedReplicas": 0}, {"availableReplicas": 0}]
)
def test_waits_for_the_whole_rollout(standins: StandIns, kubectl: Kubectl, changes: dict[str, int]) -> None:
    """A Deployment of which a part is old, surplus or not available is not restarted yet."""
    ready = {"observedGeneration": 2, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}
    standins.put(_make_deployment(**{**ready, **changes}))
    with pytest.raises(HarnessError, match="not ready after"):
        restart(kubectl, timeout_s=0.1)
