"""A cluster that exists, with real servers: the documented role, its limits, what is removed, and bad input.

The cluster is a local sandbox whose kube-apiserver asks RBAC; a stand-in node lets it have a pod.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import kubernetes.client
import kubernetes.config
import pytest
import yaml

from harness.chapters import CHAPTERS
from harness.chapters.seed import checks
from harness.chapters.seed.steps import SeedScenario
from harness.clients.kube import Cluster
from harness.clients.mysql import Database
from harness.core.errors import HarnessError
from harness.core.polling import wait_for
from harness.core.progress import SILENT
from harness.core.settings import MySQLEndpoint, SandboxSettings
from harness.doctor.diagnosis import Diagnosis, FindingStatus, render_diagnoses
from harness.doctor.existing import examine_existing, examine_rights
from harness.sandbox.base import CONTROLLERMGR, MYSQL, LogLine, Phase
from harness.sandbox.existing.context import Context, choose_context, write_kubeconfig
from harness.sandbox.existing.mysqlforward import ServicePort
from harness.sandbox.existing.options import ExistingSettings
from harness.sandbox.existing.podstatus import PodName
from harness.sandbox.existing.reading import read_cluster
from harness.sandbox.existing.sandbox import ExistingSandbox, connect_existing
from harness.sandbox.local.client.sandbox import LocalSandbox
from harness.sandbox.local.servers.credentials import make_credentials
from harness.sandbox.log_coverage import LogCoverage
from harness.sandbox.ports import choose_port
from harness.spec.model import Case
from harness.spec.profiles import load_profile
from harness.spec.templates import Templates
from harness.subject.registration import await_registration
from harness.suite.context import RunContext
from harness.suite.expectations import resolve
from harness.suite.recorder import Recorder
from tests.fakes.contract import CONTRACT
from tests.integration.guarded import CONTEXT, make_token, start_guarded_sandbox, write_kubeconfig_of
from tests.integration.mysql_server import run_mysql_server
from tests.integration.node import DIGEST, POD, SERVICE, StandInNode

RBAC = Path(__file__).resolve().parents[2] / "docs" / "rbac.yaml"
ACCOUNT = "ingester-acceptance"


@pytest.fixture(scope="module")
def patch() -> Iterator[pytest.MonkeyPatch]:
    """Changes to the environment that last for the module."""
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def local(patch: pytest.MonkeyPatch, settings: SandboxSettings) -> Iterator[LocalSandbox]:
    """A local sandbox whose kube-apiserver asks RBAC what is allowed."""
    with start_guarded_sandbox(patch, settings) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def node(local: LocalSandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandInNode]:
    """The sandbox's controller manager and MySQL as a pod of its cluster."""
    node = StandInNode(local, tmp_path_factory.mktemp("node"))
    node.start()
    yield node
    node.stop()


@pytest.fixture(scope="module")
def admin(local: LocalSandbox) -> Any:
    """The library's client of the cluster's administrator."""
    return kubernetes.config.new_client_from_config(str(local.kubeconfig))


@pytest.fixture(scope="module")
def context(local: LocalSandbox, admin: Any, tmp_path_factory: pytest.TempPathFactory) -> Context:
    """The context of a service account that has the documented role and nothing else."""
    kubernetes.utils.create_from_yaml(admin, str(RBAC))
    token = make_token(admin, ACCOUNT, ACCOUNT)
    file = write_kubeconfig_of(local, token, tmp_path_factory.mktemp("kubeconfig") / "config")
    return choose_context([file], CONTEXT)


@pytest.fixture
def existing(local: LocalSandbox, node: StandInNode, context: Context) -> ExistingSettings:
    """All of it: a context of few rights, MySQL through the cluster, the controller manager in a pod."""
    return ExistingSettings(
        context=context,
        mysql=local.mysql,
        forward=ServicePort(SERVICE, "default"),
        pod=PodName("default", CONTROLLERMGR),
        pod_is_given=True,
        log=None,
    )


Connect = Callable[[ExistingSettings], ExistingSandbox]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Connects, and lets go after the test."""
    connected: list[ExistingSandbox] = []

    def do(settings: ExistingSettings) -> ExistingSandbox:
        connected.append(connect_existing(settings, CONTRACT.kinds, keep=False, progress=SILENT))
        return connected[-1]

    yield do
    for sandbox in connected:
        sandbox.stop()


def _make_scenario(sandbox: ExistingSandbox, database: Database) -> SeedScenario:
    """Return the seed report's scenario, as a guest in the cluster."""
    profile = load_profile("report-2026-03")
    return SeedScenario(
        RunContext(
            sandbox=sandbox,
            cluster=Cluster(sandbox.kubeconfig),
            database=database,
            contract=CONTRACT,
            cases=CONTRACT.cases,
            expectations=resolve(profile, CHAPTERS),
            profile=profile.name,
            templates=Templates(suffix=sandbox.run_id, cases=CONTRACT.cases),
            take_namespace=sandbox.take_namespace,
            labels=sandbox.labels,
        )
    )


def _find_nothing(scenario: SeedScenario, case: Case, *sections: Callable[..., None]) -> None:
    """Carry out the checks, which must find nothing."""
    for check in sections:
        recorder = Recorder()
        check(scenario, case, recorder)
        assert recorder.findings == []


def _find(findings: list[Diagnosis], name: str) -> Diagnosis:
    return next(finding for finding in findings if finding.name == name)


def test_documented_role_is_enough(existing: ExistingSettings, connect: Connect, local: LocalSandbox) -> None:
    """With the documented role all is well in the preflight, CRs are synced and patched, and no trace is left."""
    findings = examine_existing(existing, CONTRACT.kinds)
    assert {finding.status for finding in findings} == {FindingStatus.OK}, render_diagnoses(findings)
    sandbox = connect(existing)
    database = Database(sandbox.mysql)
    scenario = _make_scenario(sandbox, database)
    run = scenario.context
    assert run.registration.missing == []
    for name in ("Project", "Pipeline", "PipelineRun"):
        _find_nothing(
            scenario,
            CONTRACT.get_case(name),
            checks.check_created,
            checks.check_log_lines_after_creation,
            checks.check_row_after_creation,
            checks.check_patched,
            checks.check_row_after_patch,
        )
    assert sum(database.count_rows(CONTRACT.kinds, run.namespace).values()) > 3
    database.close()
    sandbox.stop()
    admin = Cluster(local.kubeconfig)
    assert [admin.list_names(case.kind, run.namespace) for case in CONTRACT.cases] == [[]] * len(CONTRACT.cases)
    with_rows = Database(local.mysql)
    assert sum(with_rows.count_rows(CONTRACT.kinds, run.namespace).values()) == 0
    with_rows.close()
    # nobody carries out a namespace's deletion beside a bare API server: that is said, and waited for shortly
    assert [leftover.what for leftover in sandbox.leftovers] == [
        f"namespace {namespace}" for namespace in sandbox.known_namespaces()
    ]
    assert all(f"delete {leftover.what}" in leftover.command for leftover in sandbox.leftovers)


def test_what_others_made_is_not_touched(
    existing: ExistingSettings, connect: Connect, local: LocalSandbox
) -> None:
    """Objects of others are there as before, and so is a foreign namespace, even one that a run has named."""
    admin = Cluster(local.kubeconfig)
    case = CONTRACT.get_case("Project")
    admin.create_namespace("of-others")
    admin.create(case.kind, Templates().render(case, {"namespace": "of-others"}))
    sandbox = connect(existing)
    own = sandbox.take_namespace()
    sandbox.remember_namespace("of-others")
    sandbox.stop()
    assert admin.list_names(case.kind, "of-others") == ["ingester-test"]
    found = {name: admin.get_namespace(name) or {"metadata": {}} for name in (own, "of-others")}
    is_deleted = {name: "deletionTimestamp" in namespace["metadata"] for name, namespace in found.items()}
    assert is_deleted == {own: True, "of-others": False}


def _read_roles() -> list[dict[str, Any]]:
    return [document for document in yaml.safe_load_all(RBAC.read_text()) if "rules" in document]


def _list_rights() -> list[tuple[str, str]]:
    """Return each resource and verb that the documented roles grant; of the 13 kinds one, since all are alike."""
    rules = [rule for role in _read_roles() for rule in role["rules"]]
    rights = [(r, verb) for rule in rules for r in rule["resources"] for verb in rule["verbs"]]
    kinds = {case.kind.plural for case in CONTRACT.cases} - {"models"}
    return sorted({(resource, verb) for resource, verb in rights if resource.partition("/")[0] not in kinds})


def _reduce(rules: list[dict[str, Any]], resource: str, verb: str) -> list[dict[str, Any]]:
    """Return the rules without that one right."""
    reduced = []
    for rule in rules:
        others = [other for other in rule["resources"] if other != resource]
        verbs = [other for other in rule["verbs"] if other != verb]
        if others:
            reduced.append({**rule, "resources": others})
        if resource in rule["resources"] and verbs:
            reduced.append({**rule, "resources": [resource], "verbs": verbs})
    return reduced


def _grant(admin: Any, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
    """Give the account the documented roles, changed."""
    authorization: Any = kubernetes.client.RbacAuthorizationV1Api(admin)
    for role in _read_roles():
        body, name = {**role, "rules": change(role["rules"])}, role["metadata"]["name"]
        if role["kind"] == "ClusterRole":
            authorization.replace_cluster_role(name, body)
        else:
            authorization.replace_namespaced_role(name, "default", body)


@pytest.mark.parametrize(("resource", "verb"), _list_rights())
def test_each_right_less_is_named(
    existing: ExistingSettings, admin: Any, tmp_path: Path, resource: str, verb: str
) -> None:
    """Where any one right of the documented role is missing, the preflight names exactly that one."""
    kubeconfig = tmp_path / "kubeconfig"
    write_kubeconfig(existing.context, kubeconfig)

    def look() -> list[str]:
        found = examine_rights(existing, CONTRACT.kinds, kubeconfig)
        return [finding.detail for finding in found if finding.status is FindingStatus.MISSING]

    _grant(admin, lambda rules: _reduce(rules, resource, verb))
    try:
        missing = wait_for(look, bool, timeout_s=5).value   # the API server learns of it a moment later
    finally:
        _grant(admin, lambda rules: rules)
    named, _, sub = resource.partition("/")
    group = ".michelangelo.api" if named == "models" else ""
    place = "cluster-wide" if named in ("models", "namespaces") else "in namespace default"
    expected = f"{existing.context.user_name} may not {verb} {named}{group}{f'/{sub}' if sub else ''} {place}"
    assert set(missing) == {expected}
    assert wait_for(look, lambda details: not details, timeout_s=5).satisfied


def test_crash_is_seen_through_the_api(
    existing: ExistingSettings, connect: Connect, settings: SandboxSettings
) -> None:
    """A controller manager that crashes shows as CrashLoopBackOff, and its last words are in its log.

    Those of the crash before may be lost: this one restarts within a second, and a node keeps one earlier log.
    """
    if settings.controllermgr.path is not None:
        pytest.skip("only the reference crashes on demand")
    sandbox = connect(existing)
    before = sandbox.component(CONTROLLERMGR)
    assert (before.phase, before.restarts, before.sha256) == (Phase.RUNNING, 0, DIGEST)
    assert before.path == f"pod default/{POD}, image registry.example/controllermgr:main"
    database = Database(sandbox.mysql)
    scenario = _make_scenario(sandbox, database)
    run = scenario.context
    cursor = sandbox.log_cursor(CONTROLLERMGR)
    case = CONTRACT.get_case("SparkJob")
    scenario.create(case)
    looped = wait_for(
        lambda: sandbox.component(CONTROLLERMGR),
        lambda component: component.phase is Phase.CRASH_LOOP and component.restarts > 0,
        timeout_s=20,
    )
    assert looped.satisfied, looped.value
    assert looped.value.reason == "exit code 2"
    Cluster(sandbox.kubeconfig).delete_all(case.kind, run.namespace)
    assert wait_for(
        lambda: sandbox.component(CONTROLLERMGR).phase, lambda phase: phase is Phase.RUNNING, timeout_s=20
    ).satisfied
    panics = wait_for(
        lambda: {line.run for line in sandbox.read_log(CONTROLLERMGR, cursor) if line.text.startswith("panic:")},
        bool,
        timeout_s=30,
    )
    assert panics.satisfied, panics.value
    assert await_registration(sandbox, CONTRACT.names, 10).missing == []
    database.close()


def test_restart_is_followed(existing: ExistingSettings, connect: Connect, local: LocalSandbox) -> None:
    """After a restart the log goes on with a new run, whole from its start, and none of it twice."""

    def read_last_runs(lines: Iterable[LogLine]) -> list[list[str]]:
        log = list(lines)
        runs = sorted({line.run for line in log})[-2:]
        return [[line.text for line in log if line.run == run] for run in runs]

    sandbox = connect(existing)
    local.restart_controllermgr()
    logs = wait_for(
        lambda: (read_last_runs(sandbox.read_log(CONTROLLERMGR)), read_last_runs(local.read_log(CONTROLLERMGR))),
        lambda both: both[0] == both[1],   # both may still grow
        timeout_s=30,
    )
    assert logs.satisfied, logs.value
    assert len(logs.value[0]) == 2
    assert sandbox.log_coverage is LogCoverage.WHOLE


def test_without_pod_nor_log_rows_alone_are_the_proof(
    existing: ExistingSettings, connect: Connect, local: LocalSandbox
) -> None:
    """Where the controller manager is out of sight, a run is possible, and what is not possible is said."""
    elsewhere = dataclasses.replace(
        existing, pod=PodName("ingester-acceptance", CONTROLLERMGR), pod_is_given=False, forward=None
    )
    finding = _find(examine_existing(elsewhere, CONTRACT.kinds), "controller manager")
    assert finding.status is FindingStatus.WARNING
    sandbox = connect(elsewhere)
    assert sandbox.log_coverage is LogCoverage.NONE
    assert CONTROLLERMGR not in {component.name for component in sandbox.components()}
    assert {sandbox.component(name).phase for name in (MYSQL, CONTROLLERMGR)} == {Phase.RUNNING}
    database = Database(sandbox.mysql)
    scenario = _make_scenario(sandbox, database)
    _find_nothing(scenario, CONTRACT.get_case("Project"), checks.check_row_after_creation)
    database.close()


def test_log_folder_of_a_local_sandbox_serves(
    existing: ExistingSettings, connect: Connect, local: LocalSandbox
) -> None:
    """With --controllermgr-log and a local sandbox's folder, log and state of its controller manager are there."""
    sandbox = connect(dataclasses.replace(existing, log=local.folder.path, pod_is_given=False, forward=None))
    assert sandbox.log_coverage is LogCoverage.WHOLE
    assert sandbox.component(CONTROLLERMGR) == local.component(CONTROLLERMGR)
    assert [*sandbox.read_log(CONTROLLERMGR)] == [*local.read_log(CONTROLLERMGR)]


def test_credentials_that_expired_are_named(existing: ExistingSettings) -> None:
    """A token that the API server does not accept is named as such, with the way to a new one, at once."""
    expired = dataclasses.replace(existing.context, user={"token": "no-longer-valid"})
    started = time.monotonic()
    (finding,) = examine_existing(dataclasses.replace(existing, context=expired), CONTRACT.kinds)
    assert finding.status is FindingStatus.MISSING
    assert "does not accept the credentials of context 'team'" in finding.detail
    assert "kubectl create token" in finding.way_out
    assert time.monotonic() - started < 5


def test_contract_is_read_from_the_cluster(existing: ExistingSettings, local: LocalSandbox) -> None:
    """The documented role shows kinds, their schemas and tables; what does not answer is named, and not read."""
    read = read_cluster(existing)
    assert {kind.name for kind in read.kinds} == {kind.name for kind in CONTRACT.kinds}
    model = read.find_kind("Model")
    assert model is not None
    assert model.tables is not None
    assert (model.plural, model.tables.main, model.sql_types["name"]) == ("models", "model", "VARCHAR(255)")
    assert "owner" in model.schema["properties"]["spec"]["properties"]
    assert read.notes == ()
    elsewhere = dataclasses.replace(existing, forward=ServicePort("no-such-service", "default"))
    read = read_cluster(elsewhere)
    assert (len(read.kinds), read.tables) == (len(CONTRACT.kinds), None)
    assert "there is no service 'no-such-service'" in read.notes[0].value


def test_missing_pod_and_service_are_named(existing: ExistingSettings) -> None:
    """A pod or service that was asked for and is not there is missing, by name."""
    settings = dataclasses.replace(
        existing, pod=PodName("default", "no-such-manager"), forward=ServicePort("no-such-service", "default")
    )
    findings = examine_existing(settings, CONTRACT.kinds)
    assert _find(findings, "controller manager").detail == "there is no pod default/no-such-manager"
    assert "there is no service 'no-such-service'" in _find(findings, "MySQL").detail


@dataclasses.dataclass(frozen=True)
class TlsServer:
    """A MySQL server with a certificate, and one of a CA that has not signed it."""

    endpoint: MySQLEndpoint
    ca: Path
    other_ca: Path


@pytest.fixture(scope="module")
def tls_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsServer]:
    """A real server with a certificate; account 'encrypted' must use TLS, account 'reader' may use nothing."""
    folder = tmp_path_factory.mktemp("tls")
    own, other = make_credentials(folder / "own"), make_credentials(folder / "other")
    accounts = (
        "CREATE DATABASE ingester;\n"
        "CREATE USER 'user'@'127.0.0.1' IDENTIFIED BY 'secret';\n"
        "GRANT ALL PRIVILEGES ON *.* TO 'user'@'127.0.0.1';\n"
        "CREATE USER 'encrypted'@'127.0.0.1' IDENTIFIED BY 'secret' REQUIRE SSL;\n"
        "GRANT ALL PRIVILEGES ON *.* TO 'encrypted'@'127.0.0.1';\n"
        "CREATE USER 'reader'@'127.0.0.1' IDENTIFIED BY 'secret';\n"
    )
    tls = [f"--ssl-ca={own.ca}", f"--ssl-cert={own.serving_certificate}", f"--ssl-key={own.serving_key}"]
    with run_mysql_server(accounts, "ingester", tls) as endpoint:
        yield TlsServer(endpoint, own.ca, other.ca)


def test_server_with_the_given_ca_is_taken(tls_server: TlsServer) -> None:
    """With ssl_ca the connection is encrypted, also for an account that must have it so."""
    for user in ("user", "encrypted"):
        endpoint = dataclasses.replace(tls_server.endpoint, user=user, tls={"ssl_ca": str(tls_server.ca)})
        database = Database(endpoint)
        assert database.get_server_version()
        database.close()


@pytest.mark.parametrize(
    ("changes", "problem", "way_out"),
    [
        ({"password": "wrong"}, "refuses the password of user", "MYSQL_PASSWORD"),
        ({"database": "nope"}, "has no database 'nope'", "mysql.database in its base.yaml"),
        ({"user": "reader"}, "reader may not use the database 'ingester'", "GRANT SELECT"),
        ({"port": 0}, "does not answer", "Check host and port"),
        ({"host": "no-such-host.invalid"}, "does not answer", "Check host and port"),
        ({"tls": {"ssl_ca": "other"}}, "has not signed", "Give the CA that signed"),
        ({"tls": {"ssl_ca": "/nowhere/ca.pem"}}, "there is no file '/nowhere/ca.pem'", "absolute path"),
        ({"user": "encrypted", "tls": {"ssl_disabled": "true"}}, "refuses the password", "drop ssl_disabled"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_unreachable_mysql_is_named(
    tls_server: TlsServer, changes: dict[str, Any], problem: str, way_out: str
) -> None:
    """Wrong password, database, account, port, host or TLS: each is named with its way out within 3 s."""
    if "port" in changes:
        changes = {"port": choose_port()}
    if changes.get("tls") == {"ssl_ca": "other"}:
        changes = {"tls": {"ssl_ca": str(tls_server.other_ca)}}
    started = time.monotonic()
    with pytest.raises(HarnessError) as caught:
        Database(dataclasses.replace(tls_server.endpoint, **changes), timeout_s=3)
    assert problem in caught.value.problem
    assert "\n" not in caught.value.problem
    assert way_out in caught.value.hint
    assert "secret" not in str(caught.value)
    assert time.monotonic() - started < 3


def test_server_without_tls_is_refused_where_a_ca_is_given(local: LocalSandbox, tls_server: TlsServer) -> None:
    """Who gives ssl_ca never gets an unencrypted connection: a server without TLS is named as such."""
    plain = dataclasses.replace(local.mysql, tls={"ssl_ca": str(tls_server.ca)})
    with pytest.raises(HarnessError) as caught:
        Database(plain)
    assert "does not take the TLS that was asked for" in caught.value.problem
    assert "Drop ssl_ca if the server has no TLS" in caught.value.hint
