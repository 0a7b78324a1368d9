"""A stand-in for the driver's connection: it carries statements out until one of them is refused."""

from __future__ import annotations

import mysql.connector


class FakeCursor:
    """Notes statements; raises the driver's error for those that contain `refused`."""

    description = None

    def __init__(self, statements: list[str], refused: str) -> None:
        self._statements = statements
        self._refused = refused

    def execute(self, sql: str, _parameters: object = ()) -> None:
        """Carry a statement out, or refuse it."""
        self._statements.append(sql)
        if self._refused and self._refused in sql:
            raise mysql.connector.Error("the server has gone away", errno=2013)

    def fetchall(self) -> list[object]:
        """Return no rows."""
        return []

    def close(self) -> None:
        """Do nothing."""


class FakeConnection:
    """A connection that knows whether it was closed; `close` fails where `is_lost`."""

    def __init__(self, refused: str = "", *, is_lost: bool = False) -> None:
        self.statements: list[str] = []
        self.is_closed = False
        self._refused = refused
        self._is_lost = is_lost

    def cursor(self, **_: object) -> FakeCursor:
        """Return a cursor."""
        return FakeCursor(self.statements, self._refused)

    def close(self) -> None:
        """Note it."""
        self.is_closed = True
        if self._is_lost:
            raise mysql.connector.Error("gone", errno=2013)
