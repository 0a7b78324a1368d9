"""The fault of a watch that has grown too old: the controller manager sleeps while etcd's history is dropped."""

from __future__ import annotations

from harness.chapters.faults.injections.base import Injection, InjectionContext, require_injected, require_proof
from harness.core.errors import HarnessError, Refusal
from harness.core.polling import wait_for
from harness.sandbox.base import CONTROLLERMGR, KUBE_APISERVER
from harness.sandbox.capabilities import InjectionResult, InjectsFaults, require

_GONE = 410
_THE_END = 2**63 - 1
_ASK_S = 10.0


class WatchExpiry(Injection):
    """The controller manager is stopped; the load goes on; etcd is compacted and kube-apiserver restarted.

    When it goes on, its watches end with 410 Gone and it has to list everything anew. That a watch from before is
    answered so is asked for with one of our own.
    """

    breaks_watches = True

    def __init__(self) -> None:
        self._pid: int | None = None
        self._result: InjectionResult | None = None
        self._version = 0

    def inject(self, context: InjectionContext) -> None:
        """Stop the controller manager, and note the newest version that its watches know."""
        newest = [context.history.find_newest(kind.name, until=float("inf")) for kind in context.kinds]
        self._version = max((n for versions in newest for n in versions.values()), default=1)
        self._pid = context.sandbox.component(CONTROLLERMGR).pid
        self._result = require(context.sandbox, InjectsFaults).pause(CONTROLLERMGR)

    def prove(self, context: InjectionContext) -> str:
        """Return that the controller manager is stopped; what follows is proven by `recover`."""
        seen = require_injected(self._result)
        return require_proof(seen if self.is_active(context) else "", f"process {self._pid} is not stopped")

    def is_active(self, context: InjectionContext) -> bool:
        """Whether the controller manager is still stopped."""
        return self._pid is not None and require(context.sandbox, InjectsFaults).is_stopped(self._pid)

    def recover(self, context: InjectionContext) -> None:
        """Drop the history, restart kube-apiserver, see a watch of our own end with 410, and let it go on."""
        if self._result is None:
            return
        injector = require(context.sandbox, InjectsFaults)
        try:
            injector.compact_etcd()
            injector.kill(KUBE_APISERVER)
            injector.start(KUBE_APISERVER)
            gone = wait_for(lambda: self._ask(context) == _GONE, bool, timeout_s=_ASK_S, interval_s=0.1).satisfied
        finally:
            injector.resume(CONTROLLERMGR)
        require_proof("410" if gone else "", f"a watch from version {self._version} on was not answered with 410")

    def _ask(self, context: InjectionContext) -> int:
        """Return the status that a watch from before the fault is answered with, 0 where it is served."""
        try:
            context.cluster.get_history(
                context.kinds[0], context.namespace, "nobody", since=self._version, until=_THE_END, timeout_s=1
            )
        except Refusal as refusal:
            return refusal.status
        except HarnessError:
            return -1   # it has only just started
        return 0
