"""The vocabulary of the system under test: kinds, their tables and indexed columns, and one case per kind.

Only frozen records: no I/O, no facts. The facts are in `harness.spec.catalogue` and `harness.spec.cases`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

GROUP = "michelangelo.api"
VERSION = "v2"
API_VERSION = f"{GROUP}/{VERSION}"

JsonObject = dict[str, Any]
"""A Kubernetes object as the API server sends it: plain dicts, lists and scalars."""


class ColumnType(StrEnum):
    """How the value of an indexed column follows from its field."""

    TEXT = "text"          # unset: ''
    INTEGER = "integer"    # unset: '0'
    BOOLEAN = "boolean"    # '1' or '0'
    ENUM = "enum"          # the enum's name; unset: the name of its zero
    DATETIME = "datetime"  # whole seconds, UTC; unset: NULL


@dataclass(frozen=True)
class IndexedColumn:
    """A column of a main table that repeats one field of the object.

    `path` is the field's JSON path, such as `spec.owner.name`. Where a message on the way is unset
    (here `spec.owner`; `metadata`, `spec` and `status` themselves are never unset), the column is NULL.
    """

    name: str
    path: str
    type: ColumnType = ColumnType.TEXT
    zero: str = ""
    sql_type: str = "VARCHAR(255)"


@dataclass(frozen=True)
class Kind:
    """A custom resource kind and the three tables that mirror it."""

    name: str
    plural: str
    columns: tuple[IndexedColumn, ...] = ()

    @property
    def table(self) -> str:
        """The main table: the kind in lower case."""
        return self.name.lower()

    @property
    def labels_table(self) -> str:
        """The table of the objects' labels."""
        return f"{self.table}_labels"

    @property
    def annotations_table(self) -> str:
        """The table of the objects' annotations."""
        return f"{self.table}_annotations"

    @property
    def tables(self) -> tuple[str, str, str]:
        """All three tables."""
        return self.table, self.labels_table, self.annotations_table


@dataclass(frozen=True)
class SpotCheck:
    """A value of the seed report's section 2.3: what `path` (a JSON path) must hold after the patch."""

    path: str
    value: Any


@dataclass(frozen=True)
class Case:
    """How one kind is validated: the template that creates it, the merge patch, and what must hold then."""

    number: int
    kind: Kind
    template: str
    patch: Mapping[str, Any]
    spot_checks: tuple[SpotCheck, ...]
    requires: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The kind's name, which is also the case's."""
        return self.kind.name

    @property
    def words(self) -> frozenset[str]:
        """The words by which a user may name the case, in lower case: kind, plural, table, number, template."""
        stem = self.template.removesuffix(".yaml.j2")
        number = {str(self.number), f"{self.number:02d}"}
        return frozenset({self.name.casefold(), self.kind.plural, self.kind.table, stem, f"{stem}.yaml", self.template, *number})
