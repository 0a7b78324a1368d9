"""The local sandbox with an API server that installs the CRDs, as Michelangelo's does, between real servers."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.core.errors import HarnessError
from harness.sandbox.base import APISERVER, CONTROLLERMGR, Phase
from tests.integration.conftest import Start

_INSTALLING = """
import json, os, pathlib, socket, urllib.request, ssl
import yaml
from harness.spec.bundle import render_crds
from harness.spec.kinds import collect_cases
config = json.loads(pathlib.Path(os.environ["CONFIG_DIR"], "base.yaml").read_text())
print("asked for", config["apiserver"]["crdSync"]["enableCRDUpdate"], flush=True)
kubeconfig = yaml.safe_load(pathlib.Path(os.environ["KUBECONFIG"]).read_text())
cluster, user = kubeconfig["clusters"][0]["cluster"], kubeconfig["users"][0]["user"]
folder = pathlib.Path(os.environ["KUBECONFIG"]).parent
tls = ssl._create_unverified_context()
for crd in render_crds(collect_cases()):
    crd["metadata"]["labels"] = {"from": "stand-in"}
    request = urllib.request.Request(
        cluster["server"] + "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
        json.dumps(crd).encode(),
        {"Authorization": "Bearer " + user["token"], "Content-Type": "application/json"},
    )
    urllib.request.urlopen(request, context=tls).read()
yarpc = config["apiserver"]["yarpc"]
server = socket.create_server((yarpc["host"], yarpc["port"]))
while True: server.accept()
"""
_FAILING = "import sys; print('failed to start: no schema'); sys.exit(1)\n"


MakeApiserver = Callable[[str], Path]


@pytest.fixture
def make_apiserver(tmp_path: Path) -> MakeApiserver:
    """Writes a program that stands for the API server."""

    def make(body: str) -> Path:
        path = tmp_path / "apiserver"
        path.write_text(f"#!{sys.executable}\n{body}")
        path.chmod(0o755)
        return path

    return make


def test_api_server_installs_the_crds(start: Start, make_apiserver: MakeApiserver) -> None:
    """The sandbox waits for the CRDs that its API server installs, is then whole, and says where that listens."""
    sandbox = start(apiserver=make_apiserver(_INSTALLING), base_yaml_overrides=(("apiserver.crdSync.x", 1),))
    phases = {component.name: component.phase for component in sandbox.components()}
    assert (phases[APISERVER], phases[CONTROLLERMGR]) == (Phase.RUNNING, Phase.RUNNING)
    host, _, port = sandbox.apiserver_address.partition(":")
    with socket.create_connection((host, int(port)), timeout=5):
        pass
    assert [line.text for line in sandbox.read_log(APISERVER)] == ["asked for True"]


def test_failing_api_server_is_quoted(start: Start, make_apiserver: MakeApiserver) -> None:
    """An API server that ends before the CRDs are served ends the start, with its last words."""
    with pytest.raises(HarnessError, match=r"michelangelo-apiserver ended \(exit code 1\):\n.*no schema"):
        start(apiserver=make_apiserver(_FAILING))
