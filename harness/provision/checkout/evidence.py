"""Which profile fits a checkout, judged by what its code says, and in words why.

Two facts decide: which kinds are immutable (they leave Kubernetes once they are in MySQL), and whether a panic
in a reconcile takes the controller manager down.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from harness.provision.checkout.golines import GeneratedKind, GoModule
from harness.spec.kinds import collect_cases
from harness.spec.profiles import Profile, list_profiles, load_profile

PANIC_ISSUE = "sparkjob-double-panic"
"""The known issue that shows only where panics are not recovered."""


@dataclass(frozen=True)
class Choice:
    """A profile's name, why it was chosen, and what of the evidence contradicts it (empty where all fits)."""

    profile: str
    reason: str
    contradictions: tuple[str, ...] = ()


def choose_profile(
    kinds: Mapping[str, GeneratedKind], module: GoModule, profiles: Iterable[Profile] | None = None
) -> Choice:
    """Return the profile that most of the evidence agrees with, the first by name among equals."""
    known = {case.name for case in collect_cases()}
    immutable = frozenset(name for name, kind in kinds.items() if kind.immutable and name in known)
    recovers = module.recovers_panics
    candidates = [load_profile(name) for name in list_profiles()] if profiles is None else list(profiles)
    judged = {profile.name: _contradict(profile, immutable, recovers) for profile in candidates}
    name = min(judged, key=lambda candidate: (len(judged[candidate]), candidate))
    return Choice(name, _describe(immutable, module), judged[name])


def _contradict(profile: Profile, immutable: frozenset[str], recovers: bool | None) -> tuple[str, ...]:
    found = []
    if profile.immutable_kinds != immutable:
        expected, seen = _join(profile.immutable_kinds), _join(immutable)
        found.append(f"profile {profile.name} expects as immutable kinds: {expected}; the checkout has: {seen}")
    panics = PANIC_ISSUE in profile.issue_ids
    if recovers is not None and panics == recovers:
        effect = "recovers panics" if recovers else "does not recover panics"
        found.append(f"profile {profile.name} expects the opposite of a controller manager that {effect}")
    return tuple(found)


def _describe(immutable: frozenset[str], module: GoModule) -> str:
    version = f"controller-runtime {module.controller_runtime}"
    panics = {
        True: f"{version} recovers panics",
        False: f"{version} does not recover panics",
        None: "go.mod does not say whether panics are recovered",
    }[module.recovers_panics]
    return f"immutable kinds: {_join(immutable)}; {panics}"


def _join(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"
