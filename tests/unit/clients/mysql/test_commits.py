"""When rows were committed: commits come in another order than their numbers, and each is told once."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest

import harness.clients.mysql.commits
from harness.clients.mysql.commits import Commit, CommitLog, RowLooks
from harness.clients.mysql.tables import RowVersion
from harness.core.errors import HarnessError
from harness.core.polling import wait_for
from harness.core.settings import MySQLEndpoint
from harness.spec.model import Kind

ENDPOINT = MySQLEndpoint("127.0.0.1", 1, "u", "d", "p")
KIND = Kind("Project", "projects")
AT = dt.datetime(2026, 11, 26, 1, 2, 3, 250_000)


class Server:
    """Stands in for the driver: rows by number, those that have been committed."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.committed: set[int] = set()
        self._found: list[Any] = []

    def cursor(self) -> Server:
        """Return what carries statements out."""
        return self

    def execute(self, statement: str, parameters: tuple[int, ...] = ()) -> None:
        """Note a statement, and find what a question asks for."""
        self.statements.append(statement)
        if parameters:
            after, *others = parameters
            wanted = {number for number in self.committed if number > after or number in others}
            self._found = [(number, f"u{number}".encode(), 7, 0, AT) for number in sorted(wanted)]

    def fetchall(self) -> list[Any]:
        """Return what was found."""
        return self._found

    def close(self) -> None:
        """Do nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    """The server that a log connects to."""
    made = Server()
    monkeypatch.setattr(harness.clients.mysql.commits, "connect", lambda _: made)
    return made


def read(log: CommitLog) -> list[str]:
    """Return the keys of the commits since the last reading."""
    return [commit.key for commit in log.read()]


def test_each_commit_is_told_once(server: Server) -> None:
    """Also one whose number is lower than that of another, which was committed before it."""
    log = CommitLog(ENDPOINT, [KIND])
    server.committed = {1, 2, 5}
    assert read(log) == ["u1", "u2", "u5"]
    server.committed |= {3, 6}
    assert read(log) == ["u3", "u6"]
    server.committed |= {4}
    assert read(log) == ["u4"]
    assert read(log) == []


def test_a_commit_is_what_the_server_says(server: Server) -> None:
    """Its moment is in UTC, to the microsecond, and exact."""
    log = CommitLog(ENDPOINT, [KIND])
    server.committed = {1}
    assert log.read() == [Commit("u1", 7, False, AT.replace(tzinfo=dt.UTC).timestamp(), 0.0)]


def test_every_table_is_followed(server: Server) -> None:
    """Rows that are inserted, and rows that are updated."""
    CommitLog(ENDPOINT, [KIND, Kind("Model", "models")])
    triggers = [found for text in server.statements if (found := re.search(r"AFTER (\w+) ON `(\w+)`", text))]
    assert [found.groups() for found in triggers] == [
        ("INSERT", "project"), ("UPDATE", "project"), ("INSERT", "model"), ("UPDATE", "model"),
    ]  # fmt: skip


class Tables:
    """Stands in for the tables: one row, which changes; then an error."""

    def __init__(self) -> None:
        self.rows: dict[str, RowVersion] = {}
        self.error: HarnessError | None = None

    def list_versions(self, _kind: Kind, _namespace: str) -> dict[str, RowVersion]:
        """Return the rows, or fail."""
        if self.error is not None:
            raise self.error
        return dict(self.rows)

    def close(self) -> None:
        """Do nothing."""


def test_looks_find_what_has_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that is new, or newer, or soft-deleted; an error ends the looks and is told."""
    tables = Tables()
    monkeypatch.setattr(harness.clients.mysql.commits, "Tables", lambda _: tables)
    looks = RowLooks(ENDPOINT, [KIND], "ns")
    seen: list[tuple[int, bool]] = []
    for row in (RowVersion("p", 1, live=True), RowVersion("p", 2, live=True), RowVersion("p", 2, live=False)):
        tables.rows = {"u": row}
        found = wait_for(looks.read, bool, timeout_s=20.0).value
        seen += [(commit.version, commit.deleted) for commit in found]
    assert seen == [(1, False), (2, False), (2, True)]
    tables.error = HarnessError("MySQL is away")

    def has_failed() -> bool:
        try:
            looks.read()
        except HarnessError as error:
            return error is tables.error
        return False

    assert wait_for(has_failed, bool, timeout_s=20.0).satisfied
    looks.close()
