"""The versions of the system that the reference can play: what a profile says of one, as behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.reference.behaviour import Behaviour
from harness.spec import features
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
    retained_kinds: frozenset[str] = frozenset()
    features: Mapping[str, str] = field(default_factory=dict)

    def has(self, feature: str, value: str) -> bool:
        """Whether the version's value of a feature is that one."""
        return self.features.get(feature) == value

    @property
    def knows_delays(self) -> bool:
        """Whether deletions can be delayed."""
        return self.has(features.DELETION_DELAY, features.CONFIGURABLE)

    def get_behaviour(self, kind: str, deletion_delay_s: float = 0.0) -> Behaviour:
        """Return how the kind's ingester behaves, in a process with that delay in its configuration."""
        return Behaviour(
            adds_finalizer=self.has(features.FINALIZER, features.INGESTER),
            merges_finalizers=self.has(features.FINALIZER_REMOVAL, features.MERGE_PATCH),
            tolerates_missing_row=self.has(features.MISSING_ROW, features.DONE),
            deletes_first=self.has(features.DELETING_ANNOTATION, features.DELETE_FIRST),
            retains=kind in self.retained_kinds,
            deletion_delay_s=deletion_delay_s if self.knows_delays else 0.0,
        )


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
        retained_kinds=contract.retained_kinds,
        features=contract.features,
    )
