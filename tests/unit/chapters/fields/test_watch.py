"""What became of a write, by what the log says of it."""

from __future__ import annotations

from unittest.mock import Mock

from harness.chapters.fields.watch import Fate

LOCKED = "Error 1213 (40001): Deadlock found when trying to get lock; try restarting transaction"
TOO_LONG = "Error 1406 (22001): Data too long for column 'owner' at row 1"


def test_a_write_fails_by_its_own_errors_alone() -> None:
    """However often others held a lock: that passes, and is nothing that a field could bring."""
    fate = Fate(Mock(), errors=[LOCKED] * 9)
    assert not fate.is_failed
    fate.errors += [TOO_LONG] * 4 + [LOCKED]
    assert fate.is_failed
    assert fate.error == TOO_LONG


def test_what_passes_is_said_where_nothing_else_is() -> None:
    """It is why nothing came so far."""
    assert Fate(Mock(), errors=[LOCKED]).error == LOCKED
