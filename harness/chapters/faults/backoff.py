"""How long the documented back-off lets the rows take, once a fault is healed.

Facts, from the documentation and the defaults of controller-runtime and client-go, which upstream does not change:
- a failed reconcile is tried again after 5 ms, doubled each time up to 1000 s, each object for itself. So after an
  outage of T seconds the next attempt comes within T; but each change of the object meanwhile is an attempt of its
  own, which fails and doubles the delay as well: then it comes within T times two to the number of changes;
- upstream's documentation promises more: `ingester.requeuePeriod`, 30 s, is the "retry interval on failure";
- beyond 100 retries at once, all retries of one controller share ten a second;
- a broken list or watch is tried again after 0.8 s, doubled each time up to 30 s, and up to twice that by chance;
- the sandbox restarts the controller manager as Kubernetes does, with delays of its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

MARGIN_S = 10.0
RETRY_INTERVAL_S = 30.0
FIRST_RETRY_S = 0.005
LONGEST_RETRY_S = 1000.0
RETRY_BURST = 100
RETRIES_A_SECOND = 10.0
FIRST_RELIST_S = 1.6      # 0.8 s, and as much by chance
LONGEST_RELIST_S = 60.0


@dataclass(frozen=True)
class Allowance:
    """How long the rows may take after a fault, and what that is made of."""

    parts: tuple[tuple[str, float], ...]

    @property
    def margin_s(self) -> float:
        """What is allowed where nothing has to be made up for."""
        return dict(self.parts)["margin"]

    @property
    def seconds(self) -> float:
        """The sum."""
        return sum(seconds for _, seconds in self.parts)

    def __str__(self) -> str:
        """Return it with its parts, such as '14.0 s (next retry 3.0, restart 1.0, margin 10.0)'."""
        parts = ", ".join(f"{name} {seconds:.1f}" for name, seconds in self.parts if seconds)
        return f"{self.seconds:.1f} s ({parts})"


def get_retry_delay_s(failures: int) -> float:
    """Return the delay after so many failures in a row."""
    doublings = min(max(failures - 1, 0), 64)   # far beyond the longest delay, far below an overflow
    return min(FIRST_RETRY_S * 2.0**doublings, LONGEST_RETRY_S)


def allow(
    outage_s: float,
    *,
    restart_s: float = 0.0,
    breaks_watches: bool = False,
    objects_of_a_kind: int = 0,
    margin_s: float = MARGIN_S,
    retry_s: float = 0.0,
) -> Allowance:
    """Return what is allowed after an outage of `outage_s`.

    `retry_s` is an interval within which every retry has to come, however long the outage was;
    `restart_s` is the longest delay before the controller manager's restart, 0 where it kept running;
    `objects_of_a_kind` is how many objects of one controller may have failed again and again.
    """
    retries = math.ceil(math.log2(outage_s / FIRST_RETRY_S + 1)) if outage_s > 0 else 0
    queued_s = max(0, objects_of_a_kind * retries - RETRY_BURST) / RETRIES_A_SECOND
    return Allowance((
        ("next retry", max(min(outage_s, LONGEST_RETRY_S), retry_s)),
        ("queue of retries", max(0.0, queued_s - outage_s)),
        ("next relist", min(2 * outage_s + FIRST_RELIST_S, LONGEST_RELIST_S) if breaks_watches else 0.0),
        ("restart", restart_s),
        ("margin", margin_s),
    ))
