"""What the steps of the scenario bring: records of what was sent, awaited and found, with the evidence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from harness.core.errors import Refusal
from harness.core.record import Evidence
from harness.sandbox.base import LogCursor
from harness.spec.model import Case, JsonObject
from harness.spec.row import Row
from harness.subject.history import ObjectHistory
from harness.subject.log import LogEntry


@dataclass
class Creation:
    """A CR that was sent, and the answer. `at` is on the monotonic clock; `history` is None if refused."""

    case: Case
    sent: JsonObject
    answer: JsonObject | Refusal
    at: float
    cursor: LogCursor
    restarts: int
    history: ObjectHistory | None = None
    evidence: list[Evidence] = field(default_factory=list)


@dataclass(frozen=True)
class Write:
    """An accepted request whose row is awaited: the object that the API server answered, and since when."""

    creation: Creation
    answer: JsonObject
    at: float
    cursor: LogCursor

    @property
    def uid(self) -> str:
        """The object's uid."""
        return str(self.answer["metadata"]["uid"])

    @property
    def version(self) -> int:
        """The resourceVersion that the write made."""
        return int(self.answer["metadata"]["resourceVersion"])


@dataclass
class Sync:
    """A row that was awaited, as one snapshot saw it, and the object at the version that the row holds."""

    write: Write
    row: Row | None                    # the one with the object's uid
    rows: Sequence[Row]                # all of that namespace and name
    obj: JsonObject | None             # None where the object never had the row's version
    waited_s: float
    read_at: float                     # seconds since the epoch
    entries: Sequence[LogEntry]        # the log lines about the object, since the write
    server_time: dt.datetime           # MySQL's clock at that moment
    restarts: int = 0                  # of the controller manager, up to then
    crash: str = ""                    # what the controller manager did instead
    stray_tables: Sequence[str] = ()   # other tables that hold the uid
    evidence: list[Evidence] = field(default_factory=list)
    describe: Callable[[], list[Evidence]] = list   # the evidence, made when it is asked for


@dataclass
class Update:
    """A patch that was sent, and the answer; `recreation` where the CR was created again instead."""

    creation: Creation
    answer: JsonObject | Refusal
    at: float
    cursor: LogCursor
    previous: Row | None               # the row just before the patch
    previous_at: float                 # when it was read, in seconds since the epoch
    departed: bool                     # the object had left Kubernetes by then
    synced: Row | None = None          # the row as it was first seen after the creation
    recreation: Creation | None = None
    recreation_stays: bool = False     # it was still there after a while
    evidence: list[Evidence] = field(default_factory=list)


def get_object(creation: Creation) -> JsonObject:
    """Return the object that the creation made; TypeError where it was refused, which the caller rules out."""
    if isinstance(creation.answer, Refusal):
        raise TypeError(f"{creation.case.name} was refused: {creation.answer}")
    return creation.answer


def get_history(creation: Creation) -> ObjectHistory:
    """Return the created object's history; TypeError where it was refused, which the caller rules out."""
    if creation.history is None:
        raise TypeError(f"{creation.case.name} was refused: {creation.answer}")
    return creation.history


def as_write(creation: Creation) -> Write:
    """Return the creation as a write whose row can be awaited; TypeError where it was refused."""
    return Write(creation, get_object(creation), creation.at, creation.cursor)
