"""Faults of processes: one of the sandbox's parts is killed, or stopped and continued."""

from __future__ import annotations

import psutil

from harness.chapters.faults.scene import Scene, Stroke, require, require_struck
from harness.core.errors import HarnessError
from harness.core.polling import wait_for
from harness.sandbox.base import CONTROLLERMGR, ETCD, KUBE_APISERVER, Phase
from harness.sandbox.capabilities import Strike

_RESTART_TIMEOUT_S = 30.0


class Kill(Stroke):
    """SIGKILL. The sandbox restarts a controller manager by itself; the others are started again to heal it."""

    def __init__(self, component: str) -> None:
        self.component = component
        self.settles_itself = component == CONTROLLERMGR
        self.restarts = int(self.settles_itself)
        self.breaks_watches = component in (KUBE_APISERVER, ETCD)
        self._pid: int | None = None
        self._strike: Strike | None = None

    def strike(self, scene: Scene) -> None:
        """Kill the process."""
        self._pid = scene.sandbox.component(self.component).pid
        self._strike = scene.powers.kill(self.component)

    def prove(self, _scene: Scene) -> str:
        """Return that the process is gone, as the sandbox and the operating system say."""
        seen = require_struck(self._strike) if self._strike else ""
        gone = self._pid is not None and is_gone(self._pid)
        return require(seen if gone else "", f"process {self._pid} of {self.component} still runs")

    def stands(self, scene: Scene) -> bool:
        """Whether no other process has taken its place."""
        return self.settles_itself or scene.sandbox.component(self.component).pid in (None, self._pid)

    def heal(self, scene: Scene) -> None:
        """Start it again, or wait for the sandbox to do so; HarnessError where it does not come back."""
        if self._strike is None:
            return
        if not self.settles_itself:
            scene.powers.start(self.component)

        def runs() -> bool:
            component = scene.sandbox.component(self.component)
            return component.phase is Phase.RUNNING and component.pid not in (None, self._pid)

        if not wait_for(runs, bool, timeout_s=_RESTART_TIMEOUT_S, interval_s=0.02).satisfied:
            raise HarnessError(f"{self.component} was killed and is not back after {_RESTART_TIMEOUT_S:g} s")


class Pause(Stroke):
    """SIGSTOP, and SIGCONT to heal it."""

    def __init__(self, component: str) -> None:
        self.component = component
        self._pid: int | None = None
        self._strike: Strike | None = None

    def strike(self, scene: Scene) -> None:
        """Stop the process."""
        self._pid = scene.sandbox.component(self.component).pid
        self._strike = scene.powers.pause(self.component)

    def prove(self, scene: Scene) -> str:
        """Return that the process is in the stopped state, as the sandbox and the operating system say."""
        seen = require_struck(self._strike) if self._strike else ""
        return require(
            seen if self.stands(scene) else "", f"process {self._pid} of {self.component} is not stopped"
        )

    def stands(self, scene: Scene) -> bool:
        """Whether the process is in the stopped state, and still the same."""
        same = scene.sandbox.component(self.component).pid == self._pid
        return same and self._pid is not None and is_stopped(self._pid)

    def heal(self, scene: Scene) -> None:
        """Continue the process."""
        if self._strike is not None:
            scene.powers.resume(self.component)


def is_gone(pid: int) -> bool:
    """Whether there is no such process any more, or only its remains."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def is_stopped(pid: int) -> bool:
    """Whether the process is stopped by a signal."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_STOPPED
    except psutil.NoSuchProcess:
        return False
