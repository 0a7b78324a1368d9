"""Limits, comparison with an earlier record, and the exit code that follows."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from harness.load.limits import (
    BACKFILL,
    EXCEEDED,
    LOST,
    MEASURES,
    OK,
    UNTOLD,
    choose_exit_code,
    compare,
    judge_limits,
)
from harness.load.record import Audited, LoadRecord, LoadResult
from tests.unit.load.sample import make_backfill, make_load, make_record

WITHIN = {
    "max_p99": 0.05, "max_backlog": 30, "max_catch_up": 1, "max_memory": 100, "max_growth": 3, "min_rate": 99,
    "min_rate_below_p99": 50, "max_backfill": 25,
}  # fmt: skip
BEYOND = {
    "max_p99": 0.03, "max_backlog": 20, "max_catch_up": 0.45, "max_memory": 80, "max_growth": 1, "min_rate": 101,
    "min_rate_below_p99": 60, "max_backfill": 15,
}  # fmt: skip


def judge(limits: dict[str, float], *loads: LoadResult) -> dict[str, bool]:
    """Return which of the limits are exceeded."""
    return {limit.name: limit.exceeded for limit in make_record(*loads, limits=limits).limits}


def test_every_measure_has_its_limits_here() -> None:
    """What follows tries each of them."""
    assert {measure.name for measure in (*MEASURES, BACKFILL)} == set(WITHIN) == set(BEYOND)


def test_what_is_within_its_limits() -> None:
    """No limit that holds for all loads is exceeded, and without limits there is none."""
    assert judge(WITHIN) == dict.fromkeys(WITHIN, False)
    assert judge({}) == {}


@pytest.mark.parametrize("name", BEYOND)
def test_what_is_beyond_a_limit(name: str) -> None:
    """One load that exceeds it is enough, and no other limit is touched by it."""
    assert judge({**WITHIN, name: BEYOND[name]}) == {**dict.fromkeys(WITHIN, False), name: True}


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("max_catch_up", {"caught_up_s": None, "open": 3}),
        ("max_growth", {"growth": None}),
        ("max_memory", {"components": {}}),
        ("min_rate_below_p99", {"p99_limit_s": None}),
        ("max_p99", {"latencies": {}}),
    ],
)
def test_what_has_no_end_or_was_not_measured_is_beyond_every_limit(name: str, change: dict[str, object]) -> None:
    """Nothing is within a limit for want of a number."""
    load = dataclasses.replace(make_load(), **change)  # type: ignore[arg-type]
    assert judge({name: 1e9 if name.startswith("max") else 1e-9}, load) == {name: True}


def test_rows_that_never_came_exceed_the_p99() -> None:
    """A quantile without an end is no short one."""
    load = make_load()
    load.latencies["delete"] = dataclasses.replace(load.latencies["create"], missing=9, p99_s=None)
    assert judge({"max_p99": 1e9}, load) == {"max_p99": True}


def test_a_record_is_as_good_as_itself() -> None:
    """Nothing is worse, and all is compared: each measure, each verb, each size of a backfill."""
    record = make_record()
    assert [change.title for change in record.changes if change.worse] == []
    assert len(record.changes) == len(MEASURES) + 2 + 2


def test_what_is_slower_by_far_is_worse() -> None:
    """Three times as long is worse; a fifth more is noise, and so is what nobody can feel."""
    before = make_record(make_load())
    assert not any(change.worse for change in compare(before, make_record(make_load(slower=1.2))))
    worse = [change.title for change in compare(before, make_record(make_load(slower=3.0))) if change.worse]
    assert worse == [
        "p99 of the slowest kind of write, s",
        "from the last write to the last row, s",
        "highest rate with p99 within its limit, writes/s",
    ]


def test_what_never_ends_now_is_worse() -> None:
    """An end that there was is gone; one that never was is missed by nobody."""
    ended, endless = make_record(make_load()), make_record(dataclasses.replace(make_load(), caught_up_s=None))
    title = "from the last write to the last row, s"

    def is_worse(before: LoadRecord, after: LoadRecord) -> bool:
        return next(change.worse for change in compare(before, after) if change.title == title)

    assert is_worse(ended, endless)
    assert not is_worse(endless, endless)
    assert not is_worse(endless, ended)


def test_a_slower_backfill_is_worse() -> None:
    """Backfills are compared by their size; one of another size with none."""
    before, after = make_record(), make_record()
    after.backfills = [dataclasses.replace(make_backfill(1000), took_s=30.0), make_backfill(50000)]
    changes = [change for change in compare(before, after) if "backfill" in change.title]
    assert [(change.title, change.worse) for change in changes] == [("backfill of 1,000 objects, s", True)]


def _lose(record: LoadRecord) -> None:
    record.loads[1].audited = Audited(1, "1 finding", 10)


def _do_not_tell(record: LoadRecord) -> None:
    record.backfills[0].audited = Audited(2, "1 thing could not be told", 10)


def _interrupt(record: LoadRecord) -> None:
    record.loads[0].interrupted = True


def _fail(record: LoadRecord) -> None:
    record.problem = "the sandbox did not come up"


def _exceed(record: LoadRecord) -> None:
    record.limits = judge_limits(record, {"max_p99": 0.001})


def _get_worse(record: LoadRecord) -> None:
    record.changes[0].worse = True


@pytest.mark.parametrize(
    ("steps", "exit_code"),
    [
        ((), OK),
        ((_lose, _do_not_tell, _exceed), LOST),
        ((_do_not_tell, _exceed), UNTOLD),
        ((_interrupt,), UNTOLD),
        ((_fail, _get_worse), UNTOLD),
        ((_exceed,), EXCEEDED),
        ((_get_worse,), EXCEEDED),
    ],
)
def test_the_exit_code_says_the_worst(steps: tuple[Callable[[LoadRecord], None], ...], exit_code: int) -> None:
    """What was lost goes first, then what could not be told, then limits."""
    record = make_record()
    for step in steps:
        step(record)
    assert choose_exit_code(record) == exit_code


def test_exit_codes_are_distinct() -> None:
    """The limits' is none of the others', nor that of a wrong option."""
    assert len({OK, LOST, UNTOLD, EXCEEDED, 4}) == 5
