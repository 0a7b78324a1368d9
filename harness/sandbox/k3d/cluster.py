"""The k3d cluster itself: whether it is there and runs, which ports it publishes, and its kubeconfig.

What k3d says is believed, nothing is assumed of it: a published port is looked up, not computed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from harness.core.errors import HarnessError
from harness.provision.assets import command
from harness.sandbox.ports import LOOPBACK
from harness.sandbox.storage import write_private

CLUSTER = "michelangelo-sandbox"
"""The name that `sandbox.py` gives its cluster."""

_TIMEOUT_S = 60.0
_ANY_ADDRESS = ("", "0.0.0.0", "::")  # noqa: S104  what Docker writes, nothing that is bound here


@dataclass(frozen=True)
class K3dCluster:
    """A cluster as k3d knows it. `published` maps node ports to host and port on this machine."""

    name: str
    is_running: bool
    published: Mapping[int, tuple[str, int]] = field(default_factory=dict)


def list_clusters() -> list[K3dCluster]:
    """Return the clusters that k3d knows, running or not; HarnessError where it can't say."""
    answer = command.run(["k3d", "cluster", "list", "-o", "json"], timeout_s=_TIMEOUT_S)
    if answer.exit_code != 0:
        raise HarnessError(f"k3d cluster list: exit code {answer.exit_code}:\n{answer.last_words()}")
    try:
        return [_read_cluster(data) for data in json.loads(answer.stdout or "[]") or []]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise HarnessError(
            f"k3d cluster list -o json: not as expected ({error!r}):\n{answer.last_words()}",
            hint="This harness reads what k3d 5 writes; see `k3d version`",
        ) from error


def find_cluster(name: str = CLUSTER) -> K3dCluster | None:
    """Return the cluster of that name, None where there is none."""
    return next((cluster for cluster in list_clusters() if cluster.name == name), None)


def write_kubeconfig(name: str, path: Path) -> str:
    """Write the running cluster's kubeconfig to `path`, for this user alone, and return its context's name."""
    answer = command.run(["k3d", "kubeconfig", "get", name], timeout_s=_TIMEOUT_S)
    if answer.exit_code != 0:
        raise HarnessError(f"k3d kubeconfig get {name}: exit code {answer.exit_code}:\n{answer.last_words()}")
    try:
        context = yaml.safe_load(answer.stdout)["current-context"]
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise HarnessError(f"k3d kubeconfig get {name} printed no kubeconfig with a current context") from error
    write_private(path, answer.stdout + "\n")
    return str(context)


def _read_cluster(data: dict[str, Any]) -> K3dCluster:
    nodes = data.get("nodes") or []
    servers = [node for node in nodes if node.get("role") == "server"]
    published: dict[int, tuple[str, int]] = {}
    for node in nodes:
        for spelled, bindings in (node.get("portMappings") or {}).items():
            number, _, protocol = spelled.partition("/")
            for binding in bindings or []:
                if protocol in ("", "tcp"):
                    host = binding.get("HostIp", "")
                    address = LOOPBACK if host in _ANY_ADDRESS else host
                    published.setdefault(int(number), (address, int(binding["HostPort"])))
    is_running = bool(servers) and all(node.get("State", {}).get("Running") for node in servers)
    return K3dCluster(data["name"], is_running, published)
