"""Faults of the ways between the controller manager and its servers; the load goes past them."""

from __future__ import annotations

from harness.chapters.faults.scene import Scene, Stroke, explain_no_way, require, require_struck
from harness.sandbox.base import KUBE_APISERVER, Sandbox
from harness.sandbox.capabilities import Cut, Outcome, Strike

_EXPECTED = {
    Cut.REFUSED: Outcome.REFUSED,
    Cut.HANGING: Outcome.SILENT,
    Cut.RESETTING: Outcome.RESET,
    Cut.SLOW: Outcome.ANSWERED,
}
_SLOW_S = 0.1   # an answer that takes this long on loopback was delayed


class CutOff(Stroke):
    """The way to MySQL or kube-apiserver is cut in one of four ways."""

    def __init__(self, component: str, mode: Cut) -> None:
        self.component = component
        self.mode = mode
        self.breaks_watches = component == KUBE_APISERVER
        self._strike: Strike | None = None

    def explain_absence(self, sandbox: Sandbox) -> str:
        """Return why the way can't be cut."""
        return explain_no_way(sandbox)

    def strike(self, scene: Scene) -> None:
        """Cut the way."""
        self._strike = scene.powers.cut(self.component, self.mode)

    def prove(self, scene: Scene) -> str:
        """Return what became of a connection on the controller manager's way."""
        require_struck(self._strike) if self._strike else ""
        return require(self._probe(scene), f"a connection to {self.component} was as usual")

    def stands(self, scene: Scene) -> bool:
        """Whether another connection fares as badly."""
        return bool(self._probe(scene))

    def heal(self, scene: Scene) -> None:
        """Mend the way."""
        if self._strike is not None:
            scene.powers.mend(self.component)

    def _probe(self, scene: Scene) -> str:
        reach = scene.powers.probe(self.component)
        is_struck = reach.outcome is _EXPECTED[self.mode]
        if self.mode is Cut.SLOW:
            is_struck = is_struck and reach.after_s >= _SLOW_S
        return f"way to {self.component}: {reach}" if is_struck else ""
