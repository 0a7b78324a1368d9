"""How often rounds fail, and what so many rounds prove of it. It judges nothing.

The interval is that of Clopper and Pearson, which is exact: it follows from the binomial distribution alone, and
holds what it says for few rounds too. Where none failed, or all did, only one side is open, and the bound is that
of one side: that none of 500 rounds failed proves "below 0.6 %" with the confidence that is given.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from harness.report.formatting import count

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Rate:
    """Of `rounds`, which are counted as independent, `failures`; the true share lies from `low` to `high`."""

    failures: int
    rounds: int
    low: float
    high: float
    confidence: float = CONFIDENCE

    @property
    def bounds(self) -> str:
        """Where the true share lies, in per cent."""
        low, high = _percent(self.low, math.floor), _percent(self.high, math.ceil)
        if not self.failures:
            return f"below {high}"
        return f"above {low}" if self.failures == self.rounds else f"from {low} to {high}"

    def __str__(self) -> str:
        """Return it as a sentence that says what it proves."""
        words = {0: "none", self.rounds: "all"}.get(self.failures, str(self.failures))
        sure = f"with {100 * self.confidence:g} % confidence"
        return f"{words} of {count(self.rounds, 'round')} failed: the rate is {self.bounds} {sure}"


def measure_rate(failed: Iterable[bool], confidence: float = CONFIDENCE) -> Rate | None:
    """Return the rate of what failed, None of no round."""
    outcomes = list(failed)
    failures, rounds = sum(outcomes), len(outcomes)
    if not rounds:
        return None
    from scipy.stats import binomtest  # noqa: PLC0415  it takes seconds to load, and the rounds come first

    side = {0: "less", rounds: "greater"}.get(failures, "two-sided")
    found = binomtest(failures, rounds, alternative=side).proportion_ci(confidence, method="exact")
    return Rate(failures, rounds, float(found.low), float(found.high), confidence)


def _percent(share: float, round_to: Callable[[float], int]) -> str:
    """Return a share in per cent, with two digits that count, rounded so that what is said of it stays true."""
    percent = 100 * share
    scale = 10 ** max(0, 1 - math.floor(math.log10(percent))) if percent > 0 else 1
    return f"{round_to(round(percent * scale, 6)) / scale:g} %"
