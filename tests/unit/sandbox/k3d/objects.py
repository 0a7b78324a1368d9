"""Objects as a cluster sends them, for the tests of the k3d sandbox."""

from __future__ import annotations

from typing import Any

JsonObject = dict[str, Any]


def make_pod(name: str, phase: str = "Running", **changes: Any) -> JsonObject:
    """Return a pod.

    `changes` are ready, waiting (reason, message), unschedulable (message), exited, restarts, image and labels.
    """
    state: JsonObject = {"running": {}}
    if "waiting" in changes:
        reason, message = changes["waiting"]
        state = {"waiting": {"reason": reason, "message": message}}
    if "exited" in changes:
        state = {"terminated": {"exitCode": changes["exited"], "reason": "Error"}}
    conditions = [{"type": "Ready", "status": "True" if changes.get("ready") else "False"}]
    if "unschedulable" in changes:
        scheduled = {"status": "False", "reason": "Unschedulable", "message": changes["unschedulable"]}
        conditions.append({"type": "PodScheduled", **scheduled})
    status = {
        "name": name,
        "image": changes.get("image", f"{name}:1"),
        "restartCount": changes.get("restarts", 0),
        "state": state,
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": "default",
            "uid": f"uid-of-{name}",
            "labels": changes.get("labels", {"app": name}),
        },
        "spec": {"containers": [{"name": name, "image": status["image"]}]},
        "status": {"phase": phase, "conditions": conditions, "containerStatuses": [status]},
    }


def make_event(pod: JsonObject, reason: str, message: str, at: str = "2026-01-01T00:00:00Z") -> JsonObject:
    """Return an event of the pod."""
    return {
        "kind": "Event",
        "metadata": {"name": f"{pod['metadata']['name']}.{reason}.{at}"},
        "involvedObject": {"uid": pod["metadata"]["uid"]},
        "reason": reason,
        "message": message,
        "lastTimestamp": at,
    }


def make_job(condition: str | None = "Complete", **environment: str) -> JsonObject:
    """Return the schema job with that condition and its container's environment."""
    variables = [{"name": name, "value": value} for name, value in environment.items()]
    conditions = []
    if condition:
        why = {"reason": "BackoffLimitExceeded", "message": "4 times"}
        conditions = [{"type": condition, "status": "True", **why}]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "ingester-schema-init", "namespace": "default"},
        "spec": {"template": {"spec": {"containers": [{"name": "mysql-client", "env": variables}]}}},
        "status": {"conditions": conditions},
    }


def make_config_map(base_yaml: str) -> JsonObject:
    """Return the controller manager's ConfigMap."""
    metadata = {"name": "michelangelo-controllermgr-config", "namespace": "default"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"base.yaml": base_yaml}}


def make_service(port: int = 3306, node_port: int = 30001) -> JsonObject:
    """Return MySQL's service."""
    ports = [{"name": "mysql", "port": port, "targetPort": 3306, "nodePort": node_port}]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "mysql", "namespace": "default"},
        "spec": {"type": "NodePort", "ports": ports, "selector": {"app": "mysql"}},
    }
