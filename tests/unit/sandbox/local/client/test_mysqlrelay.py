"""The relay passes on what it is not told to fail, and fails what it is told to, once."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from typing import BinaryIO

import pytest

from harness.sandbox.capabilities import StatementError, StatementFault, WriteFault
from harness.sandbox.local.client.mysqlrelay import Relay
from harness.sandbox.local.servers.mysqlwire import make_packet, make_query, parse_header

GREETING = b"\x0a8\0" + bytes(4) + bytes(8) + b"\0" + struct.pack("<HBHH", 0x0A00, 45, 2, 0) + b"rest"
OK = b"\x00\x00\x00\x02\x00\x00\x00"


def _read(stream: BinaryIO) -> bytes | None:
    header = stream.read(4)
    return stream.read(parse_header(header)[0]) if header else None


class Server:
    """Greets, lets in, and says OK to every command, which it remembers."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(client,), daemon=True).start()

    def _talk(self, client: socket.socket) -> None:
        with client, client.makefile("rb") as stream, contextlib.suppress(OSError):
            client.sendall(make_packet(GREETING, 0))
            _read(stream)
            client.sendall(make_packet(OK, 2))
            while command := _read(stream):
                self.heard.append(command[1:].decode())
                client.sendall(make_packet(OK, 1))

    def close(self) -> None:
        """Take no more clients."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


class Client:
    """Logs in, and says statements."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._stream = self._socket.makefile("rb")
        self.greeting = _read(self._stream)
        self._socket.sendall(make_packet(b"login", 1))
        _read(self._stream)

    def say(self, statement: str) -> bytes | None:
        """Return the answer, None where there is none any more."""
        self._socket.sendall(make_packet(make_query(statement), 0))
        return _read(self._stream)

    def write(self, name: str) -> bytes | None:
        """Return the answer to the COMMIT of a transaction."""
        self.say("BEGIN")
        self.say(f"INSERT INTO t VALUES ('{name}')")  # noqa: S608
        return self.say("COMMIT")

    def close(self) -> None:
        """Hang up."""
        self._stream.close()
        self._socket.close()


Connect = Callable[[], Client]


@pytest.fixture
def connect(relay: Relay) -> Iterator[Connect]:
    """Yield how a client reaches the server by the relay."""
    clients: list[Client] = []

    def do() -> Client:
        clients.append(Client(relay.port))
        return clients[-1]

    yield do
    for client in clients:
        client.close()


@pytest.fixture
def server() -> Iterator[Server]:
    """Yield a server that listens."""
    server = Server()
    yield server
    server.close()


@pytest.fixture
def relay(server: Server) -> Iterator[Relay]:
    """Yield a relay before it."""
    relay = Relay("127.0.0.1", server.port)
    yield relay
    relay.close()


def test_what_it_is_not_told_to_fail_passes(server: Server, connect: Connect) -> None:
    """The server hears all of it; that it could be encrypted nobody is told."""
    client = connect()
    assert client.greeting == GREETING.replace(struct.pack("<H", 0x0A00), struct.pack("<H", 0x0200))
    assert client.write("a") == OK
    assert server.heard == ["BEGIN", "INSERT INTO t VALUES ('a')", "COMMIT"]


def test_a_commit_that_is_refused_is_rolled_back(relay: Relay, server: Server, connect: Connect) -> None:
    """The client has an error, the connection goes on, and the next one passes."""
    failed = relay.fail_write(WriteFault.REFUSED, ("t", "'b'"))
    client = connect()
    assert client.write("a") == OK
    assert failed.seen == ""
    answer = client.write("b")
    assert answer is not None
    assert answer[:3] == b"\xff" + struct.pack("<H", 1180)
    assert server.heard[-1] == "ROLLBACK"
    assert failed.seen == "its COMMIT was rolled back and answered with error 1180"
    assert client.write("b") == OK


def test_a_statement_in_no_transaction_is_refused_unheard(relay: Relay, server: Server, connect: Connect) -> None:
    """It is all that could be refused."""
    failed = relay.fail_write(WriteFault.REFUSED, ("'b'",))
    client = connect()
    answer = client.say("UPDATE t SET a = 'b'")
    assert answer is not None
    assert answer[0] == 0xFF
    assert server.heard == []
    assert failed.seen.startswith("the statement, which is its own transaction,")


def test_a_commit_is_cut_off_before_it_arrives(relay: Relay, server: Server, connect: Connect) -> None:
    """Who connects again is served."""
    relay.fail_write(WriteFault.CUT, ("'b'",))
    assert connect().write("b") is None
    assert "COMMIT" not in server.heard
    assert connect().write("b") == OK


def test_a_commit_is_carried_out_and_its_answer_lost(relay: Relay, server: Server, connect: Connect) -> None:
    """So that whoever wrote it can't know."""
    relay.fail_write(WriteFault.UNANSWERED, ("'b'",))
    assert connect().write("b") is None
    assert server.heard[-1] == "COMMIT"


def _get_error(answer: bytes | None) -> int:
    """Return the number of the error that an answer is, 0 where it is none."""
    return struct.unpack_from("<H", answer, 1)[0] if answer and answer[0] == 0xFF else 0


def test_a_statement_that_waits_for_a_lock_in_vain_is_undone_alone(
    relay: Relay, server: Server, connect: Connect
) -> None:
    """The server never hears it; its transaction goes on, and could be committed without it."""
    fault = StatementFault(StatementError.LOCK_WAIT, ("DELETE", "INSERT"), "t_labels")
    failed = relay.fail_write(fault, ("absent",), ("'b'",))
    client = connect()
    client.say("BEGIN")
    assert client.say("INSERT INTO t VALUES ('b')") == OK
    assert _get_error(client.say("DELETE FROM t_labels WHERE uid = 'b'")) == 1205
    assert client.say("INSERT INTO t_labels VALUES ('b')") == OK   # it fails once
    assert server.heard == ["BEGIN", "INSERT INTO t VALUES ('b')", "INSERT INTO t_labels VALUES ('b')"]
    assert failed.seen == "its DELETE of t_labels was answered with error 1205"


def test_a_deadlock_undoes_what_was_written_before(relay: Relay, server: Server, connect: Connect) -> None:
    """As the server does; what follows is in no transaction."""
    failed = relay.fail_write(StatementFault(StatementError.DEADLOCK, ("INSERT",), "t_labels"), ("'b'",))
    client = connect()
    client.say("BEGIN")
    client.say("INSERT INTO t VALUES ('b')")
    assert _get_error(client.say("INSERT INTO t_labels VALUES ('b')")) == 1213
    assert server.heard[-1] == "ROLLBACK"
    assert client.say("COMMIT") == OK
    assert failed.seen == "its INSERT of t_labels was answered with error 1213"


def test_statements_of_others_pass(relay: Relay, connect: Connect) -> None:
    """Of another verb, to another table, in another transaction; and all, once it is disarmed."""
    failed = relay.fail_write(StatementFault(StatementError.TABLE_FULL, ("UPDATE",), "t"), ("'b'",))
    client = connect()
    for statement in ("INSERT INTO t VALUES ('b')", "UPDATE s SET a = 'b'", "UPDATE t SET a = 'c'"):
        assert client.say(statement) == OK
    relay.disarm(failed)
    assert client.say("UPDATE t SET a = 'b'") == OK
    assert failed.seen == ""


def test_after_a_failover_old_connections_write_nothing(relay: Relay, server: Server, connect: Connect) -> None:
    """They read, and end their transactions; new ones lead to a server that writes."""
    old = connect()
    assert relay.fail_over() == 1
    assert old.say("SELECT 1") == OK
    answer = old.say("INSERT INTO t VALUES (1)")
    assert answer is not None
    assert answer[:3] == b"\xff" + struct.pack("<H", 1290)
    assert relay.count_refused() == 1
    assert connect().say("INSERT INTO t VALUES (2)") == OK
    assert server.heard == ["SELECT 1", "INSERT INTO t VALUES (2)"]


def test_connections_are_cut_at_once(relay: Relay, connect: Connect) -> None:
    """And made anew by whoever wants to."""
    client = connect()
    relay.cut()
    with contextlib.suppress(ConnectionError):
        assert client.say("SELECT 1") is None
    assert connect().say("SELECT 1") == OK


def test_it_ends_with_all_its_connections(relay: Relay, connect: Connect) -> None:
    """And takes no more."""
    client = connect()
    relay.close()
    with contextlib.suppress(ConnectionError):
        assert client.say("SELECT 1") is None
    with pytest.raises(ConnectionError):
        connect()
