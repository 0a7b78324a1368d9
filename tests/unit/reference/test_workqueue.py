"""The queue's promises: once, not twice at a time, never lost, later and later after failures."""

from __future__ import annotations

import threading

import pytest

from harness.reference.workqueue import Key, WorkQueue

A, B = Key("n", "a"), Key("n", "b")


class _Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def _drain(queue: WorkQueue) -> list[Key]:
    """Return what is ready, done with one after the other."""
    keys = []
    queue.add(Key("", "end"))
    while (key := queue.get()) != Key("", "end"):
        assert key is not None
        keys.append(key)
        queue.done(key)
    queue.done(key)
    return keys


def test_keys_come_in_the_order_in_which_they_were_added() -> None:
    """First come, first served."""
    queue = WorkQueue()
    queue.add(B)
    queue.add(A)
    assert _drain(queue) == [B, A]


def test_key_that_waits_is_not_added_again() -> None:
    """Many changes before the work begins make one piece of work."""
    queue = WorkQueue()
    for _ in range(3):
        queue.add(A)
    assert _drain(queue) == [A]


def test_key_that_is_worked_on_waits_until_that_is_done() -> None:
    """No two workers have the same object; the other keys go on."""
    queue = WorkQueue()
    queue.add(A)
    assert queue.get() == A
    queue.add(A)
    queue.add(B)
    assert _drain(queue) == [B]


def test_change_during_the_work_is_not_lost() -> None:
    """A key that was added meanwhile comes again, once, when the work on it is done."""
    queue = WorkQueue()
    queue.add(A)
    assert queue.get() == A
    queue.add(A)
    queue.add(A)
    queue.done(A)
    assert _drain(queue) == [A]


def test_work_without_a_change_is_not_repeated() -> None:
    """Done is done."""
    queue = WorkQueue()
    queue.add(A)
    assert queue.get() == A
    queue.done(A)
    assert _drain(queue) == []


def test_delayed_key_comes_when_it_is_due_and_not_before() -> None:
    """A delay is kept to."""
    clock = _Clock()
    queue = WorkQueue(clock)
    queue.add_after(A, 5.0)
    clock.now += 4.99
    before = _drain(queue)
    clock.now += 0.01
    assert (before, queue.get()) == ([], A)


@pytest.mark.parametrize("delays", [(1.0, 9.0), (9.0, 1.0)])
def test_earlier_of_two_delays_counts(delays: tuple[float, float]) -> None:
    """Asking for later doesn't put off what was asked for sooner, and comes to one piece of work."""
    clock = _Clock()
    queue = WorkQueue(clock)
    for delay in delays:
        queue.add_after(A, delay)
    clock.now += 1.0
    first = queue.get()
    queue.done(A)
    clock.now += 100.0
    assert (first, _drain(queue)) == (A, [])


def test_failures_are_retried_with_delays_that_double_up_to_a_limit() -> None:
    """5 ms, 10 ms, 20 ms ... 1000 s, as controller-runtime does."""
    clock = _Clock()
    queue = WorkQueue(clock)
    delays = []
    for _ in range(20):
        queue.add_rate_limited(A)
        delays.append(queue._delayed.pop(A) - clock.now)
    expected = [min(0.005 * 2**n, 1000.0) for n in range(20)]
    assert delays == pytest.approx(expected)


def test_delays_are_each_keys_own_and_begin_again_after_success() -> None:
    """One object's trouble doesn't slow another's, and is forgotten once it is over."""
    clock = _Clock()
    queue = WorkQueue(clock)
    for _ in range(5):
        queue.add_rate_limited(A)
    queue.forget(A)
    queue._delayed.clear()
    queue.add_rate_limited(A)
    queue.add_rate_limited(B)
    assert {key: due - clock.now for key, due in queue._delayed.items()} == pytest.approx({A: 0.005, B: 0.005})


def test_very_many_failures_do_not_overflow() -> None:
    """An outage may last."""
    queue = WorkQueue(_Clock())
    queue._failures[A] = 5000
    queue.add_rate_limited(A)
    assert queue._delayed[A] == 1100.0


def test_waiting_worker_gets_what_is_added_and_what_becomes_due() -> None:
    """Neither needs a second push."""
    queue = WorkQueue()
    got: list[Key | None] = []

    def work() -> None:
        for _ in range(2):
            got.append(queue.get())

    thread = threading.Thread(target=work)
    thread.start()
    queue.add_after(A, 0.01)
    queue.add(B)
    thread.join(5.0)
    assert sorted(key for key in got if key) == [A, B]


def test_shut_down_ends_all_waiting_and_takes_up_nothing_more() -> None:
    """Workers stop though keys wait."""
    queue = WorkQueue()
    got: list[Key | None] = []
    threads = [threading.Thread(target=lambda: got.append(queue.get())) for _ in range(3)]
    for thread in threads:
        thread.start()
    queue.shut_down()
    for thread in threads:
        thread.join(5.0)
    queue.add(A)
    assert (got, queue.get()) == ([None] * 3, None)
