"""`harness.clients.mysql.overtaking`: the row is let go of between write and reading, and never left held."""

from __future__ import annotations

import pytest

from harness.clients.mysql import overtaking
from harness.clients.mysql.overtaking import overtake_row
from harness.core.errors import HarnessError
from harness.core.settings import MySQLEndpoint
from tests.fakes.contract import CONTRACT
from tests.unit.clients.mysql.fake_driver import FakeConnection, FakeCursor

ENDPOINT = MySQLEndpoint("db", 3306, "user", "ma", "s3cret")
MODEL = CONTRACT.get_case("Model").kind
WAITING = iter(range(1000))


class RowCursor(FakeCursor):
    """A cursor that finds one row, of version 7."""

    def fetchall(self) -> list[object]:
        """Return it."""
        return [(7,)]


class RowConnection(FakeConnection):
    """A connection to a server with that row."""

    def cursor(self, **_: object) -> FakeCursor:
        """Return a cursor."""
        return RowCursor(self.statements, self._refused)


def count_waiting() -> int:
    """Return one more each time, as where somebody comes to wait."""
    return next(WAITING)


def test_the_row_is_read_after_it_was_let_go_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a connection of its own, in the turn after whoever waited."""
    connections: list[RowConnection] = []

    def connect(_: MySQLEndpoint) -> RowConnection:
        connections.append(RowConnection())
        return connections[-1]

    monkeypatch.setattr(overtaking, "connect", connect)
    with overtake_row(ENDPOINT, MODEL, "u", count_waiting) as held:
        assert held is not None
        assert held.is_awaited()
        assert held.overtake(9) == 7
    holder, reader = connections
    words = [" ".join(statement.split()[:2]) for statement in holder.statements]
    assert words == ["START TRANSACTION", "SELECT uid", "UPDATE `model`", "COMMIT", "ROLLBACK"]
    assert reader.statements[1].endswith("LOCK IN SHARE MODE")
    assert holder.is_closed
    assert reader.is_closed


@pytest.mark.parametrize(("refused", "problem"), [("", "has no row"), ("FOR UPDATE", "can't be overtaken")])
def test_a_row_that_cannot_be_had_is_an_error(refused: str, problem: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says which row, and no exception of the driver leaves it."""
    monkeypatch.setattr(overtaking, "connect", lambda _: FakeConnection(refused))
    with pytest.raises(HarnessError, match=problem), overtake_row(ENDPOINT, MODEL, "u", count_waiting):
        pytest.fail("nothing is held")
