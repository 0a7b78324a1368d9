"""The contract of the run's version as the record tells it: by group, and what differs from the seed report's."""

from __future__ import annotations

from harness.core.record import ContractFact, Record

TITLE = "The contract of this version"
EXPLANATION = (
    "What was expected of this version, and where each fact was read. A version that differs from the seed "
    "report's is judged by its own contract."
)


def group_facts(record: Record) -> list[tuple[str, list[ContractFact]]]:
    """Return the facts by group, in the record's order; none for a record that has no contract."""
    groups: dict[str, list[ContractFact]] = {}
    for fact in record.contract:
        groups.setdefault(fact.group, []).append(fact)
    return list(groups.items())


def list_differences(record: Record) -> list[str]:
    """Return what differs from the seed report's version, a line per fact."""
    return [f"{fact.name}: {fact.value} (seed report: {fact.seed})" for fact in record.contract if fact.seed]
