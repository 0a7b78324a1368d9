"""What was read of a version: its kinds, tables, columns, lives and features, as far as they could be read.

Plain data, made by whoever reads a checkout, files or a cluster. None and '' mean "not read", which is not the
same as "nothing": it then comes from the profile, or stays unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.spec.features import Fact
from harness.spec.model import IndexedColumn, JsonObject
from harness.spec.naming import KindTables


@dataclass(frozen=True)
class ReadKind:
    """A kind with a CRD. `schema` is its OpenAPI schema, `source` where its CRD stands.

    `tables` are None where the version's schema makes none for it, or none was read; `columns` are None where they
    were not read. `sql_types` are those of its main table, by column.
    """

    name: str
    plural: str
    source: str
    schema: JsonObject = field(default_factory=dict)
    tables: KindTables | None = None
    columns: tuple[IndexedColumn, ...] | None = None
    columns_source: str = ""
    sql_types: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class NamedKinds:
    """A list of kinds, and where it stands."""

    names: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class LogLines:
    """What a reconcile logs of an object that is synced, and of one that is retired; and where that stands.

    They are empty where the code does not tell.
    """

    synced: tuple[str, ...]
    retired: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class SetupLines:
    """What the Ingester's set-up logs: that it begins, each controller, or that its first gate is off.

    They are the seed report's unless the version words them otherwise; `source` is where that stands.
    """

    begins: str = "Setting up ingester controllers"
    registered: str = "Ingester controller registered successfully"
    skipped: str = "Metadata storage not configured, skipping ingester controller setup"
    source: str = "the seed report"

    @property
    def all(self) -> frozenset[str]:
        """Each of them."""
        return frozenset((self.begins, self.registered, self.skipped))


@dataclass(frozen=True)
class Descriptors:
    """Serialized FileDescriptorProtos of the version's messages, and where they stand."""

    files: tuple[bytes, ...]
    source: str


@dataclass(frozen=True)
class ReadContract:
    """All that was read of a version.

    `kinds` are those with a CRD, empty where no CRD was read. `controllers` are the kinds for which the Ingester
    registers one. `tables` are all that the schema makes, None where none was read. `features` are facts, by name;
    `notes` whatever else a reader of the report must know.
    """

    kinds: tuple[ReadKind, ...] = ()
    controllers: NamedKinds | None = None
    immutable: NamedKinds | None = None
    retained: NamedKinds | None = None
    mysql_primary: NamedKinds | None = None
    tables: tuple[str, ...] | None = None
    tables_source: str = ""
    features: Mapping[str, Fact] = field(default_factory=dict)
    log_lines: LogLines | None = None
    setup_lines: SetupLines = field(default_factory=SetupLines)
    descriptors: Descriptors | None = None
    notes: tuple[Fact, ...] = ()

    def find_kind(self, name: str) -> ReadKind | None:
        """Return the kind of that name, None where it has no CRD."""
        return next((kind for kind in self.kinds if kind.name == name), None)
