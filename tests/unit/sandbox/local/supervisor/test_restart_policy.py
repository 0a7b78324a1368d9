"""Promises of `harness.sandbox.local.supervisor.controllermgr.RestartPolicy`."""

from __future__ import annotations

from harness.sandbox.local.supervisor.controllermgr import RESET_AFTER_S, RestartPolicy


class _Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def _crash(policy: RestartPolicy, clock: _Clock, ran_s: float) -> float:
    policy.note_start()
    clock.now += ran_s
    delay_s = policy.get_delay_s()
    clock.now += delay_s
    return delay_s


def test_delays_double_up_to_the_longest() -> None:
    """A program that keeps crashing is started ever more seldom, but at least every 8 s."""
    clock = _Clock()
    policy = RestartPolicy(clock)
    assert [_crash(policy, clock, 0.1) for _ in range(7)] == [0.5, 1, 2, 4, 8, 8, 8]


def test_program_that_ran_well_starts_fast_again() -> None:
    """After a good while a crash is the first one again; waiting between starts counts for nothing."""
    clock = _Clock()
    policy = RestartPolicy(clock)
    delays = [_crash(policy, clock, ran_s) for ran_s in (0, 0, RESET_AFTER_S - 0.1, RESET_AFTER_S, 0)]
    assert delays == [0.5, 1, 2, 0.5, 1]
