"""How a check ends when it neither passes nor fails. The plugin turns these into pytest outcomes and statuses."""

from __future__ import annotations

from harness.chapters.seed.issues import KnownIssue
from harness.spec.contract_issues import ContractIssue


class Signal(Exception):  # noqa: N818  an outcome, not an error
    """The end of a check, with the reason that the report shows."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Known(Signal):
    """The check failed exactly as a known issue of the profile says."""

    def __init__(self, issue: KnownIssue | ContractIssue, detail: str) -> None:
        super().__init__(detail)
        self.issue = issue


class NotApplicable(Signal):
    """The profile says that there is nothing to check, and the evidence agrees."""


class Invalid(Signal):
    """The check proved nothing, since its fault did not strike or its load was not there."""


class NotRun(Signal):
    """Something that the check stands on is missing; it says nothing about the system."""


class StaleKnownIssueWarning(UserWarning):
    """A known issue of the profile did not show, and that is tolerated."""
