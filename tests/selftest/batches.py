"""Batches: seeded faults of different kinds, composed into one ingester, so that one run tries them all.

Each kind's ingester has parts of its own, so that no fault is felt by another's kinds, and a cell that turns red
belongs to the fault of its kind. Each batch leaves a kind alone, which must stay as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from harness.reference.process import Parts
from tests.selftest.faults import CATALOGUE, CATALOGUE_BY_NAME
from tests.selftest.faults.fault import ALL, LAST_LOOKS, REPORT, Cell, Fault, flatten

_WHOLE = (REPORT, "restarts")
"""Chapters whose sections stand on one another, or wait for what another one has waited for."""


@dataclass(frozen=True)
class Batch:
    """Faults of one profile and chapter, which concern different kinds; or one that has to be alone."""

    name: str
    faults: tuple[Fault, ...]

    @property
    def profile(self) -> str:
        """The profile that the faults are made for."""
        return self.faults[0].profile

    @property
    def chapter(self) -> str:
        """The chapter whose checks show the faults."""
        return self.faults[0].chapter

    @property
    def concerns(self) -> frozenset[str]:
        """The kinds, or other topics, that feel one of the faults."""
        return frozenset().union(*(fault.concerns for fault in self.faults))

    @property
    def kinds(self) -> Sequence[str]:
        """The kinds to try them with: theirs, and one that they must leave alone; none stands for all."""
        (first, *others) = self.faults
        if first.is_alone and not others:
            return first.kinds
        bystander = next(kind for kind in ALL if kind not in self.concerns)
        return [kind for kind in ALL if kind in self.concerns or kind == bystander]

    @property
    def reddens(self) -> frozenset[str]:
        """The sections of which one of the faults turns a cell red."""
        return frozenset(section for fault in self.faults for section in fault.fails)

    @property
    def selection(self) -> str:
        """What pytest's `-k` takes to run the checks that show the faults; '' for all of the chapter.

        The kind that is left alone has the same sections. Of a kind of which some checks can't run, or whose rows
        are looked at again in the end, it is all of them: they make what is looked at.
        """
        if self.chapter in _WHOLE:
            return ""
        first = self.faults[0]
        if first.is_alone:
            sections = {section for section, _ in flatten(first.fails) | flatten(first.not_run)}
            return " or ".join(sorted(word for section in sections for word in (f"[{section}]", f"[{section}-")))
        words = set()
        for fault in self.faults:
            cells = flatten(fault.fails) | flatten(fault.not_run)
            needs_all = fault.not_run or not LAST_LOOKS.isdisjoint(fault.fails)
            words |= {f"{'' if needs_all else f'[{section}'}-{kind.lower()}]" for section, kind in cells}
        bystanders = set(self.kinds) - self.concerns
        words |= {f"[{section}-{kind.lower()}]" for section in self.reddens for kind in bystanders}
        return " or ".join(sorted(words))

    def select(self, names: Collection[str]) -> Batch:
        """Return the batch with those of its faults that have these names."""
        return Batch(self.name, tuple(fault for fault in self.faults if fault.name in names))

    def find_own(self, fault: Fault, cells: Iterable[Cell]) -> set[Cell]:
        """Return the cells that the fault answers for: those of its kinds, and those that no fault concerns."""
        others = self.concerns - fault.concerns
        return {(section, topic) for section, topic in cells if topic not in others}


def make_parts(names: Sequence[str]) -> Parts:
    """Return the parts of an ingester with the faults of these names."""
    faults = [CATALOGUE_BY_NAME[name] for name in names]
    if faults[0].is_alone:
        return faults[0].parts()
    by_kind: dict[str, Parts] = {}
    for fault in faults:
        by_kind |= dict.fromkeys(fault.concerns, fault.parts())
    return Parts(by_kind=by_kind)


def group(faults: Iterable[Fault]) -> list[Batch]:
    """Put each fault into the first batch whose faults concern other kinds, in the order of the catalogue."""
    batches: list[list[Fault]] = []
    for fault in faults:
        room = next((batch for batch in batches if _fits(fault, batch)), None)
        if room is None:
            batches.append([fault])
        else:
            room.append(fault)
    return [Batch(batch[0].name, tuple(batch)) for batch in batches]


def _fits(fault: Fault, batch: Sequence[Fault]) -> bool:
    first = batch[0]
    if fault.is_alone or first.is_alone or (fault.profile, fault.chapter) != (first.profile, first.chapter):
        return False
    concerned = frozenset[str]().union(*(other.concerns for other in batch))
    return not fault.concerns & concerned and len(fault.concerns | concerned) < len(ALL)


def choose(batches: Iterable[Batch]) -> list[Batch]:
    """Return a batch of each chapter, the one that turns most sections red; of equals that with fewest kinds.

    They are what each change is tested with: each chapter still fails where it must. At night all are tried.
    """
    chosen: dict[str, Batch] = {}
    for batch in sorted(batches, key=lambda each: (-len(each.reddens), len(each.kinds or ALL))):
        chosen.setdefault(batch.chapter, batch)
    return list(chosen.values())


BATCHES = group(CATALOGUE)
AT_EACH_CHANGE = frozenset(batch.name for batch in choose(BATCHES))
