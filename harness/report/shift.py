"""How much later the same writes reached MySQL: the median of paired differences, with what chance may have done.

The interval is that of the sign test: between two order statistics of the differences lies their median, with a
probability that follows from the binomial distribution alone. It assumes nothing of how latencies are spread,
which have a long tail on a busy machine, needs no random numbers, and is exact for few samples. It judges nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

CONFIDENCE = 0.999
"""How sure the interval is; a run has several operations, and each is a chance to be wrong."""


@dataclass(frozen=True)
class Shift:
    """From `before_s` to `after_s` (medians, seconds); the median difference lies from `low_s` to `high_s`."""

    before_s: float
    after_s: float
    low_s: float
    high_s: float
    samples: int


def measure_shift(
    pairs: Sequence[tuple[float, float]], *, confidence: float = CONFIDENCE
) -> Shift | None:
    """Return how far the second seconds of `pairs` lie from the first; None where they are too few to tell.

    The two of a pair were measured under the same conditions: the same kind, the same moment.
    """
    rank = _find_rank(len(pairs), confidence)
    if rank == 0:
        return None
    differences = sorted(after - before for before, after in pairs)
    return Shift(
        median(before for before, _ in pairs),
        median(after for _, after in pairs),
        differences[rank - 1],
        differences[-rank],
        len(pairs),
    )


def _find_rank(samples: int, confidence: float) -> int:
    """Return how far from either end of the sorted differences the interval may begin, from 1; 0 for too few."""
    rank, outside = 0, 0.0
    while rank < samples // 2:
        outside += 2 * math.comb(samples, rank) / 2**samples
        if outside > 1 - confidence:
            break
        rank += 1
    return rank
