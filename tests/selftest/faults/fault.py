"""What a seeded fault is: parts of the reference ingester of which one does one thing wrong, and what must show.

Beside it stands what most faults are made with: a part with another method, a row changed before it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from harness.reference.process import Parts
from harness.reference.reconciler import Reconciler
from harness.reference.row import Row, RowBuilder, Value
from harness.reference.store import Store
from harness.spec.model import JsonObject, Kind
from harness.spec.profiles import load_profile
from harness.spec.versions import make_contract

PROFILE = "upstream-main"
CONTRACT = make_contract(load_profile(PROFILE))
ALL = CONTRACT.names
LAST_LOOK = "11.1"
LAST_LOOKS = frozenset({LAST_LOOK, "11.3"})   # at what other checks have made
REPORT = "report"
"""The marker of the seed report's chapters."""
Sections = Mapping[str, tuple[str, ...]]
"""Sections of the report, each with the kinds, or other topics, of some of its checks; '' is a check of none."""
Cell = tuple[str, str]
"""A section and the topic of one of its checks."""


@dataclass(frozen=True)
class Fault:
    """A fault and what it must turn red.

    The checks of `fails` and `not_run` must end so; every other check must pass, be not applicable or known. What
    `may` fail besides depends on timing. `names` must stand in what the failing checks say: the column, table or
    line that broke. A fault is shown by the checks of its `chapter`, a marker of `tests/acceptance`.

    The ingesters of the kinds that it concerns have its parts: of those of its cells, and of `kinds`. They are the
    whole process's where it concerns more than kinds, or is `alone` since others would feel it. Then `kinds` are
    those that it is tried with, all of them where there are none.
    """

    name: str
    parts: Callable[[], Parts]
    fails: Sections
    names: str
    not_run: Sections = field(default_factory=dict)
    profile: str = PROFILE
    kinds: tuple[str, ...] = ()
    chapter: str = REPORT
    may: Sections = field(default_factory=dict)
    alone: bool = False

    @property
    def concerns(self) -> frozenset[str]:
        """The kinds, or other topics, that feel it."""
        cells = flatten(self.fails) | flatten(self.not_run) | flatten(self.may)
        return frozenset(self.kinds) | {topic for _, topic in cells}

    @property
    def allowed(self) -> set[Cell]:
        """What may fail besides: also the last look, at whatever its kinds' rows were left like."""
        return flatten(self.may) | {(LAST_LOOK, topic) for topic in self.concerns}

    @property
    def is_alone(self) -> bool:
        """Whether it is no fault of certain kinds alone, so that no other fault can be tried beside it."""
        return self.alone or not self.concerns <= set(ALL)


def flatten(sections: Sections) -> set[Cell]:
    """Return the cells of the sections."""
    return {(section, topic) for section, topics in sections.items() for topic in topics}


def in_sections(topic: str, *sections: str) -> dict[str, tuple[str, ...]]:
    """Return the cells of these sections for one kind, or other topic."""
    return dict.fromkeys(sections, (topic,))


def on_row(change: Callable[[Row, JsonObject], Row]) -> Callable[[], Parts]:
    """Return parts whose row is changed before it is written."""

    class Rows(RowBuilder):
        def build(self, kind: Kind, obj: JsonObject) -> Row:
            return change(super().build(kind, obj), obj)

    return lambda: Parts(rows=Rows)


def on_column(column: str, value: Callable[[JsonObject], Value]) -> Callable[[], Parts]:
    """Return parts that write another value into one indexed column."""
    return on_row(lambda row, obj: replace(row, columns={**row.columns, column: value(obj)}))


def on_store(**methods: Callable[..., object]) -> Callable[[], Parts]:
    """Return parts whose store has other methods."""
    return lambda: Parts(store=type("FaultyStore", (Store,), methods))


def on_reconciler(**methods: Callable[..., object]) -> Callable[[], Parts]:
    """Return parts whose reconciler has other methods."""
    return lambda: Parts(reconciler=type("FaultyReconciler", (Reconciler,), methods))


def for_kind(kind: str, parts: Callable[[], Parts]) -> Callable[[], Parts]:
    """Return the parts of a process that has these for one kind."""
    return lambda: Parts(by_kind={kind: parts()})
