"""The reference's CRDs and schema follow the kinds' modules, whole and valid."""

from __future__ import annotations

import dataclasses
import functools
import re
from typing import Any

import pytest

from harness.core.errors import HarnessError
from harness.spec import bundle as fixtures
from harness.spec.bundle import render_crds, render_schema
from harness.spec.model import ColumnType, IndexedColumn, JsonObject, Kind
from tests.fakes.contract import CONTRACT

_TYPES = {
    ColumnType.TEXT: "string",
    ColumnType.INTEGER: "integer",
    ColumnType.BOOLEAN: "boolean",
    ColumnType.ENUM: "string",
    ColumnType.DATETIME: "string",
}
_INDEXED = [
    (kind, column)
    for kind in CONTRACT.kinds
    for column in kind.columns
    if not column.path.startswith("metadata.")
]
_ENUMS = [(kind, column) for kind, column in _INDEXED if column.type is ColumnType.ENUM]


def _show(value: Kind | IndexedColumn) -> str:
    return value.name


@functools.cache
def _crds() -> list[JsonObject]:
    """Return the CRDs, rendered once for all tests that don't change them."""
    return render_crds(CONTRACT.cases)


def _schema(kind: str) -> JsonObject:
    """Return the OpenAPI schema of the kind."""
    (crd,) = [crd for crd in _crds() if crd["spec"]["names"]["kind"] == kind]
    schema: JsonObject = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return schema


def _find(schema: JsonObject, path: str) -> JsonObject | None:
    """Return the schema of the field at `path`, None where it is unknown."""
    field: JsonObject | None = schema
    for name in path.split("."):
        field = (field or {}).get("properties", {}).get(name)
    return field


def _nodes(schema: JsonObject) -> list[JsonObject]:
    """Return the schema and all schemas in it."""
    inner = [*schema.get("properties", {}).values()]
    inner += [schema[key] for key in ("items", "additionalProperties") if key in schema]
    return [schema, *(node for child in inner for node in _nodes(child))]


def test_there_is_one_crd_per_kind() -> None:
    """The CRDs are those of the contract, by kind and by plural name, in its order."""
    found = [(crd["spec"]["names"]["kind"], crd["metadata"]["name"]) for crd in _crds()]
    assert found == [(kind.name, f"{kind.plural}.michelangelo.api") for kind in CONTRACT.kinds]


def test_each_crd_is_namespaced_and_has_one_version_with_a_status_subresource() -> None:
    """Status is written apart from spec in every kind."""
    found = [
        (crd["spec"]["scope"], [(v["name"], v["served"], v["storage"], v["subresources"]) for v in versions])
        for crd in _crds()
        for versions in [crd["spec"]["versions"]]
    ]
    assert found == [("Namespaced", [("v2", True, True, {"status": {}})])] * 13


@pytest.mark.parametrize("kind", CONTRACT.kinds, ids=_show)
def test_each_schema_is_structural(kind: Kind) -> None:
    """Every field has a type, and only objects have fields: the API server prunes what it doesn't know."""
    allowed = {
        "object": {"properties", "additionalProperties", "x-kubernetes-preserve-unknown-fields"},
        "array": {"items"},
        "string": {"enum", "format", "pattern"},
        "integer": {"format"},
        "number": set(),
        "boolean": set(),
    }
    wrong = [node for node in _nodes(_schema(kind.name)) if set(node) - {"type"} - allowed[node["type"]]]
    assert wrong == []


@pytest.mark.parametrize("kind", CONTRACT.kinds, ids=_show)
def test_each_schema_has_exactly_spec_and_status(kind: Kind) -> None:
    """Nothing else stands beside metadata."""
    assert list(_schema(kind.name)["properties"]) == ["spec", "status"]


@pytest.mark.parametrize(("kind", "column"), _INDEXED, ids=_show)
def test_each_indexed_field_is_known_with_its_type(kind: Kind, column: IndexedColumn) -> None:
    """A field that has a column of its own is in the CRD, and of the column's type."""
    field = _find(_schema(kind.name), column.path) or {}
    assert field.get("type") == _TYPES[column.type]


@pytest.mark.parametrize(("kind", "column"), _ENUMS, ids=_show)
def test_each_enum_begins_with_its_zero(kind: Kind, column: IndexedColumn) -> None:
    """The value of an unset enum is one that the CRD allows."""
    field = _find(_schema(kind.name), column.path) or {}
    assert field["enum"][0] == column.zero


@pytest.mark.parametrize(
    ("path", "known"),
    [("spec.driver.pod.name", True), ("spec.driver.cores", False), ("spec.driver.memory", False)],
)
def test_spark_driver_has_no_cores_and_memory(path: str, known: bool) -> None:
    """The fields of the report's fourth issue are unknown, the one to use instead is known."""
    assert (_find(_schema("SparkJob"), path) is not None) == known


def test_input_of_a_pipeline_run_is_free() -> None:
    """Arguments of any name are kept."""
    expected = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    assert _find(_schema("PipelineRun"), "spec.input") == expected


def test_renderings_are_equal_and_independent() -> None:
    """Whoever changes a rendered CRD doesn't change the next one."""
    first = render_crds(CONTRACT.cases)
    first[0]["spec"].clear()
    assert render_crds(CONTRACT.cases)[0]["spec"] != {}


@pytest.mark.parametrize(
    ("notation", "expected"),
    [
        ("int", {"type": "integer", "format": "int32"}),
        ("map", {"type": "object", "additionalProperties": {"type": "string"}}),
        (["string"], {"type": "array", "items": {"type": "string"}}),
        ({}, {"type": "object"}),
        ({"a": "bool"}, {"type": "object", "properties": {"a": {"type": "boolean"}}}),
        ("Pair", {"type": "object", "properties": {"a": {"type": "number"}}}),
        ("enum P_ A B", {"type": "string", "enum": ["P_A", "P_B"]}),
    ],
)
def test_notation_is_expanded(notation: Any, expected: JsonObject) -> None:
    """Each word of the notation means what fields.yaml says."""
    assert fixtures._expand(notation, {"Pair": {"a": "number"}}, "Kind") == expected


@pytest.mark.parametrize("notation", ["strin", ["string", "int"], "enum P_", 7])
def test_unknown_notation_is_an_error_that_names_the_field(notation: Any) -> None:
    """A slip of the pen in a kind's fields is found where it was made."""
    with pytest.raises(HarnessError, match=r"spec\.kinds: Kind\.spec\.x: .* is no type"):
        fixtures._expand({"spec": {"x": notation}}, {}, "Kind")


@pytest.fixture
def folder(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let the fixtures be read from an empty folder."""
    monkeypatch.setattr(fixtures, "FOLDER", tmp_path)
    (tmp_path / "crds").mkdir()
    (tmp_path / "schema").mkdir()
    return tmp_path


def test_a_kind_without_fields_takes_whatever_it_gets() -> None:
    """Where no module lists its fields, spec and status are open, so that the reference can serve it as well."""
    [crd] = render_crds([dataclasses.replace(CONTRACT.cases[0], fields={})])
    [version] = crd["spec"]["versions"]
    fields = version["schema"]["openAPIV3Schema"]["properties"]
    assert fields["spec"] == fields["status"] == {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


@pytest.mark.parametrize("text", ["{% for %}", "{{ missing }}"])
def test_broken_template_is_an_error_that_names_the_file(folder: Any, text: str) -> None:
    """A template with a syntax error or an undefined variable fails, and says which one it is."""
    (folder / "schema" / "schema.sql.j2").write_text(text)
    with pytest.raises(HarnessError, match=r"fixtures/schema/schema\.sql\.j2"):
        render_schema(CONTRACT.kinds)


def test_missing_file_is_an_error_that_names_it(folder: Any) -> None:
    """A fixture that is gone is named with its path."""
    with pytest.raises(HarnessError, match=re.escape(str(folder / "schema" / "schema.sql.j2"))):
        render_schema(CONTRACT.kinds)


def _tables() -> dict[str, list[tuple[str, str]]]:
    """Return table -> columns, as name and type, of the rendered schema."""
    schema = render_schema(CONTRACT.kinds)
    tables = re.findall(r"CREATE TABLE IF NOT EXISTS `(\w+)` \((.*?)\n\) ([^;]*);", schema, re.DOTALL)
    return {name: re.findall(r"^  `(\w+)` ([\w()]+)", body, re.MULTILINE) for name, body, _ in tables}


def test_schema_has_39_tables() -> None:
    """The tables are the contract's: three per kind."""
    assert list(_tables()) == [table for kind in CONTRACT.kinds for table in kind.tables]


@pytest.mark.parametrize("kind", CONTRACT.kinds, ids=_show)
def test_main_table_has_the_contracts_columns(kind: Kind) -> None:
    """A main table has the ten columns of all kinds and then the kind's own, each with its type."""
    assert _tables()[kind.table] == [
        ("uid", "VARCHAR(255)"),
        ("group_ver", "VARCHAR(255)"),
        ("namespace", "VARCHAR(255)"),
        ("name", "VARCHAR(255)"),
        ("res_version", "BIGINT"),
        ("create_time", "DATETIME"),
        ("update_time", "DATETIME"),
        ("delete_time", "DATETIME"),
        ("proto", "MEDIUMBLOB"),
        ("json", "JSON"),
        *((column.name, column.sql_type) for column in kind.columns),
    ]


@pytest.mark.parametrize("kind", CONTRACT.kinds, ids=_show)
def test_labels_and_annotations_tables_have_the_contracts_columns(kind: Kind) -> None:
    """Labels are short, annotations are not."""
    start = [("id", "BIGINT"), ("obj_uid", "VARCHAR(255)"), ("key", "VARCHAR(255)")]
    tables = _tables()
    assert [tables[kind.labels_table], tables[kind.annotations_table]] == [
        [*start, ("value", "VARCHAR(63)")],
        [*start, ("value", "TEXT")],
    ]
