"""What so many rounds prove."""

from __future__ import annotations

import math

import pytest

from harness.campaign.rates import Rate, measure_rate

pytest.importorskip("scipy", reason="the extra campaign has it")


def get_tail(failures: int, rounds: int, share: float) -> float:
    """Return how likely so many failures are, or fewer, where a share of all rounds fails."""
    return sum(math.comb(rounds, n) * share**n * (1 - share) ** (rounds - n) for n in range(failures + 1))


def measure(failures: int, rounds: int) -> Rate:
    """Return the rate of so many failures."""
    rate = measure_rate([True] * failures + [False] * (rounds - failures))
    assert rate is not None
    return rate


def test_never_in_500_rounds_proves_something() -> None:
    """With a rate above the bound 500 rounds without a failure are less likely than 5 %."""
    rate = measure(0, 500)
    assert str(rate) == "none of 500 rounds failed: the rate is below 0.6 % with 95 % confidence"
    assert get_tail(0, 500, rate.high) == pytest.approx(0.05)


@pytest.mark.parametrize(("failures", "rounds"), [(1, 10), (5, 100), (99, 100)])
def test_an_interval_is_exact(failures: int, rounds: int) -> None:
    """At either end what was seen, or more of it, has a probability of 2.5 %."""
    rate = measure(failures, rounds)
    assert rate.low < failures / rounds < rate.high
    assert get_tail(failures, rounds, rate.high) == pytest.approx(0.025)
    assert 1 - get_tail(failures - 1, rounds, rate.low) == pytest.approx(0.025)


def test_a_bound_is_rounded_to_the_safe_side() -> None:
    """What is said of it stays true: the upper one is never lower than it was measured."""
    assert str(Rate(5, 100, 0.01643, 0.11283)).endswith("from 1.6 % to 12 % with 95 % confidence")
    assert str(measure(10, 10)).endswith("the rate is above 74 % with 95 % confidence")


def test_nothing_has_no_rate() -> None:
    """Of no round nothing is said."""
    assert measure_rate([]) is None
