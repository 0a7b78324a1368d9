"""What an injection is: a fault, once. It is injected, proven, active for a while, and recovered from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.chapters.faults.errorlog import await_line
from harness.chapters.faults.load.history import History
from harness.chapters.faults.load.sampler import Follower
from harness.clients.kube import Cluster
from harness.clients.mysql.admin import Admin
from harness.core.outcomes import Invalid
from harness.core.record import Finding
from harness.sandbox.base import CONTROLLERMGR, MYSQL, LogCursor, Sandbox
from harness.sandbox.capabilities import BreaksLinks, FillsDisk, InjectionResult, InjectsFaults
from harness.spec.model import Kind

PROOF_S = 5.0
"""How long a fault may take to show."""


@dataclass
class InjectionContext:
    """One namespace of a sandbox under load. `since` is the controller manager's log just before the fault."""

    sandbox: Sandbox
    cluster: Cluster
    admin: Admin
    namespace: str
    kinds: Sequence[Kind]
    history: History
    follower: Follower
    since: LogCursor = field(default_factory=LogCursor)

    def await_log(self, pattern: str, timeout_s: float = PROOF_S) -> str:
        """Return what the first line of the controller manager's log says that matches, '' for none.

        Lines from before the fault don't count.
        """
        line = await_line(self.sandbox, self.since, pattern, timeout_s)
        return f"{CONTROLLERMGR}: {line.describe()}" if line else ""


class Injection:
    """One fault, once. It can be injected and recovered from one time; what it remembers in between is its own.

    `breaks_watches` says that the controller manager has to list and watch anew. `recovers_itself`: it is over as
    soon as it is proven, or the sandbox recovers from it; nothing is to be waited for in between. `restarts` is
    how often it restarts the controller manager, which runs again after `recover`; one that crashes has yet to
    come back.
    """

    breaks_watches = False
    restarts = 0
    recovers_itself = False

    @classmethod
    def explain_absence(cls, sandbox: Sandbox) -> str:
        """Return why the sandbox can't have this fault, '' where it can."""
        return "" if isinstance(sandbox, InjectsFaults) else f"a {sandbox.name} sandbox can't kill its components"

    def inject(self, context: InjectionContext) -> None:
        """Do it; HarnessError where the sandbox has not the capability (`explain_absence`), or fails."""
        raise NotImplementedError

    def prove(self, context: InjectionContext) -> str:
        """Return what shows that it was injected; Invalid where nothing does."""
        raise NotImplementedError

    def is_active(self, _context: InjectionContext) -> bool:
        """Whether it still holds, as far as that can be seen at little cost."""
        return True

    def examine(self, _context: InjectionContext) -> list[Finding]:
        """Return what the system must not do while this fault alone holds; called just before `recover`."""
        return []

    def recover(self, context: InjectionContext) -> None:
        """Undo it; safe where `inject` failed halfway.

        Invalid where it shows only now not to have been injected.
        """
        raise NotImplementedError


def require_proof(proof: str, what: str) -> str:
    """Return the proof; Invalid where it is empty: `what` says what was seen instead."""
    if not proof:
        raise Invalid(f"the fault was not injected: {what}")
    return proof


def require_injected(result: InjectionResult | None) -> str:
    """Return what was seen of the sandbox's action, '' where it did none.

    Invalid where it was not what was intended.
    """
    if result is None:
        return ""
    return require_proof(
        result.seen if result.injected else "", f"{result.component} {result.action}: {result.seen}"
    )


def explain_no_links(sandbox: Sandbox) -> str:
    """Return why the controller manager has no links and no MySQL account that a fault could be for."""
    if isinstance(sandbox, BreaksLinks) and sandbox.has_faults:
        return ""
    return f"this {sandbox.name} sandbox was not started with a fault proxy"


def explain_foreign_mysql(sandbox: Sandbox) -> str:
    """Return why MySQL must not be disturbed, '' where it is the sandbox's own."""
    if reason := explain_no_links(sandbox):
        return reason
    return "MySQL is not the sandbox's own" if sandbox.component(MYSQL).path.startswith("external") else ""


def explain_no_disk(sandbox: Sandbox) -> str:
    """Return why the disk can't be made full."""
    if not isinstance(sandbox, FillsDisk):
        return f"a {sandbox.name} sandbox can't make MySQL's disk full"
    return explain_foreign_mysql(sandbox)
