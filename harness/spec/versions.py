"""Makes the contract of a version from what its profile says and what the kinds' modules know."""

from __future__ import annotations

from harness.spec.contract import Contract
from harness.spec.kinds import collect_cases
from harness.spec.profiles import Profile


def make_contract(profile: Profile) -> Contract:
    """Return the contract of the profile's version: its kinds, all that are known where it lists none.

    Kinds that are never in Kubernetes are none of them: there is nothing to watch.
    """
    cases = tuple(
        case
        for case in collect_cases()
        if (not profile.kinds or case.name in profile.kinds) and case.name not in profile.mysql_primary_kinds
    )
    names = {case.name for case in cases}
    return Contract(
        cases,
        profile.immutable_kinds & names,
        profile.retained_kinds & names,
        profile.mysql_primary_kinds,
        profile.features,
    )
