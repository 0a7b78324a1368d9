"""`harness.chapters.faults.processes`: kills and stops of real processes, and proofs that tell them from none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from harness.chapters.faults.processes import Kill, Pause, is_gone, is_stopped
from harness.core.outcomes import Invalid
from harness.core.polling import wait_for
from harness.sandbox.base import MYSQL, ComponentStatus, Phase
from harness.sandbox.capabilities import Strike


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    """Yield a process that sleeps."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as sleeper:
        yield sleeper
        sleeper.kill()


class FakeSandbox:
    """A sandbox of one process. With `idle` it claims deeds that it does not do."""

    name = "fake"

    def __init__(self, process: subprocess.Popen[bytes], *, idle: bool = False) -> None:
        self._process = process
        self._idle = idle

    def component(self, _name: str) -> ComponentStatus:
        """Return the process."""
        return ComponentStatus(MYSQL, Phase.RUNNING, pid=self._process.pid)

    def _do(self, deed: str, number: signal.Signals) -> Strike:
        if not self._idle:
            os.kill(self._process.pid, number)
        if number is signal.SIGKILL and not self._idle:
            self._process.wait()
        return Strike(MYSQL, deed, struck=True, seen=f"{deed}!", at=0.0)

    def kill(self, _component: str) -> Strike:
        """Kill the process."""
        return self._do("killed", signal.SIGKILL)

    def pause(self, _component: str) -> Strike:
        """Stop the process."""
        strike = self._do("paused", signal.SIGSTOP)
        wait_for(lambda: is_stopped(self._process.pid), bool, timeout_s=0.0 if self._idle else 2.0)
        return strike

    def resume(self, _component: str) -> Strike:
        """Continue the process."""
        return self._do("resumed", signal.SIGCONT)


class FakeScene:
    """A scene with nothing but a sandbox."""

    def __init__(self, sandbox: FakeSandbox) -> None:
        self.sandbox = self.powers = sandbox


def test_a_kill_is_proven_by_the_process_that_is_gone(process: subprocess.Popen[bytes]) -> None:
    """After a kill there is no such process."""
    stroke, scene = Kill(MYSQL), FakeScene(FakeSandbox(process))
    stroke.strike(scene)  # type: ignore[arg-type]
    assert stroke.prove(scene) == "killed!"  # type: ignore[arg-type]
    assert is_gone(process.pid)


def test_a_kill_of_which_nothing_is_seen_is_invalid(process: subprocess.Popen[bytes]) -> None:
    """A sandbox that says that it killed, while the process runs, proves nothing."""
    stroke, scene = Kill(MYSQL), FakeScene(FakeSandbox(process, idle=True))
    stroke.strike(scene)  # type: ignore[arg-type]
    with pytest.raises(Invalid, match="still runs"):
        stroke.prove(scene)  # type: ignore[arg-type]


def test_a_stop_is_proven_by_the_state_and_undone(process: subprocess.Popen[bytes]) -> None:
    """A stopped process stands until it is continued."""
    stroke, scene = Pause(MYSQL), FakeScene(FakeSandbox(process))
    stroke.strike(scene)  # type: ignore[arg-type]
    assert stroke.prove(scene) == "paused!"  # type: ignore[arg-type]
    assert stroke.stands(scene)  # type: ignore[arg-type]
    stroke.heal(scene)  # type: ignore[arg-type]
    assert wait_for(lambda: is_stopped(process.pid), lambda stopped: not stopped, timeout_s=2.0).satisfied


def test_a_stop_of_which_nothing_is_seen_is_invalid(process: subprocess.Popen[bytes]) -> None:
    """A process that runs on was not stopped."""
    stroke, scene = Pause(MYSQL), FakeScene(FakeSandbox(process, idle=True))
    stroke.strike(scene)  # type: ignore[arg-type]
    with pytest.raises(Invalid, match="is not stopped"):
        stroke.prove(scene)  # type: ignore[arg-type]
    stroke.heal(scene)  # type: ignore[arg-type]


def test_a_sandbox_without_the_power_is_named() -> None:
    """A stroke says which backend can't have it."""

    class Elsewhere:
        name = "existing"

    assert "existing" in Kill(MYSQL).explain_absence(Elsewhere())  # type: ignore[arg-type]
