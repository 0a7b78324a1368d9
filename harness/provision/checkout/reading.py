"""The contract of a version as it can be read: of a checkout, or of a folder of CRDs and a file of SQL.

It puts together what the small readers beside it find, each fact with its source, and decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.core.errors import SettingsError
from harness.provision.checkout.crds import CheckoutCrds, read_crds
from harness.provision.checkout.descriptors import read_descriptors
from harness.provision.checkout.features import read_code, read_features
from harness.provision.checkout.golines import (
    GENERATED_FOLDER,
    GeneratedColumn,
    GeneratedKind,
    GoModule,
    RegisteredList,
    read_go_module,
    read_kinds,
    read_registered,
    read_zeros,
)
from harness.provision.checkout.kindlists import read_mysql_primary, read_retained
from harness.provision.checkout.loglines import read_log_lines, read_setup_lines
from harness.provision.checkout.protos import PROTO_FOLDER, DeclaredKind, read_declared
from harness.provision.checkout.schema import Schema
from harness.provision.checkout.schema import find_schema as find_sql
from harness.provision.checkout.sources import read_texts
from harness.provision.checkout.validation import find_field
from harness.provision.crds import read_folder
from harness.spec.crd import find_schema, get_plural, is_ours
from harness.spec.definitions import KindDefinition, Tables, read_definitions
from harness.spec.features import Fact
from harness.spec.kinds import collect_cases
from harness.spec.model import ColumnType, IndexedColumn, JsonObject
from harness.spec.naming import find_tables
from harness.spec.read import Descriptors, LogLines, NamedKinds, ReadContract, ReadKind, SetupLines
from harness.spec.sql import extract_sql, parse_tables
from harness.spec.versions import NOTE

_TYPES = {"integer": ColumnType.INTEGER, "boolean": ColumnType.BOOLEAN}
_SQL_TYPES = {"DATETIME": ColumnType.DATETIME, "TIMESTAMP": ColumnType.DATETIME}


@dataclass(frozen=True)
class Sources:
    """What was read of a checkout. `registered` is None where the code has a shape that is not known.

    `kinds` is what the generated code does, `declared` what it was made of, as far as that is there. `retained`
    and `mysql_primary` are short lists of kinds, None where they can't be read; `zeros` are the names of enums
    that unset fields have.
    """

    kinds: Mapping[str, GeneratedKind]
    registered: RegisteredList | None
    crds: CheckoutCrds
    schema: Schema
    module: GoModule
    features: Mapping[str, Fact] = field(default_factory=dict)
    retained: NamedKinds | None = None
    mysql_primary: NamedKinds | None = None
    log_lines: LogLines | None = None
    setup_lines: SetupLines = field(default_factory=SetupLines)
    zeros: frozenset[str] = frozenset()
    declared: Mapping[str, DeclaredKind] = field(default_factory=dict)
    descriptors: Descriptors | None = None

    def is_immutable(self, name: str) -> bool:
        """Whether the kind is meant to be immutable: the proto file goes before the code that is made of it."""
        meant = self.declared.get(name) or self.kinds.get(name)
        return meant is not None and meant.immutable

    def list_columns(self, kind: GeneratedKind) -> tuple[GeneratedColumn, ...]:
        """Return the kind's indexed columns: those that code fills, and those that it is meant to fill."""
        schema = find_schema(self.crds.objects.get(kind.name, {})) or {}
        declared = self.declared.get(kind.name)
        paths = {**kind.paths, **(declared.list_paths(schema) if declared else {})}
        filled = [replace(column, path=paths.pop(column.name, column.path)) for column in kind.columns]
        return *filled, *(GeneratedColumn(name, path, is_enum=False) for name, path in paths.items())


def read_checkout(root: Path) -> Sources:
    """Return what the checkout says; HarnessError where it has no CRDs or no SQL, without which nothing runs."""
    texts = read_texts(root / GENERATED_FOLDER, "*.pb.go")
    crds = read_crds(texts, root)
    pairs = [(kind, get_plural(crd)) for kind, crd in crds.objects.items()]
    code = read_code(root)
    declared = read_declared(root)
    return Sources(
        read_kinds(texts, root),
        read_registered(root),
        crds,
        find_sql(root, pairs),
        read_go_module(root),
        read_features(code),
        read_retained(root),
        read_mysql_primary(root),
        read_log_lines(code.ingester),
        read_setup_lines(code.ingester),
        read_zeros(texts),
        declared,
        read_descriptors(texts, root),
    )


def make_read_contract(sources: Sources, root: Path) -> ReadContract:
    """Return the contract that the checkout at `root` says by itself."""
    schema, registered = sources.schema, sources.registered
    where = schema.path.relative_to(root).as_posix()
    immutable = tuple(sorted(filter(sources.is_immutable, {**sources.kinds, **sources.declared})))
    generated = f"IsImmutableKind in {GENERATED_FOLDER}"
    return ReadContract(
        kinds=tuple(_make_kind(name, crd, sources) for name, crd in sources.crds.objects.items()),
        controllers=None if registered is None else NamedKinds(registered.kinds, registered.where),
        immutable=NamedKinds(immutable, f"option resource in {PROTO_FOLDER}" if sources.declared else generated),
        retained=sources.retained,
        mysql_primary=sources.mysql_primary,
        tables=tuple(schema.tables),
        tables_source=where,
        features=sources.features,
        log_lines=sources.log_lines,
        setup_lines=sources.setup_lines,
        descriptors=sources.descriptors,
        notes=tuple(Fact(NOTE, text, where) for text in schema.contradictions),
    )


def read_files(crds: Path | None, schema: Path | None) -> ReadContract | None:
    """Return what a folder of CRDs and a file of SQL say; None without either. SettingsError for a broken one."""
    if crds is None and schema is None:
        return None
    tables = None if schema is None else _parse_sql(schema)
    objects = [] if crds is None else filter(is_ours, read_folder(crds))
    kinds = {crd["spec"]["names"]["kind"]: crd for crd in objects}
    served = (KindDefinition(name, get_plural(crd), find_schema(crd) or {}) for name, crd in kinds.items())
    return read_definitions(served, str(crds), tables, str(schema or ""))


def _make_kind(name: str, crd: JsonObject, sources: Sources) -> ReadKind:
    generated = sources.kinds.get(name)
    plural, schema = get_plural(crd), find_schema(crd) or {}
    tables = find_tables(name, plural, sources.schema.tables)
    sql_types = {} if tables is None else sources.schema.tables[tables.main]
    return ReadKind(
        name,
        plural,
        sources.crds.places.get(name, GENERATED_FOLDER),
        schema,
        tables,
        None
        if generated is None
        else make_columns(name, sources.list_columns(generated), schema, sql_types, sources.zeros),
        "" if generated is None else f"{generated.file}:{generated.line}",
        sql_types,
    )


def make_columns(
    kind: str,
    generated: Sequence[GeneratedColumn],
    schema: JsonObject,
    sql_types: Mapping[str, str],
    zeros: frozenset[str],
) -> tuple[IndexedColumn, ...] | None:
    """Return the kind's columns with the types of their fields; None where the path of one can't be told.

    A column that the kind's module has as well, of the same path, is as there: it knows the field's type.
    """
    if any(not column.path for column in generated):
        return None
    known = {column.name: column for case in collect_cases() if case.name == kind for column in case.kind.columns}
    columns = []
    for column in generated:
        own = known.get(column.name)
        if own is not None and own.path == column.path and (own.type is ColumnType.ENUM) == column.is_enum:
            columns.append(own)
        else:
            columns.append(_make_column(column, schema, sql_types.get(column.name, "VARCHAR(255)"), zeros))
    return tuple(columns)


def _make_column(
    column: GeneratedColumn, schema: JsonObject, sql_type: str, zeros: frozenset[str]
) -> IndexedColumn:
    found = find_field(schema, column.path) or {}
    if column.is_enum or ("enum" in found and "CHAR" in sql_type):   # by its name, whatever the code does
        values: Sequence[str] = found.get("enum", ())
        zero = next((value for value in values if value in zeros), values[0] if values else "")
        return IndexedColumn(column.name, column.path, ColumnType.ENUM, zero, sql_type)
    of_field = _TYPES.get(str(found.get("type")))
    if of_field is None and (found.get("format") == "date-time" or sql_type in _SQL_TYPES):
        of_field = ColumnType.DATETIME
    if of_field is None and sql_type.startswith("BIGINT"):   # a long integer is a text in JSON
        of_field = ColumnType.INTEGER
    return IndexedColumn(column.name, column.path, of_field or ColumnType.TEXT, sql_type=sql_type)


def _parse_sql(path: Path) -> Tables:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"--schema: {str(path)!r} can't be read: {error}") from error
    return parse_tables(extract_sql(text, path.name))
