"""A local sandbox whose kube-apiserver asks RBAC what is allowed, and accounts of few rights in it."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import kubernetes.client
import pytest

from harness.core.progress import SILENT
from harness.core.settings import SandboxSettings
from harness.provision.assets.controlplane import find_control_plane
from harness.sandbox.local.client.sandbox import LocalSandbox, start_local_sandbox
from harness.sandbox.storage import ROOT_VARIABLE

CONTEXT = "team"
_WRAPPER = """#!{python}
import os, sys
arguments = [a.replace("--authorization-mode=AlwaysAllow", "--authorization-mode=RBAC") for a in sys.argv[1:]]
os.execv({program!r}, [{program!r}, *arguments, *{more!r}])
"""


@contextmanager
def start_guarded_sandbox(
    patch: pytest.MonkeyPatch, settings: SandboxSettings, more: Sequence[str] = ()
) -> Iterator[LocalSandbox]:
    """Yield the sandbox; its kube-apiserver gets `more` arguments."""
    found = find_control_plane(SILENT)
    folder = Path(tempfile.mkdtemp(prefix="rbac-", dir="/tmp"))
    apiserver = folder / "kube-apiserver"
    apiserver.write_text(
        _WRAPPER.format(python=sys.executable, program=str(found.kube_apiserver), more=list(more))
    )
    apiserver.chmod(0o755)
    (folder / "etcd").symlink_to(found.etcd)
    patch.setenv("KUBEBUILDER_ASSETS", str(folder))
    patch.setenv(ROOT_VARIABLE, str(folder / "sandboxes"))
    sandbox = start_local_sandbox(settings, keep=False, progress=SILENT)
    try:
        yield sandbox
    finally:
        sandbox.stop()
        shutil.rmtree(folder)


def make_token(admin: Any, namespace: str, account: str, seconds: int = 3600) -> str:
    """Return a token of a service account; `admin` is the library's client of the administrator."""
    core: Any = kubernetes.client.CoreV1Api(admin)
    request = {"spec": {"audiences": [], "expirationSeconds": seconds}}
    return str(core.create_namespaced_service_account_token(account, namespace, request).status.token)


def write_kubeconfig_of(sandbox: LocalSandbox, token: str, file: Path) -> Path:
    """Write a kubeconfig whose context CONTEXT logs in with the token; return the file."""
    kubeconfig = json.loads(sandbox.kubeconfig.read_text())
    kubeconfig["users"] = [{"name": CONTEXT, "user": {"token": token}}]
    kubeconfig["contexts"] = [{"name": CONTEXT, "context": {"cluster": "sandbox", "user": CONTEXT}}]
    file.write_text(json.dumps(kubeconfig))
    return file
