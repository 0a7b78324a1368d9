"""Faults of the links between the controller manager and its servers; the load goes past them."""

from __future__ import annotations

from harness.chapters.faults.injections.base import (
    Injection,
    InjectionContext,
    explain_no_links,
    require_injected,
    require_proof,
)
from harness.sandbox.base import KUBE_APISERVER, Sandbox
from harness.sandbox.capabilities import BreaksLinks, InjectionResult, LinkFault, ProbeOutcome, require

_EXPECTED = {
    LinkFault.REFUSED: ProbeOutcome.REFUSED,
    LinkFault.HANGING: ProbeOutcome.SILENT,
    LinkFault.RESETTING: ProbeOutcome.RESET,
    LinkFault.SLOW: ProbeOutcome.ANSWERED,
}
_SLOW_S = 0.1   # an answer that takes this long on loopback was delayed


class BrokenLink(Injection):
    """The link to MySQL or kube-apiserver is broken in one of four ways."""

    def __init__(self, component: str, mode: LinkFault) -> None:
        self.component = component
        self.mode = mode
        self.breaks_watches = component == KUBE_APISERVER
        self._result: InjectionResult | None = None

    @classmethod
    def explain_absence(cls, sandbox: Sandbox) -> str:
        """Return why the link can't be broken."""
        return explain_no_links(sandbox)

    def inject(self, context: InjectionContext) -> None:
        """Break the link."""
        self._result = require(context.sandbox, BreaksLinks).break_link(self.component, self.mode)

    def prove(self, context: InjectionContext) -> str:
        """Return what became of a connection on the controller manager's link."""
        require_injected(self._result)
        return require_proof(self._probe(context), f"a connection to {self.component} was as usual")

    def is_active(self, context: InjectionContext) -> bool:
        """Whether another connection fares as badly."""
        return bool(self._probe(context))

    def recover(self, context: InjectionContext) -> None:
        """Heal the link."""
        if self._result is not None:
            require(context.sandbox, BreaksLinks).heal_link(self.component)

    def _probe(self, context: InjectionContext) -> str:
        seen = require(context.sandbox, BreaksLinks).probe(self.component)
        is_broken = seen.outcome is _EXPECTED[self.mode]
        if self.mode is LinkFault.SLOW:
            is_broken = is_broken and seen.after_s >= _SLOW_S
        return f"link to {self.component}: {seen}" if is_broken else ""
