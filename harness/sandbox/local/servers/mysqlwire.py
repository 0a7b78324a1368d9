"""What a relay has to know of MySQL's protocol to tell a write that is about to become lasting; no sockets.

Of a client's commands it follows the text, prepared or not, and where its transactions begin and end. It reads no
result but a prepared statement's number. Encrypted and compressed connections can't be followed, so `make_plain`
takes both from what a server offers.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from enum import Enum, auto

HEADER_SIZE = 4
MAX_PAYLOAD = 0xFFFFFF

_QUERY, _PREPARE, _EXECUTE = 0x03, 0x16, 0x17
_OK, _ERROR = 0x00, 0xFF
_SSL, _COMPRESS = 0x0800, 0x0020            # capabilities, in the lower half
_ZSTD, _QUERY_ATTRIBUTES = 0x0400, 0x0800   # in the upper half
_AUTOCOMMIT = re.compile(rb"autocommit\s*=\s*(0|1|on|off|false|true)\b", re.IGNORECASE)
_NOISE = re.compile(rb"(\s|--\s[^\n]*(\n|$)|#[^\n]*(\n|$)|/\*.*?\*/)+", re.DOTALL)
_WRITES = frozenset((b"INSERT", b"UPDATE", b"DELETE", b"REPLACE"))


class Role(Enum):
    """What a command is to the data that was written before it."""

    COMMIT = auto()       # makes a transaction's writes last
    WRITE = auto()        # in a transaction
    LAST_WRITE = auto()   # in none: it makes itself last
    OTHER = auto()


@dataclass(frozen=True)
class Command:
    """A command, its statement's text ('' where it carries none out), and all that its transaction has said."""

    role: Role
    said: bytes
    text: bytes = b""

    @property
    def verb(self) -> str:
        """The statement's first word, in capitals; '' where there is none."""
        return _find_first_word(self.text).decode()

    def writes_to(self, table: str) -> bool:
        """Whether the statement is one that writes, and to that table."""
        target = rb"\b(INTO|UPDATE|FROM|REPLACE|INSERT)\s+(IGNORE\s+)?([`\"]?\w+[`\"]?\.)?[`\"]?%b\b(?!\s*\.)"
        writes = self.role in (Role.WRITE, Role.LAST_WRITE)
        return writes and bool(re.search(target % re.escape(table.encode()), self.text, re.IGNORECASE))


class Session:
    """What one client has said: its prepared statements, and whether it is in a transaction."""

    def __init__(self) -> None:
        self._prepared: dict[int, bytes] = {}
        self._preparing: bytes | None = None
        self._autocommits = True
        self._has_begun = False
        self._said = bytearray()

    def note_command(self, payload: bytes) -> Command:
        """Take a command down, and return what it is."""
        text = self._find_text(payload)
        word = _find_first_word(text) if payload[0] != _PREPARE else b""
        self._said += text
        self._said += payload
        said = bytes(self._said)
        lasts = self._autocommits and not self._has_begun
        if word in (b"COMMIT", b"ROLLBACK"):
            self.note_rollback()
            return Command(Role.COMMIT if word == b"COMMIT" else Role.OTHER, said)
        if word in (b"BEGIN", b"START"):
            self._has_begun = True
        elif word == b"SET" and (found := _AUTOCOMMIT.search(text)):
            self._autocommits = found[1].lower() in (b"1", b"on", b"true")
        elif word and lasts:
            self._said.clear()
        if word not in _WRITES:
            return Command(Role.OTHER, said)
        return Command(Role.LAST_WRITE if lasts else Role.WRITE, said, text)

    def note_rollback(self) -> None:
        """Take down that the server has undone the transaction by itself."""
        self._has_begun = False
        self._said.clear()

    def note_answer(self, payload: bytes) -> None:
        """Take down the first packet of an answer: of a prepared statement it has the number."""
        if self._preparing is not None and payload[:1] == bytes([_OK]):
            (number,) = struct.unpack_from("<I", payload, 1)
            self._prepared[number] = self._preparing
        self._preparing = None

    def _find_text(self, payload: bytes) -> bytes:
        if payload[0] == _PREPARE:
            self._preparing = payload[1:]
            return b""   # the payload has it
        if payload[0] == _QUERY:
            return payload[1:]
        if payload[0] == _EXECUTE:
            (number,) = struct.unpack_from("<I", payload, 1)
            return self._prepared.get(number, b"")
        return b""


def make_plain(greeting: bytes) -> bytes:
    """Return a server's first payload without the capabilities that would hide what is said."""
    changed = bytearray(greeting)
    lower = greeting.index(b"\0", 1) + 1 + 4 + 8 + 1   # after version, connection number, half of the scramble
    upper = lower + 2 + 1 + 2                          # after the lower half, character set and status
    for place, hiding in ((lower, _SSL | _COMPRESS), (upper, _ZSTD | _QUERY_ATTRIBUTES)):
        (offered,) = struct.unpack_from("<H", changed, place)
        struct.pack_into("<H", changed, place, offered & ~hiding)
    return bytes(changed)


def is_greeting(payload: bytes) -> bool:
    """Whether a server's first payload is its greeting, and no refusal."""
    return payload[:1] != bytes([_ERROR])


def make_error(number: int, message: str, state: str = "HY000") -> bytes:
    """Return the payload of an error."""
    return struct.pack("<BH", _ERROR, number) + f"#{state}{message}".encode()


def make_query(text: str) -> bytes:
    """Return the payload of a command that carries out a statement."""
    return bytes([_QUERY]) + text.encode()


def make_packet(payload: bytes, sequence: int) -> bytes:
    """Return the payload with its header."""
    return struct.pack("<I", len(payload))[:3] + bytes([sequence]) + payload


def parse_header(header: bytes) -> tuple[int, int]:
    """Return the length of a packet's payload, and its number."""
    return int.from_bytes(header[:3], "little"), header[3]


def _find_first_word(text: bytes) -> bytes:
    rest = _NOISE.sub(b" ", text[:200], count=1).lstrip() if _NOISE.match(text) else text
    found = re.match(rb"\w+", rest)
    return found[0].upper() if found else b""
