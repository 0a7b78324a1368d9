"""Promises of `harness.sandbox.local.client.ahead`: taken once, or ended; what is said before is kept."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from harness.core.errors import HarnessError
from harness.core.progress import SILENT
from harness.core.settings import SandboxSettings
from harness.sandbox.local.client import ahead
from harness.sandbox.local.client.ahead import SandboxAhead


class Supervisor:
    """A supervisor process: it is ended, or interrupted, which sets `gone`."""

    def __init__(self) -> None:
        self.gone = threading.Event()

    def end(self) -> None:
        """Be gone."""
        self.gone.set()

    interrupt = end


class Up:
    """A sandbox that is up."""

    stopped = False

    def stop(self) -> None:
        """Remember it."""
        self.stopped = True


class Heard:
    """A progress that remembers what it was told."""

    def __init__(self) -> None:
        self.stages: list[str] = []

    def begin(self, stage: str, _total: int | None = None, _unit: str = "") -> None:
        """Remember it."""
        self.stages.append(f"begin {stage}")

    def advance(self, stage: str, done: int, _note: str = "") -> None:
        """Remember it."""
        self.stages.append(f"{stage} {done}")

    def end(self, stage: str, _note: str = "") -> None:
        """Remember it."""
        self.stages.append(f"end {stage}")


@pytest.fixture
def begin(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., Any]], tuple[SandboxAhead, Supervisor]]:
    """Return a function that starts a sandbox ahead, with this in the place of its start."""

    def begin(bring_up: Callable[..., Any]) -> tuple[SandboxAhead, Supervisor]:
        monkeypatch.setattr(ahead, "make_request", lambda *_: None)
        monkeypatch.setattr(ahead, "bring_up", bring_up)
        supervisor = Supervisor()
        process: Any = supervisor
        return SandboxAhead(SandboxSettings(), process), supervisor

    return begin


def test_it_is_taken_once_with_all_that_was_said(begin: Callable[..., Any]) -> None:
    """Also what was said before anybody listened; afterwards it is the taker's to end."""
    sandbox = Up()

    def bring_up(_process: Any, _request: Any, progress: Any, _tolerated: Any) -> Any:
        progress.begin("etcd")
        progress.advance("etcd", 1)
        progress.end("etcd")
        return sandbox

    started, _ = begin(bring_up)
    heard = Heard()
    assert started.take(heard) is sandbox
    assert heard.stages == ["begin etcd", "etcd 1", "end etcd"]
    started.end()
    assert not sandbox.stopped
    with pytest.raises(HarnessError, match="taken or ended"):
        started.take(SILENT)


def test_its_error_is_the_takers(begin: Callable[..., Any]) -> None:
    """Whoever takes it learns why there is none."""

    def bring_up(*_: Any) -> Any:
        raise HarnessError("no server")

    started, _ = begin(bring_up)
    with pytest.raises(HarnessError, match="no server"):
        started.take(SILENT)
    started.end()


def test_one_that_nobody_takes_is_ended(begin: Callable[..., Any]) -> None:
    """Be it up, or on its way."""
    sandbox = Up()
    up, _ = begin(lambda *_: sandbox)
    up._thread.join()
    up.end()
    up.end()
    assert sandbox.stopped

    def wait(process: Supervisor, *_: Any) -> Any:
        process.gone.wait()
        raise HarnessError("the supervisor ended")

    on_its_way, supervisor = begin(wait)
    on_its_way.end()
    assert supervisor.gone.is_set()
