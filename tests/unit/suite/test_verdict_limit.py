"""The limit of a failing run."""

from __future__ import annotations

import threading

import pytest

from harness.suite.verdict_limit import VerdictLimit

_LONG_S = 3600.0
_SOON_S = 0.01
_TOLD_S = 10.0   # by then it is told, on the busiest machine


class _Told:
    def __init__(self) -> None:
        self.event = threading.Event()
        self.times = 0

    def __call__(self) -> None:
        self.times += 1
        self.event.set()


def test_a_failed_run_ends_at_the_limit() -> None:
    """It has failed first, and the time comes later."""
    told = _Told()
    limit = VerdictLimit(_SOON_S * 20, told)
    limit.note_failure()
    assert told.event.wait(_TOLD_S)
    limit.note_failure()
    limit.close()
    assert told.times == 1


def test_a_run_that_fails_beyond_the_limit_ends_at_once() -> None:
    """The time has passed first; the first failure ends it, on the thread that notes it."""
    told = _Told()
    limit = VerdictLimit(_SOON_S, told)
    assert limit.is_over.wait(_TOLD_S)
    assert told.times == 0
    limit.note_failure()
    assert told.times == 1
    limit.close()


@pytest.mark.parametrize(("seconds", "fails"), [(_LONG_S, True), (0.0, True), (_SOON_S, False)])
def test_other_runs_go_on(seconds: float, fails: bool) -> None:
    """One that failed in time, one without a limit, and one that has not failed."""
    told = _Told()
    limit = VerdictLimit(seconds, told)
    if fails:
        limit.note_failure()
    else:
        assert limit.is_over.wait(_TOLD_S)
    limit.close()
    limit.note_failure()   # whatever comes after the end
    assert told.times == 0
