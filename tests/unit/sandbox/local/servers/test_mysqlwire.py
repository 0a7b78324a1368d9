"""Of a client's commands it is known which makes a write last, and what its transaction has said."""

from __future__ import annotations

import struct

import pytest

from harness.sandbox.local.servers.mysqlwire import (
    Role,
    Session,
    is_greeting,
    make_error,
    make_packet,
    make_plain,
    make_query,
    parse_header,
)


def _say(session: Session, *statements: str) -> list[Role]:
    return [session.note_command(make_query(statement)).role for statement in statements]


def test_a_transaction_ends_with_its_commit() -> None:
    """Its writes are no last ones; what follows it is again."""
    roles = _say(Session(), "START TRANSACTION", "INSERT INTO t VALUES (1)", "COMMIT", "DELETE FROM t")
    assert roles == [Role.OTHER, Role.WRITE, Role.COMMIT, Role.LAST_WRITE]


@pytest.mark.parametrize("begin", ["BEGIN", "start transaction read write", "/* why */ BEGIN", "-- why\nBEGIN"])
def test_a_transaction_begins_in_any_spelling(begin: str) -> None:
    """With a comment before it as well."""
    assert _say(Session(), begin, "UPDATE t SET a = 1") == [Role.OTHER, Role.WRITE]


def test_without_autocommit_every_statement_is_in_a_transaction() -> None:
    """Until it is switched on again."""
    session = Session()
    roles = _say(session, "SET @@session.autocommit = OFF", "REPLACE INTO t VALUES (1)", "commit", "DELETE FROM t")
    assert roles == [Role.OTHER, Role.WRITE, Role.COMMIT, Role.WRITE]
    assert _say(session, "ROLLBACK", "SET autocommit=1", "DELETE FROM t") == [
        Role.OTHER, Role.OTHER, Role.LAST_WRITE,
    ]  # fmt: skip


def test_a_commit_knows_what_its_transaction_said() -> None:
    """And nothing of the one before it."""
    session = Session()
    _say(session, "BEGIN", "INSERT INTO t VALUES ('first')", "COMMIT", "BEGIN", "INSERT INTO t VALUES ('second')")
    said = session.note_command(make_query("COMMIT")).said
    assert b"second" in said
    assert b"first" not in said


def test_a_prepared_statement_is_known_by_its_number() -> None:
    """Its text counts as said when it is executed, long after it was prepared, with what it is given."""
    session = Session()
    session.note_command(b"\x16DELETE FROM model WHERE name = ?")
    session.note_answer(b"\x00" + struct.pack("<I", 7) + b"\0" * 7)
    _say(session, "SELECT 1")
    command = session.note_command(b"\x17" + struct.pack("<I", 7) + b"...object-name")
    assert command.role is Role.LAST_WRITE
    assert b"FROM model" in command.said
    assert b"object-name" in command.said


@pytest.mark.parametrize(
    ("statement", "verb", "is_meant"),
    [
        ("INSERT INTO model (uid, model_family_name) VALUES (?, ?)", "INSERT", True),
        ("insert ignore into `ma`.`model` VALUES (1)", "INSERT", True),
        ("REPLACE model SET a = 1", "REPLACE", True),
        ("/* why */ UPDATE `model` SET delete_time = ?", "UPDATE", True),
        ("DELETE FROM model WHERE uid = 'a'", "DELETE", True),
        ("DELETE FROM model_labels WHERE obj_uid IN (1)", "DELETE", False),
        ("INSERT INTO revision (model) VALUES ('into model_labels')", "INSERT", False),
        ("UPDATE model.revision SET a = 1", "UPDATE", False),
        ("SELECT uid FROM model", "SELECT", False),
    ],
)
def test_a_statement_has_a_verb_and_a_table(statement: str, verb: str, is_meant: bool) -> None:
    """The table is the one that is written to: others may be named, and read."""
    command = Session().note_command(make_query(statement))
    assert command.writes_to("model") is is_meant
    if command.role is not Role.OTHER:
        assert command.verb == verb


def test_what_a_server_has_undone_was_not_said() -> None:
    """After a deadlock there is no transaction any more, until the client begins one."""
    session = Session()
    _say(session, "BEGIN", "INSERT INTO t VALUES ('first')")
    session.note_rollback()
    command = session.note_command(make_query("DELETE FROM t"))
    assert (command.role, b"first" in command.said) == (Role.LAST_WRITE, False)


def test_a_statement_that_could_not_be_prepared_has_no_number() -> None:
    """The error in its place names none."""
    session = Session()
    session.note_command(b"\x16DELETE FROM nothing")
    session.note_answer(make_error(1146, "no such table"))
    assert session.note_command(b"\x17" + struct.pack("<I", 1146)).role is Role.OTHER


def test_what_hides_statements_is_taken_from_the_greeting() -> None:
    """Encryption, compression and query attributes; all else stays."""
    head, tail = b"\x0a10.11.6-MariaDB\0" + b"\1\0\0\0" + b"scramble" + b"\0", b"more\0"
    greeting = head + struct.pack("<HBHH", 0xFFFF, 45, 2, 0xFFFF) + tail
    assert make_plain(greeting) == head + struct.pack("<HBHH", 0xF7DF, 45, 2, 0xF3FF) + tail
    assert is_greeting(greeting)
    assert not is_greeting(make_error(1040, "Too many connections"))


def test_a_packet_has_length_and_number() -> None:
    """In four bytes before it."""
    packet = make_packet(b"abc", 5)
    assert packet[4:] == b"abc"
    assert parse_header(packet[:4]) == (3, 5)
