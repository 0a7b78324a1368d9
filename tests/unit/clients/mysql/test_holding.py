"""`harness.clients.mysql.holding`: who waits for a row is told from who waits for others."""

from __future__ import annotations

import pytest

from harness.clients.mysql.holding import HeldRow


@pytest.mark.parametrize(
    ("counts", "awaited"),
    [
        ([0, 0, 1, 1], [False, True, True]),
        ([2, 2, 3], [False, True]),          # others wait for other rows all the time
        ([1, 0, 1], [False, True]),          # one was let through just then, and comes back
        ([1, 1, 0, 0], [False, False, False]),
    ],
)
def test_who_comes_after_it_was_held_waits_for_it(counts: list[int], awaited: list[bool]) -> None:
    """Whoever was there before, and has left since, does not hide the one that counts."""
    numbers = iter(counts)
    held = HeldRow(lambda: next(numbers))
    assert [held.is_awaited() for _ in awaited] == awaited
