"""What is known of a kind so far: made of the journal's lines, one after another, and of nothing else."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from harness.audit.classes import AuditClass
from harness.audit.finding import AuditFinding
from harness.audit.journal import Event
from harness.audit.reading import FIRST_LIMIT

EXAMPLES = 5
"""How many findings of a class and a kind are shown; the others are in the file of all findings."""


@dataclass
class Suspect:
    """What may be wrong, and is to be looked at again.

    `version` is the object's when it was seen first, 0 where it was not; `row_version` and `row_live` are the
    row's, as it was seen last. `first_at` is when (seconds since the epoch) it was first seen to be of its class,
    None where the object itself has not been looked at yet.
    """

    kind: str
    key: str
    namespace: str
    name: str
    version: int
    row_version: int
    row_live: bool
    audit_class: AuditClass
    first_at: float | None


@dataclass
class Tally:
    """How many there are of each class, since when (RFC 3339, the oldest), and some examples."""

    counts: Counter[AuditClass] = field(default_factory=Counter)
    oldest: dict[AuditClass, str] = field(default_factory=dict)
    examples: dict[AuditClass, list[AuditFinding]] = field(default_factory=dict)

    def count(self, audit_class: AuditClass, number: int = 1) -> None:
        """Count so many of a class."""
        if number:
            self.counts[audit_class] += number

    def add(self, finding: AuditFinding) -> None:
        """Count a finding."""
        audit_class = finding.audit_class
        self.count(audit_class)
        if finding.since and finding.since < self.oldest.get(audit_class, "~"):
            self.oldest[audit_class] = finding.since
        examples = self.examples.setdefault(audit_class, [])
        if len(examples) < EXAMPLES:
            examples.append(finding)


@dataclass
class KindState:
    """How far a kind was read, and what was found.

    `token` and `limit` are those of the next page, `after` is the last key of the table that was read; `seen` are
    the keys of all objects. `objects`, `rows` (without objects) and `compared` are numbers.
    """

    name: str
    token: str = ""
    limit: int = FIRST_LIMIT
    listed: bool = False
    after: str = ""
    done: bool = False
    objects: int = 0
    rows: int = 0
    compared: int = 0
    seen: set[str] = field(default_factory=set)
    suspects: list[Suspect] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)

    @classmethod
    def recall(cls, name: str, events: Iterable[Event]) -> KindState:
        """Return what the journal's lines say of the kind of that name."""
        state = cls(name)
        for event in events:
            state.apply(event)
        return state

    def apply(self, event: Event) -> None:
        """Take a line of the journal in."""
        for name, number in event["counts"].items():
            self.tally.count(AuditClass(name), number)
        for data in event["findings"]:
            self.tally.add(AuditFinding.from_json(data))
        self.suspects += [
            Suspect(**{**data, "audit_class": AuditClass(data["audit_class"])}) for data in event["suspects"]
        ]
        if "token" in event:
            self.seen.update(event["keys"])
            self.objects += len(event["keys"])
            self.compared += event["compared"]
            self.token, self.limit, self.listed = event["token"], event["limit"], not event["token"]
        else:
            self.rows += event["rows"]
            self.after, self.done = event["after"], event["done"]
        if self.done:
            self.seen = set()   # no longer needed


def make_event(
    counts: Counter[AuditClass], findings: Iterable[AuditFinding], suspects: Iterable[Suspect], **place: object
) -> Event:
    """Return what a batch has brought as a line of the journal; `place` says how far it has come."""
    return {
        "counts": {audit_class.value: number for audit_class, number in counts.items()},
        "findings": [finding.to_json() for finding in findings],
        "suspects": [dataclasses.asdict(suspect) for suspect in suspects],
        **place,
    }
