"""Faults of processes: one of the sandbox's components is killed, or stopped and continued."""

from __future__ import annotations

from harness.chapters.faults.injections.base import Injection, InjectionContext, require_injected, require_proof
from harness.core.errors import HarnessError
from harness.core.polling import wait_for
from harness.sandbox.base import CONTROLLERMGR, ETCD, KUBE_APISERVER, Phase
from harness.sandbox.capabilities import InjectionResult, InjectsFaults, require

_RESTART_TIMEOUT_S = 30.0


class Kill(Injection):
    """SIGKILL. The sandbox restarts a controller manager by itself; the others are started again to recover."""

    def __init__(self, component: str) -> None:
        self.component = component
        self.recovers_itself = component == CONTROLLERMGR
        self.restarts = int(self.recovers_itself)
        self.breaks_watches = component in (KUBE_APISERVER, ETCD)
        self._pid: int | None = None
        self._result: InjectionResult | None = None

    def inject(self, context: InjectionContext) -> None:
        """Kill the process."""
        self._pid = context.sandbox.component(self.component).pid
        self._result = require(context.sandbox, InjectsFaults).kill(self.component)

    def prove(self, context: InjectionContext) -> str:
        """Return that the process is gone, as the sandbox and the operating system say."""
        seen = require_injected(self._result)
        is_gone = self._pid is not None and require(context.sandbox, InjectsFaults).is_gone(self._pid)
        return require_proof(seen if is_gone else "", f"process {self._pid} of {self.component} still runs")

    def is_active(self, context: InjectionContext) -> bool:
        """Whether no other process has taken its place."""
        return self.recovers_itself or context.sandbox.component(self.component).pid in (None, self._pid)

    def recover(self, context: InjectionContext) -> None:
        """Start it again, or wait for the sandbox to do so; HarnessError where it does not come back."""
        if self._result is None:
            return
        if not self.recovers_itself:
            require(context.sandbox, InjectsFaults).start(self.component)

        def runs() -> bool:
            component = context.sandbox.component(self.component)
            return component.phase is Phase.RUNNING and component.pid not in (None, self._pid)

        if not wait_for(runs, bool, timeout_s=_RESTART_TIMEOUT_S, interval_s=0.02).satisfied:
            raise HarnessError(f"{self.component} was killed and is not back after {_RESTART_TIMEOUT_S:g} s")


class Pause(Injection):
    """SIGSTOP, and SIGCONT to recover."""

    def __init__(self, component: str) -> None:
        self.component = component
        self._pid: int | None = None
        self._result: InjectionResult | None = None

    def inject(self, context: InjectionContext) -> None:
        """Stop the process."""
        self._pid = context.sandbox.component(self.component).pid
        self._result = require(context.sandbox, InjectsFaults).pause(self.component)

    def prove(self, context: InjectionContext) -> str:
        """Return that the process is in the stopped state, as the sandbox and the operating system say."""
        seen = require_injected(self._result)
        return require_proof(
            seen if self.is_active(context) else "", f"process {self._pid} of {self.component} is not stopped"
        )

    def is_active(self, context: InjectionContext) -> bool:
        """Whether the process is in the stopped state, and still the same."""
        if self._pid is None or context.sandbox.component(self.component).pid != self._pid:
            return False
        return require(context.sandbox, InjectsFaults).is_stopped(self._pid)

    def recover(self, context: InjectionContext) -> None:
        """Continue the process."""
        if self._result is not None:
            require(context.sandbox, InjectsFaults).resume(self.component)
