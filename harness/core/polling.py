"""Waits for a condition and keeps a trace of what was seen; the only module that imports `tenacity`.

A wait reads afresh each time, ends at its deadline, and returns what it saw last, whether or not the
condition held: what that means is the caller's to say. Absence is proven by `hold`, never by one look.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import tenacity

T = TypeVar("T")

QUICK_S = 0.002
"""Interval for conditions that usually hold within milliseconds; it grows to `SLOW_S`."""
SLOW_S = 0.1


class Clock(Protocol):
    """Where waiting gets its time from."""

    def now(self) -> float:
        """Return seconds on a clock that never goes back."""

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""


class _SystemClock:
    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


SYSTEM_CLOCK: Clock = _SystemClock()


@dataclass(frozen=True)
class Look(Generic[T]):
    """A value that a poll read and that differs from the one before; `after_s` since the wait began."""

    after_s: float
    value: T


@dataclass(frozen=True)
class Wait(Generic[T]):
    """The outcome of a wait: the last value, whether the condition held, and every change on the way."""

    value: T
    satisfied: bool
    duration_s: float
    polls: int
    looks: tuple[Look[T], ...]


def wait_for(
    read: Callable[[], T],
    condition: Callable[[T], bool],
    *,
    timeout_s: float,
    interval_s: float = QUICK_S,
    max_interval_s: float = SLOW_S,
    give_up: Callable[[T], bool] = lambda _: False,
    clock: Clock = SYSTEM_CLOCK,
) -> Wait[T]:
    """Read until `condition` holds, `give_up` does, or `timeout_s` have passed; at least once.

    The interval grows by a fifth each time, from `interval_s` to `max_interval_s`. Errors of `read` and of
    the conditions are not caught.
    """
    started = clock.now()
    looks: list[Look[T]] = []
    polls = 0

    def look() -> T:
        nonlocal polls
        polls += 1
        value = read()
        if not looks or looks[-1].value != value:
            looks.append(Look(clock.now() - started, value))
        return value

    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_result(lambda value: not condition(value) and not give_up(value)),
        wait=tenacity.wait_exponential(multiplier=interval_s, exp_base=1.2, max=max_interval_s),
        stop=lambda _: clock.now() - started >= timeout_s,
        sleep=clock.sleep,
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
    )
    value: T = retrying(look)
    return Wait(value, condition(value), clock.now() - started, polls, tuple(looks))


def hold(
    read: Callable[[], T],
    condition: Callable[[T], bool],
    *,
    for_s: float,
    interval_s: float = 0.05,
    clock: Clock = SYSTEM_CLOCK,
) -> Wait[T]:
    """Read for `for_s` seconds; `satisfied` says whether `condition` held at every look."""
    broken = wait_for(
        read,
        lambda value: not condition(value),
        timeout_s=for_s,
        interval_s=interval_s,
        max_interval_s=interval_s,
        clock=clock,
    )
    return Wait(broken.value, not broken.satisfied, broken.duration_s, broken.polls, broken.looks)
