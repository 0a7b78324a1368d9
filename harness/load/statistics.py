"""What many writes come to: quantiles, parts of the time, how much was under way. Pure."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from harness.load.plan import Verb, list_windows


@dataclass(frozen=True)
class Timed:
    """A write that the API server did: when, and when its row was there; seconds since the epoch.

    `row_at` is None where no row came. `overtaken` says that the object's deletion came to its row first, so that
    no row with the write itself was due any more, `fleeting` that the object was deleted before it had any row.
    """

    verb: Verb
    kind: str
    at: float
    row_at: float | None
    overtaken: bool = False
    fleeting: bool = False

    @property
    def missing(self) -> bool:
        """Whether a row was due, and never came."""
        return self.row_at is None and not self.fleeting

    @property
    def latency_s(self) -> float | None:
        """How long its row took; none is less than nothing: a row may be there before the answer is."""
        return None if self.row_at is None or self.overtaken else max(self.row_at - self.at, 0.0)


@dataclass(frozen=True)
class Latency:
    """How long the rows of so many writes took, in seconds; those `missing` never came. `Timed` has the others."""

    count: int
    missing: int
    overtaken: int
    fleeting: int
    p50_s: float | None
    p90_s: float | None
    p99_s: float | None
    max_s: float | None


@dataclass(frozen=True)
class Window:
    """A part of a load: from and to in seconds after its beginning, what was asked for and done a second.

    A quantile is None where the writes beyond it never came to a row, or there were none. `backlog` is at its end.
    """

    from_s: float
    to_s: float
    asked: float | None
    done: float
    p50_s: float | None
    p99_s: float | None
    backlog: int


def find_quantile(ordered: Sequence[float], share: float) -> float | None:
    """Return the smallest of the `ordered` values that so large a share of them does not exceed; None of none."""
    return ordered[max(math.ceil(share * len(ordered)), 1) - 1] if ordered else None


def summarise(writes: Sequence[Timed]) -> Latency:
    """Return how long the rows took. Those that never came count as longer than any."""
    missing = sum(each.missing for each in writes)
    known = sorted(each.latency_s for each in writes if each.latency_s is not None)
    every = [*known, *[math.inf] * missing]
    return Latency(
        len(writes),
        missing,
        sum(each.overtaken for each in writes),
        sum(each.fleeting for each in writes),
        *(_finite(find_quantile(every, share)) for share in (0.5, 0.9, 0.99, 1.0)),
    )


def split(
    writes: Sequence[Timed], began_at: float, duration_s: float, asked: Sequence[float | None]
) -> list[Window]:
    """Return the equal parts of the load, as many as there are rates `asked` for."""
    ordered = sorted(writes, key=lambda each: each.at)
    times = [each.at for each in ordered]
    windows = []
    for rate, (begin_s, end_s) in zip(asked, list_windows(duration_s, len(asked)), strict=True):
        begin, end = (bisect_left(times, began_at + moment) for moment in (begin_s, end_s))
        summary = summarise(ordered[begin:end])
        windows.append(
            Window(
                begin_s,
                end_s,
                rate,
                (end - begin) / (end_s - begin_s),
                summary.p50_s,
                summary.p99_s,
                count_open(ordered, began_at + end_s),
            )
        )
    return windows


def count_open(writes: Sequence[Timed], at: float) -> int:
    """Return how many writes had been done and had no row at that moment."""
    return sum(
        each.at <= at and (each.row_at is None or each.row_at > at) for each in writes if not each.fleeting
    )


def trace_backlog(
    writes: Sequence[Timed], began_at: float, until_s: float, step_s: float
) -> list[tuple[float, int]]:
    """Return how many writes had no row yet, at every step from the beginning on."""
    writes = [each for each in writes if not each.fleeting]
    done = sorted(each.at for each in writes)
    there = sorted(math.inf if each.row_at is None else max(each.row_at, each.at) for each in writes)
    points = []
    for number in range(math.floor(until_s / step_s) + 1):
        at = began_at + number * step_s
        points.append((round(number * step_s, 3), bisect_right(done, at) - bisect_right(there, at)))
    return points


def find_highest_rate(windows: Sequence[Window], max_p99_s: float) -> float | None:
    """Return the highest rate that was done with a p99 below that, as were all that were slower; None for none."""
    highest = None
    for window in sorted(windows, key=lambda each: each.done):
        if window.done == 0:
            continue
        if window.p99_s is None or window.p99_s >= max_p99_s:
            break
        highest = window.done
    return highest


def measure_growth(
    memory: Sequence[tuple[float, float]], writes: Sequence[Timed], began_at: float
) -> float | None:
    """Return how many bytes the memory grew for each write, from the first tenth of the time to the last.

    `memory` are seconds after the beginning with bytes. None where there are too few looks, or writes, to tell.
    """
    tenth = len(memory) // 10
    if tenth < 1:
        return None
    first, last = memory[:tenth], memory[-tenth:]
    before, after = (sorted(value for _, value in part)[len(part) // 2] for part in (first, last))
    from_s, to_s = (sum(moment for moment, _ in part) / len(part) for part in (first, last))
    between = sum(from_s <= each.at - began_at < to_s for each in writes)
    return (after - before) / between if between >= _FEWEST else None


_FEWEST = 100   # writes, of which a growth says anything


def _finite(value: float | None) -> float | None:
    return None if value is None or math.isinf(value) else value
