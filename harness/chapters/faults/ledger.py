"""What the clients of the load asked for and what they were answered: the truth that the checkers start from.

It is complete: an operation that was not sent stands in it as well, with the reason. Every other record here is
derived from its entries.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from harness.chapters.faults.plan import Operation, Verb
from harness.clients.kube import get_version
from harness.spec.model import JsonObject


class Outcome(StrEnum):
    """What became of an operation."""

    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"          # the API server says that it did not do it
    UNCERTAIN = "uncertain"      # the connection broke: it may have been done
    SKIPPED = "skipped"          # not sent: its object is not there
    SEEN = "seen"                # not an operation: the object's state was read after an uncertain one


@dataclass(frozen=True)
class Entry:
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
class Life:
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


class Ledger:
    """The entries of all clients, in the order of their answers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: list[Entry] = []

    def add(self, entry: Entry) -> None:
        """Note an entry; from any thread."""
        with self._lock:
            self._entries.append(entry)

    @property
    def entries(self) -> list[Entry]:
        """All entries so far."""
        with self._lock:
            return list(self._entries)

    def count(self, outcome: Outcome, *, since: float = 0.0, until: float = float("inf")) -> int:
        """Return how many operations ended so, with an answer between two moments."""
        return sum(e.outcome is outcome and since <= e.answered_at < until for e in self.entries)

    def count_verbs(self, *, until: float = float("inf")) -> Counter[Verb]:
        """Return how many operations of each verb were acknowledged before a moment."""
        return Counter(
            e.operation.verb
            for e in self.entries
            if e.outcome is Outcome.ACKNOWLEDGED and e.answered_at < until
        )

    def find_newest(self, kind: str, *, until: float) -> dict[str, int]:
        """Return the newest version acknowledged before a moment, by uid, of the kind's objects then alive."""
        newest: dict[str, int] = {}
        for entry in self.entries:
            if entry.operation.kind != kind or entry.answered_at >= until:
                continue
            if entry.object is not None and entry.outcome is Outcome.ACKNOWLEDGED:
                newest[entry.uid] = get_version(entry.object)
            elif entry.operation.verb is Verb.DELETE:
                newest.pop(entry.uid, None)
        return newest


def trace_lives(entries: Sequence[Entry]) -> dict[str, Life]:
    """Return the life of every object that the entries tell of, by uid."""
    lives: dict[str, Life] = {}
    for entry in entries:
        if not entry.uid:
            continue
        operation = entry.operation
        life = lives.setdefault(entry.uid, Life(operation.kind, operation.name, entry.uid))
        if entry.object is not None:
            life.versions[get_version(entry.object)] = entry.object
        if operation.verb is Verb.CREATE and entry.outcome is Outcome.ACKNOWLEDGED:
            life.created_at = entry.answered_at
        if operation.verb is Verb.DELETE and entry.outcome in (Outcome.ACKNOWLEDGED, Outcome.UNCERTAIN):
            life.delete_at = entry.answered_at
            life.deleted = life.deleted or entry.outcome is Outcome.ACKNOWLEDGED
        if entry.outcome is Outcome.SEEN and life.delete_at is not None:
            life.deleted = life.deleted or entry.object is None or is_going(entry.object)
    return lives


def is_going(obj: JsonObject) -> bool:
    """Whether the object's deletion has been asked for."""
    return bool(obj["metadata"].get("deletionTimestamp"))


def describe(entries: Sequence[Entry], uid: str, last: int = 12) -> str:
    """Return the last operations on an object, one a line."""
    own = [entry for entry in entries if entry.uid == uid]
    return "\n".join(map(str, own[-last:]))
