"""What many writes come to: quantiles, parts of the time, backlog, the highest rate, growth."""

from __future__ import annotations

import random

import pytest

from harness.load.plan import Verb
from harness.load.statistics import (
    Latency,
    Timed,
    Window,
    count_open,
    find_highest_rate,
    find_quantile,
    measure_growth,
    split,
    summarise,
    trace_backlog,
)


def make_write(at: float, took_s: float | None = 0.01, **changes: object) -> Timed:
    """Return a write whose row took that long; None: it never came."""
    row_at = None if took_s is None else at + took_s
    return Timed(**{"verb": Verb.CREATE, "kind": "Project", "at": at, "row_at": row_at, **changes})  # type: ignore[arg-type]


def make_window(done: float, p99_s: float | None) -> Window:
    """Return a part of a load."""
    return Window(0.0, 1.0, done, done, p99_s, p99_s, 0)


@pytest.mark.parametrize(
    ("share", "value"), [(0.5, 50.0), (0.9, 90.0), (0.99, 99.0), (1.0, 100.0), (0.001, 1.0)]
)
def test_quantiles(share: float, value: float) -> None:
    """So large a share of the values is not larger, and no smaller value has that."""
    assert find_quantile([float(number) for number in range(1, 101)], share) == value


def test_a_quantile_of_few_values() -> None:
    """Of one value it is that, of none there is none."""
    assert find_quantile([7.0], 0.99) == 7.0
    assert find_quantile([], 0.5) is None


def test_rows_that_never_came_are_longer_than_any() -> None:
    """They are no reason for a better quantile: 2 of 100 make the p99 endless."""
    writes = [make_write(0.0, number / 1000) for number in range(1, 99)] + [make_write(0.0, None)] * 2
    random.Random(1).shuffle(writes)  # noqa: S311  no secret
    assert summarise(writes) == Latency(100, 2, 0, 0, 0.05, 0.09, None, None)


def test_what_was_overtaken_or_fleeting_is_counted_apart() -> None:
    """Neither is a latency, nor missing."""
    overtaken = make_write(0.0, 5.0, overtaken=True)
    fleeting = make_write(0.0, None, fleeting=True)
    assert summarise([make_write(0.0, 0.02), overtaken, fleeting]) == Latency(3, 0, 1, 1, 0.02, 0.02, 0.02, 0.02)


def test_a_row_before_its_answer_took_nothing() -> None:
    """The API server may answer after the row is there: that is no negative latency."""
    assert make_write(10.0, -0.003).latency_s == 0.0


def test_parts_of_a_load() -> None:
    """Each part has the writes that were done in it, with what was asked for, and the backlog at its end."""
    writes = [make_write(100.0 + number / 10, 0.35) for number in range(20)]
    first, second = split(writes, 100.0, 2.0, [5.0, None])
    assert (first.from_s, first.to_s, first.asked) == (0.0, 1.0, 5.0)
    assert first.p50_s == pytest.approx(0.35)
    assert (second.asked, second.done, second.backlog) == (None, 10.0, 3)


def test_the_backlog_is_what_has_no_row_yet() -> None:
    """It grows with each answer, shrinks with each row, and stays at what never came."""
    writes = [make_write(0.5, 1.0), make_write(1.5, None), make_write(1.6, -1.0)]
    writes.append(make_write(0.1, None, fleeting=True))
    points = trace_backlog(writes, 0.0, 3.0, 1.0)
    assert points == [(0.0, 0), (1.0, 1), (2.0, 1), (3.0, 1)]
    assert [count_open(writes, at) for at, _ in points] == [number for _, number in points]


def test_the_highest_rate_is_below_every_failure() -> None:
    """A rate counts as long as it and all that are lower hold the limit; a later, better one is luck."""
    windows = [make_window(10, 0.1), make_window(30, 0.3), make_window(20, 0.2), make_window(40, 0.1)]
    assert find_highest_rate(windows, 0.25) == 20
    assert find_highest_rate(windows, 1.0) == 40
    assert find_highest_rate(windows, 0.05) is None
    assert find_highest_rate([make_window(10, 0.1), make_window(20, None)], 1.0) == 10


def test_growth_is_per_write() -> None:
    """A kilobyte for each write is seen, whatever the rate; single spikes are not."""
    memory = [(float(second), 1e6 + 10 * 1000 * second) for second in range(100)]
    memory[3] = (3.0, 9e9)
    writes = [make_write(50.0 + number / 10) for number in range(1000)]
    assert measure_growth(memory, writes, 50.0) == pytest.approx(1000, rel=0.05)


def test_growth_needs_enough_to_go_by() -> None:
    """A few looks, or writes, say nothing of growth."""
    memory = [(float(second), 1e6) for second in range(100)]
    assert measure_growth(memory[:5], [make_write(1.0)] * 500, 0.0) is None
    assert measure_growth(memory, [make_write(50.0)] * 50, 0.0) is None
