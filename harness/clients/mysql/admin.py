"""Does to MySQL what only its administrator can: the statements and locks of faults, never the harness's reading.

The account is the sandbox's, which may do anything; the Ingester's is another one in a sandbox with faults.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import mysql.connector
from mysql.connector.abstracts import MySQLConnectionAbstract

from harness.clients.mysql.connection import connect
from harness.core.errors import HarnessError
from harness.core.settings import MySQLEndpoint

_GONE = (2006, 2013, 2055)   # the server was restarted, or has ended the connection
_LOCK_TIMEOUT_S = 5


class TransactionError(HarnessError):
    """A statement of a transaction was refused, or MySQL has broken the transaction."""


class Admin:
    """One connection of MySQL's administrator, opened when it is first needed and again after it broke."""

    def __init__(self, endpoint: MySQLEndpoint) -> None:
        self._endpoint = endpoint
        self._connection: MySQLConnectionAbstract | None = None

    def close(self) -> None:
        """Close the connection; locks that it holds are released."""
        connection, self._connection = self._connection, None
        if connection is not None:
            _close(connection)

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """Carry out a statement and return its rows; HarnessError, with MySQL's own words, where it fails."""
        try:
            return self._execute(sql, parameters)
        except mysql.connector.Error as error:
            if error.errno not in _GONE:
                raise HarnessError(f"MySQL's administrator: {error} (in: {sql})") from error
        self.close()
        try:
            return self._execute(sql, parameters)
        except mysql.connector.Error as error:
            raise HarnessError(f"MySQL's administrator: {error} (in: {sql})") from error

    def _execute(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        if self._connection is None:
            self._connection = connect(self._endpoint)
        cursor = self._connection.cursor()
        try:
            cursor.execute(sql, tuple(parameters))
            return list(cursor.fetchall()) if cursor.description else []
        finally:
            cursor.close()

    def get_global(self, name: str) -> str:
        """Return a global variable of the server, as text."""
        return str(self.execute(f"SELECT @@GLOBAL.{name}")[0][0])

    def set_global(self, name: str, value: str | int) -> str:
        """Set a global variable of the server and return what it was."""
        before = self.get_global(name)
        self.execute(f"SET GLOBAL {name} = {value}")
        return before

    def list_connections(self, user: str) -> list[int]:
        """Return the ids of the user's connections."""
        rows = self.execute("SELECT id FROM information_schema.processlist WHERE user = %s", (user,))
        return [int(number) for (number,) in rows]

    def end_connections(self, user: str) -> int:
        """End the user's connections, so that it has to open new ones; return how many there were."""
        numbers = self.list_connections(user)
        for number in numbers:
            with contextlib.suppress(HarnessError):   # it may have ended by itself
                self.execute(f"KILL CONNECTION {number}")
        return len(numbers)

    def count_lock_waits(self) -> int:
        """Return how many transactions wait for a lock at this moment."""
        sql = "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"
        return int(self.execute(sql)[0][0])


class Transaction:
    """An open transaction of the administrator's; to be made by `begin_transaction`."""

    def __init__(self, connection: MySQLConnectionAbstract) -> None:
        self._cursor = connection.cursor()

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """Carry out a statement and return its rows; TransactionError where MySQL refuses it."""
        try:
            self._cursor.execute(sql, tuple(parameters))
            return list(self._cursor.fetchall()) if self._cursor.description else []
        except mysql.connector.Error as error:
            raise TransactionError(f"MySQL's administrator: {error} (in: {sql})") from error


@contextlib.contextmanager
def begin_transaction(endpoint: MySQLEndpoint) -> Iterator[Transaction]:
    """Begin a transaction on a connection of its own; it is rolled back when the context ends.

    It waits up to 5 s for each lock. Raises TransactionError where there is no connection.
    """
    with contextlib.ExitStack() as stack:
        try:
            connection = connect(endpoint)
            stack.callback(_close, connection)
            transaction = Transaction(connection)
        except mysql.connector.Error as error:
            raise TransactionError(f"MySQL's administrator: {error}") from error
        transaction.execute(f"SET SESSION innodb_lock_wait_timeout = {_LOCK_TIMEOUT_S}")
        transaction.execute("START TRANSACTION")
        yield transaction
        with contextlib.suppress(TransactionError):
            transaction.execute("ROLLBACK")


@contextlib.contextmanager
def hold_locks(endpoint: MySQLEndpoint, statements: Sequence[str], parameters: Sequence[Any]) -> Iterator[None]:
    """Hold the locks that the statements take, each with the same parameters, until the context ends.

    Raises HarnessError where they can't be had.
    """
    with begin_transaction(endpoint) as transaction:
        for statement in statements:
            transaction.execute(statement, parameters)
        yield


@contextlib.contextmanager
def hold_connections(endpoint: MySQLEndpoint, number: int) -> Iterator[None]:
    """Hold so many connections until the context ends; HarnessError where they can't be had."""
    with contextlib.ExitStack() as stack:
        try:
            for _ in range(number):
                stack.callback(_close, connect(endpoint))
        except mysql.connector.Error as error:
            raise HarnessError(f"MySQL's connections can't be taken: {error}") from error
        yield


def _close(connection: MySQLConnectionAbstract) -> None:
    with contextlib.suppress(mysql.connector.Error):   # the server may have ended it
        connection.close()
