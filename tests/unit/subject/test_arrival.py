"""How long rows are waited for, against a made-up sandbox and database."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.clients.kube import Cluster
from harness.clients.mysql import Database
from harness.core.errors import HarnessError
from harness.core.record import Latency
from harness.core.settings import Timeouts
from harness.sandbox.base import Phase
from harness.subject import arrival
from harness.subject.arrival import Arrivals
from harness.subject.log import RECONCILED
from harness.subject.subject import Subject, Surroundings, Write
from tests.fakes.contract import CONTRACT
from tests.fakes.sandbox import FakeSandbox
from tests.fakes.world import World

PATIENCE = Timeouts(sync_s=0.05, log_s=0.01, issue_s=0.05, latency_s=0.02)
MODEL = CONTRACT.get_case("Model")


class FakeDatabase:
    """A database in which the row of an object is at `version`, or absent."""

    def __init__(self) -> None:
        self.version: int | None = None

    def get_version(self, *_: Any) -> int | None:
        """Return the row's version."""
        return self.version

    def get_rows(self, *_: Any) -> list[Any]:
        """Return the row."""
        return [] if self.version is None else [SimpleNamespace(uid="u", res_version=self.version)]

    def get_time(self) -> dt.datetime:
        """Return any time."""
        return dt.datetime(2026, 1, 1)

    def find_tables_with(self, *_: Any) -> list[str]:
        """Return none."""
        return []


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> FakeDatabase:
    """A database, and a shorter shortest wait."""
    monkeypatch.setattr(arrival, "_FAST_S", 0.01)
    return FakeDatabase()


def make_arrivals(sandbox: FakeSandbox, database: FakeDatabase, *, fails_fast: bool) -> Arrivals:
    """Return what waits for rows."""
    surroundings = Surroundings(sandbox, cast(Cluster, None), cast(Database, database))
    return Arrivals(surroundings, PATIENCE, tables=(), fails_fast=fails_fast)


def make_write(sandbox: FakeSandbox, version: int = 7) -> Write:
    """Return a write that was sent now."""
    answer = {"metadata": {"namespace": "n", "name": "m", "uid": "u", "resourceVersion": str(version)}}
    cluster = SimpleNamespace(create=lambda *_: answer, get=lambda *_: answer)
    surroundings = Surroundings(sandbox, cast(Cluster, cluster), cast(Database, FakeDatabase()))
    return Subject(surroundings, MODEL, answer).created


@pytest.mark.parametrize(("fails_fast", "expected"), [(True, 0.01), (False, PATIENCE.sync_s)])
def test_rows_that_don_t_come_cost_less_and_less(
    fails_fast: bool, expected: float, sandbox: FakeSandbox, database: FakeDatabase
) -> None:
    """After the third row that was awaited in vain the next is not waited for as long, where that is asked for."""
    arrivals = make_arrivals(sandbox, database, fails_fast=fails_fast)
    for _ in range(2):
        arrivals.await_row_alone(make_write(sandbox))
    assert arrivals.sync_s == PATIENCE.sync_s
    arrivals.await_row_alone(make_write(sandbox))
    assert arrivals.sync_s == expected


def test_a_slow_ingester_keeps_its_time(
    sandbox: FakeSandbox, database: FakeDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The shorter wait is a multiple of the slowest row that came, and never longer than the whole one."""
    arrivals = make_arrivals(sandbox, database, fails_fast=True)
    for _ in range(3):
        arrivals.await_row_alone(make_write(sandbox))
    database.version = 7
    arrivals.await_row_alone(make_write(sandbox))
    monkeypatch.setattr(arrivals._patience, "_slowest_s", 0.003)
    assert arrivals.sync_s == pytest.approx(0.03)
    monkeypatch.setattr(arrivals._patience, "_slowest_s", 1.0)
    assert arrivals.sync_s == PATIENCE.sync_s


def test_a_row_that_is_waited_for_hastily_still_gets_its_whole_time(
    sandbox: FakeSandbox, database: FakeDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once one was in vain others are given up earlier, which counts as nothing until it is confirmed."""
    monkeypatch.setattr("harness.subject.arrival._BRIEF_S", 0.001)
    arrivals = make_arrivals(sandbox, database, fails_fast=True)
    arrivals.await_row_alone(make_write(sandbox), hastily=True)
    write = make_write(sandbox)
    sync = arrivals.await_row_alone(write, hastily=True)
    assert not sync.arrived
    assert sync.waited_s < PATIENCE.sync_s
    assert write.subject.waits == []
    database.version = 7
    assert arrivals.confirm(write)
    assert write.subject.waits == [True]


def test_a_row_that_never_comes_is_confirmed_after_its_whole_time(
    sandbox: FakeSandbox, database: FakeDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only then it counts as awaited in vain."""
    monkeypatch.setattr("harness.subject.arrival._BRIEF_S", 0.001)
    arrivals = make_arrivals(sandbox, database, fails_fast=True)
    arrivals.await_row_alone(make_write(sandbox), hastily=True)
    write = make_write(sandbox)
    arrivals.await_row_alone(write, hastily=True)
    assert not arrivals.confirm(write)
    assert time.monotonic() - write.at >= PATIENCE.sync_s
    assert write.subject.waits == [False]


class Waiting:
    """A Model in a world, and what waits for its row."""

    def __init__(self, world: World, **options: Any) -> None:
        self.world = world
        self.latencies: list[Latency] = []
        surroundings = Surroundings(world.sandbox, cast(Cluster, world), cast(Database, world))
        obj = {"metadata": {"namespace": "n", "name": "m"}, "spec": {"algorithm": "a"}}
        self.subject = Subject(surroundings, MODEL, obj)
        tables = [kind.table for kind in CONTRACT.kinds]
        self.arrivals = Arrivals(surroundings, PATIENCE, tables=tables, latencies=self.latencies, **options)


def test_a_row_comes_with_all_there_is_to_know() -> None:
    """The object at the row's own version, the log lines about it, and MySQL's clock."""
    waiting = Waiting(World(), get_messages=lambda _: RECONCILED)
    sync = waiting.arrivals.await_row(waiting.subject.created)
    assert sync.arrived
    assert sync.row == waiting.subject.read_row()
    assert sync.obj == waiting.subject.answer
    assert [entry.message for entry in sync.entries] == list(RECONCILED)
    assert (sync.crash, list(sync.stray_tables)) == ("", [])
    assert sync.server_time == waiting.world.get_time()
    assert [item.title for item in sync.evidence] == [
        "res_version of the row, at each change",
        "the object at resourceVersion 100",
        "the row in table model",
        "log lines about the object since the write",
    ]


def test_evidence_may_wait() -> None:
    """It is made where it is asked for: a right row among thousands needs none."""
    waiting = Waiting(World())
    sync = waiting.arrivals.await_row_alone(waiting.subject.created)
    assert sync.evidence == []
    assert len(sync.describe()) == 4


def test_a_row_is_compared_with_the_version_that_it_has() -> None:
    """Though the object has gone on since."""
    waiting = Waiting(World())
    waiting.world.faults.add("syncs nothing")
    waiting.subject.patch({"metadata": {"labels": {"a": "b"}}})
    sync = waiting.arrivals.await_row_alone(waiting.subject.last)
    assert not sync.arrived
    assert sync.obj == waiting.subject.answer


def test_a_stray_row_is_looked_for() -> None:
    """In the main tables of the other kinds."""
    waiting = Waiting(World(["writes a stray row"]))
    assert waiting.arrivals.await_row_alone(waiting.subject.created).stray_tables == ["project"]


def test_versions_that_are_gone_can_not_be_judged() -> None:
    """A row at a version that nobody has any more is no failure of the product."""
    waiting = Waiting(World())
    waiting.subject.history.has_gaps = True
    waiting.world.rows["model"]["u1"] = SimpleNamespace(  # type: ignore[assignment]
        uid="u1", res_version=99, columns={"namespace": "n", "name": "m"}
    )
    with pytest.raises(HarnessError, match="no longer in the API server's watch cache"):
        waiting.arrivals.await_row_alone(waiting.subject.created)


def test_a_crash_loop_ends_the_wait_at_once() -> None:
    """The row can't come: what the controller manager did instead is kept, its panics included."""
    world = World(["panics"])
    waiting = Waiting(world)
    spark = CONTRACT.get_case("SparkJob")
    world.faults.add("syncs nothing")
    surroundings = Surroundings(world.sandbox, cast(Cluster, world), cast(Database, world))
    subject = Subject(surroundings, spark, {"metadata": {"namespace": "n", "name": "s"}, "spec": {}})
    started = time.monotonic()
    sync = waiting.arrivals.await_row(subject.created)
    assert time.monotonic() - started < 15
    assert sync.crash == (
        "michelangelo-controllermgr is in CrashLoopBackOff (exit code 2), 2 restarts since SparkJob was created"
    )
    assert len(sync.traces) == 2
    assert "client.go:185" in sync.traces[0]
    assert [item.title for item in sync.evidence][-2:] == ["crash of run 0", "crash of run 1"]


@pytest.mark.parametrize("helps", [True, False])
def test_another_kinds_crash_may_be_mended(helps: bool) -> None:
    """Whoever knows how is asked; where it helps, the row is waited for again."""
    world = World(["syncs nothing"])

    def unblock(_: object) -> bool:
        if helps:
            world.sandbox.phase = Phase.RUNNING
            world.faults.clear()
            world.patch(MODEL.kind, "n", "m", {"metadata": {"labels": {"a": "b"}}})
        return helps

    waiting = Waiting(world, unblock=unblock)
    world.sandbox.phase = Phase.CRASH_LOOP
    sync = waiting.arrivals.await_row_alone(waiting.subject.created)
    assert sync.arrived is helps
    assert bool(sync.crash) is not helps


def test_latencies_are_measured_where_all_is_well() -> None:
    """By kind and operation; not of a row that does not come, or while the controller manager is down."""
    waiting = Waiting(World())
    waiting.arrivals.measure_latency(waiting.subject.created, "create")
    assert [(latency.kind, latency.operation) for latency in waiting.latencies] == [("Model", "create")]
    waiting.world.sandbox.phase = Phase.CRASH_LOOP
    waiting.arrivals.measure_latency(waiting.subject.created, "create")
    late = Waiting(World(["syncs nothing"]))
    late.arrivals.measure_latency(late.subject.created, "create")
    assert len(waiting.latencies) == 1
    assert late.latencies == []


def test_time_in_which_nobody_could_write_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """The deadline runs from the controller manager's start where that is later than the write."""
    waiting = Waiting(World(["syncs nothing"]))
    component = waiting.world.sandbox.component
    at = waiting.subject.created.at
    limited = cast(Callable[[Write, float], float], vars(Arrivals)["_get_deadline"].__get__(waiting.arrivals))

    def deadline(write: Write) -> float:
        return limited(write, PATIENCE.sync_s)

    assert deadline(waiting.subject.created) == at + PATIENCE.sync_s
    started = time.time() + 10

    def restarted(name: str) -> Any:
        status = component(name)
        return SimpleNamespace(phase=status.phase, restarts=1, reason="", started_at=started)

    monkeypatch.setattr(waiting.world.sandbox, "component", restarted)
    assert deadline(waiting.subject.created) > at + 9
