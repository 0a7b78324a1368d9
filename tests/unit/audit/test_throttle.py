"""Promises of `harness.audit.throttle` and of the size of pages: an audit burdens nobody."""

from __future__ import annotations

from harness.audit.reading import choose_limit
from harness.audit.throttle import Throttle
from harness.clients.kube import Page
from tests.fakes.clock import FakeClock


def test_pauses_while_the_servers_are_slow() -> None:
    """A batch that takes several times as long an object as the best one is followed by a pause as long."""
    throttle = Throttle(clock=FakeClock())
    assert throttle.pace(500, 1.0) == 0
    assert throttle.pace(500, 3.0) == 0
    assert throttle.pace(500, 5.0) == 5.0
    assert throttle.pace(500, 60.0) == 10.0
    assert throttle.pace(500, 1.0) == 0
    assert throttle.paused_s == 15.0


def test_small_batches_tell_nothing() -> None:
    """The last few objects of a kind cost as much as many, which is no sign of a burden."""
    throttle = Throttle(clock=FakeClock())
    throttle.pace(500, 0.1)
    assert throttle.pace(3, 2.0) == 0
    assert throttle.pace(500, 0.45) == 0


def test_keeps_to_a_rate() -> None:
    """With a rate there are no more objects a second."""
    clock = FakeClock()
    throttle = Throttle(100, clock)
    began = clock.now()
    for _ in range(3):
        throttle.pace(200, 0.0)
    assert clock.now() - began == 6.0


def test_pages_stay_of_one_size() -> None:
    """The larger the objects, the fewer are asked for at once; one is the least."""
    assert choose_limit(Page([{}] * 100, "", 300 << 10)) == 1000
    assert choose_limit(Page([{}] * 100, "", 3 << 20)) == 100
    assert choose_limit(Page([{}] * 2, "", 20 << 20)) == 1
    assert choose_limit(Page([], "", 100)) == 250
