"""The copy of a pod's log: complete, in order, run by run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from harness.clients.pods import Pods
from harness.core.errors import Refusal
from harness.core.polling import wait_for
from harness.sandbox.base import CONTROLLERMGR, LogCursor, LogLine, Phase
from harness.sandbox.existing.manager import PodManager, UnseenManager, find_manager
from harness.sandbox.existing.podlog import PodLog
from harness.sandbox.existing.podstatus import PodName
from harness.sandbox.log_coverage import LogCoverage
from tests.unit.sandbox.existing.pods import StandInPods, make_pod

_NAME = PodName("default", CONTROLLERMGR)


def _stamp(second: int, text: str) -> str:
    return f"2026-11-24T06:00:{second:02d}.000000001Z {text}"


def _eventually(read: Callable[[], Any], expected: Any) -> None:
    assert wait_for(read, lambda seen: seen == expected, timeout_s=5).value == expected


@pytest.fixture
def open_log() -> Iterator[Callable[[StandInPods], PodLog]]:
    """Opens logs, and closes them after the test."""
    opened: list[PodLog] = []

    def do(pods: StandInPods) -> PodLog:
        log = PodLog(cast(Pods, pods), lambda: pods.pods[0] if pods.pods else None)
        log.start(pods.pods[0])
        opened.append(log)
        return log

    yield do
    for log in opened:
        log.close()


def test_lines_come_once_and_in_order(open_log: Callable[[StandInPods], PodLog]) -> None:
    """What was there and what is followed make one log, though the stream repeats what was there."""
    pods = StandInPods(make_pod())
    pods.log = [_stamp(1, "one"), _stamp(2, "two")]
    log = open_log(pods)
    cursor = log.get_cursor()
    _eventually(lambda: len(pods.streams), 1)
    pods.streams[0].write(_stamp(3, "three"), _stamp(3, "four"))
    _eventually(lambda: [line.text for line in log.read()], ["one", "two", "three", "four"])
    assert log.read(cursor) == [LogLine(0, "three"), LogLine(0, "four")]
    assert log.read(cursor, LogCursor(0, 3)) == [LogLine(0, "three")]


def test_broken_stream_is_taken_up_again(open_log: Callable[[StandInPods], PodLog]) -> None:
    """Where the connection ends and the container does not, the log goes on in the same run."""
    pods = StandInPods(make_pod())
    log = open_log(pods)
    _eventually(lambda: len(pods.streams), 1)
    pods.log = [_stamp(1, "one")]
    pods.streams[0].write(*pods.log)
    pods.streams[0].close()
    _eventually(lambda: len(pods.streams), 2)
    pods.streams[1].write(_stamp(2, "two"))
    _eventually(log.read, [LogLine(0, "one"), LogLine(0, "two")])


def test_crash_is_read_to_its_end_and_a_new_run_begun(open_log: Callable[[StandInPods], PodLog]) -> None:
    """The last words of a container that ended are fetched, and the next one's log is a run of its own."""
    pods = StandInPods(make_pod())
    log = open_log(pods)
    _eventually(lambda: len(pods.streams), 1)
    pods.streams[0].write(_stamp(1, "one"))
    pods.pods = [make_pod(restarts=1)]
    pods.previous = [_stamp(1, "one"), _stamp(2, "panic: at last")]
    pods.log = [_stamp(5, "again")]
    pods.streams[0].close()
    _eventually(log.read, [LogLine(0, "one"), LogLine(0, "panic: at last"), LogLine(1, "again")])
    assert log.get_cursor() == LogCursor(1, 1)
    assert log.read(LogCursor(0, 1), LogCursor(1, 0)) == [LogLine(0, "panic: at last")]


def test_last_words_are_fetched_even_if_the_pod_shows_the_end_late(
    open_log: Callable[[StandInPods], PodLog],
) -> None:
    """A stream that ends before the pod says so is taken up again, and the end of the run is not lost."""
    pods = StandInPods(make_pod())
    log = open_log(pods)
    _eventually(lambda: len(pods.streams), 1)
    pods.log = [_stamp(1, "one")]
    pods.streams[0].write(*pods.log)
    pods.streams[0].close()
    _eventually(lambda: len(pods.streams), 2)   # the pod still shows the old run
    pods.previous, pods.log = [_stamp(1, "one"), _stamp(2, "panic: at last")], [_stamp(5, "again")]
    pods.pods = [make_pod(restarts=1)]
    pods.streams[1].close()
    _eventually(log.read, [LogLine(0, "one"), LogLine(0, "panic: at last"), LogLine(1, "again")])


def test_run_before_the_first_look_is_there_too(open_log: Callable[[StandInPods], PodLog]) -> None:
    """Of a container that had crashed before, the earlier run's log comes first; without it, nothing is wrong."""
    pods = StandInPods(make_pod(restarts=4))
    pods.previous, pods.log = [_stamp(1, "panic: earlier")], [_stamp(2, "now")]
    assert open_log(pods).read() == [LogLine(0, "panic: earlier"), LogLine(1, "now")]
    forgotten = StandInPods(make_pod(restarts=4))
    forgotten.log = [_stamp(2, "now")]
    assert open_log(forgotten).read() == [LogLine(0, "now")]


def test_log_that_lost_its_beginning_says_so(open_log: Callable[[StandInPods], PodLog]) -> None:
    """A first line from long after the container's start means that the log was rotated."""
    whole = StandInPods(make_pod())
    whole.log = [_stamp(3, "Setting up")]
    assert open_log(whole).reach is LogCoverage.WHOLE
    rotated = StandInPods(make_pod())
    rotated.log = ["2026-11-24T09:00:00.000000001Z somewhere in between"]
    assert open_log(rotated).reach is LogCoverage.RECENT


@pytest.fixture
def watch() -> Iterator[Callable[[StandInPods], PodManager]]:
    """Observes controller managers without waiting between two looks, until the end of the test."""
    watched: list[PodManager] = []
    ticks = iter(range(10**6))

    def do(pods: StandInPods) -> PodManager:
        watched.append(PodManager(cast(Pods, pods), _NAME, clock=lambda: float(next(ticks))))
        return watched[-1]

    yield do
    for manager in watched:
        manager.close()


def test_restarts_count_from_the_first_look(watch: Callable[[StandInPods], PodManager]) -> None:
    """Earlier restarts are not the run's; later ones are, and so is a pod that replaces another."""
    pods = StandInPods(make_pod(restarts=7))
    manager = watch(pods)
    assert manager.get_status().restarts == 0
    pods.pods = [make_pod(restarts=9)]
    assert manager.get_status().restarts == 2
    pods.pods = [make_pod(uid="u2", restarts=0)]
    assert manager.get_status().restarts == 1


def test_pod_that_is_gone_is_terminated(watch: Callable[[StandInPods], PodManager]) -> None:
    """A controller manager whose pod was deleted does not count as running."""
    pods = StandInPods(make_pod())
    manager = watch(pods)
    pods.pods = []
    status = manager.get_status()
    assert (status.phase, status.reason) == (Phase.TERMINATED, f"there is no pod default/{CONTROLLERMGR}")


def test_status_is_asked_for_at_most_so_often() -> None:
    """Within 0.2 s the API server is asked once, however often the scenario asks."""
    pods = StandInPods(make_pod())
    manager = PodManager(cast(Pods, pods), _NAME, clock=lambda: 1.0)
    manager.get_status()
    pods.pods = []
    assert manager.get_status().phase is Phase.RUNNING
    manager.close()


def test_manager_out_of_sight_is_an_error_only_if_it_was_named() -> None:
    """Without a pod, or the right to see it, the manager is unseen, with the reason; a named one must be there."""
    pods = StandInPods()
    unseen = find_manager(cast(Pods, pods), _NAME, must_exist=False)
    assert isinstance(unseen, UnseenManager)
    assert (unseen.log_coverage, unseen.read(), unseen.get_status().phase) == (LogCoverage.NONE, [], Phase.RUNNING)
    pods.refusal = Refusal(403, "Forbidden", "pods is forbidden")
    assert "pods is forbidden" in find_manager(cast(Pods, pods), _NAME, must_exist=False).log_limit
    with pytest.raises(Exception, match="pods is forbidden"):
        find_manager(cast(Pods, pods), _NAME, must_exist=True)
