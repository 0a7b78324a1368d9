"""The vocabulary of the system under test: kinds, their tables and indexed columns, and one case per kind.

Only frozen records: no I/O, no facts. The facts of each kind are in a module of `harness.spec.kinds`. Whatever a
case does not say has a default by which a check finds nothing to do: of a kind no more than its CRD and its table
need be known.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
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
    """A custom resource kind and the three tables that mirror it.

    `table` is the main table (by default the kind in lower case); with the suffixes it names the tables of its
    objects' labels and annotations. `key_annotation` is the annotation that holds an object's key, '' where its
    uid is the key; see `harness.spec.keys`. `schema` is the OpenAPI schema of its objects, as far as it is known.
    """

    name: str
    plural: str
    columns: tuple[IndexedColumn, ...] = ()
    table: str = ""
    labels_suffix: str = "_labels"
    annotations_suffix: str = "_annotations"
    key_annotation: str = ""
    schema: JsonObject = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        if not self.table:
            object.__setattr__(self, "table", self.name.lower())

    @property
    def labels_table(self) -> str:
        """The table of the objects' labels."""
        return f"{self.table}{self.labels_suffix}"

    @property
    def annotations_table(self) -> str:
        """The table of the objects' annotations."""
        return f"{self.table}{self.annotations_suffix}"

    @property
    def tables(self) -> tuple[str, str, str]:
        """All three tables."""
        return self.table, self.labels_table, self.annotations_table

    @property
    def text_columns(self) -> list[IndexedColumn]:
        """The indexed columns that repeat a text of the spec."""
        return [c for c in self.columns if c.type is ColumnType.TEXT and c.path.startswith("spec.")]


@dataclass(frozen=True)
class SpotCheck:
    """A value of the seed report's section 2.3: what `path` (a JSON path) must hold after the patch."""

    path: str
    value: Any


@dataclass(frozen=True)
class TextPlaces:
    """A kind's free text beside its indexed columns, by JSON path: plain fields, lists, maps (free keys as well).

    Fields that every version of the CRD has and that nobody parses: no durations, and no pods.
    """

    fields: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    maps: tuple[str, ...] = ()


@dataclass(frozen=True)
class EnumField:
    """The JSON path of an enum, and how the names of its values begin."""

    path: str
    prefix: str


@dataclass(frozen=True)
class Undecodable:
    """A value that passes the kind's CRD, as a plain string or by its pattern, and is more to the Ingester."""

    name: str
    path: str
    value: str


@dataclass(frozen=True)
class InputPlaces:
    """Where hostile input can be put into objects of a kind, by JSON path; '' where there is no such field.

    `integer` (an int32), `double`, `enum` and `time` are fields that no business controller acts on; `free` takes
    any JSON. `is_thorough`: the kind gets every input, not only those that tell most. `large_kib` are sizes
    near the greatest, of objects that are sent of it.
    """

    text: TextPlaces = TextPlaces()
    integer: str = ""
    double: str = ""
    enum: EnumField | None = None
    time: str = ""
    free: str = ""
    undecodable: Undecodable | None = None
    is_thorough: bool = False
    large_kib: tuple[int, ...] = ()


@dataclass(frozen=True)
class ApiServerNeeds:
    """How the kind's CRs pass Michelangelo's API server.

    `is_served`: it has a service for the kind. `additions` is merged into the CR; with `is_named_as_namespace` its
    name must be that of its namespace.
    """

    is_served: bool = True
    additions: Mapping[str, Any] = field(default_factory=dict)
    is_named_as_namespace: bool = False


@dataclass(frozen=True)
class Turn:
    """Values that take turns, by the number of a load's operation."""

    values: tuple[Any, ...]


@dataclass(frozen=True)
class Case:
    """All that the harness knows of one kind: how it is created, patched and checked, and what else it is sent.

    `number` is its place in the report (0: none of its own), `template` a file of `fixtures/crs` (None: there
    is none, and its object is `example`), `patch` a merge patch and `spot_checks` what must hold after it;
    `requires` are kinds that its object refers to. `status` is a status that its CRD takes in every version
    (empty: none is known). `load` is what a load changes, a merge patch in which `Turn` and texts with `{text}`
    stand for values (empty: nothing). `fields` are those of the reference's CRD, in the notation of
    `fixtures/crds/fields.yaml` (empty: it has none).
    """

    number: int
    kind: Kind
    template: str | None = None
    patch: Mapping[str, Any] = field(default_factory=dict)
    spot_checks: tuple[SpotCheck, ...] = ()
    requires: tuple[str, ...] = ()
    status: Mapping[str, Any] = field(default_factory=dict)
    inputs: InputPlaces = InputPlaces()
    load: Mapping[str, Any] = field(default_factory=dict)
    api_server: ApiServerNeeds = ApiServerNeeds()
    fields: Mapping[str, Any] = field(default_factory=dict)
    example: Mapping[str, Any] = field(default_factory=dict)

    @property
    def can_be_made(self) -> bool:
        """Whether an object of the kind can be made at all."""
        return self.template is not None or bool(self.example)

    @property
    def origin(self) -> str:
        """What its object is made of, in words."""
        return f"the template {self.template}" if self.template is not None else "the object made of its CRD"

    @property
    def name(self) -> str:
        """The kind's name, which is also the case's."""
        return self.kind.name

    @property
    def texts(self) -> list[str]:
        """The JSON paths of single texts that may say anything: those with an indexed column, then the others."""
        return [*(column.path for column in self.kind.text_columns), *self.inputs.text.fields]

    @property
    def turn(self) -> int:
        """A number of the kind alone, by which kinds take turns: a kind more changes nothing for the others."""
        return self.number - 1 if self.number else zlib.crc32(self.name.encode())

    @property
    def words(self) -> frozenset[str]:
        """The words by which a user may name the case, in lower case: kind, plural, table, number, template."""
        words = {self.name.casefold(), self.kind.plural, self.kind.table}
        if self.number:
            words |= {str(self.number), f"{self.number:02d}"}
        if self.template is not None:
            stem = self.template.removesuffix(".yaml.j2")
            words |= {stem, f"{stem}.yaml", self.template}
        return frozenset(words)

    def make_change(self, number: int, text: str) -> JsonObject:
        """Return what operation `number` of a load changes, with a `text` that no other operation has."""
        changed: JsonObject = _fill(self.load, number, text)
        return changed


def _fill(value: Any, number: int, text: str) -> Any:
    if isinstance(value, Turn):
        return value.values[number % len(value.values)]
    if isinstance(value, Mapping):
        return {key: _fill(inner, number, text) for key, inner in value.items()}
    return value.replace("{text}", text) if isinstance(value, str) else value
