"""What a given version of the system is expected to do, read from `fixtures/profiles/NAME.toml`.

A profile's file has `title`, `immutable_kinds` (kinds that leave Kubernetes once they are in MySQL),
`known_issues`, `api_known_issues` and `contract_known_issues` (ids of `harness.chapters.seed.issues`; the second of
Michelangelo's API server, the third of the chapters beyond the seed report's). Anything else in it is an error.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.chapters.seed.issues import API_ISSUES_BY_ID, ISSUES_BY_ID, KnownIssue
from harness.core.errors import SettingsError
from harness.core.record import Column
from harness.core.resources import find_resource
from harness.spec.catalogue import KINDS_BY_NAME
from harness.spec.contract_issues import CONTRACT_ISSUES_BY_ID, ContractIssue

PROFILES_FOLDER = find_resource("fixtures", "profiles")
_KEYS = ("title", "immutable_kinds", "known_issues", "api_known_issues", "contract_known_issues")


@dataclass(frozen=True)
class Profile:
    """The expected behaviour of one version."""

    name: str
    title: str
    immutable_kinds: frozenset[str] = frozenset()
    known_issues: tuple[KnownIssue, ...] = ()
    api_known_issues: tuple[KnownIssue, ...] = ()
    contract_known_issues: tuple[ContractIssue, ...] = ()

    def find_issue(self, kind: str, column: Column) -> KnownIssue | None:
        """Return the known issue that affects the cell, None where it is expected to pass."""
        for issue in self.known_issues:
            if issue.kind == kind and column in issue.cells:
                return issue
        return None

    def find_obstacle(self, kind: str) -> KnownIssue | None:
        """Return the known issue that keeps objects of the kind from living a normal life, if there is one."""
        obstacles = (self.find_issue(kind, column) for column in (Column.SYNCED, Column.UPDATED))
        return next((issue for issue in obstacles if issue is not None), None)

    def list_contract_issues(self, section: str, kind: str | None) -> list[ContractIssue]:
        """Return the known issues that may show in the check of that section and kind."""
        return [
            issue
            for issue in self.contract_known_issues
            if section in issue.sections and (not issue.kinds or kind in issue.kinds)
        ]


def list_profiles(folder: Path = PROFILES_FOLDER) -> list[str]:
    """Return the names of the profiles that there are."""
    return sorted(path.stem for path in folder.glob("*.toml"))


def load_profile(name: str, folder: Path = PROFILES_FOLDER, option: str = "--profile") -> Profile:
    """Return the profile called `name`; SettingsError where it doesn't exist or its file is wrong."""
    path = folder / f"{name}.toml"
    if name not in list_profiles(folder):
        raise SettingsError.unknown(option, name, list_profiles(folder))
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"profile {path}: {error}") from error
    for key in data:
        if key not in _KEYS:
            raise SettingsError.unknown(f"profile {path}: key", key, _KEYS)
    for kind in data.get("immutable_kinds", []):
        if kind not in KINDS_BY_NAME:
            raise SettingsError.unknown(f"profile {path}: immutable_kinds", kind, KINDS_BY_NAME)
    registries: dict[str, dict[str, Any]] = {
        "known_issues": ISSUES_BY_ID,
        "api_known_issues": API_ISSUES_BY_ID,
        "contract_known_issues": CONTRACT_ISSUES_BY_ID,
    }
    for key, registry in registries.items():
        for issue in data.get(key, []):
            if issue not in registry:
                raise SettingsError.unknown(f"profile {path}: {key}", issue, registry)
    return Profile(
        name=name,
        title=str(data.get("title", name)),
        immutable_kinds=frozenset(data.get("immutable_kinds", [])),
        known_issues=tuple(ISSUES_BY_ID[issue] for issue in data.get("known_issues", [])),
        api_known_issues=tuple(API_ISSUES_BY_ID[issue] for issue in data.get("api_known_issues", [])),
        contract_known_issues=tuple(CONTRACT_ISSUES_BY_ID[i] for i in data.get("contract_known_issues", [])),
    )
