"""How long rows are waited for, against a made-up sandbox and database."""

from __future__ import annotations

import datetime as dt
import time
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.clients.mysql import Database
from harness.core.settings import Timeouts
from harness.sandbox.base import LogCursor, Sandbox
from harness.subject import arrival
from harness.subject.arrival import Arrivals
from harness.subject.steps import Creation, Write
from tests.fakes.contract import CONTRACT
from tests.fakes.sandbox import FakeSandbox

PATIENCE = Timeouts(sync_s=0.05, log_s=0.01)


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
    monkeypatch.setattr(arrival, "_HURRIED_S", 0.01)
    return FakeDatabase()


def make_arrivals(sandbox: FakeSandbox, database: FakeDatabase, *, hurries: bool) -> Arrivals:
    """Return what waits for rows."""
    return Arrivals(
        cast(Sandbox, sandbox),
        cast(Database, database),
        PATIENCE,
        unblock=lambda _: False,
        get_messages=lambda _: (),
        hurries=hurries,
    )


def make_write(version: int = 7) -> Write:
    """Return a write that was sent now."""
    answer = {"metadata": {"namespace": "n", "name": "m", "uid": "u", "resourceVersion": str(version)}}
    creation = Creation(CONTRACT.find_case("model"), answer, answer, time.monotonic(), LogCursor(), 0)
    return Write(creation, answer, time.monotonic(), LogCursor())


@pytest.mark.parametrize(("hurries", "expected"), [(True, 0.01), (False, PATIENCE.sync_s)])
def test_rows_that_don_t_come_cost_less_and_less(
    hurries: bool, expected: float, sandbox: FakeSandbox, database: FakeDatabase
) -> None:
    """After the third row that was awaited in vain the next is not waited for as long, where that is asked for."""
    arrivals = make_arrivals(sandbox, database, hurries=hurries)
    for _ in range(2):
        arrivals.await_row_alone(make_write())
    assert arrivals.sync_s == PATIENCE.sync_s
    arrivals.await_row_alone(make_write())
    assert arrivals.sync_s == expected


def test_a_slow_ingester_keeps_its_time(
    sandbox: FakeSandbox, database: FakeDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The shorter wait is a multiple of the slowest row that came, and never longer than the whole one."""
    arrivals = make_arrivals(sandbox, database, hurries=True)
    for _ in range(3):
        arrivals.await_row_alone(make_write())
    database.version = 7
    arrivals.await_row_alone(make_write())
    monkeypatch.setattr(arrivals, "_slowest_s", 0.003)
    assert arrivals.sync_s == pytest.approx(0.03)
    monkeypatch.setattr(arrivals, "_slowest_s", 1.0)
    assert arrivals.sync_s == PATIENCE.sync_s
