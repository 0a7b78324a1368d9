"""What a row that was awaited brought, and a patch that was sent: records, with their evidence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from harness.core.errors import Refusal
from harness.core.record import Evidence
from harness.spec.model import JsonObject
from harness.spec.row import Row
from harness.subject.log import LogEntry
from harness.subject.subject import Subject, Write


@dataclass
class Sync:
    """A row that was awaited, as one snapshot saw it, and the object at the version that the row holds."""

    write: Write
    row: Row | None                    # the one with the object's key
    rows: Sequence[Row]                # all of that namespace and name
    obj: JsonObject | None             # None where the object never had the row's version
    waited_s: float
    read_at: float                     # seconds since the epoch
    entries: Sequence[LogEntry]        # the log lines about the object, since the write
    server_time: dt.datetime           # MySQL's clock at that moment
    restarts: int = 0                  # of the controller manager, up to then
    crash: str = ""                    # what the controller manager did instead
    traces: Sequence[str] = ()         # the first lines of its panics
    stray_tables: Sequence[str] = ()   # other tables that hold the uid
    evidence: list[Evidence] = field(default_factory=list)
    describe: Callable[[], list[Evidence]] = list   # the evidence, made when it is asked for

    @property
    def arrived(self) -> bool:
        """Whether the row has reached the write."""
        return self.row is not None and self.row.res_version >= self.write.version


@dataclass
class Update:
    """A patch that was sent, and the answer; `recreation` where the CR was created again instead."""

    subject: Subject
    answer: JsonObject | Refusal
    write: Write | None                # None where it was refused
    previous: Row | None               # the row just before the patch
    previous_at: float                 # when it was read, in seconds since the epoch
    departed: bool                     # the object had left Kubernetes by then
    synced: Row | None = None          # the row as it was first seen after the creation
    deletion: str = ""                 # what is known of the object's deletion by somebody else
    recreation: Subject | None = None
    recreation_stays: bool = False     # it was still there after a while
    evidence: list[Evidence] = field(default_factory=list)
