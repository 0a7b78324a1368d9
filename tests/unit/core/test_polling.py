"""`harness.core.polling`: waits end when they should, and say what they saw."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from harness.core.polling import Look, hold, wait_for
from tests.fakes.clock import FakeClock


def reader(values: Iterable[int]) -> Callable[[], int]:
    """Return a function that yields one value after the other, the last one for ever."""
    remaining = list(values)
    return lambda: remaining.pop(0) if len(remaining) > 1 else remaining[0]


def test_a_condition_that_holds_at_once_costs_one_poll() -> None:
    """A wait whose condition already holds reads once and does not sleep."""
    clock = FakeClock()
    wait = wait_for(reader([7]), lambda v: v == 7, timeout_s=5, clock=clock)
    assert (wait.value, wait.satisfied, wait.polls, clock.time) == (7, True, 1, 100.0)


def test_the_trace_has_each_change_once() -> None:
    """The trace holds every change of the value and none of the repetitions."""
    wait = wait_for(reader([1, 1, 2, 2, 3]), lambda v: v == 3, timeout_s=5, interval_s=0.1, clock=FakeClock())
    assert [look.value for look in wait.looks] == [1, 2, 3]
    assert wait.polls == 5
    assert wait.looks[0] == Look(0.0, 1)


def test_a_wait_ends_at_its_deadline_with_the_last_value() -> None:
    """A condition that never holds ends the wait after its time-out, unsatisfied."""
    clock = FakeClock()
    wait = wait_for(reader([1]), lambda _: False, timeout_s=2.0, interval_s=0.1, clock=clock)
    assert (wait.value, wait.satisfied) == (1, False)
    assert 2.0 <= wait.duration_s <= 2.2


def test_a_timeout_of_zero_still_reads_once() -> None:
    """A wait without time looks once, so that what is there counts."""
    assert wait_for(reader([4]), lambda v: v == 4, timeout_s=0, clock=FakeClock()).satisfied


def test_giving_up_ends_the_wait_early() -> None:
    """A wait ends as soon as its condition can't hold any more."""
    wait = wait_for(
        reader([1, 9, 9]), lambda v: v == 3, give_up=lambda v: v == 9, timeout_s=60, clock=FakeClock()
    )
    assert (wait.value, wait.satisfied, wait.polls) == (9, False, 2)


def test_errors_of_the_reader_are_not_swallowed() -> None:
    """An error while reading ends the wait: it is no reason to go on."""

    def fail() -> int:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        wait_for(fail, bool, timeout_s=1, clock=FakeClock())


def test_holding_takes_its_whole_time() -> None:
    """Absence is held for the whole period, not seen once."""
    wait = hold(reader([0]), lambda v: v == 0, for_s=1.0, clock=FakeClock())
    assert wait.satisfied
    assert wait.duration_s >= 1.0
    assert wait.polls > 10


def test_holding_fails_at_the_first_break() -> None:
    """One look that breaks the condition ends the holding, even if it would hold again."""
    wait = hold(reader([0, 0, 1, 0]), lambda v: v == 0, for_s=1.0, clock=FakeClock())
    assert (wait.satisfied, wait.value, wait.polls) == (False, 1, 3)
