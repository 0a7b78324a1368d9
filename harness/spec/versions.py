"""Makes the contract of a version from what its profile says and what the kinds' modules know."""

from __future__ import annotations

from harness.spec.contract import Contract
from harness.spec.kinds import collect_cases
from harness.spec.profiles import Profile


def make_contract(profile: Profile) -> Contract:
    """Return the contract of the profile's version: its kinds, all that are known where it lists none."""
    cases = tuple(case for case in collect_cases() if not profile.kinds or case.name in profile.kinds)
    return Contract(cases, profile.immutable_kinds & {case.name for case in cases})
