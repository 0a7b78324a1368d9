"""The k3d sandbox, driven for real as far as it goes without Docker.

Real: Michelangelo's own `sandbox.py` (of the checkout that INGESTER_MICHELANGELO names; without it these tests
are skipped), `kubectl`, kube-apiserver, MySQL, and the reference ingester. Stand-ins: `k3d`, `docker` and `helm`,
which record each call and answer as the real ones do, and a node that says of each pod that it runs. `kubectl run`
and `kubectl exec`, which need a real node, are answered by the wrapper that records kubectl's calls.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yaml

from harness.clients.kube import Cluster
from harness.clients.mysql import Database
from harness.core.errors import HarnessError
from harness.core.polling import wait_for
from harness.core.progress import SILENT
from harness.core.settings import SandboxSettings
from harness.sandbox.base import CONTROLLERMGR, MYSQL, SCHEMA_INIT, Phase, RestartsControllerManager
from harness.sandbox.k3d.cluster import CLUSTER
from harness.sandbox.k3d.options import Existing, K3dSettings
from harness.sandbox.k3d.sandbox import K3dSandbox, start_k3d_sandbox
from harness.sandbox.k3d.script import find_script
from harness.sandbox.local.client.sandbox import LocalSandbox, start_local_sandbox
from harness.sandbox.local.servers.mysqlserver import connect
from harness.sandbox.local.servers.schemajob import run_schema_job
from harness.spec.bundle import render_crds
from harness.spec.templates import Templates
from tests.fakes.contract import CONTRACT
from tests.integration.k3d_node import JsonObject, Node
from tests.unit.sandbox.k3d.standins import StandIns

CHECKOUT = "INGESTER_MICHELANGELO"

pytestmark = pytest.mark.skipif(
    CHECKOUT not in os.environ or shutil.which("kubectl") is None,
    reason=f"set {CHECKOUT} to a Michelangelo checkout to drive its sandbox.py; kubectl must be on PATH",
)

_SETTINGS = K3dSettings(exclude=("ui", "prometheus", "grafana"), wait_timeout_s=60)

_KUBECTL = """
verb = next(word for word in WORDS if not word.startswith("-"))
if verb in ("run", "exec"):   # they need a node that runs containers
    print("the stand-in for kubectl says that it is done")
    sys.exit(0)
if "--for=delete" in WORDS and "--all" in WORDS:   # sandbox.py waits a minute for pods that it did not delete
    WORDS = [word if not word.startswith("--timeout") else "--timeout=1s" for word in WORDS]
os.execv({kubectl!r}, [{kubectl!r}, *WORDS])
"""


@dataclass
class Stage:
    """What stands in for Docker and its containers."""

    standins: StandIns
    node: Node
    local: LocalSandbox
    checkout: Path = Path(os.environ.get(CHECKOUT, "."))


Start = Callable[..., K3dSandbox]


@pytest.fixture
def stage(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A kube-apiserver with a node, a MySQL server that root may use, and stand-ins on PATH."""
    kubectl = shutil.which("kubectl") or ""
    local = start_local_sandbox(SandboxSettings(crds=_write_crds(tmp_path)), keep=False, progress=SILENT)
    with ExitStack() as stack:
        stack.callback(local.stop)
        _make_account(local)
        standins = StandIns(tmp_path / "bin")
        standins.folder.mkdir()
        standins.install("docker", "helm", "k3d")
        standins.write_program("kubectl", _KUBECTL.format(kubectl=kubectl))
        config = json.loads(local.kubeconfig.read_text())
        standins.configure(
            cluster=config["clusters"][0]["cluster"],
            user=config["users"][0]["user"],
            host_ports={"30001": str(local.mysql.port)},
        )
        monkeypatch.setenv("PATH", f"{standins.folder}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setenv("HOME", str(tmp_path / "home"))
        monkeypatch.delenv("KUBECONFIG", raising=False)
        monkeypatch.setenv("CR_PAT", "none")   # older ones want a token for the registry
        node = stack.enter_context(_make_node(local))
        yield Stage(standins, node, local)


@pytest.fixture
def start(stage: Stage) -> Iterator[Start]:
    """Starts k3d sandboxes on the stage, and stops them after the test."""
    started: list[K3dSandbox] = []

    def do(settings: K3dSettings = _SETTINGS, *, keep: bool = False) -> K3dSandbox:
        sandbox = start_k3d_sandbox(settings, CONTRACT.kinds, checkout=stage.checkout, keep=keep, progress=SILENT)
        started.append(sandbox)
        return started[-1]

    yield do
    for sandbox in started:
        sandbox.stop()


def _write_crds(tmp_path: Path) -> Path:
    """Return a folder of the bundled CRDs; Cluster's takes any field: sandbox.py sets more than the cases do."""
    folder = tmp_path / "crds"
    folder.mkdir()
    for crd in render_crds(CONTRACT.cases):
        if crd["spec"]["names"]["kind"] == "Cluster":
            schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
            schema["properties"]["spec"] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        (folder / f"{crd['metadata']['name']}.json").write_text(json.dumps(crd))
    return folder


def _make_account(local: LocalSandbox) -> None:
    """Let root in, with the password that sandbox.py's manifests give it."""
    account = "'root'@'127.0.0.1'"
    _execute(local, f"CREATE USER {account} IDENTIFIED BY 'root'", f"GRANT ALL ON *.* TO {account}")


def _execute(local: LocalSandbox, *statements: str) -> None:
    connection = connect(local.mysql)
    cursor = connection.cursor()
    for statement in statements:
        cursor.execute(statement)
    connection.close()


def _make_node(local: LocalSandbox) -> Node:
    """Return a node on which the schema job does its work, and the reference runs as the controller manager."""
    managers: list[str] = []

    def run_job(job: JsonObject) -> None:
        if job["metadata"]["name"] == SCHEMA_INIT:
            schema = node.get(f"/api/v1/namespaces/default/configmaps/{SCHEMA_INIT}")["data"]["init-schema.sql"]
            log = local.folder.path / "schema-job.log"
            run_schema_job(local.mysql, schema, "the job's ConfigMap", log, tables=CONTRACT.tables)

    def run_pod(pod: JsonObject) -> None:
        if pod["metadata"]["name"] == CONTROLLERMGR:
            managers.append(pod["metadata"]["uid"])
            if len(managers) > 1:
                local.restart_controllermgr()

    def read_log(pod: str) -> list[str]:
        if pod != CONTROLLERMGR:
            return [f"a line of {pod}"]
        lines = [*local.read_log(CONTROLLERMGR)]
        return [line.text for line in lines if line.run == lines[-1].run]

    (certificate,) = local.folder.path.rglob("apiserver.crt")
    key = certificate.with_name("apiserver.key")
    node = Node(local.kubeconfig, certificate, key, on_job=run_job, on_new_pod=run_pod, read_log=read_log)
    return node


def _get_pod(stage: Stage, name: str) -> JsonObject:
    (pod,) = [pod for pod in stage.node.list_pods() if pod["metadata"]["name"] == name]
    return pod


def _apply_project(sandbox: K3dSandbox) -> None:
    """Create a Project in a namespace of the run, and return once it is in MySQL."""
    namespace = sandbox.take_namespace()
    (case,) = [case for case in CONTRACT.cases if case.name == "Project"]
    Cluster(sandbox.kubeconfig).create(case.kind, Templates().render(case, {"namespace": namespace}))
    with closing(Database(sandbox.mysql)) as database:
        wait = wait_for(lambda: database.count_rows(CONTRACT.kinds, namespace)["project"], bool, timeout_s=15)
    assert wait.value == 1


def test_makes_a_sandbox_that_is_whole_and_deletes_it(stage: Stage, start: Start, tmp_path: Path) -> None:
    """The real sandbox.py makes the cluster; an object reaches MySQL through it; nothing of it stays."""
    own = tmp_path / "home/.kube/config"
    own.parent.mkdir(parents=True)
    own.write_text("the user's own")
    sandbox = start()
    assert isinstance(sandbox, RestartsControllerManager)
    assert (sandbox.name, sandbox.reused, sandbox.context.name) == ("k3d", False, f"k3d-{CLUSTER}")
    phases = {component.name: component.phase for component in sandbox.components()}
    assert phases[MYSQL] == phases[CONTROLLERMGR] == phases["michelangelo-apiserver"] == Phase.RUNNING
    assert phases[SCHEMA_INIT] == Phase.COMPLETED
    assert (sandbox.mysql.port, sandbox.mysql.user) == (stage.local.mysql.port, "root")
    _apply_project(sandbox)
    text = "\n".join(line.text for line in sandbox.read_log(CONTROLLERMGR))
    assert text.count("Ingester controller registered successfully") == len(CONTRACT.kinds)
    sandbox.stop()
    assert stage.standins.list_clusters() == {}
    calls = [call for call in stage.standins.list_calls("k3d") if "list" not in call and "kubeconfig" not in call]
    assert [" ".join(call.split()[:3]) for call in calls] == [
        f"cluster create {CLUSTER}",
        "cluster get michelangelo-compute-0",
        f"cluster delete {CLUSTER}",
    ]
    assert own.read_text() == "the user's own"
    assert not sandbox.kubeconfig.exists()
    private = {call["kubeconfig"] for call in stage.standins.list_all_calls() if call["program"] == "kubectl"}
    assert private == {str(sandbox.kubeconfig), ""}   # the harness's own calls name it as an argument


def test_passes_on_what_it_is_asked_for(stage: Stage, start: Start) -> None:
    """Services that are left out are not there, and the time limit is sandbox.py's."""
    start()
    names = {pod["metadata"]["name"] for pod in stage.node.list_pods()}
    assert {"michelangelo-worker", "cadence", "minio"} <= names
    assert not names & {"envoy", "prometheus", "grafana"}
    assert any("--timeout=60s" in call for call in stage.standins.list_calls("kubectl"))
    assert any("kuberay" in call for call in stage.standins.list_calls("helm"))


def test_opens_the_gates_of_a_sandbox_that_has_them_closed(stage: Stage, start: Start, tmp_path: Path) -> None:
    """Where sandbox.py leaves the Ingester off, base.yaml is completed and the controller manager restarted."""
    checkout = tmp_path / "checkout"
    for folder in ("python/michelangelo/cli/sandbox", "scripts/ingester"):
        shutil.copytree(stage.checkout / folder, checkout / folder)
    manifest = checkout / "python/michelangelo/cli/sandbox/resources/michelangelo-controllermgr.yaml"
    documents = list(yaml.safe_load_all(manifest.read_text()))
    (config_map,) = [each for each in documents if each["kind"] == "ConfigMap"]
    before = yaml.safe_load(config_map["data"]["base.yaml"])
    closed = {key: value for key, value in before.items() if key not in ("metadataStorage", "mysql")}
    config_map["data"]["base.yaml"] = yaml.safe_dump(closed)
    manifest.write_text(yaml.safe_dump_all(documents))
    stage.checkout = checkout
    process = stage.local.component(CONTROLLERMGR).pid
    sandbox = start()
    found = stage.node.get("/api/v1/namespaces/default/configmaps/michelangelo-controllermgr-config")
    after = yaml.safe_load(found["data"]["base.yaml"])
    assert {key: value for key, value in after.items() if key not in ("metadataStorage", "mysql")} == closed
    assert after["metadataStorage"] == {"enableMetadataStorage": True}
    assert after["mysql"] == before["mysql"]
    assert [call for call in stage.standins.list_calls("kubectl") if " create --filename" in call] != []
    assert sandbox.component(CONTROLLERMGR).restarts == 0
    assert stage.local.component(CONTROLLERMGR).pid != process


def test_uses_a_sandbox_that_is_there_and_leaves_it(stage: Stage, start: Start) -> None:
    """A kept cluster is used again as it is; at the end what the run made is gone, and the cluster is not."""
    kept = start(keep=True)
    kept.stop()
    assert kept.kubeconfig.exists()
    assert CLUSTER in stage.standins.list_clusters()
    uid = _get_pod(stage, CONTROLLERMGR)["metadata"]["uid"]
    sandbox = start()
    assert sandbox.reused
    _apply_project(sandbox)
    sandbox.restart_controllermgr()
    assert _get_pod(stage, CONTROLLERMGR)["metadata"]["uid"] != uid
    sandbox.stop()
    assert stage.standins.list_clusters()[CLUSTER]["running"]
    assert [str(leftover) for leftover in sandbox.leftovers if "namespace" not in leftover.what] == []
    assert len([call for call in stage.standins.list_calls("k3d") if call.startswith("cluster create")]) == 1


def test_starts_a_stopped_sandbox_and_stops_it_again(stage: Stage, start: Start) -> None:
    """A stopped cluster is started, its lost tables are made again, and it is stopped afterwards."""
    start(keep=True).stop()
    stage.standins.put_clusters(**{CLUSTER: {**stage.standins.list_clusters()[CLUSTER], "running": False}})
    _execute(stage.local, "DROP DATABASE michelangelo")
    sandbox = start()
    _apply_project(sandbox)
    sandbox.stop()
    assert not stage.standins.list_clusters()[CLUSTER]["running"]


def test_deploys_the_services_of_a_sandbox_again(stage: Stage, start: Start) -> None:
    """`sync` runs against the sandbox's own context, and gives the controller manager a new pod."""
    if "sync" not in find_script(stage.checkout).read_offers().actions:
        pytest.skip("the sandbox.py of this checkout has no `sync`")
    start(keep=True).stop()
    uid = _get_pod(stage, CONTROLLERMGR)["metadata"]["uid"]
    sandbox = start(replace(_SETTINGS, existing=Existing.SYNC))
    assert _get_pod(stage, CONTROLLERMGR)["metadata"]["uid"] != uid
    _apply_project(sandbox)
    forced = [call for call in stage.standins.list_all_calls() if "--force" in call["words"]]
    assert {call["kubeconfig"] for call in forced} == {str(sandbox.kubeconfig)}


def test_says_why_a_pod_does_not_run(stage: Stage, start: Start) -> None:
    """An image that can't be pulled is named with its event and the way out, and the cluster is deleted."""
    stage.node.troubles["michelangelo-apiserver"] = ("ImagePullBackOff", "ghcr.io: denied")
    with pytest.raises(HarnessError) as caught:
        start(replace(_SETTINGS, wait_timeout_s=3))
    assert "sandbox.py create: exit code 1" in caught.value.problem
    assert "timed out waiting for the condition" in caught.value.problem
    assert "default/michelangelo-apiserver: Pending (ImagePullBackOff: ghcr.io: denied)" in caught.value.problem
    assert "event Failed: ImagePullBackOff: ghcr.io: denied" in caught.value.problem
    assert "k3d image import ghcr.io/michelangelo-ai/apiserver:main" in caught.value.hint
    assert stage.standins.list_clusters() == {}


def test_says_which_port_is_taken(stage: Stage, start: Start) -> None:
    """k3d's words about a port that is taken become one sentence; what it had rolled back is not deleted."""
    words = "driver failed programming: Bind for 0.0.0.0:3306 failed: port is already allocated"
    stage.standins.fail("k3d", "cluster", "create", output=words)
    with pytest.raises(HarnessError, match=r"sandbox\.py create: exit code 1: port 3306 is taken by") as caught:
        start()
    assert "End what listens on port 3306" in caught.value.hint
    assert [call for call in stage.standins.list_calls("k3d") if call.startswith("cluster delete")] == []


def test_falls_back_on_a_port_forward(stage: Stage, start: Start) -> None:
    """Where k3d publishes no port for MySQL, a port-forward is tried; here the node has none, and that is said."""
    start(keep=True).stop()
    stage.standins.put_clusters(**{CLUSTER: {"running": True, "ports": {}}})
    with pytest.raises(HarnessError, match="by a port-forward after") as caught:
        start(replace(_SETTINGS, wait_timeout_s=2))
    assert "port 3306 of pod default/mysql can't be forwarded" in caught.value.problem


def test_refuses_a_second_run(start: Start) -> None:
    """While a run uses the cluster, another is told so at once."""
    start()
    with pytest.raises(HarnessError, match="another run uses the k3d sandbox"):
        start()
