"""The steps of an object's life: what is written of it, after what."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Group(StrEnum):
    """Leaves that are written together."""

    MAIN = "all that is in no other group"
    MIXED = "those that may be undecodable beside others"
    LAST = "those that may be undecodable at all: such an object holds up all of its kind"


@dataclass(frozen=True)
class Step:
    """A part of the objects' lives: which leaves are written, in which round (None: emptied), after what."""

    name: str
    parts: tuple[str, ...]
    round: int | None = 0
    after: Step | None = None
    group: Group = Group.MAIN

    @property
    def has_variants(self) -> bool:
        """Whether the other values of enums and the other branches of choices are tried as well."""
        return self.round == 0 and self.group is Group.MAIN


FULL = Step("full spec", ("spec",))
STATUS = Step("full status", ("status",), after=FULL)
CHANGED = Step("changed", ("spec", "status"), round=1, after=STATUS)
REMOVED = Step("removed", ("spec", "status"), round=None, after=CHANGED)
DRAWN = Step("drawn", ("spec", "status"), after=REMOVED)
STATES = Step("its states in order", ("status",), after=DRAWN)
MIXED = Step("without others", ("spec", "status"), after=STATES, group=Group.MIXED)
LAST = Step("messages like Kubernetes' own", ("status", "spec"), after=MIXED, group=Group.LAST)
