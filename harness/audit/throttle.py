"""Lets the servers breathe: reads pause while they answer much more slowly than they did, and keep to a rate."""

from __future__ import annotations

from harness.core.polling import SYSTEM_CLOCK, Clock

_SLOW = 4.0          # times as long for an object as in the best batch
_LONGEST_S = 10.0
_FEWEST = 50         # objects of a batch that tells how fast the servers are
_SHORTEST_S = 0.5    # a batch that takes less burdens nobody


class Throttle:
    """Paces batches. `rate` is how many objects or rows a second there may be at most; None: as many as come.

    `paused_s` is how long it has paused so far.
    """

    def __init__(self, rate: float | None = None, clock: Clock = SYSTEM_CLOCK) -> None:
        self.clock = clock
        self.paused_s = 0.0
        self._rate = rate
        self._best_s = float("inf")

    def pace(self, items: int, took_s: float) -> float:
        """Pause after a batch of so many items, which took the servers so long; return for how long."""
        pause_s = 0.0
        if items >= _FEWEST:
            each_s = took_s / items
            self._best_s = min(self._best_s, each_s)
            if each_s > _SLOW * self._best_s and took_s > _SHORTEST_S:
                pause_s = min(took_s, _LONGEST_S)
        if self._rate:
            pause_s = max(pause_s, items / self._rate - took_s)
        if pause_s > 0:
            self.clock.sleep(pause_s)
            self.paused_s += pause_s
        return max(pause_s, 0.0)
