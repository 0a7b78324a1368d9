"""The versions of the system that the reference can play: data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """How a version behaves, beyond the contract that all of them share."""

    name: str
    immutable_kinds: frozenset[str] = frozenset()
    spark_panic_ends_process: bool = False
    deletes_trigger_runs: bool = False


PROFILES = {
    profile.name: profile
    for profile in (
        Profile("report-2026-03", spark_panic_ends_process=True, deletes_trigger_runs=True),
        Profile("upstream-main", immutable_kinds=frozenset({"Model"})),
    )
}
