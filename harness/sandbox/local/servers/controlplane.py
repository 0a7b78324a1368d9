"""Runs etcd and kube-apiserver for one sandbox and makes the kinds known to them.

Both are throw-away: nothing is synced to disk, and they are killed at the end, since kube-apiserver takes
17 s to stop politely. No controller manager of Kubernetes runs beside them: a namespace's deletion never
finishes, and nobody collects what owners left.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from harness.core.errors import HarnessError
from harness.core.served_kind import ServedKind
from harness.sandbox.base import ETCD, KUBE_APISERVER
from harness.sandbox.local.servers.apiclient import ApiClient
from harness.sandbox.local.wire.plan import Executable
from harness.sandbox.local.wire.process import Process, spawn, wait_until
from harness.sandbox.ports import LOOPBACK
from harness.spec.model import GROUP, JsonObject

if TYPE_CHECKING:   # the client's end makes none, and `cryptography` takes long
    from harness.sandbox.local.servers.credentials import Credentials

# etcd takes the host part of such a URL, port included, as the socket's path below its working folder. So
# it needs no port and is as private as that folder.
_CLIENT_SOCKET = "client.sock:0"
_PEER_SOCKET = "peer.sock:0"
_CRD_RETRY_S = 0.03
_WRITES = ["create", "patch", "delete"]
_GARBAGE_COLLECTION = {"GOGC": "400"}   # 0.7 s less until the kinds are served, for 130 MB more
_SETTINGS = ("ETCD_", "KUBE_FEATURE_")   # of the user's own cluster and clients, as beginnings of variables


def start_etcd(etcd: Executable, folder: Path, log: Path) -> Process:
    """Start etcd with its data and sockets in `folder`, which is made where it is absent."""
    folder.mkdir(mode=0o700, exist_ok=True)
    command = [
        etcd.path,
        "--name=sandbox",
        "--data-dir=data",
        f"--listen-client-urls=unix://{_CLIENT_SOCKET}",
        f"--advertise-client-urls=unix://{_CLIENT_SOCKET}",
        f"--listen-peer-urls=unix://{_PEER_SOCKET}",
        f"--initial-advertise-peer-urls=unix://{_PEER_SOCKET}",
        f"--initial-cluster=sandbox=unix://{_PEER_SOCKET}",
        "--unsafe-no-fsync",
        "--heartbeat-interval=20",   # a single member elects itself after the election timeout, in ms
        "--election-timeout=100",
        "--log-level=warn",
    ]
    return spawn(ETCD, command, log=log, folder=folder, environment=_make_environment())


def _make_environment() -> dict[str, str]:
    """Return the environment without what would set etcd and kube-apiserver otherwise than their arguments do."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_SETTINGS)}


async def wait_for_etcd(etcd: Process, folder: Path) -> None:
    """Return once etcd takes connections."""
    await wait_until(lambda: _accepts(folder), etcd, interval_s=0.01)


def get_etcd_socket(folder: Path) -> Path:
    """Return the socket on which an etcd that was started in `folder` takes requests."""
    return folder / _CLIENT_SOCKET


def start_apiserver(
    apiserver: Executable,
    folder: Path,
    credentials: Credentials,
    *,
    port: int,
    log: Path,
    write_log: Path | None = None,
) -> Process:
    """Start kube-apiserver on loopback `port`, in etcd's `folder`, since it uses the socket there.

    Who has no token is refused, and who has one is the administrator: so RBAC would decide nothing, and
    its roles cost half a second. Into a `write_log` it notes when it answered each write to the kinds.
    """
    command = [
        apiserver.path,
        f"--etcd-servers=unix://{_CLIENT_SOCKET}",
        f"--bind-address={LOOPBACK}",
        f"--secure-port={port}",
        f"--advertise-address={LOOPBACK}",   # else it asks for a default route
        f"--tls-cert-file={credentials.serving_certificate}",
        f"--tls-private-key-file={credentials.serving_key}",
        "--cert-dir=certificates",
        f"--token-auth-file={credentials.token_file}",
        "--anonymous-auth=false",
        "--authorization-mode=AlwaysAllow",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={credentials.service_account_key}",
        f"--service-account-signing-key-file={credentials.service_account_key}",
        "--disable-admission-plugins=ServiceAccount",   # no controller makes service accounts
        "--service-cluster-ip-range=10.0.0.0/24",
        "--endpoint-reconciler-type=none",
        *(_note_writes(folder, write_log) if write_log else ()),
    ]
    environment = {**_GARBAGE_COLLECTION, **_make_environment()}
    return spawn(KUBE_APISERVER, command, log=log, folder=folder, environment=environment)


def _note_writes(folder: Path, log: Path) -> Sequence[str]:
    """Write the policy of such a log into the folder, and return the arguments that ask for it.

    Events are written in batches, and none is left out for being one of many.
    """
    policy = folder / "write-policy.json"
    written = {"level": "Metadata", "verbs": _WRITES, "resources": [{"group": GROUP}]}
    rules = {"omitStages": ["RequestReceived"], "rules": [written, {"level": "None"}]}
    policy.write_text(json.dumps({"apiVersion": "audit.k8s.io/v1", "kind": "Policy", **rules}), encoding="utf-8")
    return (
        f"--audit-policy-file={policy}",
        f"--audit-log-path={log}",
        "--audit-log-maxsize=100000",   # MB: it stays one file
        "--audit-log-mode=batch",
        "--audit-log-batch-max-wait=500ms",
        "--audit-log-batch-buffer-size=100000",
        "--audit-log-batch-throttle-enable=false",
    )


async def create_crds(client: ApiClient, crds: list[JsonObject], source: str, apiserver: Process) -> None:
    """Create all CustomResourceDefinitions side by side, the biggest first."""
    bodies = sorted((json.dumps(crd) for crd in crds), key=len, reverse=True)
    creations = (partial(client.create_crd, body, source) for body in bodies)
    await asyncio.gather(*(wait_until(create, apiserver, interval_s=_CRD_RETRY_S) for create in creations))


async def wait_for_kinds(client: ApiClient, kinds: Sequence[ServedKind], apiserver: Process) -> None:
    """Return once discovery lists all `kinds` and each can be listed, and the server is ready.

    A controller that is told of a kind too early waits 10 s before it asks again.
    """
    await wait_until(lambda: not find_missing_kinds(client, kinds), apiserver)
    await asyncio.gather(*(wait_until(partial(client.is_served, kind.plural), apiserver) for kind in kinds))
    await wait_until(client.is_ready, apiserver)


def find_missing_kinds(client: ApiClient, kinds: Sequence[ServedKind]) -> list[str]:
    """Return those of the kinds that discovery does not list."""
    found = client.find_kinds()
    return [kind.name for kind in kinds if kind.name not in found]


def explain_missing_kinds(
    client: ApiClient, kinds: Sequence[ServedKind], crds: list[JsonObject], source: str
) -> HarnessError | None:
    """Return an error that says which kinds are not served and why; None where all are."""
    missing = find_missing_kinds(client, kinds)
    if not missing:
        return None
    problems = [
        f"    {crd['metadata']['name']}: {client.get_crd_problem(crd) or 'no reason given'}"
        for crd in crds
        if crd["spec"]["names"]["kind"] in missing
    ]
    return HarnessError(
        f"{source}: kube-apiserver does not serve {', '.join(missing)}\n" + "\n".join(problems)
    )


def _accepts(folder: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(get_etcd_socket(folder)))
        except OSError:
            return False
    return True
