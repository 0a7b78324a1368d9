"""The versions of the system that the reference can play: what a profile says of one, as behaviour."""

from __future__ import annotations

from dataclasses import dataclass

from harness.spec.model import Kind
from harness.spec.profiles import load_profile
from harness.spec.versions import make_contract

DEFAULT = "report-2026-03"


@dataclass(frozen=True)
class Profile:
    """How a version behaves, beyond the contract that all of them share."""

    name: str
    kinds: tuple[Kind, ...]
    immutable_kinds: frozenset[str] = frozenset()
    spark_panic_ends_process: bool = False
    deletes_trigger_runs: bool = False


def find_profile(name: str) -> Profile:
    """Return the version of a profile, by its name or its file's path; SettingsError where there is none.

    It has the kinds that the profile lists, and the defects of the business controllers that it expects.
    """
    profile = load_profile(name)
    contract = make_contract(profile)
    return Profile(
        name,
        contract.kinds,
        contract.immutable_kinds,
        spark_panic_ends_process="sparkjob-double-panic" in profile.issue_ids,
        deletes_trigger_runs="triggerrun-deleted" in profile.issue_ids,
    )
