"""The controller manager in a k3d sandbox: its configuration with the Ingester's gates on, and its restart.

Older versions of `sandbox.py` make it a bare pod, which nobody starts again, newer ones a Deployment; both are
restarted as fits them. It reads its configuration only when it starts.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable

from harness.core.errors import HarnessError
from harness.core.polling import wait_for
from harness.sandbox.base import CONTROLLERMGR
from harness.sandbox.k3d import podstate
from harness.sandbox.k3d.diagnosis import explain_failure
from harness.sandbox.k3d.gates import switch_on
from harness.sandbox.k3d.kubectl import Kubectl
from harness.spec.model import JsonObject

CONFIG_MAP = "michelangelo-controllermgr-config"
FILE = "base.yaml"

_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
_INTERVAL_S = 0.5
_LONGEST_INTERVAL_S = 2.0


def read_base_yaml(kubectl: Kubectl) -> str:
    """Return the text of the controller manager's `base.yaml`; HarnessError where the cluster has none."""
    config_map = kubectl.get("configmap", CONFIG_MAP)
    text = None if config_map is None else (config_map.get("data") or {}).get(FILE)
    if text is None:
        raise HarnessError(
            f"the cluster has no ConfigMap {CONFIG_MAP} with {FILE}, so no controller manager to test",
            hint="--k3d-existing recreate makes the cluster anew",
        )
    return str(text)


def open_gates(kubectl: Kubectl, mysql: JsonObject) -> bool:
    """Switch both gates on in its `base.yaml` and keep the rest; return whether anything had to change."""
    before = read_base_yaml(kubectl)
    after = switch_on(before, mysql, f"{CONFIG_MAP}: {FILE}")
    if after != before:
        kubectl.patch("configmap", CONFIG_MAP, {"data": {FILE: after}})
    return after != before


def restart(kubectl: Kubectl, *, timeout_s: float) -> None:
    """Start the controller manager anew and return once it is ready; HarnessError says why it is not."""
    pod = kubectl.get("pod", CONTROLLERMGR)
    if pod is not None:
        manifest = make_manifest(pod)
        kubectl.delete("pod", CONTROLLERMGR, timeout_s=timeout_s)
        kubectl.create(manifest)
    elif kubectl.get("deployment", CONTROLLERMGR) is not None:
        now = dt.datetime.now(dt.UTC).isoformat()
        template = {"metadata": {"annotations": {_RESTARTED_AT: now}}}
        kubectl.patch("deployment", CONTROLLERMGR, {"spec": {"template": template}})
    else:
        raise HarnessError(
            f"the cluster has neither a pod nor a Deployment {CONTROLLERMGR}",
            hint="--k3d-existing recreate makes the cluster anew",
        )
    wait_until_ready(kubectl, timeout_s=timeout_s)


def wait_until_ready(kubectl: Kubectl, *, timeout_s: float) -> None:
    """Return once the controller manager is ready; HarnessError where it is not so in time."""
    kind, is_ready = _choose_kind(kubectl)
    wait = wait_for(
        lambda: is_ready(kubectl.get(kind, CONTROLLERMGR) or {}),
        bool,
        timeout_s=timeout_s,
        interval_s=_INTERVAL_S,
        max_interval_s=_LONGEST_INTERVAL_S,
    )
    if not wait.satisfied:
        raise explain_failure(f"{CONTROLLERMGR} is not ready after {wait.duration_s:.0f} s", [], kubectl)


def make_manifest(pod: JsonObject) -> JsonObject:
    """Return what creates the pod again: what was applied, else the pod without what the cluster added."""
    metadata = pod["metadata"]
    annotations = dict(metadata.get("annotations") or {})
    if applied := annotations.pop(_LAST_APPLIED, None):
        manifest: JsonObject = json.loads(applied)
        return manifest
    kept = {name: metadata[name] for name in ("name", "namespace", "labels") if name in metadata}
    left = {name: value for name, value in pod["spec"].items() if name != "nodeName"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {**kept, "annotations": annotations},
        "spec": left,
    }


def _choose_kind(kubectl: Kubectl) -> tuple[str, Callable[[JsonObject], bool]]:
    if kubectl.get("deployment", CONTROLLERMGR) is None:
        return "pod", podstate.is_well
    return "deployment", _is_rolled_out


def _is_rolled_out(deployment: JsonObject) -> bool:
    """Return whether all of its pods, and no others, are of its newest template and available."""
    status, wanted = deployment.get("status", {}), deployment.get("spec", {}).get("replicas", 1)
    counted = {int(status.get(name, 0)) for name in ("replicas", "updatedReplicas", "availableReplicas")}
    seen = int(status.get("observedGeneration", 0))
    return seen >= int(deployment.get("metadata", {}).get("generation", 1)) and counted == {wanted}
