"""Where a fault strikes, and what a fault is: it strikes, is proven, stands for a while, and is healed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.chapters.faults.admin import Admin
from harness.chapters.faults.errorlog import await_line
from harness.chapters.faults.ledger import Ledger
from harness.chapters.faults.sampler import Follower
from harness.clients.kube import Cluster
from harness.core.outcomes import Invalid
from harness.core.record import Finding
from harness.sandbox.base import CONTROLLERMGR, MYSQL, LogCursor, Sandbox
from harness.sandbox.capabilities import CutsConnections, FillsDisk, InjectsFaults, Strike
from harness.spec.model import Kind

PROOF_S = 5.0
"""How long a fault may take to show."""


@dataclass
class Scene:
    """One namespace of a sandbox under load. `since` is the controller manager's log just before the fault."""

    sandbox: Sandbox
    cluster: Cluster
    admin: Admin
    namespace: str
    kinds: Sequence[Kind]
    ledger: Ledger
    follower: Follower
    since: LogCursor = field(default_factory=LogCursor)

    @property
    def powers(self) -> Any:
        """The sandbox, with the powers that the stroke has asked for (`Stroke.explain_absence`)."""
        return self.sandbox

    def await_log(self, pattern: str, timeout_s: float = PROOF_S) -> str:
        """Return what the first line of the controller manager's log says that matches, '' for none.

        Lines from before the fault don't count.
        """
        line = await_line(self.sandbox, self.since, pattern, timeout_s)
        return f"{CONTROLLERMGR}: {line.describe()}" if line else ""


class Stroke:
    """One fault, once. It can be struck and healed one time; what it remembers in between is its own.

    `breaks_watches` says that the controller manager has to list and watch anew. `settles_itself`: it is over as
    soon as it is proven, or the sandbox heals it; nothing is to be waited for in between. `restarts` is how often
    it restarts the controller manager, which runs again once it is healed; one that crashes has yet to come back.
    """

    breaks_watches = False
    restarts = 0
    settles_itself = False

    def explain_absence(self, sandbox: Sandbox) -> str:
        """Return why the sandbox can't have this fault, '' where it can."""
        return "" if isinstance(sandbox, InjectsFaults) else f"a {sandbox.name} sandbox can't kill its parts"

    def strike(self, scene: Scene) -> None:
        """Do it."""
        raise NotImplementedError

    def prove(self, scene: Scene) -> str:
        """Return what shows that it has struck; Invalid where nothing does."""
        raise NotImplementedError

    def stands(self, _scene: Scene) -> bool:
        """Whether it still holds, as far as that can be seen at little cost."""
        return True

    def examine(self, _scene: Scene) -> list[Finding]:
        """Return what the system must not do while this fault alone holds; called just before it is healed."""
        return []

    def heal(self, scene: Scene) -> None:
        """Undo it; safe where the stroke failed halfway. Invalid where it shows only now not to have struck."""
        raise NotImplementedError


def require(proof: str, what: str) -> str:
    """Return the proof; Invalid where it is empty: `what` says what was seen instead."""
    if not proof:
        raise Invalid(f"the fault did not strike: {what}")
    return proof


def require_struck(strike: Strike) -> str:
    """Return what was seen of the sandbox's deed; Invalid where it was not what was intended."""
    return require(strike.seen if strike.struck else "", f"{strike.component} {strike.deed}: {strike.seen}")


def explain_no_way(sandbox: Sandbox) -> str:
    """Return why the controller manager has no connections and no MySQL account that a fault could be for."""
    if isinstance(sandbox, CutsConnections) and sandbox.has_faults:
        return ""
    return f"this {sandbox.name} sandbox was not started with a fault proxy"


def explain_foreign_mysql(sandbox: Sandbox) -> str:
    """Return why MySQL must not be disturbed, '' where it is the sandbox's own."""
    if reason := explain_no_way(sandbox):
        return reason
    return "MySQL is not the sandbox's own" if sandbox.component(MYSQL).path.startswith("external") else ""


def explain_no_disk(sandbox: Sandbox) -> str:
    """Return why the disk can't be made full."""
    if not isinstance(sandbox, FillsDisk):
        return f"a {sandbox.name} sandbox can't make MySQL's disk full"
    return explain_foreign_mysql(sandbox)
