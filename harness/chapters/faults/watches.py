"""The fault of a watch that has grown too old: the controller manager sleeps while etcd's history is dropped."""

from __future__ import annotations

from harness.chapters.faults.processes import is_stopped
from harness.chapters.faults.scene import Scene, Stroke, require, require_struck
from harness.core.errors import HarnessError, Refusal
from harness.core.polling import wait_for
from harness.sandbox.base import CONTROLLERMGR, KUBE_APISERVER
from harness.sandbox.capabilities import Strike

_GONE = 410
_THE_END = 2**63 - 1
_ASK_S = 10.0


class WatchExpiry(Stroke):
    """The controller manager is stopped; the load goes on; etcd is compacted and kube-apiserver restarted.

    When it goes on, its watches end with 410 Gone and it has to list everything anew. That a watch from before is
    answered so is asked for with one of our own.
    """

    breaks_watches = True

    def __init__(self) -> None:
        self._pid: int | None = None
        self._strike: Strike | None = None
        self._version = 0

    def strike(self, scene: Scene) -> None:
        """Stop the controller manager, and note the newest version that its watches know."""
        newest = [scene.ledger.find_newest(kind.name, until=float("inf")) for kind in scene.kinds]
        self._version = max((n for versions in newest for n in versions.values()), default=1)
        self._pid = scene.sandbox.component(CONTROLLERMGR).pid
        self._strike = scene.powers.pause(CONTROLLERMGR)

    def prove(self, scene: Scene) -> str:
        """Return that the controller manager is stopped; what follows is proven by `heal`."""
        seen = require_struck(self._strike) if self._strike else ""
        return require(seen if self.stands(scene) else "", f"process {self._pid} is not stopped")

    def stands(self, _scene: Scene) -> bool:
        """Whether the controller manager is still stopped."""
        return self._pid is not None and is_stopped(self._pid)

    def heal(self, scene: Scene) -> None:
        """Drop the history, restart kube-apiserver, see a watch of our own end with 410, and let it go on."""
        if self._strike is None:
            return
        try:
            scene.powers.compact_etcd()
            scene.powers.kill(KUBE_APISERVER)
            scene.powers.start(KUBE_APISERVER)
            gone = wait_for(lambda: self._ask(scene) == _GONE, bool, timeout_s=_ASK_S, interval_s=0.1).satisfied
        finally:
            scene.powers.resume(CONTROLLERMGR)
        require("410" if gone else "", f"a watch from version {self._version} on was not answered with 410")

    def _ask(self, scene: Scene) -> int:
        """Return the status that a watch from before the fault is answered with, 0 where it is served."""
        try:
            scene.cluster.get_history(
                scene.kinds[0], scene.namespace, "nobody", since=self._version, until=_THE_END, timeout_s=1
            )
        except Refusal as refusal:
            return refusal.status
        except HarnessError:
            return -1   # it has only just started
        return 0
