"""The contract of a run's version as the record has it: each fact with its source, and the seed report's value.

Plain texts, so that whoever renders a record needs to know no contract.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from harness.core.record import ContractFact
from harness.spec.contract import Contract
from harness.spec.features import FEATURES, Fact
from harness.spec.model import Kind
from harness.spec.versions import IMMUTABLE, NOT_TESTED, NOTE, RETAINED

FEATURES_GROUP, KINDS_GROUP, OTHERS_GROUP = "Features", "Kinds", "Kinds that are not tested"
SOURCES_GROUP, NOTES_GROUP = "Kinds and tables as a whole", "Notes"

_ABSENT = "not there"
_GROUPS = (FEATURES_GROUP, KINDS_GROUP, OTHERS_GROUP, SOURCES_GROUP, NOTES_GROUP)


def describe_contract(contract: Contract, seed: Contract) -> list[ContractFact]:
    """Return the facts of a contract by group, with what each was in the `seed`'s where that differs."""
    facts = [_describe(fact, contract, seed) for fact in contract.facts]
    return sorted(facts, key=lambda fact: _GROUPS.index(fact.group))


def recall_features(facts: Iterable[ContractFact]) -> dict[str, str]:
    """Return the version's features by name, from a record's description of its contract."""
    return {fact.name: fact.value for fact in facts if fact.group == FEATURES_GROUP}


def describe_basis(contract: Contract, features: Iterable[str], kind: str | None) -> str:
    """Return what a check that stands on these features was judged by, each with its source; '' without features.

    A version that was read wrongly, or not at all, is judged wrongly: whoever sees a failure must see that.
    """
    facts = [fact for name in features if (fact := contract.find_fact(name)) is not None]
    said = [f"{fact.name} is {fact.value} ({fact.source})" for fact in facts]
    if said and kind is not None:
        lists = (contract.find_fact(name) for name in (IMMUTABLE, RETAINED))
        sources = "; ".join(f"{fact.name}: {fact.source}" for fact in lists if fact is not None)
        said.append(f"{kind} is {contract.get_life(kind)} ({sources})")
    return "; ".join(said)


def _describe(fact: Fact, contract: Contract, seed: Contract) -> ContractFact:
    group, value, before = _find_group(fact, contract), fact.value, ""
    if group == KINDS_GROUP:
        value = _describe_kind(contract, fact.name)
        before = _describe_kind(seed, fact.name) if fact.name in seed.names else _ABSENT
        if more := ", ".join(_compare_columns(contract, seed, fact.name)):
            value = f"{value}; {more}"
    elif group != NOTES_GROUP:
        earlier = seed.find_fact(fact.name)
        before = _ABSENT if earlier is None else earlier.value
        if group == OTHERS_GROUP and fact.name in seed.names:
            before = _describe_kind(seed, fact.name)
    is_comparable = group in (FEATURES_GROUP, KINDS_GROUP) or (group == OTHERS_GROUP and before != _ABSENT)
    return ContractFact(group, fact.name, value, fact.source, before if is_comparable and before != value else "")


def _find_group(fact: Fact, contract: Contract) -> str:
    if fact.name in FEATURES or fact.name in contract.features:
        return FEATURES_GROUP
    if fact.value.startswith(NOT_TESTED):
        return OTHERS_GROUP
    if fact.name in contract.names:
        return KINDS_GROUP
    return NOTES_GROUP if fact.name == NOTE else SOURCES_GROUP


def _describe_kind(contract: Contract, name: str) -> str:
    """Return the life of a kind and its main table, with those of labels and annotations where unusual."""
    kind = contract.get_kind(name)
    usual = Kind(kind.name, kind.plural, table=kind.table).tables
    tables = kind.table if kind.tables == usual else ", ".join(kind.tables)
    missing = [table for table in kind.tables if table in contract.absent_tables]
    absent = f"; {len(missing)} of its tables are not made" if missing else ""
    return f"{contract.get_life(name)}; table {tables}{absent}"


def _compare_columns(contract: Contract, seed: Contract, name: str) -> Iterator[str]:
    """Yield the indexed columns that a kind has beside those of the seed's version, and those that it lacks."""
    if name not in seed.names:
        return
    own = {column.name: column.path for column in contract.get_kind(name).columns}
    earlier = {column.name: column.path for column in seed.get_kind(name).columns}
    for words, columns in (
        ("columns more", [column for column in own if column not in earlier]),
        ("columns less", [column for column in earlier if column not in own]),
        ("columns of another path", [c for c in own if c in earlier and own[c] != earlier[c]]),
    ):
        if columns:
            yield f"{words}: {' '.join(columns)}"
