"""Which rounds a campaign consists of, in what order, and the command that repeats each. Plain data."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

_RANGE = re.compile(r"(\d+)(?:-(\d+))?")
_MOST_SEEDS = 1_000_000


@dataclass(frozen=True)
class Round:
    """One fault under the load of one seed, of one version with one database; `command` repeats it by itself."""

    version: str
    database: str
    fault: str
    seed: int
    outage_s: float
    command: str

    @property
    def name(self) -> str:
        """What it is called where only one version and database are meant."""
        return f"{self.fault} seed {self.seed}"

    @property
    def folder(self) -> str:
        """The name of a folder for what is kept of it."""
        parts = (self.version, self.database, self.fault, str(self.seed))
        return "-".join(re.sub(r"[^A-Za-z0-9._]+", "-", part) for part in parts)

    def __str__(self) -> str:
        """Return it in words."""
        return f"{self.name} ({self.version}, {self.database})"


def parse_seeds(word: str) -> list[int]:
    """Return the seeds of '1-20' or '3,5,8-9', each once; ValueError, which says what is wrong with it."""
    seeds: dict[int, None] = {}
    for part in word.split(","):
        found = _RANGE.fullmatch(part.strip())
        if found is None:
            raise ValueError(f"{part!r} is neither a number nor a range")
        first = int(found[1])
        last = int(found[2] or first)
        if last < first:
            raise ValueError(f"{part!r} ends before it begins")
        if last - first >= _MOST_SEEDS:
            raise ValueError(f"{part!r} has more than {_MOST_SEEDS:,} seeds")
        seeds |= dict.fromkeys(range(first, last + 1))
    return list(seeds)


def make_rounds(
    seeds: Iterable[int],
    faults: Sequence[tuple[str, float]],
    subjects: Sequence[tuple[str, str]],
    spell: Callable[[str, str, str, int, float], str],
) -> list[Round]:
    """Return each round once: of `faults` with their outage, and of `subjects`, a version with a database.

    The first seed of all faults goes before the second one, so that what ends early has seen them all. `spell`
    makes the command of version, database, fault, seed and outage.
    """
    return [
        Round(version, database, fault, seed, outage_s, spell(version, database, fault, seed, outage_s))
        for seed, (fault, outage_s), (version, database) in itertools.product(seeds, faults, subjects)
    ]
