"""Makes the contract of a version: of what was read of it, what its profile says, what the kinds' modules know.

What was read goes before the profile, and this before the module; what a user gives goes before all. Which kinds
the Ingester mirrors is an exception: a kind that the profile expects, and that has a CRD, stays expected although
its controller is gone, since that is what the harness is to find out.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping

from harness.spec import generic
from harness.spec.bundle import make_schema
from harness.spec.contract import Contract
from harness.spec.features import FEATURES, Fact
from harness.spec.kinds import collect_cases
from harness.spec.model import Case, IndexedColumn, Kind
from harness.spec.naming import KindTables, Naming, find_naming, list_foreign_tables, name_table
from harness.spec.profiles import Profile
from harness.spec.read import NamedKinds, ReadContract, ReadKind, SetupLines
from harness.spec.schema.leaves import unfold

OPTION = "--feature"
NOT_READ = "not read: as in the seed report's version"

NAMING, CONTROLLERS, SCHEMA, NOTE, NOT_TESTED = "table naming", "controllers", "schema", "note", "not tested"
NO_CRD = "no CRD"
LOG_LINES = "log lines of a sync"
SETUP_LINE = "log line of a registered controller"
IMMUTABLE, RETAINED, MYSQL_PRIMARY = "immutable kinds", "retained kinds", "MySQL-primary kinds"
"""The names of facts; that of a kind is its name, that of a feature the feature's."""

_VARCHAR = re.compile(r"VARCHAR\((\d+)\)", re.IGNORECASE)


def make_contract(
    profile: Profile, read: ReadContract | None = None, overrides: Mapping[str, str] | None = None
) -> Contract:
    """Return the contract of the profile's version, or of the one that was read.

    `overrides` are features by name; one that no check knows is kept.
    """
    found = read or ReadContract()
    naming, naming_source = _choose_naming(profile, found)
    primary = _choose(found.mysql_primary, profile.mysql_primary_kinds)
    cases: list[Case] = []
    facts: list[Fact] = []
    absent: set[str] = set()
    chosen, left_out = _choose_kinds(profile, found, primary)
    for name, module in chosen.items():
        of_kind = found.find_kind(name)
        tables, missing = _choose_tables(name, of_kind, found, naming)
        absent |= missing
        cases.append(_make_case(name, module, of_kind, tables))
        facts.append(Fact(name, ", ".join(tables.all), _tell_sources(name, of_kind, found, profile)))
    features, feature_facts = _merge_features(profile, found, overrides or {})
    return Contract(
        cases=tuple(cases),
        immutable_kinds=_choose(found.immutable, profile.immutable_kinds) & set(chosen),
        retained_kinds=_choose(found.retained, profile.retained_kinds) & set(chosen),
        features=features,
        facts=(
            *feature_facts,
            Fact(NAMING, naming, naming_source),
            *_tell_lists(profile, found),
            *_tell_log_lines(found),
            *facts,
            *left_out,
            *_tell_tables(found, (_get_tables(case.kind) for case in cases)),
            *found.notes,
        ),
        mysql_primary_kinds=primary,
        absent_tables=frozenset(absent),
        log_lines=found.log_lines,
        setup_lines=found.setup_lines,
        descriptors=found.descriptors,
    )


def _choose(read: NamedKinds | None, expected: frozenset[str]) -> frozenset[str]:
    return expected if read is None else frozenset(read.names)


def _choose_naming(profile: Profile, found: ReadContract) -> tuple[Naming, str]:
    pairs = [(kind.name, kind.plural) for kind in found.kinds] or [
        (case.name, case.kind.plural) for case in collect_cases()
    ]
    naming = find_naming(pairs, found.tables) if found.tables else None
    return (profile.naming, f"profile {profile.name}") if naming is None else (naming, found.tables_source)


def _choose_kinds(
    profile: Profile, found: ReadContract, primary: frozenset[str]
) -> tuple[dict[str, Case | None], list[Fact]]:
    """Return the kinds that are tested, each with its module's case; and what is said of the others."""
    modules = {case.name: case for case in collect_cases()}
    expected = set(profile.kinds) or set(modules)
    registered = found.controllers
    if registered is not None:
        wanted = expected | set(registered.names)
    else:   # a kind with a CRD and a table is one that the Ingester mirrors
        wanted = expected | {kind.name for kind in found.kinds if kind.tables is not None}
    chosen: dict[str, Case | None] = {}
    left_out: list[Fact] = []
    for name in (*(name for name in modules if name in wanted), *sorted(wanted - modules.keys())):
        if name in primary:
            continue
        if found.kinds and found.find_kind(name) is None:
            has_controller = registered is not None and name in registered.names
            what = f"a controller and {NO_CRD}" if has_controller else f"{NO_CRD} in this version"
            left_out.append(Fact(name, f"{NOT_TESTED}: {what}", registered.source if registered else ""))
            continue
        chosen[name] = modules.get(name)
    for name in sorted(primary):
        source = found.mysql_primary.source if found.mysql_primary else f"profile {profile.name}"
        left_out.append(Fact(name, f"{NOT_TESTED}: MySQL-primary, so that there is nothing to watch", source))
    for kind in found.kinds:
        if kind.name not in chosen and kind.name not in primary:
            what = "a CRD" if registered is None else "a CRD and no controller,"
            tables = "and no table" if kind.tables is None else f"although it has the table {kind.tables.main}"
            left_out.append(Fact(kind.name, f"{NOT_TESTED}: {what} {tables}", kind.source))
    return chosen, left_out


def _choose_tables(
    name: str, read: ReadKind | None, found: ReadContract, naming: Naming
) -> tuple[KindTables, set[str]]:
    """Return the tables that the kind has or should have, and those that the version's schema does not make."""
    tables = read.tables if read is not None else None
    if tables is None:
        tables = KindTables(name_table(name, naming, read.plural if read is not None else ""))
    made = found.tables
    return tables, set() if made is None else {table for table in tables.all if table not in made}


def _make_case(name: str, module: Case | None, read: ReadKind | None, tables: KindTables) -> Case:
    own = () if module is None else module.kind.columns
    plural = read.plural if read is not None else f"{name.lower()}s" if module is None else module.kind.plural
    kind = Kind(
        name,
        plural,
        _merge_columns(own, read),
        tables.main,
        tables.labels_suffix,
        tables.annotations_suffix,
        schema=unfold(read.schema) if read is not None and read.schema else make_schema(module),
    )
    if module is None:
        return generic.make_case(kind, read.schema if read is not None else {})
    return dataclasses.replace(module, kind=kind)


def _merge_columns(own: Iterable[IndexedColumn], read: ReadKind | None) -> tuple[IndexedColumn, ...]:
    """Return the columns that were read, else those of the module, with the types that the schema gives them.

    A column that is narrower than the module says keeps the module's type: that it is, section 1.2 finds out.
    """
    known = {column.name: column for column in own}
    if read is None:
        return tuple(known.values())
    columns = known.values() if read.columns is None else read.columns
    merged = []
    for column in columns:
        sql_type = read.sql_types.get(column.name, column.sql_type)
        if column.name in known and _is_narrower(sql_type, known[column.name].sql_type):
            sql_type = known[column.name].sql_type
        merged.append(dataclasses.replace(column, sql_type=sql_type))
    return tuple(merged)


def _is_narrower(found: str, needed: str) -> bool:
    first, second = _VARCHAR.fullmatch(found), _VARCHAR.fullmatch(needed)
    return first is not None and second is not None and int(first[1]) < int(second[1])


def _get_tables(kind: Kind) -> KindTables:
    return KindTables(kind.table, kind.labels_suffix, kind.annotations_suffix)


def _merge_features(
    profile: Profile, found: ReadContract, overrides: Mapping[str, str]
) -> tuple[dict[str, str], list[Fact]]:
    facts = {name: Fact(name, values[0], NOT_READ) for name, values in FEATURES.items()}
    facts |= {name: Fact(name, value, f"profile {profile.name}") for name, value in profile.features.items()}
    facts |= found.features
    facts |= {name: Fact(name, value, OPTION) for name, value in overrides.items()}
    said = {*profile.features, *found.features, *overrides}
    return {name: fact.value for name, fact in facts.items() if name in said}, list(facts.values())


def _tell_sources(name: str, read: ReadKind | None, found: ReadContract, profile: Profile) -> str:
    sources = [f"profile {profile.name}"] if read is None else [read.source]
    if found.controllers is not None:
        has = "" if name in found.controllers.names else "not in "
        sources.append(f"{has}{found.controllers.source}")
    if read is not None and read.tables is not None:
        sources.append(found.tables_source)
    return "; ".join(sources)


def _tell_lists(profile: Profile, found: ReadContract) -> Iterator[Fact]:
    expected = f"profile {profile.name}"
    for name, read, kinds in (
        (CONTROLLERS, found.controllers, frozenset(profile.kinds)),
        (IMMUTABLE, found.immutable, profile.immutable_kinds),
        (RETAINED, found.retained, profile.retained_kinds),
        (MYSQL_PRIMARY, found.mysql_primary, profile.mysql_primary_kinds),
    ):
        names = sorted(kinds if read is None else read.names)
        value = f"{len(names)}: {', '.join(names)}" if names else "none"
        if read is None and name == CONTROLLERS:
            value = "not read"
        yield Fact(name, value, expected if read is None else read.source)


def _tell_log_lines(found: ReadContract) -> Iterator[Fact]:
    if found.log_lines is not None:
        lines = " → ".join(found.log_lines.synced) or "not read"
        yield Fact(LOG_LINES, lines, found.log_lines.source)
    if found.setup_lines != SetupLines():
        yield Fact(SETUP_LINE, found.setup_lines.registered, found.setup_lines.source)


def _tell_tables(found: ReadContract, own: Iterable[KindTables]) -> Iterator[Fact]:
    if found.tables is None:
        return
    yield Fact(SCHEMA, f"{len(found.tables)} tables", found.tables_source)
    read = (kind.tables for kind in found.kinds if kind.tables is not None)
    for table in list_foreign_tables((*own, *read), found.tables):
        yield Fact(NOTE, f"the table {table} belongs to no kind", found.tables_source)
