"""How long something is waited for that should come within a time limit: less, once it was in vain a few times."""

from __future__ import annotations

from dataclasses import dataclass

_MARGIN = 10.0   # times the slowest that came


@dataclass
class Patience:
    """Waits of one sort in one run: what is awaited one after the other would take an hour where nothing comes.

    Up to so many waits `in_vain` each may take `limit_s`; then ten times as long as the slowest that came, and at
    least `least_s`. All in seconds.
    """

    limit_s: float
    least_s: float
    in_vain: int = 3
    _in_vain: int = 0
    _slowest_s: float = 0.0

    @property
    def is_whole(self) -> bool:
        """Whether each wait may still take its whole time."""
        return self._in_vain < self.in_vain

    @property
    def seconds(self) -> float:
        """How long to wait now."""
        if self.is_whole:
            return self.limit_s
        return min(self.limit_s, max(self.least_s, _MARGIN * self._slowest_s))

    def note(self, duration_s: float, *, in_vain: bool) -> None:
        """Count a wait."""
        if in_vain:
            self._in_vain += 1
        else:
            self._slowest_s = max(self._slowest_s, duration_s)
