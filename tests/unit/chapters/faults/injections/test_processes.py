"""`injections.processes`: kills and stops of real processes, and proofs that tell them from none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from harness.chapters.faults.injections.processes import Kill, Pause
from harness.core.outcomes import Invalid
from harness.core.polling import wait_for
from harness.sandbox.base import MYSQL, ComponentStatus, Phase
from harness.sandbox.capabilities import InjectionResult
from harness.sandbox.local.client.capabilities import LocalCapabilities


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    """Yield a process that sleeps."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as sleeper:
        yield sleeper
        sleeper.kill()


class FakeSandbox:
    """A sandbox of one process. With `idle` it claims actions that it does not take."""

    name = "fake"

    def __init__(self, process: subprocess.Popen[bytes], *, idle: bool = False) -> None:
        self._process = process
        self._idle = idle

    def component(self, _name: str) -> ComponentStatus:
        """Return the process."""
        return ComponentStatus(MYSQL, Phase.RUNNING, pid=self._process.pid)

    def _do(self, action: str, number: signal.Signals) -> InjectionResult:
        if not self._idle:
            os.kill(self._process.pid, number)
        if number is signal.SIGKILL and not self._idle:
            self._process.wait()
        return InjectionResult(MYSQL, action, injected=True, seen=f"{action}!", at=0.0)

    def kill(self, _component: str) -> InjectionResult:
        """Kill the process."""
        return self._do("killed", signal.SIGKILL)

    def pause(self, _component: str) -> InjectionResult:
        """Stop the process."""
        result = self._do("paused", signal.SIGSTOP)
        timeout_s = 0.0 if self._idle else 2.0
        wait_for(lambda: self.is_stopped(self._process.pid), bool, timeout_s=timeout_s)
        return result

    def resume(self, _component: str) -> InjectionResult:
        """Continue the process."""
        return self._do("resumed", signal.SIGCONT)

    def start(self, _component: str) -> InjectionResult:
        """Do nothing."""
        return InjectionResult(MYSQL, "started", injected=False, seen="", at=0.0)

    def compact_etcd(self) -> int:
        """Do nothing."""
        return 0

    is_gone = staticmethod(LocalCapabilities.is_gone)
    is_stopped = staticmethod(LocalCapabilities.is_stopped)


class FakeContext:
    """A context with nothing but a sandbox."""

    def __init__(self, sandbox: FakeSandbox) -> None:
        self.sandbox = sandbox


def test_a_kill_is_proven_by_the_process_that_is_gone(process: subprocess.Popen[bytes]) -> None:
    """After a kill there is no such process."""
    injection, context = Kill(MYSQL), FakeContext(FakeSandbox(process))
    injection.inject(context)  # type: ignore[arg-type]
    assert injection.prove(context) == "killed!"  # type: ignore[arg-type]
    assert LocalCapabilities.is_gone(process.pid)


def test_a_kill_of_which_nothing_is_seen_is_invalid(process: subprocess.Popen[bytes]) -> None:
    """A sandbox that says that it killed, while the process runs, proves nothing."""
    injection, context = Kill(MYSQL), FakeContext(FakeSandbox(process, idle=True))
    injection.inject(context)  # type: ignore[arg-type]
    with pytest.raises(Invalid, match="still runs"):
        injection.prove(context)  # type: ignore[arg-type]


def test_a_stop_is_proven_by_the_state_and_undone(process: subprocess.Popen[bytes]) -> None:
    """A stopped process is active until it is continued."""
    injection, context = Pause(MYSQL), FakeContext(FakeSandbox(process))
    injection.inject(context)  # type: ignore[arg-type]
    assert injection.prove(context) == "paused!"  # type: ignore[arg-type]
    assert injection.is_active(context)  # type: ignore[arg-type]
    injection.recover(context)  # type: ignore[arg-type]
    assert wait_for(lambda: not LocalCapabilities.is_stopped(process.pid), bool, timeout_s=2.0).satisfied


def test_a_stop_of_which_nothing_is_seen_is_invalid(process: subprocess.Popen[bytes]) -> None:
    """A process that runs on was not stopped."""
    injection, context = Pause(MYSQL), FakeContext(FakeSandbox(process, idle=True))
    injection.inject(context)  # type: ignore[arg-type]
    with pytest.raises(Invalid, match="is not stopped"):
        injection.prove(context)  # type: ignore[arg-type]
    injection.recover(context)  # type: ignore[arg-type]


def test_a_sandbox_without_the_capability_is_named() -> None:
    """An injection says which backend can't have it."""

    class Elsewhere:
        name = "existing"

    assert "existing" in Kill(MYSQL).explain_absence(Elsewhere())  # type: ignore[arg-type]
