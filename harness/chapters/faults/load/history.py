"""What the clients of the load asked for and what they were answered: the truth that the checkers start from.

It is complete: an operation that was not sent stands in it as well, with the reason. Every other record here is
derived from its events.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from harness.chapters.faults.load.plan import Operation, Verb
from harness.clients.kube import get_version
from harness.spec.model import JsonObject


class Outcome(StrEnum):
    """What became of an operation."""

    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"               # the API server says that it did not do it
    INDETERMINATE = "indeterminate"   # the connection broke: it may have been done
    SKIPPED = "skipped"               # not sent: its object is not there
    SEEN = "seen"                     # not an operation: the object's state was read after an indeterminate one


@dataclass(frozen=True)
class Event:
    """One operation and its outcome; times are monotonic seconds.

    `object` is what the API server answered; `uid` is that of the object that the client took itself to address.
    """

    operation: Operation
    outcome: Outcome
    sent_at: float
    answered_at: float
    uid: str = ""
    object: JsonObject | None = None
    answer: str = ""

    def __str__(self) -> str:
        """Return it in words."""
        version = f" at resourceVersion {get_version(self.object)}" if self.object else ""
        return f"{self.operation}: {self.outcome}{version}{f' ({self.answer})' if self.answer else ''}"


@dataclass
class ObjectRecord:
    """One object from its creation to its end, as the clients know it.

    `versions` are those that the API server answered. `created_at` is None where the creation was not acknowledged
    and the object was found by reading. `delete_at` is when its deletion was asked for, `deleted` whether that was
    acknowledged, or seen to have been done.
    """

    kind: str
    name: str
    uid: str
    created_at: float | None = None
    versions: dict[int, JsonObject] = field(default_factory=dict)
    delete_at: float | None = None
    deleted: bool = False

    @property
    def acknowledged(self) -> int:
        """The newest resourceVersion that was acknowledged or seen."""
        return max(self.versions, default=0)

    @property
    def title(self) -> str:
        """What it is called in findings."""
        return f"{self.kind} {self.name} ({self.uid[:8]})"


class History:
    """The events of all clients, in the order of their answers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: list[Event] = []

    def add(self, event: Event) -> None:
        """Note an event; from any thread."""
        with self._lock:
            self._events.append(event)

    @property
    def events(self) -> list[Event]:
        """All events so far."""
        with self._lock:
            return list(self._events)

    def count(self, outcome: Outcome, *, since: float = 0.0, until: float = float("inf")) -> int:
        """Return how many operations ended so, with an answer between two moments."""
        return sum(e.outcome is outcome and since <= e.answered_at < until for e in self.events)

    def count_verbs(self, *, until: float = float("inf")) -> Counter[Verb]:
        """Return how many operations of each verb were acknowledged before a moment."""
        return Counter(
            e.operation.verb
            for e in self.events
            if e.outcome is Outcome.ACKNOWLEDGED and e.answered_at < until
        )

    def find_newest(self, kind: str, *, until: float) -> dict[str, int]:
        """Return the newest version acknowledged before a moment, by uid, of the kind's objects then alive."""
        newest: dict[str, int] = {}
        for event in self.events:
            if event.operation.kind != kind or event.answered_at >= until:
                continue
            if event.object is not None and event.outcome is Outcome.ACKNOWLEDGED:
                newest[event.uid] = get_version(event.object)
            elif event.operation.verb is Verb.DELETE:
                newest.pop(event.uid, None)
        return newest


def trace_objects(events: Sequence[Event]) -> dict[str, ObjectRecord]:
    """Return the record of every object that the events tell of, by uid."""
    records: dict[str, ObjectRecord] = {}
    for event in events:
        if not event.uid:
            continue
        operation = event.operation
        record = records.setdefault(event.uid, ObjectRecord(operation.kind, operation.name, event.uid))
        if event.object is not None:
            record.versions[get_version(event.object)] = event.object
        if operation.verb is Verb.CREATE and event.outcome is Outcome.ACKNOWLEDGED:
            record.created_at = event.answered_at
        if operation.verb is Verb.DELETE and event.outcome in (Outcome.ACKNOWLEDGED, Outcome.INDETERMINATE):
            record.delete_at = event.answered_at
            record.deleted = record.deleted or event.outcome is Outcome.ACKNOWLEDGED
        if event.outcome is Outcome.SEEN and record.delete_at is not None:
            record.deleted = record.deleted or event.object is None or is_going(event.object)
    return records


def is_going(obj: JsonObject) -> bool:
    """Whether the object's deletion has been asked for."""
    return bool(obj["metadata"].get("deletionTimestamp"))


def describe(events: Sequence[Event], uid: str, last: int = 12) -> str:
    """Return the last operations on an object, one a line."""
    own = [event for event in events if event.uid == uid]
    return "\n".join(map(str, own[-last:]))
