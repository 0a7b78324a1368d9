"""The contract as far as the kinds' schemas and the tables tell it: those of files, or those that servers have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from harness.spec.model import JsonObject
from harness.spec.naming import find_tables
from harness.spec.read import ReadContract, ReadKind

Tables = Mapping[str, Mapping[str, str]]
"""The types of columns, as SQL spells them, by table and column."""


@dataclass(frozen=True)
class KindDefinition:
    """A kind of the group, the name of its resource, and its OpenAPI schema."""

    name: str
    plural: str
    schema: JsonObject


def read_definitions(
    kinds: Iterable[KindDefinition], source: str, tables: Tables | None, tables_source: str
) -> ReadContract:
    """Return what the kinds, and the tables (None where none were read), say of the version."""
    found = []
    for kind in kinds:
        own = None if tables is None else find_tables(kind.name, kind.plural, tables)
        sql_types = {} if own is None or tables is None else tables[own.main]
        found.append(ReadKind(kind.name, kind.plural, source, kind.schema, own, sql_types=sql_types))
    return ReadContract(
        kinds=tuple(found),
        tables=None if tables is None else tuple(tables),
        tables_source=tables_source,
    )
