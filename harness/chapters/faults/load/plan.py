"""What each client of the load is going to do: a fixed sequence of operations, made from a seed alone.

Two plans of one seed are equal, whatever happens while they are carried out. A plan assumes that each operation
succeeds; what becomes of one that does not is the client's business (`harness.chapters.faults.load.workload`).
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from harness.spec.model import Case, JsonObject

REST = 8
"""How many operations of its client pass before a deleted object is created again."""
LIFE = 4
"""How many pass before a created one is deleted."""
FEWEST_OBJECTS = 12
"""How many names a client has at least, so that a load of few kinds is no smaller."""

_LABELS = ("load/stage", "load/team", "load/cost-centre")
_ANNOTATIONS = ("load/note", "load/reviewed-by")


class Verb(StrEnum):
    """What a client does to an object."""

    CREATE = "create"
    PATCH = "patch"          # a field of the spec, one that reaches an indexed column where the kind has such
    RELABEL = "relabel"      # a label is added, changed or removed
    ANNOTATE = "annotate"    # likewise an annotation
    DELETE = "delete"


_CHANGES = {Verb.PATCH: 40, Verb.RELABEL: 30, Verb.ANNOTATE: 15, Verb.DELETE: 15}


@dataclass(frozen=True)
class Operation:
    """One request of one client; `body` is what is merged into the object, of CREATE into the kind's template."""

    client: int
    number: int
    verb: Verb
    kind: str
    name: str
    body: JsonObject = field(default_factory=dict)

    def __str__(self) -> str:
        """Return it in words, such as 'client 1, operation 7: relabel Project project-1'."""
        return f"client {self.client}, operation {self.number}: {self.verb} {self.kind} {self.name}"


def make_plan(
    seed: int, client: int, cases: Sequence[Case], *, immutable: frozenset[str] = frozenset()
) -> Iterator[Operation]:
    """Yield the client's operations, without end; objects of `immutable` kinds are created and left alone."""
    return _Planner(seed, client, cases, immutable).plan()


@dataclass
class _Slot:
    """One name of one kind, as the plan sees it."""

    case: Case
    name: str
    lives: bool = False
    since: int = -REST          # the operation that created or deleted it
    made: int = 0
    labels: set[str] = field(default_factory=set)
    annotations: set[str] = field(default_factory=set)


class _Planner:
    def __init__(self, seed: int, client: int, cases: Sequence[Case], immutable: frozenset[str]) -> None:
        self._random = random.Random(f"{seed}/{client}")  # noqa: S311  reproducible, not secret
        self._client = client
        self._prefix = f"s{seed}-c{client}"
        self._immutable = immutable
        each = math.ceil(FEWEST_OBJECTS / len(cases))
        self._slots = [_Slot(case, f"{case.name.lower()}-{client}-{n}") for case in cases for n in range(each)]

    def plan(self) -> Iterator[Operation]:
        number = 0
        while True:
            ready = [slot for slot in self._slots if self._is_ready(slot, number)]
            slot = self._random.choice(ready) if ready else min(self._slots, key=lambda slot: slot.since)
            verb = self._choose(slot, number)
            name = self._name(slot, verb)
            yield Operation(self._client, number, verb, slot.case.name, name, self._apply(slot, verb, number))
            number += 1

    def _is_ready(self, slot: _Slot, number: int) -> bool:
        """Whether the slot may have its turn; one that is alive always may."""
        return slot.lives or slot.case.name in self._immutable or number - slot.since >= REST

    def _choose(self, slot: _Slot, number: int) -> Verb:
        if not slot.lives:
            return Verb.CREATE
        verbs = [verb for verb in _CHANGES if verb is not Verb.DELETE or number - slot.since >= LIFE]
        if not slot.case.load:
            verbs.remove(Verb.PATCH)   # no field of the kind is known that could be changed
        return self._random.choices(verbs, [_CHANGES[verb] for verb in verbs])[0]

    def _name(self, slot: _Slot, verb: Verb) -> str:
        if slot.case.name not in self._immutable:
            return slot.name
        if verb is Verb.CREATE:
            slot.made += 1
        return f"{slot.name}-{slot.made}"

    def _apply(self, slot: _Slot, verb: Verb, number: int) -> JsonObject:
        """Return the operation's body, and note in the slot what the object then is."""
        text = f"{self._prefix}-{number}"
        match verb:
            case Verb.CREATE:
                slot.since, slot.lives = number, slot.case.name not in self._immutable
                slot.labels, slot.annotations = {_LABELS[0]}, {_ANNOTATIONS[0]}
                return {
                    **slot.case.make_change(number, text),
                    "metadata": {"labels": {_LABELS[0]: text}, "annotations": {_ANNOTATIONS[0]: self._note(text)}},
                }
            case Verb.PATCH:
                return slot.case.make_change(number, text)
            case Verb.RELABEL:
                return {"metadata": {"labels": self._change(slot.labels, _LABELS, text)}}
            case Verb.ANNOTATE:
                note = self._note(text)
                return {"metadata": {"annotations": self._change(slot.annotations, _ANNOTATIONS, note)}}
            case Verb.DELETE:
                slot.since, slot.lives = number, False
                return {}

    def _change(self, present: set[str], keys: Sequence[str], text: str) -> dict[str, str | None]:
        """Return one key with its new value, None where it is removed."""
        key = self._random.choice(keys)
        if key in present and self._random.random() < 0.4:
            present.discard(key)
            return {key: None}
        present.add(key)
        return {key: text}

    def _note(self, text: str) -> str:
        return f"{text}: " + "it's \"quoted\", naïve — 漢字 🚀; " * self._random.randint(1, 20)
