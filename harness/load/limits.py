"""Whether what was measured is within the limits that were given, and as good as it was before. Pure.

One run differs from the next, on a busy machine by half and more. So only what is worse by a factor, and by more
than can be felt, is worse than an earlier record.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from harness.load.plan import Verb
from harness.load.record import BackfillResult, Change, LimitResult, LoadRecord, LoadResult
from harness.sandbox.base import CONTROLLERMGR

OK, LOST, UNTOLD, EXCEEDED = 0, 1, 2, 3
"""Exit codes: as it should be, the audit found something, it could not be told, a limit is exceeded."""

MIB = 1 << 20
FACTOR = 1.5
"""What is larger by that than in the earlier record is worse."""

_FELT = {"s": 0.02, "writes": 100.0, "MiB": 32.0, "KiB for a write": 8.0, "writes/s": 0.0}


@dataclass(frozen=True)
class Measure:
    """A value of a load that can be limited: `get` returns it, None where a row that never came makes it endless.

    One that is `higher_is_better` has a lowest limit. A value that was not measured raises LookupError.
    """

    name: str
    title: str
    unit: str
    get: Callable[[LoadResult], float | None]
    higher_is_better: bool = False


def _get_p99(load: LoadResult) -> float | None:
    if not load.latencies:
        raise LookupError
    found = [latency.p99_s for latency in load.latencies.values() if latency.count]
    return None if None in found else max(each for each in found if each is not None)


def _get_memory(load: LoadResult) -> float | None:
    return load.components[CONTROLLERMGR].peak / MIB


def _get_growth(load: LoadResult) -> float | None:
    if load.growth is None:
        raise LookupError
    return load.growth / 1024


def _get_highest_rate(load: LoadResult) -> float | None:
    if load.p99_limit_s is None:
        raise LookupError
    return load.highest_rate or 0.0


MEASURES = (
    Measure("max_p99", "p99 of the slowest kind of write", "s", _get_p99),
    Measure("max_backlog", "writes without a row at once", "writes", lambda load: float(load.highest_backlog)),
    Measure("max_catch_up", "from the last write to the last row", "s", lambda load: load.caught_up_s),
    Measure("max_memory", "memory of the controller manager", "MiB", _get_memory),
    Measure("max_growth", "growth of that memory", "KiB for a write", _get_growth),
    Measure("min_rate", "writes a second", "writes/s", lambda load: load.requests.rate, higher_is_better=True),
    Measure(
        "min_rate_below_p99", "highest rate with p99 within its limit", "writes/s", _get_highest_rate,
        higher_is_better=True,
    ),
)  # fmt: skip
"""What can be limited, by the names of the options."""

BACKFILL = Measure("max_backfill", "longest backfill", "s", lambda _: None)


def collect(measure: Measure, loads: Sequence[LoadResult]) -> list[float | None]:
    """Return the measure's values of all loads in which it was measured."""
    values = []
    for load in loads:
        try:
            values.append(measure.get(load))
        except LookupError:
            continue
    return values


def judge_limits(record: LoadRecord, limits: dict[str, float]) -> list[LimitResult]:
    """Return the limits with the worst of what was measured. What was not measured is beyond its limit."""
    results = []
    for measure in MEASURES:
        limit = limits.get(measure.name)
        if limit is not None and record.loads:
            results.append(_judge(measure, limit, collect(measure, record.loads)))
    limit = limits.get(BACKFILL.name)
    if limit is not None and record.backfills:
        results.append(_judge(BACKFILL, limit, [each.took_s for each in record.backfills]))
    return results


def _judge(measure: Measure, limit: float, values: Sequence[float | None]) -> LimitResult:
    known = [value for value in values if value is not None]
    worst = min if measure.higher_is_better else max
    value = worst(known) if known and len(known) == len(values) else None
    exceeded = value is None or (value < limit if measure.higher_is_better else value > limit)
    return LimitResult(measure.name, f"{measure.title}, {measure.unit}", limit, value, exceeded)


def compare(earlier: LoadRecord, record: LoadRecord) -> list[Change]:
    """Return how the medians of all that both have measured differ."""
    changes = [
        _compare(measure, collect(measure, earlier.loads), collect(measure, record.loads)) for measure in MEASURES
    ]
    changes += [
        _compare(_measure_latency(verb), *(_list_latencies(each, verb) for each in (earlier, record)))
        for verb in Verb
    ]
    changes += list(_compare_backfills(earlier.backfills, record.backfills))
    return [change for change in changes if change is not None]


def _measure_latency(verb: Verb) -> Measure:
    return Measure("", f"p50 of {verb} to row", "s", lambda _: None)


def _list_latencies(record: LoadRecord, verb: Verb) -> list[float | None]:
    return [load.latencies[verb].p50_s for load in record.loads if verb in load.latencies]


def _compare_backfills(
    earlier: Sequence[BackfillResult], backfills: Sequence[BackfillResult]
) -> Iterator[Change | None]:
    sizes = dict.fromkeys(each.objects for each in earlier)
    for size in sizes:
        measure = Measure("", f"backfill of {size:,} objects", "s", lambda _: None)
        before, after = ([each.took_s for each in part if each.objects == size] for part in (earlier, backfills))
        yield _compare(measure, before, after)


def _compare(measure: Measure, before: Sequence[float | None], after: Sequence[float | None]) -> Change | None:
    if not before or not after:
        return None
    old, new = (_find_median(values) for values in (before, after))
    return Change(f"{measure.title}, {measure.unit}", old, new, _is_worse(measure, old, new))


def _find_median(values: Sequence[float | None]) -> float | None:
    """Return the median, None where that is endless."""
    endless = float("inf")
    median = statistics.median(endless if value is None else value for value in values)
    return None if median == endless else median


def _is_worse(measure: Measure, old: float | None, new: float | None) -> bool:
    if old is None or new is None:
        return new is None and old is not None
    felt = _FELT[measure.unit]
    if measure.higher_is_better:
        return new * FACTOR < old - felt
    return new > old * FACTOR and new > old + felt


def choose_exit_code(record: LoadRecord) -> int:
    """Return how the command ends: what was lost goes before what could not be told, that before a limit."""
    audits = record.audits
    if any(audited.exit_code == LOST for audited in audits):
        return LOST
    if record.problem or record.interrupted or any(audited.exit_code for audited in audits):
        return UNTOLD
    exceeded = any(limit.exceeded for limit in record.limits) or any(change.worse for change in record.changes)
    return EXCEEDED if exceeded else OK
