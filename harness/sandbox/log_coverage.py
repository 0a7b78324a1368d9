"""How far a sandbox's log of the controller manager reaches: a capability that not every backend has in full.

Checks that stand on the log are not applicable where it does not reach; the rows are then the only proof.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol, runtime_checkable

from harness.sandbox.base import Sandbox


class LogCoverage(StrEnum):
    """What of the controller manager's log can be read."""

    WHOLE = "whole"     # from the start of its current run on
    RECENT = "recent"   # what it writes from now on; its start is no longer kept
    NONE = "none"


@runtime_checkable
class LimitsLog(Protocol):
    """A sandbox whose log of the controller manager may not reach back to its start, or may not be there."""

    @property
    def log_coverage(self) -> LogCoverage:
        """How far the log reaches."""

    @property
    def log_limit(self) -> str:
        """Why it reaches no further, in one sentence; empty where it is whole."""


def get_log_coverage(sandbox: Sandbox) -> LogCoverage:
    """Return how far the sandbox's log of the controller manager reaches."""
    return sandbox.log_coverage if isinstance(sandbox, LimitsLog) else LogCoverage.WHOLE
