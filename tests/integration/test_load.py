"""Load against real servers: the clocks by which rows are timed, and a short load from end to end."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import re
import signal
import ssl
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from harness.__main__ import main
from harness.clients.kube import ALL_NAMESPACES, Cluster, read_login
from harness.clients.mysql.commits import Commit, CommitLog, RowLooks
from harness.core.polling import SYSTEM_CLOCK
from harness.load.answers import AnswerLog
from harness.load.loading import make_path
from harness.load.measurement import Measurement
from harness.load.observation import LOAD
from harness.load.plan import NAME, Template, Verb
from harness.load.record import LoadRecord, read_record
from harness.load.writes import Write
from harness.reference.row import RowBuilder
from harness.sandbox.base import CONTROLLERMGR, ETCD, KUBE_APISERVER, MYSQL
from harness.sandbox.local.client.sandbox import LocalSandbox
from harness.sandbox.local.wire.folder import CONTEXT_NAME
from harness.spec.manifest import as_applied
from harness.spec.profiles import load_profile
from harness.spec.templates import Templates
from harness.spec.versions import make_contract
from tests.integration.conftest import Shared, wait_until
from tools.audit_load import connect, list_values

CONTRACT = make_contract(load_profile("report-2026-03"))
CASE = CONTRACT.get_case("Project")
NAMESPACE = "test-load"
NUMBERS = itertools.count()   # of objects, whichever test makes them
_DELAY_S = 0.02
_SAMPLES = 40
_ERROR_S = 0.001
_MARK = "TEST_LOAD"   # an environment variable, which every process of a load inherits


class KeptConnection:
    """One connection to the API server, so that between an answer and the next request nothing else happens."""

    def __init__(self, sandbox: LocalSandbox) -> None:
        login = read_login(sandbox.kubeconfig)
        address = urllib.parse.urlsplit(login.server)
        context = ssl.create_default_context(cafile=login.ca)
        self._connection = http.client.HTTPSConnection(address.hostname or "", address.port, context=context)
        self._headers = {"Authorization": login.authorization, "Content-Type": "application/json"}

    def create(self, namespace: str, number: int) -> tuple[Write, dict[str, object]]:
        """Create an object; return the write, with the moments about its request, and the object."""
        obj = as_applied(Templates(cases=CONTRACT.cases).render(CASE, {"namespace": namespace}))
        obj["metadata"]["name"] = name = f"delayed-{number}"
        sent_at = time.time()
        self._connection.request("POST", f"{make_path(namespace)}/projects", json.dumps(obj), self._headers)
        answer = self._connection.getresponse()
        stored = json.loads(answer.read())
        answered_at = time.time()
        metadata = stored["metadata"]
        write = Write(
            Verb.CREATE, 0, name, sent_at, answered_at, answer.status, str(answer.headers["Audit-Id"]),
            metadata["uid"], int(metadata["resourceVersion"]),
        )  # fmt: skip
        return write, stored

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


@dataclass
class Delayed:
    """A write whose row was committed by the test: the moments about the commit, by the test's clock."""

    write: Write
    before: float
    after: float

    @property
    def shortest_s(self) -> float:
        """From the answer's arrival to the moment before the commit: the row did not take less."""
        return self.before - self.write.answered_at

    @property
    def longest_s(self) -> float:
        """From the request to the moment after the commit: the row did not take more."""
        return self.after - self.write.sent_at


@pytest.fixture(scope="module")
def quiet(shared: Shared) -> LocalSandbox:
    """A sandbox without a controller manager at work, whose kube-apiserver notes when it answers."""
    sandbox = shared(notes_writes=True)
    sandbox.stop_controllermgr()
    Cluster(sandbox.kubeconfig).create_namespace(NAMESPACE)
    return sandbox


@pytest.fixture(scope="module")
def commit_log(quiet: LocalSandbox) -> Iterator[CommitLog]:
    """What MySQL notes, from now on."""
    with contextlib.closing(CommitLog(quiet.mysql, [CASE.kind])) as log:
        yield log


def insert_slowly(sandbox: LocalSandbox, writes: int) -> Iterator[Delayed]:
    """Create objects, and play the Ingester, a known time later: the row is written early, and committed late."""
    connection = connect(sandbox.mysql)
    cursor, kept, builder = connection.cursor(), KeptConnection(sandbox), RowBuilder()
    for number in itertools.islice(NUMBERS, writes):
        write, stored = kept.create(NAMESPACE, number)
        values = list_values(builder.build(CASE.kind, stored))
        cursor.execute("START TRANSACTION")
        cursor.execute(
            f"INSERT INTO `{CASE.kind.table}` ({', '.join(f'`{name}`' for name in values)})"  # noqa: S608
            f" VALUES ({', '.join(['%s'] * len(values))})",
            tuple(values.values()),
        )
        SYSTEM_CLOCK.sleep(max(0.0, write.answered_at + _DELAY_S - time.time()))
        before = time.time()
        cursor.execute("COMMIT")
        yield Delayed(write, before, time.time())
    kept.close()
    connection.close()


def test_a_known_delay_is_measured_to_a_millisecond(quiet: LocalSandbox, commit_log: CommitLog) -> None:
    """What the servers' clocks say lies where it must by the test's own, and misses by no more than 1 ms."""
    assert quiet.write_log is not None
    answers = AnswerLog(quiet.write_log)
    measurement = Measurement((Template("Project", "projects", NAME),))
    delays = list(insert_slowly(quiet, _SAMPLES))
    measurement.add_writes(each.write for each in delays)

    def is_told() -> bool:
        answers.read()
        measurement.add_commits(commit_log.read())
        return measurement.count_timed(answers.answers) == _SAMPLES and not measurement.count_open()

    wait_until(is_told)
    errors = []
    for delay, timed in zip(delays, measurement.join(answers.answers), strict=True):
        assert timed.row_at is not None
        assert delay.before - 1e-5 <= timed.row_at <= delay.after + 1e-5   # the commit itself, exactly
        found_s = timed.row_at - timed.at
        errors.append(max(delay.shortest_s - found_s, found_s - delay.longest_s, 0.0))
    assert sorted(errors)[int(0.9 * _SAMPLES)] <= _ERROR_S   # a busy machine may hold one of the three up


def test_looks_say_how_exact_they_are(quiet: LocalSandbox) -> None:
    """Without the server's help a commit lies within the error that is told, before the look that found it."""
    list(insert_slowly(quiet, 1))
    update = f"UPDATE `{CASE.kind.table}` SET res_version = res_version + 1 ORDER BY uid LIMIT 1"  # noqa: S608
    looks = RowLooks(quiet.mysql, [CASE.kind], NAMESPACE)
    with contextlib.closing(looks), contextlib.closing(connect(quiet.mysql)) as connection:
        cursor = connection.cursor()
        for _ in range(10):
            before = time.time()
            cursor.execute(update)
            after = time.time()
            found: list[Commit] = []

            def has_seen(found: list[Commit] = found, before: float = before) -> bool:
                found += [each for each in looks.read() if each.at >= before]
                return bool(found)

            wait_until(has_seen)
            assert found[-1].at >= before
            assert found[-1].at - found[-1].error_s <= after


@pytest.fixture
def load_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[int]]:
    """Find the processes of Locust that this very test started; others may load something beside it."""
    mark = str(tmp_path)
    monkeypatch.setenv(_MARK, mark)

    def find() -> list[int]:
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):   # it is gone by now, or another user's
                if process.environ().get(_MARK) == mark and "locust" in " ".join(process.cmdline()):
                    found.append(process.pid)
        return found

    return find


@pytest.mark.usefixtures("root")
def test_a_short_load(tmp_path: Path, load_processes: Callable[[], list[int]]) -> None:
    """Two workers load the reference; each write has its row, by the servers' clocks, and nothing is lost."""
    words = ["--crd", "project", "--crd", "model", "--duration", "6", "--rate", "30", "--workers", "2"]
    exit_code = main(["load", *words, "--max-p99", "30", "--output", str(tmp_path)])
    record: LoadRecord = read_record(tmp_path, "--output")
    (load,) = record.loads
    assert (exit_code, record.problem) == (0, "")
    assert load.audited is not None
    assert (load.audited.exit_code, load.open, load.requests.failed) == (0, 0, {})
    assert load.requests.count == sum(latency.count for latency in load.latencies.values()) > 60
    assert {"create", "patch"} <= set(load.latencies)
    assert set(load.kinds) == {"Project", "Model"}
    assert (load.clocks.told, load.clocks.error_s) == (1.0, 0.0)
    assert {ETCD, KUBE_APISERVER, MYSQL, CONTROLLERMGR, LOAD} <= set(load.components)
    assert (tmp_path / "load.html").exists()
    assert (tmp_path / "audit" / "audit.html").exists()
    assert load_processes() == []


def test_a_cluster_that_exists(shared: Shared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A guest reads the rows and adds nothing to the server; it says how exact that is, and leaves no object."""
    sandbox = shared()
    mysql = sandbox.mysql
    monkeypatch.setenv("MYSQL_PASSWORD", mysql.password)
    exit_code = main(
        [
            *("load", "--sandbox", "existing"),
            *("--context", CONTEXT_NAME, "--kubeconfig", str(sandbox.kubeconfig)),
            *("--mysql-url", f"mysql://{mysql.user}@{mysql.host}:{mysql.port}/{mysql.database}"),
            *("--crd", "project", "--duration", "5", "--rate", "20", "--workers", "1", "--output", str(tmp_path)),
        ]
    )
    record = read_record(tmp_path, "--output")
    (load,) = record.loads
    assert (exit_code, record.problem, load.open) == (0, "", 0)
    assert (load.clocks.told, set(load.components)) == (0.0, {LOAD})
    assert 0 < load.clocks.error_s < 1
    assert Cluster(sandbox.kubeconfig).list_objects(CASE.kind, ALL_NAMESPACES) == []
    with contextlib.closing(connect(mysql)) as connection:
        cursor = connection.cursor()
        cursor.execute("SHOW TRIGGERS")
        assert cursor.fetchall() == []


@pytest.mark.usefixtures("root")
def test_an_interrupted_load(tmp_path: Path, load_processes: Callable[[], list[int]]) -> None:
    """Ctrl-C ends everything, and what was measured by then is written."""
    words = ["load", "--crd", "project", "--duration", "120", "--rate", "20", "--output", str(tmp_path)]
    with (tmp_path / "output").open("wb") as output:
        process = subprocess.Popen([sys.executable, "-m", "harness", *words], stdout=output, stderr=output)
    writes = re.compile(rb"\b[1-9][\d,]* writes, ")   # which a busy machine has none of at first
    wait_until(lambda: writes.search((tmp_path / "output").read_bytes()) is not None, timeout_s=90.0)
    assert len(load_processes()) == 3   # a master and two workers
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 2
    (load,) = read_record(tmp_path, "--output").loads
    assert load.interrupted
    assert load.requests.count == sum(latency.count for latency in load.latencies.values()) > 0
    assert load_processes() == []


@pytest.mark.usefixtures("root")
def test_a_backfill(tmp_path: Path) -> None:
    """Objects that were there before the controller manager are counted, timed and audited."""
    words = ["--crd", "project", "--backfill", "150", "--workers", "1", "--output", str(tmp_path)]
    exit_code = main(["load", *words])
    (backfill,) = read_record(tmp_path, "--output").backfills
    assert exit_code == 0
    assert backfill.objects == 150
    assert backfill.took_s is not None
    assert backfill.rows[-1] == pytest.approx((backfill.took_s, 150), abs=1e-5)
    assert backfill.audited is not None
    assert backfill.audited.objects == 150
