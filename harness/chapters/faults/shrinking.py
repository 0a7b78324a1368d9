"""Finds the fewest kinds with which a round still fails: a short story is easier to read than a long one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
ATTEMPTS = 6
"""How many rounds are spent on it at most: each takes seconds, and may fail by timing only."""


def shrink(items: Sequence[T], fails: Callable[[Sequence[T]], bool], attempts: int = ATTEMPTS) -> Sequence[T]:
    """Return the smallest part of `items` found for which `fails` holds, as it does for all of them.

    Each time one half is tried, then the other; it ends where neither fails, or after so many `attempts`.
    """
    current = list(items)
    while len(current) > 1:
        middle = (len(current) + 1) // 2
        for half in (current[:middle], current[middle:]):
            if attempts == 0:
                return current
            attempts -= 1
            if fails(half):
                current = half
                break
        else:
            return current
    return current
