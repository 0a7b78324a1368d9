"""All that a round asked for, did and saw: what it is judged from, now or again from its file.

Plain data, gathered as the round goes; it judges nothing. Times are monotonic seconds, `epoch` turns them into
seconds since the epoch. `harness.chapters.faults.round_file` is its format.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.chapters.faults.backoff import Allowance
from harness.chapters.faults.errorlog import Trouble
from harness.chapters.faults.final_state import FinalState
from harness.chapters.faults.load.history import Event
from harness.chapters.faults.load.sampler import Sighting
from harness.clients.mysql.tables import RowVersion
from harness.core.record import Finding
from harness.spec.model import JsonObject, Kind
from harness.spec.row import Row


@dataclass(frozen=True)
class Look:
    """What was in Kubernetes and in MySQL at one moment of a wait, and what the Ingester complained of by then.

    `objects` are by uid, with their identity alone; `rows` by kind and uid; `troubles` by name.
    """

    at: float
    objects: Mapping[str, JsonObject]
    rows: Mapping[str, Mapping[str, RowVersion]]
    troubles: Mapping[str, Trouble]


@dataclass
class Settling:
    """A wait for convergence: which version of each object its row is to reach, by uid, and every look."""

    began_at: float = 0.0
    targets: dict[str, int] = field(default_factory=dict)
    looks: list[Look] = field(default_factory=list)


@dataclass
class RoundResult:
    """What a round brought: what was measured, what was found, and what was seen, in words."""

    facts: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class RoundRecord:
    """One round, as far as it got: without `allowance` no convergence was waited for, without `final` to no end.

    `faults` are their names, `title` is what happened, in words. The load, of `kinds`, began at `started_at`.
    `retry_s`: every retry has to come within that time. `settled` is the wait after the fault, `settled_finally`
    that after the last writes, which are `final_writes`, by uid; `first_final` is the first one's version.
    `sightings` are the changes of rows that the sampler saw in its looks, of which some failed; `samples` are
    whole rows, with their kind. `noted` is what was measured, found and seen before anything was judged.
    """

    faults: list[str] = field(default_factory=list)
    title: str = ""
    seed: int = 0
    namespace: str = ""
    kinds: list[Kind] = field(default_factory=list)
    immutable: frozenset[str] = frozenset()
    retained: frozenset[str] = frozenset()
    epoch: float = field(default_factory=lambda: time.time() - time.monotonic())
    started_at: float = 0.0
    injected_at: float = 0.0
    proven_at: float = 0.0
    recovering_at: float = 0.0
    recovered_at: float = 0.0
    retry_s: float = 0.0
    allowance: Allowance | None = None
    events: list[Event] = field(default_factory=list)
    settled: Settling = field(default_factory=Settling)
    final_writes: dict[str, JsonObject] = field(default_factory=dict)
    first_final: int = 0
    settled_finally: Settling = field(default_factory=Settling)
    sightings: list[Sighting] = field(default_factory=list)
    samples: list[tuple[str, Row]] = field(default_factory=list)
    sampler_looks: int = 0
    failed_looks: int = 0
    troubles: dict[str, Trouble] = field(default_factory=dict)
    final: FinalState | None = None
    noted: RoundResult = field(default_factory=RoundResult)

    @property
    def kinds_by_name(self) -> dict[str, Kind]:
        """The kinds by name, in the report's order."""
        return {kind.name: kind for kind in self.kinds}


_IDENTITY = ("name", "uid", "resourceVersion", "deletionTimestamp", "finalizers")


class Identities:
    """Cuts objects down to what a look keeps of them; equal ones are kept once, since a wait has many looks."""

    def __init__(self) -> None:
        self._known: dict[str, JsonObject] = {}

    def reduce(self, objects: Mapping[str, JsonObject]) -> dict[str, JsonObject]:
        """Return the objects with their kind and identity alone."""
        return {uid: self._intern(uid, obj) for uid, obj in objects.items()}

    def _intern(self, uid: str, obj: JsonObject) -> JsonObject:
        metadata = obj["metadata"]
        reduced = {"kind": obj["kind"], "metadata": {key: metadata[key] for key in _IDENTITY if key in metadata}}
        if self._known.get(uid) != reduced:
            self._known[uid] = reduced
        return self._known[uid]
