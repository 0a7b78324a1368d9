"""A relay between the controller manager and MySQL that can fail a write at the very moment when it is to last.

It lives in the run's own process, a pair of threads for each connection. It fails what it was told to and passes
on all else, unread; it judges nothing. Which statement does what, `mysqlwire` says.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from harness.sandbox.capabilities import FailedWrite, StatementError, StatementFault, WriteFault
from harness.sandbox.local.servers.mysqlwire import (
    HEADER_SIZE,
    MAX_PAYLOAD,
    Command,
    Role,
    Session,
    is_greeting,
    make_error,
    make_packet,
    make_plain,
    make_query,
    parse_header,
)
from harness.sandbox.ports import LOOPBACK

COMMIT_ERROR = 1180, "Got error 149 - 'Lock deadlock; Retry transaction' during COMMIT"
READ_ONLY_ERROR = (
    1290,
    "The MySQL server is running with the --read-only option so it cannot execute this statement",
)
STATEMENT_ERRORS = {   # number, message, state
    StatementError.LOCK_WAIT: (1205, "Lock wait timeout exceeded; try restarting transaction", "HY000"),
    StatementError.DEADLOCK: (
        1213,
        "Deadlock found when trying to get lock; try restarting transaction",
        "40001",
    ),
    StatementError.TABLE_FULL: (1114, "The table is full", "HY000"),
}
_CONNECT_TIMEOUT_S = 10.0
_WORDS = {
    WriteFault.REFUSED: f"was rolled back and answered with error {COMMIT_ERROR[0]}",
    WriteFault.CUT: "did not arrive: its connection was cut",
    WriteFault.UNANSWERED: "was carried out; its connection was cut before the answer",
}


@dataclass(eq=False)
class _Armed:
    """A write that is to fail, once its transaction has said all of one group of `named`."""

    fault: WriteFault | StatementFault
    named: Sequence[Sequence[bytes]]
    result: FailedWrite

    def is_for(self, command: Command) -> bool:
        """Whether this is the command that is to fail."""
        if isinstance(self.fault, StatementFault):
            meant = command.verb in self.fault.verbs and command.writes_to(self.fault.table)
        else:
            meant = command.role in (Role.COMMIT, Role.LAST_WRITE)
        return meant and any(all(text in command.said for text in group) for group in self.named)


class Relay:
    """Listens on a loopback port until it is closed, and leads each client to `host` and `port`."""

    def __init__(self, host: str, port: int) -> None:
        self._server = host, port
        self._lock = threading.Lock()
        self._armed: list[_Armed] = []
        self._open: set[_Connection] = set()
        self._refused = 0
        self._listener = socket.create_server((LOOPBACK, 0))
        self.host: str = LOOPBACK
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, name="MySQL relay", daemon=True).start()

    def fail_write(self, fault: WriteFault | StatementFault, *named: Sequence[str]) -> FailedWrite:
        """Fail the next write whose transaction has said one group of `named`; it says so once it did."""
        armed = _Armed(fault, [[text.encode() for text in group] for group in named], FailedWrite())
        with self._lock:
            self._armed.append(armed)
        return armed.result

    def disarm(self, failed: FailedWrite) -> None:
        """Let it pass, where it has not come yet."""
        with self._lock:
            self._armed = [armed for armed in self._armed if armed.result is not failed]

    def fail_over(self) -> int:
        """Let nothing more be written over the connections that there are; return how many these are."""
        with self._lock:
            for connection in self._open:
                connection.is_read_only = True
            return len(self._open)

    def count_refused(self) -> int:
        """Return how many writes were refused as to a read-only server."""
        return self._refused

    def close(self) -> None:
        """Close everything."""
        _close(self._listener)   # which ends the wait for clients
        self.cut()

    def cut(self) -> None:
        """Close the connections that there are."""
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            connection.close()

    def choose(self, command: Command) -> _Armed | None:
        """Return what was told of a command; it is told of once."""
        if command.role is Role.OTHER:
            return None
        with self._lock:
            for armed in self._armed:
                if armed.is_for(command):
                    self._armed.remove(armed)
                    return armed
        return None

    def note_refused(self) -> None:
        """Count a write that a read-only server would not have carried out."""
        with self._lock:
            self._refused += 1

    def forget(self, connection: _Connection) -> None:
        """Take a connection for closed."""
        with self._lock:
            self._open.discard(connection)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return   # closed
            try:
                server = socket.create_connection(self._server, timeout=_CONNECT_TIMEOUT_S)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            connection = _Connection(self, client, server)
            with self._lock:
                self._open.add(connection)
            connection.start()


class _Connection:
    """One client's way to the server, and back."""

    def __init__(self, relay: Relay, client: socket.socket, server: socket.socket) -> None:
        self.is_read_only = False
        self._relay = relay
        self._client = client
        self._server = server
        self._session = Session()
        self._answer: bytes | None = None   # what the client gets in place of the server's next packet
        self._ends = False                  # with the server's next packet
        for each in (client, server):
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def start(self) -> None:
        """Pass on what both say, until one of them is done."""
        for work in (self._hear_client, self._hear_server):
            threading.Thread(target=self._run, args=(work,), daemon=True).start()

    def close(self) -> None:
        """End it for both."""
        for each in (self._client, self._server):
            _close(each)
        self._relay.forget(self)

    def _run(self, work: Callable[[], None]) -> None:
        try:
            with contextlib.suppress(OSError, EOFError):
                work()
        finally:
            self.close()

    def _hear_client(self) -> None:
        continues = False
        with self._client.makefile("rb") as reader:
            while True:
                payload, sequence = _read(reader)
                is_command = sequence == 0 and not continues and bool(payload)
                continues = len(payload) == MAX_PAYLOAD
                if not is_command or self._pass_on(self._session.note_command(payload)):
                    self._server.sendall(make_packet(payload, sequence))

    def _pass_on(self, command: Command) -> bool:
        """Whether a command is to reach the server; where not, what is to happen in its place has."""
        if self.is_read_only and command.role in (Role.WRITE, Role.LAST_WRITE):
            self._relay.note_refused()
            self._client.sendall(make_packet(make_error(*READ_ONLY_ERROR), 1))
            return False
        armed = self._relay.choose(command)
        if armed is None:
            return True
        if isinstance(armed.fault, StatementFault):
            number, *words = STATEMENT_ERRORS[armed.fault.error]
            armed.result.seen = f"its {command.verb} of {armed.fault.table} was answered with error {number}"
            self._refuse(command, make_error(number, *words), undoes=armed.fault.error is StatementError.DEADLOCK)
            return False
        what = "its COMMIT" if command.role is Role.COMMIT else "the statement, which is its own transaction,"
        armed.result.seen = f"{what} {_WORDS[armed.fault]}"
        if armed.fault is WriteFault.CUT:
            raise EOFError
        if armed.fault is WriteFault.UNANSWERED:
            self._ends = True
            return True
        self._refuse(command, make_error(*COMMIT_ERROR), undoes=command.role is Role.COMMIT)
        return False

    def _refuse(self, command: Command, error: bytes, *, undoes: bool) -> None:
        """Answer with an error; what its transaction has written before may be undone."""
        packet = make_packet(error, 1)
        if undoes and command.role is not Role.LAST_WRITE:
            self._session.note_rollback()
            self._answer = packet   # to the ROLLBACK, which the client has not said
            self._server.sendall(make_packet(make_query("ROLLBACK"), 0))
        else:
            self._client.sendall(packet)

    def _hear_server(self) -> None:
        with self._server.makefile("rb") as reader:
            payload, sequence = _read(reader)
            shown = make_plain(payload) if is_greeting(payload) else payload
            self._client.sendall(make_packet(shown, sequence))
            while True:
                payload, sequence = _read(reader)
                if self._ends:
                    raise EOFError
                answer, self._answer = self._answer, None
                if answer is None and sequence == 1:
                    self._session.note_answer(payload)
                self._client.sendall(answer or make_packet(payload, sequence))


def _read(stream: BinaryIO) -> tuple[bytes, int]:
    """Return the next packet's payload and number; EOFError where there is no more."""
    header = stream.read(HEADER_SIZE)
    if len(header) < HEADER_SIZE:
        raise EOFError
    length, sequence = parse_header(header)
    payload = stream.read(length)
    if len(payload) < length:
        raise EOFError
    return payload, sequence


def _close(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)   # who waits for it in another thread is told
    end.close()
