"""Why MySQL can't be reached, in words; and what is deleted there."""

from __future__ import annotations

from pathlib import Path

import mysql.connector
import pytest

from harness.clients.mysql import Database, render_deletion
from harness.clients.mysql.connection import explain
from harness.core.errors import HarnessError
from harness.core.settings import MySQLEndpoint
from harness.spec.model import Kind
from tests.fakes.contract import CONTRACT
from tests.unit.clients.mysql.fake_driver import FakeConnection


def _make(**tls: str) -> MySQLEndpoint:
    return MySQLEndpoint("db", 3306, "user", "ma", "s3cret", tls=tls)


@pytest.mark.parametrize(
    ("number", "problem", "way_out"),
    [
        (1044, "MySQL at db:3306: user may not use the database 'ma'", "GRANT SELECT ON `ma`.* TO the user"),
        (1045, "refuses the password of user", "MYSQL_PASSWORD"),
        (1049, "has no database 'ma'", "base.yaml"),
        (1130, "does not let this machine in", "host part"),
        (2003, "does not answer", "host and port"),
        (2013, "does not answer as MySQL does", "Check the port"),
        (2026, "does not take the TLS", "Drop ssl_ca"),
        (3024, "says nothing", "Check the port"),
        (3159, "encrypted connections only", "Drop ssl_disabled"),
        (9999, "something new", "Check host, port, user and database"),
    ],
)
def test_each_problem_has_its_sentence_and_way_out(number: int, problem: str, way_out: str) -> None:
    """Each error number that a connection may end with is told in one line, without the password."""
    error = explain(_make(), mysql.connector.Error("something new\nand more", errno=number))
    assert problem in error.problem
    assert way_out in error.hint
    assert "\n" not in error.problem
    assert "s3cret" not in str(error)


def test_certificate_of_another_ca_is_named(tmp_path: Path) -> None:
    """A certificate that the given CA has not signed is told apart from other trouble with TLS."""
    (tmp_path / "ca.pem").write_text("")
    error = mysql.connector.Error("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed", errno=2026)
    assert "has a certificate that the CA" in explain(_make(ssl_ca=str(tmp_path / "ca.pem")), error).problem


def test_absent_ca_is_named() -> None:
    """A file of the URL that does not exist is named, whatever the driver makes of it."""
    error = explain(_make(ssl_ca="/nowhere/ca.pem"), mysql.connector.Error("?"))
    assert error.problem == "ssl_ca: there is no file '/nowhere/ca.pem'"


def test_deletion_names_one_namespace_and_three_tables() -> None:
    """The SQL that deletes a kind's rows never goes without the namespace."""
    for kind in CONTRACT.kinds:
        sql = render_deletion(kind, "%s")
        assert sql.endswith("WHERE m.namespace = %s")
        assert [f"`{table}`" in sql for table in kind.tables] == [True, True, True]


@pytest.mark.parametrize("refused", ["START TRANSACTION", "SELECT *", "ROLLBACK"])
def test_rows_that_cannot_be_read_are_an_error_of_ours(monkeypatch: pytest.MonkeyPatch, refused: str) -> None:
    """Wherever the connection is lost within a snapshot, the error names the table and is none of the driver's."""
    monkeypatch.setattr("harness.clients.mysql.database.connect", lambda *_: FakeConnection(refused))
    database, kind = Database(_make()), Kind("Project", "projects")
    with pytest.raises(HarnessError, match=r"gone away \(while reading table project\)"):
        database.get_rows(kind, "namespace", "name")
    with pytest.raises(HarnessError, match=r"gone away \(while reading table project\)"):
        database.get_rows_of(kind, ["uid"])
