"""`harness.chapters.faults.shrinking`: the fewest items that still fail."""

from __future__ import annotations

from collections.abc import Sequence

from harness.chapters.faults.shrinking import shrink


def test_one_culprit_is_found() -> None:
    """Where one item is to blame, it alone is left."""
    assert shrink(list(range(13)), lambda part: 7 in part, attempts=20) == [7]


def test_two_culprits_stay_together() -> None:
    """Where two are to blame together, no smaller part is claimed than one that failed."""
    found = shrink(list(range(8)), lambda part: {1, 6} <= set(part), attempts=20)
    assert found == list(range(8))


def test_attempts_are_limited() -> None:
    """No more rounds are spent than allowed, and what is returned did fail."""
    tried: list[Sequence[int]] = []

    def fails(part: Sequence[int]) -> bool:
        tried.append(part)
        return 12 in part

    found = shrink(list(range(13)), fails, attempts=3)
    assert len(tried) == 3
    assert 12 in found
