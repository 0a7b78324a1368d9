"""One object is one transaction, and a connection that failed is not used again."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import mysql.connector
import pytest

from harness.reference.config import MySQL
from harness.reference.errors import StoreError
from harness.reference.row import Row
from harness.reference.store import Store
from tests.fakes.contract import CONTRACT

PROJECT = CONTRACT.get_kind("Project")
TIME = datetime(2026, 3, 9, 20, 51, 7)
ROW = Row(
    uid="u",
    group_ver="michelangelo.api/v2",
    namespace="n",
    name="a",
    res_version=41,
    create_time=TIME,
    update_time=TIME,
    proto=b"p",
    json="{}",
    columns={"tier": "4"},
    labels={"k": "v"},
    annotations={},
)
UPDATED = ("tier", "update_time", "proto", "json", "res_version")   # the last one decides about the others


@dataclass
class _Server:
    """A MySQL server that keeps what it is told, and fails statements that begin with `failing`."""

    steps: list[tuple[Any, ...]] = field(default_factory=list)
    failing: str = ""
    away: bool = False
    rowcount: int = 1
    opened: int = 0

    def connect(self, **_settings: Any) -> _Server:
        if self.away:
            raise mysql.connector.Error("can't connect")
        self.opened += 1
        return self

    def cursor(self) -> _Cursor:
        return _Cursor(self)

    def commit(self) -> None:
        self.steps.append(("COMMIT",))

    def close(self) -> None:
        self.steps.append(("CLOSE",))


@dataclass
class _Cursor:
    server: _Server

    @property
    def rowcount(self) -> int:
        return self.server.rowcount

    def execute(self, statement: str, values: Any = ()) -> None:
        if self.server.failing and statement.startswith(self.server.failing):
            raise mysql.connector.Error("refused")
        self.server.steps.append((statement, values))

    def executemany(self, statement: str, values: Any) -> None:
        self.execute(statement, values)

    def fetchall(self) -> list[Any]:
        return []

    def close(self) -> None:
        """Nothing to do."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> _Server:
    """The server that every connection leads to."""
    made = _Server()
    monkeypatch.setattr(mysql.connector, "connect", made.connect)
    return made


@pytest.fixture
def store(server: _Server) -> Store:
    """A store on that server."""
    return Store(MySQL("h", 1, "u", "d", "p"))


def _take_newer(name: str) -> str:
    return f"`{name}` = IF(VALUES(`res_version`) < `res_version`, `{name}`, VALUES(`{name}`))"


def test_upsert_writes_row_and_pairs_in_one_transaction(store: Store, server: _Server) -> None:
    """Identity and creation time are inserted but never updated, nothing by an older version; pairs are whole."""
    store.upsert(PROJECT, ROW)
    assert server.steps == [
        (
            "INSERT INTO `project` (`uid`, `group_ver`, `namespace`, `name`, `res_version`, `create_time`, "  # noqa: S608
            "`update_time`, `proto`, `json`, `tier`) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) "
            + " ".join(("ON DUPLICATE KEY UPDATE", ", ".join(map(_take_newer, UPDATED)))),
            ("u", "michelangelo.api/v2", "n", "a", 41, TIME, TIME, b"p", "{}", "4"),
        ),
        ("SELECT `res_version` FROM `project` WHERE `uid` = %s", ("u",)),
        ("DELETE FROM `project_labels` WHERE `obj_uid` = %s", ("u",)),
        ("INSERT INTO `project_labels` (`obj_uid`, `key`, `value`) VALUES (%s, %s, %s)", [("u", "k", "v")]),
        ("DELETE FROM `project_annotations` WHERE `obj_uid` = %s", ("u",)),
        ("COMMIT",),
    ]


def test_soft_delete_marks_only_the_live_row_of_that_name(store: Store, server: _Server) -> None:
    """Earlier objects of the name keep the time at which they were deleted."""
    store.soft_delete(PROJECT, "n", "a")
    (statement, values), commit = server.steps
    assert (statement, values[1:], values[0].microsecond, commit) == (
        "UPDATE `project` SET `delete_time` = %s WHERE `namespace` = %s AND `name` = %s AND `delete_time` IS NULL",
        ("n", "a"),
        0,
        ("COMMIT",),
    )


def test_soft_delete_of_a_row_that_is_not_there_is_an_error(store: Store, server: _Server) -> None:
    """It is retried: the row may still come."""
    server.rowcount = 0
    with pytest.raises(StoreError, match="object not found or already deleted: n/a"):
        store.soft_delete(PROJECT, "n", "a")
    assert ("COMMIT",) not in server.steps


@pytest.mark.parametrize(
    "statement", ["INSERT INTO `project` ", "DELETE FROM `project_labels`", "INSERT INTO `project_labels`"]
)
def test_failure_of_any_statement_commits_nothing(store: Store, server: _Server, statement: str) -> None:
    """A row without its labels is never seen."""
    server.failing = statement
    with pytest.raises(StoreError, match="refused"):
        store.upsert(PROJECT, ROW)
    assert (("COMMIT",) in server.steps, server.steps[-1]) == (False, ("CLOSE",))


def test_connection_is_used_again_while_all_is_well(store: Store, server: _Server) -> None:
    """A write costs no new connection."""
    for version in range(3):
        store.upsert(PROJECT, replace(ROW, res_version=version))
    assert server.opened == 1


def test_connections_are_opened_anew_after_an_error(store: Store, server: _Server) -> None:
    """An outage leaves no dead connection behind."""
    store.ping()
    server.failing = "INSERT"
    with pytest.raises(StoreError):
        store.upsert(PROJECT, ROW)
    server.failing = ""
    store.upsert(PROJECT, ROW)
    assert server.opened == 2


def test_server_that_is_away_fails_the_ping(store: Store, server: _Server) -> None:
    """The words are the controller manager's."""
    server.away = True
    with pytest.raises(StoreError, match="failed to ping database: can't connect"):
        store.ping()
