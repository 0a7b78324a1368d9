"""`harness.chapters.faults.backoff`: how long the documented delays let the rows take."""

from __future__ import annotations

import pytest

from harness.chapters.faults.backoff import LONGEST_RELIST_S, LONGEST_RETRY_S, MARGIN_S, allow, get_retry_delay_s


@pytest.mark.parametrize("outage_s", [0.0, 3.0, 60.0])
def test_the_next_retry_comes_within_the_length_of_the_outage(outage_s: float) -> None:
    """Doubling delays let the next attempt come no later than the outage was long."""
    assert allow(outage_s).seconds == outage_s + MARGIN_S


def test_no_retry_takes_longer_than_the_longest_delay() -> None:
    """The delay of a retry is capped."""
    assert allow(5000.0).seconds == LONGEST_RETRY_S + MARGIN_S


def test_broken_watches_may_take_twice_the_outage_and_no_more_than_a_minute() -> None:
    """client-go's delays grow by chance up to twice themselves, and are capped."""
    assert allow(2.0, breaks_watches=True).seconds == pytest.approx(2.0 + 5.6 + MARGIN_S)
    assert dict(allow(500.0, breaks_watches=True).parts)["next relist"] == LONGEST_RELIST_S


def test_a_restart_is_allowed_for() -> None:
    """The controller manager's restart takes its own time."""
    assert allow(1.0, restart_s=8.0).seconds == 1.0 + 8.0 + MARGIN_S


def test_many_retries_share_ten_a_second() -> None:
    """Beyond a burst of a hundred, the retries of one controller wait for each other."""
    few, many = allow(10.0, objects_of_a_kind=5), allow(10.0, objects_of_a_kind=50)
    assert few.seconds == 10.0 + MARGIN_S
    assert many.seconds == pytest.approx(10.0 + MARGIN_S + (50 * 11 - 100) / 10 - 10.0)


def test_the_parts_can_be_read() -> None:
    """What is allowed is said with what it is made of, and nothing that is none."""
    assert str(allow(2.0, margin_s=3.0)) == "5.0 s (next retry 2.0, margin 3.0)"


def test_delays_double_with_each_failure_up_to_the_longest() -> None:
    """A retry's delay follows from the failures in a row alone."""
    assert [get_retry_delay_s(failures) for failures in (0, 1, 2, 11)] == [0.005, 0.005, 0.01, 5.12]
    assert get_retry_delay_s(1000) == LONGEST_RETRY_S


def test_a_promised_interval_is_allowed_in_full() -> None:
    """Where retries have to come within an interval, a short outage allows no less."""
    assert allow(10.0, retry_s=30.0).seconds == 30.0 + MARGIN_S
    assert allow(60.0, retry_s=30.0).seconds == 60.0 + MARGIN_S
