"""Which settings of a server are told."""

from __future__ import annotations

import pytest

from harness.clients.mysql import explain_settings

USUAL = {
    "sql_mode": "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION",
    "transaction_isolation": "READ-COMMITTED",
    "max_allowed_packet": "67108864",
    "wait_timeout": "28800",
    "autocommit": "ON",
    "read_only": "OFF",
    "max_statement_time": "0.000000",
}


def test_usual_settings_are_no_matter() -> None:
    """Nor is an isolation level, since sessions set their own; nor what an account may not see."""
    assert list(explain_settings(USUAL)) == []
    assert list(explain_settings({})) == []


def test_a_replica_is_named_as_one() -> None:
    """That it is read-only goes without saying then."""
    (said,) = explain_settings({**USUAL, "read_only": "ON"}, is_replica=True)
    assert "is a replica" in said


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("sql_mode", "", "sql_mode is '', which is not strict"),
        ("sql_mode", "ANSI_QUOTES", "SET GLOBAL sql_mode = 'STRICT_TRANS_TABLES'"),
        ("max_allowed_packet", "1048576", "max_allowed_packet is 1048576"),
        ("wait_timeout", "2", "wait_timeout is 2 s"),
        ("autocommit", "OFF", "SET GLOBAL autocommit = ON"),
        ("read_only", "1", "read_only is ON"),
        ("max_statement_time", "0.500000", "max_statement_time is 0.5 s"),
    ],
)
def test_a_setting_that_loses_writes_is_named(name: str, value: str, words: str) -> None:
    """With its value, what follows, and the statement that mends it."""
    (said,) = explain_settings({**USUAL, name: value})
    assert words in said
