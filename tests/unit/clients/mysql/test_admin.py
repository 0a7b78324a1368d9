"""`harness.clients.mysql.admin`: what it holds is let go of, and no exception of the driver leaves it."""

from __future__ import annotations

import mysql.connector
import pytest

from harness.clients.mysql import admin
from harness.clients.mysql.admin import Admin, TransactionError, begin_transaction, hold_connections, hold_locks
from harness.core.errors import HarnessError
from harness.core.settings import MySQLEndpoint
from tests.unit.clients.mysql.fake_driver import FakeConnection

ENDPOINT = MySQLEndpoint("db", 3306, "user", "ma", "s3cret")


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[FakeConnection]:
    """Return the connections that are going to be opened, which are whole."""
    connections: list[FakeConnection] = []

    def connect(_: MySQLEndpoint) -> FakeConnection:
        connections.append(FakeConnection(is_lost=True))
        return connections[-1]

    monkeypatch.setattr(admin, "connect", connect)
    return connections


def refuse(monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    """Have statements with the word refused, without a word every connection."""

    def connect(_: MySQLEndpoint) -> FakeConnection:
        if not word:
            raise mysql.connector.Error("no", errno=1040)
        return FakeConnection(word)

    monkeypatch.setattr(admin, "connect", connect)


def test_a_transaction_ends_with_its_context(opened: list[FakeConnection]) -> None:
    """It is rolled back and its connection closed, whatever the driver says to that."""
    with begin_transaction(ENDPOINT) as transaction:
        transaction.execute("SELECT 1")
    assert opened[0].statements == [
        "SET SESSION innodb_lock_wait_timeout = 5", "START TRANSACTION", "SELECT 1", "ROLLBACK",
    ]  # fmt: skip
    assert opened[0].is_closed


def test_a_broken_transaction_is_told_from_other_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    """A statement that MySQL refuses, and a connection that it does not give, are TransactionErrors."""
    refuse(monkeypatch, "FOR UPDATE")
    with pytest.raises(TransactionError, match="gone away"), begin_transaction(ENDPOINT) as transaction:
        transaction.execute("SELECT id FROM project FOR UPDATE")
    refuse(monkeypatch, "")
    with pytest.raises(TransactionError), begin_transaction(ENDPOINT):
        pass


def test_locks_that_cannot_be_had_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault is then not injected, and nobody takes it for one that is."""
    refuse(monkeypatch, "FOR UPDATE")
    with pytest.raises(HarnessError), hold_locks(ENDPOINT, ["SELECT 1 FOR UPDATE"], ()):
        pytest.fail("nothing is held")


def test_connections_are_held_and_closed(opened: list[FakeConnection]) -> None:
    """So many as were asked for, until the context ends."""
    with hold_connections(ENDPOINT, 3):
        assert [each.is_closed for each in opened] == [False, False, False]
    assert [each.is_closed for each in opened] == [True, True, True]


def test_a_lost_connection_is_opened_again_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a restart of the server the next statement goes through; one that is refused again is an error."""
    connections = [FakeConnection("SELECT"), FakeConnection()]
    monkeypatch.setattr(admin, "connect", lambda _: connections.pop(0))
    assert Admin(ENDPOINT).execute("SELECT 1") == []
    connections[:] = [FakeConnection("SELECT"), FakeConnection("SELECT")]
    with pytest.raises(HarnessError, match=r"MySQL's administrator: .*\(in: SELECT 1\)"):
        Admin(ENDPOINT).execute("SELECT 1")
