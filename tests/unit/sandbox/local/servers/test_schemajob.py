"""Promises of `servers.schemajob`; that the server runs the SQL is for the integration tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mysql.connector
import pytest

from harness.core.errors import HarnessError
from harness.core.settings import MySQLEndpoint
from harness.sandbox.local.servers import schemajob
from harness.sandbox.local.servers.schemajob import run_schema_job
from tests.fakes.contract import CONTRACT

_ENDPOINT = MySQLEndpoint("127.0.0.1", 3306, "me", "michelangelo", "pw")
_TABLES = {table for kind in CONTRACT.kinds for table in kind.tables}


class _Server:
    """A connection to a server that answers as it is told."""

    def __init__(self) -> None:
        self.tables = set(_TABLES)
        self.database = "michelangelo"
        self.results: list[Any] = []
        self.sent: list[str] = []
        self.closed = False

    def cmd_query_iter(self, statements: str) -> Iterator[dict[str, Any]]:
        self.sent.append(statements)
        for result in self.results:
            if isinstance(result, Exception):
                raise result
            self._rows = result
            yield {"columns": [("status",), ("n",)]} if result is not None else {"affected_rows": 0}

    def get_rows(self) -> tuple[list[Any], None]:
        return self._rows, None

    def cursor(self) -> _Server:
        return self

    def execute(self, _: str, parameters: tuple[str, ...]) -> None:
        self._found = sorted(self.tables) if parameters == ("michelangelo",) else [self.database]

    def fetchall(self) -> list[tuple[str]]:
        return [(name,) for name in self._found]

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> _Server:
    """A server with all tables, that runs any SQL."""
    made = _Server()
    monkeypatch.setattr(schemajob, "connect", lambda *_, **__: made)
    return made


def test_whole_text_goes_to_the_server(server: _Server, tmp_path: Path) -> None:
    """The server gets the SQL as it is, comments and quotes included, and what it shows goes to the log."""
    schema = "-- it's; 'quoted'\nSELECT 'a;b';"
    server.results = [None, [(b"done", b"39"), (None, 1)]]
    run_schema_job(_ENDPOINT, schema, "schema.sql", tmp_path / "log", tables=CONTRACT.tables)
    assert (server.sent, server.closed) == ([schema], True)
    expected = "status\tn\ndone\t39\nNULL\t1\n2 statements, 39 of 39 tables\n"
    assert (tmp_path / "log").read_text() == expected


def test_failing_statement_is_numbered(server: _Server, tmp_path: Path) -> None:
    """A statement that the server refuses is named by file and number, with the server's words."""
    server.results = [None, None, mysql.connector.ProgrammingError("near 'TABEL'", 1064)]
    with pytest.raises(HarnessError, match=r"schema\.sql: statement 3 failed: .*near 'TABEL'"):
        run_schema_job(_ENDPOINT, "CREATE TABEL", "schema.sql", tmp_path / "log", tables=CONTRACT.tables)
    assert (tmp_path / "log").read_text().startswith("statement 3: ")
    assert server.closed


def test_comment_at_the_end_is_no_statement(server: _Server, tmp_path: Path) -> None:
    """A comment after the last statement, for which MySQL has an error, is none."""
    server.results = [None, mysql.connector.ProgrammingError("Query was empty", 1065)]
    run_schema_job(_ENDPOINT, "SELECT 1; -- end", "schema.sql", tmp_path / "log", tables=CONTRACT.tables)
    assert (tmp_path / "log").read_text() == "1 statements, 39 of 39 tables\n"


def test_missing_tables_are_named(server: _Server, tmp_path: Path) -> None:
    """A schema that runs but leaves tables out fails, with exactly those."""
    server.tables -= {"model_labels", "sparkjob"}
    with pytest.raises(HarnessError) as caught:
        run_schema_job(_ENDPOINT, "SELECT 1", "schema.sql", tmp_path / "log", tables=CONTRACT.tables)
    assert caught.value.problem == (
        "schema.sql leaves 2 of 39 tables missing in the database 'michelangelo': model_labels, sparkjob"
    )


def test_schema_for_another_database_says_so(server: _Server, tmp_path: Path) -> None:
    """Where the SQL switched to another database, that is the hint."""
    server.tables.clear()
    server.database = "other"
    with pytest.raises(HarnessError) as caught:
        run_schema_job(_ENDPOINT, "USE other", "schema.sql", tmp_path / "log", tables=CONTRACT.tables)
    assert caught.value.hint == "It switches to the database 'other'; the Ingester uses 'michelangelo'"


def test_empty_schema_checks_what_is_there(server: _Server, tmp_path: Path) -> None:
    """A file without statements is no error of its own: the tables decide."""
    run_schema_job(_ENDPOINT, " \n", "schema.sql", tmp_path / "log", tables=CONTRACT.tables)
    assert (server.sent, (tmp_path / "log").read_text()) == ([], "0 statements, 39 of 39 tables\n")
