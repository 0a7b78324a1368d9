"""Runs Michelangelo's API server for one sandbox: it installs its CRDs into kube-apiserver, then serves gRPC.

Once it has become ready it is not started again if it ends: the Ingester does without it, and a run that sees
it gone says so.
"""

from __future__ import annotations

import socket
from pathlib import Path

from harness.core.settings import MySQLEndpoint
from harness.sandbox.base import APISERVER
from harness.sandbox.capabilities import Overrides
from harness.sandbox.local.servers.baseyaml import render_base_yaml
from harness.sandbox.local.servers.programs import make_environment
from harness.sandbox.local.wire.folder import SandboxFolder
from harness.sandbox.local.wire.plan import Executable
from harness.sandbox.local.wire.process import Process, spawn
from harness.sandbox.ports import LOOPBACK, choose_port
from harness.sandbox.storage import write_private


def start_apiserver(
    apiserver: Executable,
    folder: SandboxFolder,
    mysql: MySQLEndpoint,
    *,
    port: int,
    overrides: Overrides,
    log: Path,
) -> Process:
    """Start the API server on loopback `port`, with a `base.yaml` of its own in the sandbox's folder."""
    config = folder.apiserver_config
    config.mkdir(mode=0o700, exist_ok=True)
    text = render_base_yaml(
        mysql,
        metrics_port=choose_port(),
        health_port=choose_port(),
        grpc_port=port,
        expands_variables=True,
        overrides=overrides,
    )
    write_private(config / "base.yaml", text)
    environment = make_environment(folder, config, folder.kubeconfig)
    return spawn(APISERVER, [apiserver.path], log=log, folder=folder.temporary, environment=environment)


def takes_connections(port: int) -> bool:
    """Return whether something listens on loopback `port`."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((LOOPBACK, port)) == 0
