"""What each client of the load is going to do: a fixed sequence of operations, made from a seed alone.

Two plans of one seed are equal, whatever happens while they are carried out. A plan assumes that each operation
succeeds; what becomes of one that does not is the client's business (`harness.chapters.faults.load.workload`).
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from harness.spec.model import JsonObject

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


def _spec(**fields: Any) -> JsonObject:
    return {"spec": fields}


_FIELDS: Mapping[str, Callable[[int, str], JsonObject]] = {
    "Project": lambda number, text: _spec(tier=1 + number % 5, description=text),
    "ModelFamily": lambda _, text: _spec(name=text),
    "Model": lambda _, text: _spec(algorithm=text, description=text),
    "Pipeline": lambda _, text: _spec(owner={"name": text}),
    "PipelineRun": lambda _, text: _spec(actor={"name": text}),
    "InferenceServer": lambda _, text: _spec(owner={"name": text}),
    "Revision": lambda _, text: _spec(owner={"name": text}),
    "Cluster": lambda _, text: _spec(region=text),
    "RayCluster": lambda _, text: _spec(rayVersion=text),
    "RayJob": lambda _, text: _spec(entrypoint=f"python {text}.py"),
    "SparkJob": lambda _, text: _spec(sparkVersion=text),
    "TriggerRun": lambda number, text: _spec(autoFlip=number % 2 == 0, sourceTriggerName=text),
    "Deployment": lambda number, text: _spec(
        owner={"name": text},
        definition={"type": ("TARGET_TYPE_OFFLINE", "TARGET_TYPE_MOBILE")[number % 2]},
    ),
}
"""The field that PATCH changes, by kind, from the operation's number and a text that no other operation has."""


def make_plan(
    seed: int, client: int, kinds: Sequence[str], *, immutable: frozenset[str] = frozenset()
) -> Iterator[Operation]:
    """Yield the client's operations, without end; objects of `immutable` kinds are created and left alone."""
    return _Planner(seed, client, kinds, immutable).plan()


@dataclass
class _Slot:
    """One name of one kind, as the plan sees it."""

    kind: str
    name: str
    lives: bool = False
    since: int = -REST          # the operation that created or deleted it
    made: int = 0
    labels: set[str] = field(default_factory=set)
    annotations: set[str] = field(default_factory=set)


class _Planner:
    def __init__(self, seed: int, client: int, kinds: Sequence[str], immutable: frozenset[str]) -> None:
        self._random = random.Random(f"{seed}/{client}")  # noqa: S311  reproducible, not secret
        self._client = client
        self._prefix = f"s{seed}-c{client}"
        self._immutable = immutable
        each = math.ceil(FEWEST_OBJECTS / len(kinds))
        self._slots = [_Slot(kind, f"{kind.lower()}-{client}-{n}") for kind in kinds for n in range(each)]

    def plan(self) -> Iterator[Operation]:
        number = 0
        while True:
            ready = [slot for slot in self._slots if self._is_ready(slot, number)]
            slot = self._random.choice(ready) if ready else min(self._slots, key=lambda slot: slot.since)
            verb = self._choose(slot, number)
            yield Operation(self._client, number, verb, slot.kind, self._name(slot, verb), self._apply(
                slot, verb, number
            ))
            number += 1

    def _is_ready(self, slot: _Slot, number: int) -> bool:
        """Whether the slot may have its turn; one that is alive always may."""
        return slot.lives or slot.kind in self._immutable or number - slot.since >= REST

    def _choose(self, slot: _Slot, number: int) -> Verb:
        if not slot.lives:
            return Verb.CREATE
        verbs = [verb for verb in _CHANGES if verb is not Verb.DELETE or number - slot.since >= LIFE]
        return self._random.choices(verbs, [_CHANGES[verb] for verb in verbs])[0]

    def _name(self, slot: _Slot, verb: Verb) -> str:
        if slot.kind not in self._immutable:
            return slot.name
        if verb is Verb.CREATE:
            slot.made += 1
        return f"{slot.name}-{slot.made}"

    def _apply(self, slot: _Slot, verb: Verb, number: int) -> JsonObject:
        """Return the operation's body, and note in the slot what the object then is."""
        text = f"{self._prefix}-{number}"
        match verb:
            case Verb.CREATE:
                slot.since, slot.lives = number, slot.kind not in self._immutable
                slot.labels, slot.annotations = {_LABELS[0]}, {_ANNOTATIONS[0]}
                return {
                    **_FIELDS[slot.kind](number, text),
                    "metadata": {"labels": {_LABELS[0]: text}, "annotations": {_ANNOTATIONS[0]: self._note(text)}},
                }
            case Verb.PATCH:
                return _FIELDS[slot.kind](number, text)
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
