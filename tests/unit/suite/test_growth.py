"""What leaks grows from each count to the next; pools that fill, and what comes and goes, don't."""

from __future__ import annotations

import pytest

from harness.core.outcomes import NotApplicable
from harness.sandbox.capabilities import MEMORY
from harness.suite.growth import GROWS, Sample, find_growth, measure_growth
from tests.fakes.context import make_context
from tests.fakes.world import World

MIB = 1024.0 * 1024.0


def _sample(name: str, *held: float) -> list[Sample]:
    return [Sample(100 + 200 * place, {name: value}) for place, value in enumerate(held)]


def _find(samples: list[Sample], *, memory: bool = False) -> list[str]:
    return [f"{finding.code} {finding.where}" for finding in find_growth(samples, memory=memory)]


@pytest.mark.parametrize(
    "held",
    [
        pytest.param((25, 25, 25), id="steady"),
        pytest.param((5, 75, 75), id="a pool that fills"),
        pytest.param((40, 10, 60), id="what comes and goes"),
        pytest.param((5, 15, 25), id="a few more"),
        pytest.param((75, 50, 10), id="less"),
    ],
)
def test_what_does_not_leak_is_left_alone(held: tuple[float, ...]) -> None:
    """Whatever it does once."""
    assert _find(_sample("threads", *held)) == []


def test_what_grows_both_times_leaks() -> None:
    """One for each sync, or for one in five."""
    assert _find(_sample("open files", 20, 220, 420)) == [f"{GROWS} open files"]
    (finding,) = find_growth(_sample("goroutines", 20, 60, 101), memory=False)
    assert finding.actual == "20, then 60, then 101; 0.20 or more for each"


def test_memory_is_judged_where_it_is_asked_for() -> None:
    """By kilobytes for each sync: caches fill for a while."""
    leaks = _sample(MEMORY, 90 * MIB, 93 * MIB, 96 * MIB)
    assert _find(leaks) == []
    assert _find(leaks, memory=True) == [f"{GROWS} {MEMORY}"]
    assert _find(_sample(MEMORY, 90 * MIB, 91 * MIB, 92 * MIB), memory=True) == []


def test_what_was_not_always_counted_is_not_judged() -> None:
    """Such as goroutines, where the metrics were not to be had once."""
    samples = [Sample(100, {"goroutines": 1.0}), Sample(300, {}), Sample(500, {"goroutines": 999.0})]
    assert _find(samples) == []


def test_where_nothing_can_be_counted_it_is_not_applicable() -> None:
    """A sandbox that does not look at processes says so."""
    context = make_context(World(), kinds=["Project"])
    with pytest.raises(NotApplicable, match="does not tell what its controller manager holds"):
        measure_growth(context, [], warm_up=0, patches=0)
