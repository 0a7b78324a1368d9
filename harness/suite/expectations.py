"""What the run's profile knows to go wrong: its issues, by section, kind, and what they make the run do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from harness.core.errors import SettingsError
from harness.core.known_issue import Action, KnownIssue
from harness.core.record import Finding
from harness.spec.contract import Contract
from harness.spec.profiles import Profile


class HasIssues(Protocol):
    """A chapter, as far as it says which known issues there are."""

    @property
    def issues(self) -> tuple[KnownIssue, ...]:
        """The issues that its sections may show."""


@dataclass(frozen=True)
class Expectations:
    """The known issues of a profile, in the chapters' order."""

    issues: tuple[KnownIssue, ...] = ()

    def list_for(self, section: str, kind: str | None) -> list[KnownIssue]:
        """Return the issues that may show in the check of that section and kind."""
        return [issue for issue in self.issues if issue.concerns(section, kind)]

    def find_blocking(self, kind: str) -> KnownIssue | None:
        """Return the issue that keeps objects of the kind from living a normal life, if there is one."""
        return next((i for i in self.issues if kind in i.kinds and i.action is not Action.NONE), None)

    def find_action(self, kind: str, action: Action) -> KnownIssue | None:
        """Return the issue of the kind that makes the run do `action`, if there is one."""
        return next((i for i in self.issues if kind in i.kinds and i.action is action), None)

    def find_ruling_out(self, section: str, kind: str | None) -> KnownIssue | None:
        """Return the issue that leaves nothing to check in that section, once it has shown."""
        return next((i for i in self.issues if section in i.rules_out and (not i.kinds or kind in i.kinds)), None)

    def fit(self, contract: Contract) -> Expectations:
        """Return those issues that a version with this contract may have."""
        return Expectations(tuple(issue for issue in self.issues if _has_features(contract, issue)))

    def explains_in(self, section: str, finding: Finding) -> bool:
        """Whether an issue explains the finding in a check of the section that is of no kind."""
        return any(issue.explains(finding) for issue in self.list_for(section, None))

    def explain(self, finding: Finding) -> bool:
        """Whether any issue explains the finding, whatever section it is found in."""
        return any(issue.explains(finding) for issue in self.issues)


def resolve(profile: Profile, chapters: Iterable[HasIssues], contract: Contract | None = None) -> Expectations:
    """Return the known issues of the profile, in the chapters' order, then the profile's own.

    Those that belong to another value of a feature than the contract has are none of this version. Raises
    SettingsError, with the valid ids, for one that no chapter knows.
    """
    registry = {issue.id: issue for chapter in chapters for issue in chapter.issues}
    for issue_id in profile.issue_ids:
        if issue_id not in registry:
            raise SettingsError.unknown(f"profile {profile.name}: known_issues", issue_id, registry)
    chosen = [issue for issue in registry.values() if issue.id in profile.issue_ids]
    expectations = Expectations((*chosen, *profile.own_issues))
    return expectations if contract is None else expectations.fit(contract)


def _has_features(contract: Contract, issue: KnownIssue) -> bool:
    pairs = (each.partition("=") for each in issue.features)
    return all(contract.get_feature(name) == value for name, _, value in pairs)


def explain_all(
    findings: Iterable[Finding], issues: Iterable[KnownIssue]
) -> tuple[dict[str, KnownIssue], list[Finding]]:
    """Return the issues that explain findings, by id, and the findings that none explains.

    Each finding is explained by itself, so that a known limit hides no second defect beside it.
    """
    candidates = list(issues)
    shown: dict[str, KnownIssue] = {}
    unexplained = []
    for finding in findings:
        issue = next((issue for issue in candidates if issue.explains(finding)), None)
        if issue is None:
            unexplained.append(finding)
        else:
            shown[issue.id] = issue
    return shown, unexplained
