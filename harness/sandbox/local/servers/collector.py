"""Runs Kubernetes' own controller manager, with the controllers alone that remove what others left.

These are the garbage collector, which deletes what has lost its owner, and the namespace controller, which empties
a namespace that is to go. Nothing else of it has anything to do in a cluster without nodes.
"""

from __future__ import annotations

import os
from pathlib import Path

from harness.sandbox.base import KUBE_CONTROLLER_MANAGER
from harness.sandbox.local.wire.plan import Executable
from harness.sandbox.local.wire.process import Process, spawn

_CONTROLLERS = ("garbage-collector-controller", "namespace-controller")


def start_collector(executable: Executable, kubeconfig: Path, log: Path) -> Process:
    """Start it beside the servers; it listens nowhere, and works as whoever `kubeconfig` names."""
    command = [
        executable.path,
        f"--kubeconfig={kubeconfig}",
        f"--controllers={','.join(_CONTROLLERS)}",
        "--leader-elect=false",
        "--secure-port=0",
    ]
    return spawn(KUBE_CONTROLLER_MANAGER, command, log=log, folder=kubeconfig.parent, environment=os.environ)
