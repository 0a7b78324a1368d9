"""The process as a whole: gates, registration, health, exit codes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.reference.api import Api
from harness.reference.config import Config, MySQL
from harness.reference.errors import ConfigError, StoreError
from harness.reference.process import Parts, Process
from harness.reference.profile import find_profile
from harness.reference.row import Row
from harness.reference.store import Store
from harness.spec.model import Kind
from tests.fakes.contract import CONTRACT
from tests.unit.reference.apiserver import FakeApiServer
from tests.unit.reference.conftest import LogLines, make_object

REPORT, MAIN = find_profile("report-2026-03"), find_profile("upstream-main")
SERVER = MySQL("h", 1, "u", "d", "p")
LONG_S = 20.0
CONFIG = Config(
    metadata_storage=True,
    mysql=SERVER,
    health_address=None,
    concurrent_reconciles=0,
    concurrent_reconciles_by_kind={"Model": 3},
    requeue_period_s=0.0,
    requeue_period_s_by_kind={},
)
OFF = "Metadata storage not configured, skipping ingester controller setup"


@dataclass
class _Database:
    """A database in memory: keeps tables and uids as they are written."""

    written: list[tuple[str, str]] = field(default_factory=list)
    changed: threading.Event = field(default_factory=threading.Event)
    away: bool = False

    def make_store(self) -> type[Store]:
        """Return the class of a store that writes here."""
        database = self

        class _MemoryStore(Store):
            def ping(self) -> None:
                if database.away:
                    raise StoreError("failed to ping database: away")

            def upsert(self, kind: Kind, row: Row) -> None:
                database.written.append((kind.table, row.uid))
                database.changed.set()

        return _MemoryStore


Run = Callable[..., LogLines]


@pytest.fixture
def database() -> _Database:
    """An empty database."""
    return _Database()


@pytest.fixture
def run(apiserver: FakeApiServer, database: _Database, kept: LogLines) -> Run:
    """Runs a process until `wait` returns, and returns what it logged."""

    def run(
        config: Config = CONFIG,
        *,
        profile: Any = MAIN,
        wait: Callable[[], object] = lambda: None,
        **parts: Any,
    ) -> LogLines:
        made = Parts(store=database.make_store(), **parts)
        Process(made, profile, config, Api(apiserver.cluster), kept.log).run(wait)
        return kept

    return run


def _registered(kept: LogLines) -> list[str]:
    return [line["kind"] for line in kept.lines if line["msg"] == "Ingester controller registered successfully"]


def test_all_kinds_are_registered(run: Run) -> None:
    """One line says that it begins, then one line per kind follows."""
    kept = run()
    assert (kept.messages[0], _registered(kept)) == (
        "Setting up ingester controllers",
        [kind.name for kind in CONTRACT.kinds],
    )


def test_registration_repeats_the_configuration(run: Run) -> None:
    """The number of workers is the one that was asked for, 0 where none was."""
    lines = [line for line in run().lines if "concurrentReconciles" in line]
    workers = {line["kind"]: line["concurrentReconciles"] for line in lines}
    assert workers == {kind.name: 3 if kind.name == "Model" else 0 for kind in CONTRACT.kinds}


def test_only_the_kinds_of_the_parts_are_registered(run: Run) -> None:
    """A process that registers too little can be made for a test."""
    assert _registered(run(kinds=(CONTRACT.get_kind("Model"),))) == ["Model"]


def test_a_kind_can_have_parts_of_its_own(run: Run, database: _Database, apiserver: FakeApiServer) -> None:
    """One kind's ingester writes to a store of its own; the others have the process's."""
    apiserver.objects["projects"] = [make_object()]
    apiserver.objects["revisions"] = [make_object("Revision")]
    other = _Database()
    run(
        by_kind={"Revision": Parts(store=other.make_store())},
        wait=lambda: database.changed.wait(LONG_S) and other.changed.wait(LONG_S),
    )
    assert (database.written, other.written) == ([("project", "uid-a")], [("revision", "uid-a")])


def test_first_gate_off_registers_nothing(run: Run, database: _Database) -> None:
    """No store is opened; the rest of the process is unharmed."""
    database.away = True
    kept = run(replace(CONFIG, metadata_storage=False))
    assert (kept.messages[0], _registered(kept)) == (OFF, [])


def test_second_gate_missing_is_an_error(run: Run) -> None:
    """Metadata storage without a database refuses to start."""
    with pytest.raises(ConfigError, match=r"^metadata storage is enabled but mysql config is empty$"):
        run(replace(CONFIG, mysql=None))


def test_database_that_is_away_is_an_error(run: Run, database: _Database) -> None:
    """The process doesn't start half."""
    database.away = True
    with pytest.raises(StoreError, match="failed to ping database"):
        run()


def test_existing_objects_are_written_at_the_start(
    run: Run, database: _Database, apiserver: FakeApiServer
) -> None:
    """The backfill: what was created while nobody ran is not forgotten."""
    apiserver.objects["projects"] = [make_object()]
    run(wait=lambda: database.changed.wait(LONG_S))
    assert database.written == [("project", "uid-a")]


def test_model_leaves_kubernetes_where_the_profile_says_so(
    run: Run, database: _Database, apiserver: FakeApiServer
) -> None:
    """Today's upstream removes a Model from Kubernetes once MySQL holds it."""
    apiserver.objects["models"] = [make_object("Model")]
    run(profile=MAIN, wait=lambda: apiserver.wait_for_request("DELETE"))
    assert (database.written, [request.method for request in apiserver.requests]) == (
        [("model", "uid-a")],
        ["PUT", "DELETE"],
    )


def test_model_stays_in_kubernetes_otherwise(run: Run, database: _Database, apiserver: FakeApiServer) -> None:
    """In the report's version a Model is an object like others."""
    apiserver.objects["models"] = [make_object("Model")]
    run(profile=REPORT, wait=lambda: database.changed.wait(LONG_S))
    assert (database.written, apiserver.requests) == ([("model", "uid-a")], [])


def test_health_is_served_while_the_process_runs(run: Run, kept: LogLines) -> None:
    """Both probes answer ok, everything else is unknown."""
    answers: dict[str, tuple[int, bytes]] = {}

    def probe() -> None:
        (address,) = [line["addr"] for line in kept.lines if line["msg"] == "starting server"]
        for path in ("/healthz", "/readyz", "/metrics"):
            try:
                with urllib.request.urlopen(f"http://{address}{path}", timeout=LONG_S) as answer:
                    answers[path] = answer.status, answer.read()
            except urllib.error.HTTPError as error:
                with error:
                    answers[path] = error.code, b""

    run(replace(CONFIG, health_address=("127.0.0.1", 0)), wait=probe)
    assert answers == {"/healthz": (200, b"ok"), "/readyz": (200, b"ok"), "/metrics": (404, b"")}


def test_health_address_that_is_taken_is_an_error(run: Run, apiserver: FakeApiServer) -> None:
    """The address and its key are named."""
    taken = apiserver.cluster.port
    with pytest.raises(ConfigError, match=f"healthProbeBindAddress: can't listen on .*{taken}"):
        run(replace(CONFIG, health_address=("127.0.0.1", taken)))


@pytest.fixture
def environment(tmp_path: Path, apiserver: FakeApiServer) -> dict[str, str]:
    """The environment of a process whose metadata storage is off."""
    (tmp_path / "base.yaml").write_text("")
    apiserver.write_kubeconfig(tmp_path / "kubeconfig")
    return {**os.environ, "CONFIG_DIR": str(tmp_path), "KUBECONFIG": str(tmp_path / "kubeconfig")}


def _start(environment: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "harness.reference", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_sigterm_ends_the_process_in_peace(environment: dict[str, str]) -> None:
    """Exit code 0, however early the signal comes."""
    with _start(environment) as process:
        assert process.stderr is not None
        first = process.stderr.readline()
        process.terminate()
        process.stderr.read()
        assert (OFF in first, process.wait(LONG_S)) == (True, 0)


def test_failure_to_start_ends_with_1_and_says_why(environment: dict[str, str], tmp_path: Path) -> None:
    """The last line is the reason."""
    (tmp_path / "base.yaml").write_text(yaml.safe_dump({"metadataStorage": {"enableMetadataStorage": True}}))
    with _start(environment) as process:
        _, text = process.communicate(timeout=LONG_S)
    assert (process.returncode, "metadata storage is enabled but mysql config is empty" in text) == (1, True)


def test_panic_ends_the_process_with_2_and_its_trace(
    environment: dict[str, str], apiserver: FakeApiServer
) -> None:
    """As Go does: nothing after the trace, exit code 2."""
    apiserver.objects["sparkjobs"] = [make_object("SparkJob")]
    with _start(environment, "--profile", "report-2026-03") as process:
        _, text = process.communicate(timeout=LONG_S)
    trace = text[text.index("panic: ") :]
    assert (process.returncode, trace.splitlines()[-1].strip()) == (2, "go/components/spark/job/controller.go:119")


def test_profile_that_does_not_exist_is_refused(environment: dict[str, str]) -> None:
    """The valid ones are listed."""
    with _start(environment, "--profile", "x") as process:
        _, text = process.communicate(timeout=LONG_S)
    assert (process.returncode, "report-2026-03" in text, "upstream-main" in text) == (2, True, True)
