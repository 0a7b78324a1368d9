"""`harness.report.shift`: what chance may have done to paired latencies, and no more."""

from __future__ import annotations

import random

from harness.report.shift import Shift, measure_shift


def test_too_few_pairs_tell_nothing() -> None:
    """Below the number at which any interval is sure enough there is none."""
    pairs = [(0.005, 0.095)] * 10
    assert measure_shift(pairs) is None
    assert measure_shift([*pairs, pairs[0]]) == Shift(0.005, 0.095, 0.09, 0.09, 11)
    assert measure_shift(pairs[:8], confidence=0.99) is not None


def test_the_interval_holds_what_it_promises() -> None:
    """Of 2,000 comparisons of equal, long-tailed latencies, a 99 % interval misses zero in about 20."""
    chance = random.Random(7)  # noqa: S311  no secret
    missed = 0
    for _ in range(2000):
        pairs = [(chance.lognormvariate(-5, 1), chance.lognormvariate(-5, 1)) for _ in range(30)]
        shift = measure_shift(pairs, confidence=0.99)
        assert shift is not None
        missed += not shift.low_s <= 0 <= shift.high_s
    assert 4 <= missed <= 30


def test_ten_milliseconds_more_are_seen() -> None:
    """With 30 pairs of latencies about 5 ms with a long tail, 10 ms more lie outside of chance."""
    chance = random.Random(7)  # noqa: S311  no secret
    pairs = [(chance.lognormvariate(-5.3, 0.6), chance.lognormvariate(-5.3, 0.6) + 0.01) for _ in range(30)]
    shift = measure_shift(pairs)
    assert shift is not None
    assert 0.004 < shift.low_s < 0.01 < shift.high_s
