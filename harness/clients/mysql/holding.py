"""Tells whether somebody waits for a row that is held, by what the server counts of all its rows."""

from __future__ import annotations

from collections.abc import Callable


class HeldRow:
    """A row that nobody else can write for now.

    It is made before the row is locked: who waits for a row of the server by then waits for another one, or has
    just been let through. So somebody waits for this one where more do than the fewest since.
    """

    def __init__(self, count_waiting: Callable[[], int]) -> None:
        self._count_waiting = count_waiting
        self._fewest = count_waiting()

    def is_awaited(self) -> bool:
        """Whether somebody waits for it: on a server that others use as well, perhaps for one of theirs."""
        waiting = self._count_waiting()
        self._fewest = min(self._fewest, waiting)
        return waiting > self._fewest
