"""Finds the fields that are to blame for a failure, with as few tries as halving takes. Knows no cluster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

Probe = Callable[[Sequence[str]], str]
"""Tries an object with these leaves alone; returns the error that it brings, '' where all goes well."""


@dataclass(frozen=True)
class Culprit:
    """Fields that bring an error: one, or several that do so only together, or that could not be told apart."""

    leaves: tuple[str, ...]
    error: str

    def __str__(self) -> str:
        """Return the field's path, or the first one's and how many there are."""
        more = f" and {len(self.leaves) - 1} more, together" if len(self.leaves) > 1 else ""
        return f"{self.leaves[0]}{more}"


def find_culprits(
    leaves: Sequence[str],
    probe: Probe,
    *,
    first_error: str = "",
    most: int = 5,
    may_go_on: Callable[[], bool] = lambda: True,
) -> list[Culprit]:
    """Return which of the leaves bring an error, at most `most` times.

    `first_error` is that of all of them, where it is known. Without `may_go_on` the group that was found so far is
    named as a whole.
    """
    culprits: list[Culprit] = []
    rest = list(leaves)
    error = first_error or (probe(rest) if rest else "")
    while error and rest and len(culprits) < most:
        culprit = _narrow(rest, error, probe, may_go_on)
        culprits.append(culprit)
        rest = [leaf for leaf in rest if leaf not in culprit.leaves]
        error = probe(rest) if rest and may_go_on() else ""
    return culprits


def _narrow(leaves: Sequence[str], error: str, probe: Probe, may_go_on: Callable[[], bool]) -> Culprit:
    group = list(leaves)
    while len(group) > 1 and may_go_on():
        middle = len(group) // 2
        for half in (group[:middle], group[middle:]):
            if found := probe(half):
                group, error = half, found
                break
        else:
            break   # only together
    return Culprit(tuple(group), error)
