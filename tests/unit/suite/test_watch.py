"""The watch over the sandbox of a run."""

from __future__ import annotations

import threading
from typing import Any, cast

from harness.sandbox.base import Sandbox
from harness.suite.watch import SandboxWatch

_LONG_S = 3600.0
_SOON_S = 0.01
_TOLD_S = 10.0   # by then it is told, on the busiest machine
_ENDED = "mysql has ended (killed by SIGKILL)"


class _Servers:
    """What is looked at: servers that end when the test says so."""

    def __init__(self) -> None:
        self.end = ""

    def find_end(self) -> str:
        return self.end


class _Told:
    def __init__(self) -> None:
        self.event = threading.Event()
        self.ends: list[str] = []

    def __call__(self, end: str) -> None:
        self.ends.append(end)
        self.event.set()


def _watch(servers: Any, told: _Told, interval_s: float) -> SandboxWatch:
    return SandboxWatch(cast("Sandbox", servers), told, interval_s)


def test_an_end_is_told_once_by_itself() -> None:
    """From the watch's own thread, while the run waits for something."""
    servers, told = _Servers(), _Told()
    watch = _watch(servers, told, _SOON_S)
    servers.end = _ENDED
    assert told.event.wait(_TOLD_S)
    watch.look()
    watch.close()
    assert told.ends == [_ENDED]


def test_a_check_that_fails_need_not_wait_for_the_next_look() -> None:
    """Without servers every check ends in milliseconds: a run could end as failed before the thread looks."""
    servers, told = _Servers(), _Told()
    watch = _watch(servers, told, _LONG_S)
    watch.look()
    assert told.ends == []
    servers.end = _ENDED
    watch.look()
    watch.look()
    assert told.ends == [_ENDED]
    watch.close()


def test_nothing_is_told_after_the_end_of_the_run() -> None:
    """The run stops its sandbox itself then."""
    servers, told = _Servers(), _Told()
    watch = _watch(servers, told, _SOON_S)
    watch.close()
    servers.end = _ENDED
    watch.look()
    assert told.ends == []


def test_a_sandbox_that_does_not_know_its_end_is_left_alone() -> None:
    """A cluster of others has no such state to be read."""
    told = _Told()
    watch = _watch(object(), told, _LONG_S)
    watch.look()
    watch.close()
    assert told.ends == []
