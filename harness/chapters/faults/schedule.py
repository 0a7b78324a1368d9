"""Which rounds a soak consists of, and in what order: drawn from its seed, so that it can be had again."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.chapters.faults.catalogue import Fault, Part

_TWO_AT_ONCE = 0.25
_LONGER = 0.4


@dataclass(frozen=True)
class RoundPlan:
    """One round: its faults in the order in which they are injected, the load's seed, how long they hold."""

    number: int
    faults: tuple[Fault, ...]
    seed: int
    outage_s: float

    @property
    def name(self) -> str:
        """The names of its faults."""
        return " + ".join(fault.name for fault in self.faults)

    @property
    def title(self) -> str:
        """What happens, in words."""
        return f"{' and '.join(fault.title for fault in self.faults)} (round {self.number})"


def draw_schedule(seed: int, faults: Sequence[Fault]) -> Iterator[RoundPlan]:
    """Yield rounds without end: each fault in turn, in ever new orders, at times two at once, or for longer."""
    source = random.Random(seed)  # noqa: S311  reproducible, not secret
    number = 0
    while True:
        for fault in source.sample(list(faults), len(faults)):
            number += 1
            partners = [other for other in faults if can_join(fault, other)]
            chosen = [fault]
            if partners and source.random() < _TWO_AT_ONCE:
                chosen.append(source.choice(partners))
            longest_s = max(each.long_s for each in chosen)
            outage_s = max(each.outage_s for each in chosen)
            if source.random() < _LONGER:
                outage_s = round(source.uniform(outage_s, longest_s), 1)
            yield RoundPlan(number, order_faults(chosen), seed + number - 1, outage_s)


def order_faults(faults: Sequence[Fault]) -> tuple[Fault, ...]:
    """Return the faults in the order in which they have to be injected."""
    return tuple(sorted(faults, key=lambda fault: fault.part))


def can_join(one: Fault, other: Fault) -> bool:
    """Whether two faults can hold at the same time: each is in one part of the sandbox, and in another one."""
    return one.part is not other.part and Part.SEVERAL not in (one.part, other.part)
