"""The audit against real servers: each class of finding, seeded by SQL, with the documented rights alone.

The objects and rows are loaded, no Ingester runs, and so all that differs was made to differ. How many there are
the option `--audit-objects` says.
"""

from __future__ import annotations

import contextlib
import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kubernetes.client
import kubernetes.config
import kubernetes.utils
import psutil
import pytest
import yaml

from harness.__main__ import main
from harness.audit.classes import AuditClass
from harness.audit.result import AuditResult, read_result
from harness.chapters.faults.load.history import Outcome
from harness.chapters.faults.load.workload import Load, Workload
from harness.clients.kube import Cluster
from harness.core.settings import SandboxSettings
from harness.reference.row import RowBuilder
from harness.sandbox.local.client.sandbox import LocalSandbox
from harness.sandbox.local.wire.folder import CONTEXT_NAME
from harness.spec.annotations import IMMUTABLE_ANNOTATION
from harness.spec.contract import Contract
from harness.spec.model import JsonObject, Kind
from harness.spec.profiles import load_profile
from harness.spec.templates import Templates
from harness.spec.versions import make_contract
from tests.integration.conftest import Shared, wait_until
from tests.integration.guarded import CONTEXT, make_token, start_guarded_sandbox, write_kubeconfig_of
from tools.audit_load import Loaded, connect, list_values, load

DOCS = Path(__file__).resolve().parents[2] / "docs"
RBAC = DOCS / "audit-rbac.yaml"
MANIFESTS = [DOCS / name for name in ("audit-cronjob.yaml", "audit-job.yaml")]
ACCOUNT, USER, PASSWORD = "ingester-audit", "auditor", "read-only"
OTHERS = "example.com/drain"
_POLICY = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": [{"level": "Metadata"}]}
_PROFILE = 'title = "one that retains"\nextends = "report-2026-03"\nretained_kinds = ["PipelineRun"]\n'
_READS = re.compile(
    r"SELECT|SHOW|START TRANSACTION .*READ ONLY|ROLLBACK|SET SESSION|SET NAMES|SET @@session", re.IGNORECASE
)


@dataclass
class World:
    """A sandbox full of objects and rows, and the accounts that may look at it."""

    sandbox: LocalSandbox
    contract: Contract
    loaded: list[Loaded]
    admin: Cluster
    folder: Path
    audit_log: Path
    profile: Path
    seeded: set[tuple[str, str, str]]

    def execute(self, sql: str, *parameters: Any) -> list[Any]:
        """Carry out a statement as the administrator."""
        connection = connect(self.sandbox.mysql)
        cursor = connection.cursor()
        cursor.execute(sql, parameters)
        rows = list(cursor.fetchall()) if cursor.description else []
        cursor.close()
        connection.close()
        return rows

    def take(self, kind: str) -> Loaded:
        """Return an object of the kind that nothing was done to yet."""
        chosen = next(each for each in self.loaded if each.kind.name == kind)
        self.loaded.remove(chosen)
        return chosen

    def seed(self, audit_class: AuditClass, loaded: Loaded, key: str = "") -> None:
        """Expect a finding of that class."""
        self.seeded.add((audit_class.value, loaded.kind.name, key or loaded.object["metadata"]["uid"]))

    def options(self, output: Path, *, kubeconfig: Path | None = None) -> list[str]:
        """Return the words of an audit with few rights."""
        mysql = self.sandbox.mysql
        return [
            *("audit", "--context", CONTEXT, "--kubeconfig", str(kubeconfig or self.folder / "config")),
            *("--mysql-url", f"mysql://{USER}@{mysql.host}:{mysql.port}/{mysql.database}"),
            *("--profile", str(self.profile), "--output", str(output), "--grace", "1", "--stuck-after", "1"),
        ]

    def audit(self, name: str, *words: str, kubeconfig: Path | None = None) -> tuple[int, AuditResult]:
        """Audit into a folder of that name; return the exit code and the result."""
        output = self.folder / name
        exit_code = main([*self.options(output, kubeconfig=kubeconfig), *words])
        return exit_code, read_result(output)

    def read_findings(self, name: str) -> set[tuple[str, str, str]]:
        """Return class, kind and key of each finding of the audit in that folder."""
        lines = (self.folder / name / "findings.ndjson").read_text(encoding="utf-8").splitlines()
        found = [json.loads(line) for line in lines]
        keys = [(each["class"], each["kind"], each["key"]) for each in found]
        assert len(keys) == len(set(keys))
        return set(keys)


@pytest.fixture(scope="module")
def world(
    settings: SandboxSettings, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[World]:
    """A sandbox that asks RBAC and logs who asks for what, loaded, with an account that may read alone."""
    folder = tmp_path_factory.mktemp("audit")
    policy, log, profile = folder / "policy.yaml", folder / "audit.log", folder / "retaining.toml"
    policy.write_text(yaml.safe_dump(_POLICY))
    profile.write_text(_PROFILE)
    contract = make_contract(load_profile(str(profile)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MYSQL_PASSWORD", PASSWORD)
        more = [f"--audit-policy-file={policy}", f"--audit-log-path={log}"]
        with start_guarded_sandbox(patch, settings, more) as sandbox:
            sandbox.stop_controllermgr()
            loaded = list(load(sandbox, contract, request.config.getoption("--audit-objects")))
            world = World(
                sandbox, contract, loaded, Cluster(sandbox.kubeconfig), folder, log, profile, set()
            )
            client = kubernetes.config.new_client_from_config(str(sandbox.kubeconfig))
            kubernetes.utils.create_from_yaml(client, str(RBAC))
            write_kubeconfig_of(sandbox, make_token(client, ACCOUNT, ACCOUNT), folder / "config")
            world.execute(f"CREATE USER '{USER}'@'%' IDENTIFIED BY '{PASSWORD}'")
            world.execute(f"GRANT SELECT ON `{sandbox.mysql.database}`.* TO '{USER}'@'%'")
            yield world


@pytest.fixture(scope="module")
def untouched(world: World) -> tuple[int, AuditResult]:
    """What an audit says before anything is done to the rows."""
    return world.audit("untouched")


@pytest.fixture(scope="module")
def tampered(world: World, untouched: tuple[int, AuditResult]) -> tuple[int, AuditResult]:
    """What an audit says once one row, or object, was tampered with for each class, behind everybody's back."""
    for seed in SEEDS:
        seed(world)
    return world.audit("tampered")


Seed = Callable[[World], None]


def _set(world: World, loaded: Loaded, **columns: Any) -> None:
    changes = ", ".join(f"`{name}` = %s" for name in columns)
    sql = f"UPDATE `{loaded.kind.table}` SET {changes} WHERE uid = %s"  # noqa: S608
    world.execute(sql, *columns.values(), loaded.object["metadata"]["uid"])


def _name(loaded: Loaded) -> tuple[Kind, str, str]:
    metadata = loaded.object["metadata"]
    return loaded.kind, metadata["namespace"], metadata["name"]


def _delete(world: World, loaded: Loaded) -> None:
    """Let the object go for good, without the Ingester."""
    world.admin.patch(*_name(loaded), {"metadata": {"finalizers": None}})
    world.admin.delete(*_name(loaded))


def _insert_row(world: World, kind: Kind, obj: JsonObject) -> None:
    row = RowBuilder().build(kind, obj)
    values = list_values(row)
    names, places = ", ".join(f"`{name}`" for name in values), ", ".join(["%s"] * len(values))
    world.execute(f"INSERT INTO `{kind.table}` ({names}) VALUES ({places})", *values.values())  # noqa: S608
    for table, pairs in ((kind.labels_table, row.labels), (kind.annotations_table, row.annotations)):
        for key, value in pairs.items():
            sql = f"INSERT INTO `{table}` (obj_uid, `key`, value) VALUES (%s, %s, %s)"  # noqa: S608
            world.execute(sql, row.uid, key, value)


def miss(world: World) -> None:
    """A row that never came."""
    loaded = world.take("Project")
    for column, table in zip(("uid", "obj_uid", "obj_uid"), loaded.kind.tables, strict=True):
        world.execute(f"DELETE FROM `{table}` WHERE {column} = %s", loaded.object["metadata"]["uid"])  # noqa: S608
    world.seed(AuditClass.MISSING, loaded)


def fall_behind(world: World) -> None:
    """A write that never reached MySQL."""
    loaded = world.take("Pipeline")
    world.admin.patch(*_name(loaded), {"metadata": {"labels": {"late": "yes"}}})
    world.seed(AuditClass.BEHIND, loaded)


def run_ahead(world: World) -> None:
    """A version that is yet to come."""
    loaded = world.take("Model")
    _set(world, loaded, res_version=int(loaded.object["metadata"]["resourceVersion"]) + 1_000_000)
    world.seed(AuditClass.AHEAD, loaded)


def claim_no_version(world: World) -> None:
    """A version between two of the object's, which is another object's."""
    loaded, other = world.take("Revision"), world.take("Revision")
    world.admin.patch(*_name(other), {"metadata": {"labels": {"between": "yes"}}})
    between = world.admin.get(*_name(other))
    assert between is not None
    _set(world, other, res_version=0)
    world.seed(AuditClass.UNKNOWN_VERSION, loaded)
    world.admin.patch(*_name(loaded), {"metadata": {"labels": {"later": "yes"}}})
    _set(world, loaded, res_version=int(between["metadata"]["resourceVersion"]))
    world.seed(AuditClass.BEHIND, other)


def change_column(world: World) -> None:
    """An indexed column that holds something else."""
    loaded = world.take("InferenceServer")
    _set(world, loaded, state="TAMPERED")
    world.seed(AuditClass.DIFFERS, loaded)


def change_json(world: World) -> None:
    """A field of json that holds something else."""
    loaded = world.take("RayJob")
    changed = {**loaded.object, "spec": {**loaded.object["spec"], "tampered": "yes"}}
    _set(world, loaded, json=json.dumps(changed))
    world.seed(AuditClass.DIFFERS, loaded)


def empty_proto(world: World) -> None:
    """A proto that is another object's."""
    loaded, other = world.take("Cluster"), world.take("Cluster")
    _set(world, loaded, proto=json.dumps(other.object).encode())
    world.seed(AuditClass.DIFFERS, loaded)


def change_annotation(world: World) -> None:
    """An annotation that holds something else."""
    loaded = world.take("SparkJob")
    sql = f"UPDATE `{loaded.kind.annotations_table}` SET value = 'tampered' WHERE obj_uid = %s"  # noqa: S608
    world.execute(sql, loaded.object["metadata"]["uid"])
    world.seed(AuditClass.DIFFERS, loaded)


def add_label(world: World) -> None:
    """A label that the object does not have."""
    loaded = world.take("RayCluster")
    sql = f"INSERT INTO `{loaded.kind.labels_table}` (obj_uid, `key`, value) VALUES (%s, 'tampered', 'yes')"  # noqa: S608
    world.execute(sql, loaded.object["metadata"]["uid"])
    world.seed(AuditClass.DIFFERS, loaded)


def leave_an_orphan(world: World) -> None:
    """An object that went without its row."""
    loaded = world.take("Project")
    _delete(world, loaded)
    world.seed(AuditClass.ORPHAN, loaded)


def raise_a_ghost(world: World) -> None:
    """A second live row of a name."""
    loaded = world.take("TriggerRun")
    metadata = {**loaded.object["metadata"], "uid": "a-ghost-of-old"}
    _insert_row(world, loaded.kind, {**loaded.object, "metadata": metadata})
    world.seed(AuditClass.GHOST, loaded, "a-ghost-of-old")


def delete_the_row(world: World) -> None:
    """A soft delete of what lives."""
    loaded = world.take("Deployment")
    _set(world, loaded, delete_time="2026-01-01 00:00:00")
    world.seed(AuditClass.DELETED, loaded)


def keep_the_row(world: World) -> None:
    """An object that others hold, let go of by the Ingester without a soft delete."""
    loaded = world.take("Pipeline")
    world.admin.patch(*_name(loaded), {"metadata": {"finalizers": [OTHERS]}})
    world.admin.delete(*_name(loaded))
    world.seed(AuditClass.ALIVE, loaded)


def lose_the_parent(world: World) -> None:
    """Labels of no row."""
    loaded = world.take("ModelFamily")
    sql = f"INSERT INTO `{loaded.kind.labels_table}` (obj_uid, `key`, value) VALUES ('nobody', 'a', 'b')"  # noqa: S608
    world.execute(sql)
    world.seed(AuditClass.CHILDREN, loaded, "nobody")


def repeat_a_label(world: World) -> None:
    """An annotation that is there twice."""
    loaded = world.take("Model")
    table = loaded.kind.annotations_table
    selected = f"SELECT obj_uid, `key`, value FROM `{table}` WHERE obj_uid = %s"  # noqa: S608
    world.execute(
        f"INSERT INTO `{table}` (obj_uid, `key`, value) {selected}", loaded.object["metadata"]["uid"]
    )
    world.seed(AuditClass.CHILDREN, loaded)


def get_stuck(world: World) -> None:
    """A deletion that the Ingester never ends."""
    loaded = world.take("RayCluster")
    world.admin.delete(*_name(loaded))
    world.seed(AuditClass.STUCK, loaded)


def be_right_alone(world: World) -> None:
    """Rows without objects that are no finding: of a retained kind, of a retired object, soft-deleted."""
    _delete(world, world.take("PipelineRun"))
    retired, deleted = world.take("InferenceServer"), world.take("InferenceServer")
    _delete(world, retired)
    table = retired.kind.annotations_table
    sql = f"INSERT INTO `{table}` (obj_uid, `key`, value) VALUES (%s, %s, 'true')"  # noqa: S608
    world.execute(sql, retired.object["metadata"]["uid"], IMMUTABLE_ANNOTATION)
    _delete(world, deleted)
    _set(world, deleted, delete_time="2026-01-01 00:00:00")


SEEDS: tuple[Seed, ...] = (
    get_stuck, miss, fall_behind, run_ahead, claim_no_version, change_column, change_json, empty_proto,
    change_annotation, add_label, leave_an_orphan, raise_a_ghost, delete_the_row, keep_the_row, lose_the_parent,
    repeat_a_label, be_right_alone,
)  # fmt: skip


def test_what_is_equal_is_found_equal(untouched: tuple[int, AuditResult], world: World) -> None:
    """All rows of a system that nobody has touched are equal, with the documented rights alone."""
    exit_code, result = untouched
    assert (exit_code, result.problems, result.found) == (0, [], 0)
    assert result.counts == {AuditClass.EQUAL: result.objects}
    assert result.objects >= len(world.loaded) > 0   # others were taken since, to be tampered with


def test_each_class_is_found_and_nothing_else(tampered: tuple[int, AuditResult], world: World) -> None:
    """What was tampered with is found, each under its class, kind and key, and nothing else is."""
    exit_code, result = tampered
    assert world.read_findings("tampered") == world.seeded
    assert {AuditClass(each) for each, _, _ in world.seeded} == {each for each in AuditClass if each.is_finding}
    assert (exit_code, result.problems) == (1, [])
    assert result.counts[AuditClass.ALONE] == 3


def test_values_are_redacted_unless_they_may_be_shown(tampered: tuple[int, AuditResult], world: World) -> None:
    """No file of an audit has what users have written, until it is asked to show it."""
    shown = [path.read_text() for path in (world.folder / "tampered").rglob("*") if path.is_file()]
    assert not any("TAMPERED" in text for text in shown)
    world.audit("shown", "--show-values", "--crd", "inferenceserver")
    for name in ("findings.ndjson", "audit.html", "audit.md", "junit.xml"):
        text = (world.folder / "shown" / name).read_text()
        assert "TAMPERED" in re.sub("</?mark[^>]*>", "", text)   # the page marks what differs of it


def test_shards_come_to_the_same(tampered: tuple[int, AuditResult], world: World) -> None:
    """The results of all shards, merged, are those of one audit."""
    folders = []
    for index in (1, 2, 3):
        world.audit(f"shard-{index}", "--shard", f"{index}/3")
        folders += ["--merge", str(world.folder / f"shard-{index}")]
    assert main(["audit", "--output", str(world.folder / "merged"), *folders]) == 1
    assert world.read_findings("merged") == world.seeded
    assert read_result(world.folder / "merged").counts == tampered[1].counts


def test_documented_manifests_are_valid(world: World) -> None:
    """A kube-apiserver takes them as they are, without a field that it does not know."""
    client = kubernetes.config.new_client_from_config(str(world.sandbox.kubeconfig))
    taken = [
        each.kind or document["kind"]
        for path in MANIFESTS
        for document in yaml.safe_load_all(path.read_text())
        for each in kubernetes.utils.create_from_dict(
            client, document, dry_run="All", field_validation="Strict"
        )
    ]
    assert taken == ["ConfigMap", "PersistentVolumeClaim", "CronJob", "Job"]


def test_documented_cron_job_audits(tampered: tuple[int, AuditResult], world: World) -> None:
    """Its command, with its kubeconfig and the account's token in a file, comes to the same."""
    config, _, cron_job = yaml.safe_load_all(MANIFESTS[0].read_text())
    (container,) = cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    folder, mysql = world.folder / "pod", world.sandbox.mysql
    folder.mkdir()
    kubeconfig = yaml.safe_load(config["data"]["config"])
    own = json.loads((world.folder / "config").read_text())
    (folder / "token").write_text(own["users"][0]["user"]["token"])
    kubeconfig["clusters"][0]["cluster"] = own["clusters"][0]["cluster"]
    kubeconfig["users"][0]["user"] = {"tokenFile": str(folder / "token")}
    (folder / "config").write_text(yaml.safe_dump(kubeconfig))
    places = {
        "/config/config": str(folder / "config"),
        "mysql://auditor@mysql.default:3306/michelangelo": f"mysql://{USER}@{mysql.host}:{mysql.port}/{mysql.database}",
        "/audit": str(folder),
    }
    _, *words = container["command"]
    for place, here in places.items():
        words = [re.sub(f"={re.escape(place)}$", f"={here}", word) for word in words]
    assert main([*words, "--profile", str(world.profile), "--grace", "1", "--stuck-after", "1"]) == 1
    assert world.read_findings("pod") == world.seeded


@contextlib.contextmanager
def start_audit(world: World, name: str, *more: str) -> Iterator[subprocess.Popen[str]]:
    """Yield a slow audit in a process of its own, once it has read the first kinds; wait for its end."""
    words = [*world.options(world.folder / name), "--rate", "60", *more]
    command = [sys.executable, "-m", "harness", *words]
    with subprocess.Popen(
        command, cwd=RBAC.parents[1], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("Pipeline: done"):
                break
        yield process
        process.stderr.read()


def test_broken_connection_costs_a_kind_and_is_made_good(
    tampered: tuple[int, AuditResult], world: World
) -> None:
    """A connection that is cut costs the kind under way its answer, and none that follows; resumed, it has all."""
    with start_audit(world, "cut", "--jobs", "1") as process:
        own = "SELECT id FROM information_schema.processlist WHERE user = %s"
        for (number,) in world.execute(own, USER):
            world.execute(f"KILL CONNECTION {int(number)}")
    result = read_result(world.folder / "cut")
    _get_problem(world, "cut", result.problems[0].kind, process.returncode, result)
    exit_code, result = world.audit("cut", "--resume")
    assert (exit_code, result.counts) == (1, tampered[1].counts)
    assert world.read_findings("cut") == world.seeded


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_killed_and_resumed_comes_to_the_same(
    tampered: tuple[int, AuditResult], world: World, jobs: str
) -> None:
    """An audit that was killed in the middle and is resumed reads only the rest, and comes to the same."""
    with start_audit(world, "killed", "--jobs", jobs) as process:
        workers = psutil.Process(process.pid).children()
        process.kill()
    _, left = psutil.wait_procs(workers, timeout=10)
    assert (len(workers), left) == (int(jobs) if jobs != "1" else 0, [])
    read = sorted(path.stem for path in (world.folder / "killed" / "journal").glob("*.ndjson"))
    assert "Pipeline" in read
    assert "Deployment" not in read
    exit_code, result = world.audit("killed", "--resume")
    assert (exit_code, result.counts) == (1, tampered[1].counts)
    assert world.read_findings("killed") == world.seeded


def test_watch_goes_on_until_it_is_interrupted(tampered: tuple[int, AuditResult], world: World) -> None:
    """A watch has a line for each round, and ends with what the last one found."""
    words = [*world.options(world.folder / "watch"), "--crd", "rayjob", "--watch", "0.2"]
    with subprocess.Popen(
        [sys.executable, "-m", "harness", *words],
        cwd=RBAC.parents[1],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        lines = [next(process.stdout), next(process.stdout)]
        process.send_signal(signal.SIGINT)
    assert [re.sub(r"[\d.]+ s$", "", line.strip()) for line in lines] == [
        f"round {number}: {tampered[1].kinds[9].objects} objects, 1 differs, " for number in (1, 2)
    ]
    assert process.returncode == 1


def test_nothing_is_written(tampered: tuple[int, AuditResult], world: World) -> None:
    """By the servers' own logs, an audit gets and lists, and SELECTs; nothing else."""
    world.audit_log.write_text("")
    world.execute("SET GLOBAL log_output = 'TABLE'")
    world.execute("SET GLOBAL general_log = ON")
    world.audit("logged")
    world.execute("SET GLOBAL general_log = OFF")
    asked = [json.loads(line) for line in world.audit_log.read_text().splitlines()]
    verbs = {each["verb"] for each in asked if each["user"]["username"].endswith(f":{ACCOUNT}")}
    assert verbs == {"get", "list"}
    statements = world.execute(
        "SELECT argument FROM mysql.general_log WHERE user_host LIKE %s AND command_type = 'Query'", f"%{USER}%"
    )
    texts = [text.decode() if isinstance(text, bytes | bytearray) else str(text) for (text,) in statements]
    assert len(texts) > len(world.contract.kinds)
    assert [text for text in texts if not _READS.match(text)] == []


def _get_problem(world: World, name: str, kind: str, exit_code: int, result: AuditResult) -> str:
    """Return the one problem, which is of that kind, once it is sure that all others were audited."""
    assert exit_code == 2
    expected = {each for each in world.seeded if each[1] != kind}
    assert {each for each in world.read_findings(name) if each[1] != kind} == expected
    (problem,) = result.problems
    assert problem.kind == kind
    return problem.words


def test_table_without_a_right_costs_no_other_kind_its_answer(
    tampered: tuple[int, AuditResult], world: World
) -> None:
    """Without SELECT on one table its kind is said not to be told, in one sentence, and the rest is audited."""
    database = world.sandbox.mysql.database
    tables = [table for table in world.contract.tables if table != "project_labels"]
    world.execute(f"REVOKE SELECT ON `{database}`.* FROM '{USER}'@'%'")  # noqa: S608
    for table in tables:
        world.execute(f"GRANT SELECT ON `{database}`.`{table}` TO '{USER}'@'%'")
    exit_code, result = world.audit("one-table-less")
    world.execute(f"GRANT SELECT ON `{database}`.* TO '{USER}'@'%'")
    assert "project_labels" in _get_problem(world, "one-table-less", "Project", exit_code, result)


def test_missing_table_costs_no_other_kind_its_answer(tampered: tuple[int, AuditResult], world: World) -> None:
    """A table that is not there is named, and the rest is audited."""
    world.execute("RENAME TABLE model_annotations TO hidden")
    try:
        exit_code, result = world.audit("table-gone")
    finally:
        world.execute("RENAME TABLE hidden TO model_annotations")
    assert "model_annotations" in _get_problem(world, "table-gone", "Model", exit_code, result)


@pytest.mark.parametrize("verb", ["get", "list"])
def test_right_less_on_a_kind_is_said(tampered: tuple[int, AuditResult], world: World, verb: str) -> None:
    """Without one of the role's rights the kind is said not to be told, and the rest is audited."""
    rbac: Any = kubernetes.client.RbacAuthorizationV1Api(
        kubernetes.config.new_client_from_config(str(world.sandbox.kubeconfig))
    )
    role = rbac.read_cluster_role(ACCOUNT)
    whole = role.rules[0].resources
    rest = kubernetes.client.V1PolicyRule(
        api_groups=["michelangelo.api"], resources=["projects"], verbs=[v for v in ("get", "list") if v != verb]
    )
    role.rules[0].resources = [name for name in whole if name != "projects"]
    rbac.patch_cluster_role(ACCOUNT, {"rules": [*role.rules, rest]})
    try:
        exit_code, result = world.audit(f"without-{verb}")
    finally:
        role.rules[0].resources = whole
        rbac.patch_cluster_role(ACCOUNT, {"rules": [role.rules[0]]})
    words = _get_problem(world, f"without-{verb}", "Project", exit_code, result)
    assert f'cannot {verb} resource "projects"' in words


def test_expired_token_is_one_sentence(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """A token that the API server does not know ends the audit at once, with the way out."""
    file = write_kubeconfig_of(world.sandbox, "no-such-token", world.folder / "expired")
    exit_code = main(world.options(world.folder / "expired-out", kubeconfig=file))
    said = capsys.readouterr().err
    assert exit_code == 2
    assert "does not accept the credentials" in said
    assert "kubectl create token" in said



def test_load_gives_no_false_finding(
    shared: Shared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """While objects are created, changed, deleted and created again, a right Ingester is late at most."""
    contract = make_contract(load_profile("upstream-main"))
    sandbox = shared(profile="upstream-main")
    monkeypatch.setenv("MYSQL_PASSWORD", sandbox.mysql.password)
    templates = Templates(cases=contract.cases)
    workload = Workload(
        Load(
            seed=7,
            namespace="audit-load",
            cases=contract.cases,
            templates={case.name: templates.render(case) for case in contract.cases},
            immutable=contract.immutable_kinds,
        ),
        lambda: Cluster(sandbox.kubeconfig),
    )
    Cluster(sandbox.kubeconfig).create_namespace("audit-load")
    mysql = sandbox.mysql
    words = [
        *("audit", "--context", CONTEXT_NAME, "--kubeconfig", str(sandbox.kubeconfig), "--grace", "5"),
        *("--mysql-url", f"mysql://{mysql.user}@{mysql.host}:{mysql.port}/{mysql.database}"),
        *("--profile", "upstream-main"),
    ]

    def count() -> int:
        return workload.history.count(Outcome.ACKNOWLEDGED)

    workload.start()
    results, written = [], []
    for number in range(request.config.getoption("--audit-rounds")):
        wait_until(lambda: count() > 50, timeout_s=60)
        before = count()
        main([*words, "--output", str(tmp_path / str(number))])
        written.append(count() - before)
        results.append(read_result(tmp_path / str(number)))
    workload.end()
    workload.close()
    findings = [path.read_text() for path in tmp_path.glob("*/findings.ndjson")]
    assert findings == [""] * len(results)
    assert [result.exit_code for result in results] == [0] * len(results)
    assert min(written) > 0
    assert max(result.objects for result in results) > 20
