"""`harness.spec.equality`: what counts as equal, and that every difference is found and named."""

from __future__ import annotations

import copy
import datetime as dt
import json
from typing import Any

import pytest

from harness.core import codes
from harness.spec.equality import (
    compare_json,
    compare_objects,
    compare_row,
    compare_spots,
    expect_column,
    parse_time,
    show,
)
from harness.spec.model import ColumnType, IndexedColumn, JsonObject, SpotCheck
from harness.spec.row import Row, Value
from tests.fakes.contract import CONTRACT

MODEL = CONTRACT.get_kind("Model")


def make_object() -> dict[str, Any]:
    """Return a Model as the API server sends it."""
    return {
        "apiVersion": "michelangelo.api/v2",
        "kind": "Model",
        "metadata": {
            "name": "m",
            "namespace": "n",
            "uid": "u-1",
            "resourceVersion": "41",
            "creationTimestamp": "2026-03-09T20:51:07Z",
            "labels": {"a": "1", "empty": ""},
            "annotations": {"note": "x"},
        },
        "spec": {
            "algorithm": "xgboost",
            "kind": "MODEL_KIND_REGRESSION",
            "owner": {"name": "me"},
            "modelFamily": {"namespace": "n", "name": "f"},
        },
    }


def make_row(obj: dict[str, Any] | None = None, changes: dict[str, Value] | None = None) -> Row:
    """Return the row that a right ingester writes for `obj`, spelt out by hand, with `changes`."""
    obj = obj or make_object()
    columns: dict[str, Value] = {column.name: None for column in MODEL.columns}
    columns |= {
        "uid": "u-1",
        "group_ver": "michelangelo.api/v2",
        "namespace": "n",
        "name": "m",
        "res_version": 41,
        "create_time": dt.datetime(2026, 3, 9, 20, 51, 7),
        "update_time": dt.datetime(2026, 3, 9, 20, 51, 8),
        "delete_time": None,
        "proto": b"\x0a\x01m\x12n u-1 41 a 1 empty",
        "json": json.dumps(obj),
        "algorithm": "xgboost",
        "training_framework": "",
        "owner": "me",
        "source": "",
        "description": "",
        "model_kind": "MODEL_KIND_REGRESSION",
        "package_type": "DEPLOYABLE_MODEL_PACKAGE_TYPE_INVALID",
        "revision_id": "0",
        "model_family_namespace": "n",
        "model_family_name": "f",
    }
    columns |= changes or {}
    return Row("model", columns, (("a", "1"), ("empty", "")), (("note", "x"),))


def where(mismatches: list[Any]) -> list[str]:
    """Return where each mismatch is."""
    return [mismatch.where for mismatch in mismatches]


def test_a_right_row_has_no_mismatch() -> None:
    """A row that repeats its object in every place is equal to it."""
    assert compare_row(MODEL, make_object(), make_row()) == []


@pytest.mark.parametrize(
    ("column", "wrong"),
    [
        ("uid", "u-2"),
        ("group_ver", "michelangelo.api/v1"),
        ("namespace", "other"),
        ("name", "other"),
        ("res_version", 40),
        ("create_time", dt.datetime(2026, 3, 9, 21, 51, 7)),
        ("delete_time", dt.datetime(2026, 3, 9, 21, 51, 7)),
        ("proto", b""),
        ("proto", b"\x0a\x01m\x12n u-1 40 a 1 empty"),
        ("proto", None),
        ("algorithm", "lightgbm"),
        ("training_framework", None),
        ("owner", ""),
        ("model_kind", "MODEL_KIND_INVALID"),
        ("revision_id", None),
        ("model_family_name", None),
        ("src_pipeline_run_name", ""),
    ],
)
def test_a_wrong_column_is_named(column: str, wrong: Value) -> None:
    """A wrong value is reported under the name of its column, and nothing else is."""
    assert where(compare_row(MODEL, make_object(), make_row(changes={column: wrong}))) == [f"column {column}"]


@pytest.mark.parametrize("kind", CONTRACT.kinds, ids=lambda kind: kind.name)
def test_every_indexed_column_is_compared(kind: Any) -> None:
    """No indexed column of any kind can hold a foreign value unnoticed."""
    obj = make_object() | {"kind": kind.name, "spec": {}}
    right: dict[str, Value] = {column.name: expect_column(column, obj) for column in kind.columns}
    for column in kind.columns:
        row = make_row(obj)
        columns = {**row.columns, **right, column.name: "foreign"}
        found = compare_row(kind, obj, Row(kind.table, columns, row.labels, row.annotations))
        assert where(found) == [f"column {column.name}"]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ((("a", "1"),), ["table model_labels, key empty"]),
        ((("a", "2"), ("empty", "")), ["table model_labels, key a"]),
        ((("a", "1"), ("a", "1"), ("empty", "")), ["table model_labels, key a"]),
        ((("a", "1"), ("empty", ""), ("old", "x")), ["table model_labels, key old"]),
        ((), ["table model_labels, key a", "table model_labels, key empty"]),
    ],
    ids=["missing", "wrong", "twice", "leftover", "none"],
)
def test_labels_must_match_exactly(labels: tuple[tuple[str, str], ...], expected: list[str]) -> None:
    """A label that is missing, wrong, doubled or left over is named by its key."""
    row = make_row()
    assert where(compare_row(MODEL, make_object(), Row("model", row.columns, labels, row.annotations))) == expected


def test_annotations_must_match_exactly() -> None:
    """A missing annotation is named by its key."""
    row = make_row()
    found = compare_row(MODEL, make_object(), Row("model", row.columns, row.labels, ()))
    assert where(found) == ["table model_annotations, key note"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda o: o["spec"].pop("algorithm"), "column json, spec.algorithm"),
        (lambda o: o["spec"].update(algorithm="XGBoost"), "column json, spec.algorithm"),
        (lambda o: o["spec"].update(extra=1), "column json, spec.extra"),
        (lambda o: o["metadata"].update(resourceVersion="40"), "column json, metadata.resourceVersion"),
        (lambda o: o["metadata"]["labels"].pop("empty"), "column json, metadata.labels[empty]"),
        (lambda o: o["spec"].update(owner={}), "column json, spec.owner.name"),
    ],
)
def test_a_difference_in_the_json_column_is_named_by_its_path(change: Any, expected: str) -> None:
    """A field that the json column lost, changed or invented is named by its JSON path."""
    stored = copy.deepcopy(make_object())
    change(stored)
    assert where(compare_row(MODEL, make_object(), make_row(stored))) == [expected]


@pytest.mark.parametrize("stored", [None, "", "{", "[]"])
def test_a_json_column_without_an_object_is_a_mismatch(stored: str | None) -> None:
    """An empty or broken json column is a difference, not an error."""
    assert compare_row(MODEL, make_object(), make_row(changes={"json": stored}))


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ({"a": 1}, {"a": 1, "status": {}}),
        ({"a": 1, "b": False, "c": 0, "d": "", "e": [], "f": None}, {"a": 1}),
        ({}, {"status": {"pipeline": {"metadata": {"creationTimestamp": None}}}}),
        ({"n": 1}, {"n": 1.0}),
    ],
)
def test_defaults_and_absence_are_the_same(expected: Any, actual: Any) -> None:
    """A field that is absent equals one that holds its type's default, as in proto3."""
    assert compare_json(expected, actual) == []


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ({"a": True}, {"a": 1}),
        ({"a": "1"}, {"a": 1}),
        ({"a": True}, {}),
        ({"a": [1, 2, 3]}, {"a": [1, 3, 3]}),
        ({"a": [1, 2]}, {"a": [1]}),
        ({"a": [{}]}, {}),
        ({"a": {"b": 1}}, {"a": {}}),
        ({"metadata": {"annotations": {"k": ""}}}, {"metadata": {"annotations": {}}}),
    ],
)
def test_what_is_not_the_same(expected: Any, actual: Any) -> None:
    """Types, order, length, and keys that are data, all count."""
    assert len(compare_json(expected, actual)) == 1


@pytest.mark.parametrize(
    ("column", "obj", "expected"),
    [
        (IndexedColumn("c", "spec.x"), {"spec": {}}, ""),
        (IndexedColumn("c", "spec.x"), {}, ""),
        (IndexedColumn("c", "spec.o.x"), {"spec": {}}, None),
        (IndexedColumn("c", "spec.o.x"), {"spec": {"o": {}}}, ""),
        (IndexedColumn("c", "spec.x", ColumnType.INTEGER), {"spec": {"x": 3}}, "3"),
        (IndexedColumn("c", "spec.x", ColumnType.INTEGER), {"spec": {}}, "0"),
        (IndexedColumn("c", "spec.x", ColumnType.BOOLEAN), {"spec": {"x": True}}, "1"),
        (IndexedColumn("c", "spec.x", ColumnType.BOOLEAN), {"spec": {}}, "0"),
        (IndexedColumn("c", "status.x", ColumnType.ENUM, "ZERO"), {}, "ZERO"),
        (IndexedColumn("c", "spec.d.x", ColumnType.ENUM, "ZERO"), {"spec": {}}, None),
        (IndexedColumn("c", "spec.d.x", ColumnType.ENUM, "ZERO"), {"spec": {"d": {}}}, "ZERO"),
        (IndexedColumn("c", "status.t", ColumnType.DATETIME), {}, None),
        (
            IndexedColumn("c", "status.t", ColumnType.DATETIME),
            {"status": {"t": "2026-03-09T20:51:07.9Z"}},
            dt.datetime(2026, 3, 9, 20, 51, 7),
        ),
    ],
)
def test_expected_values_of_indexed_columns(column: IndexedColumn, obj: dict[str, Any], expected: Value) -> None:
    """Unset fields give their type's zero, fields of unset messages NULL."""
    assert expect_column(column, obj) == expected


def test_times_are_compared_in_utc() -> None:
    """A time with an offset means the same as in UTC."""
    assert parse_time("2026-03-09T22:51:07+02:00") == dt.datetime(2026, 3, 9, 20, 51, 7)


def test_spot_checks_name_the_path() -> None:
    """A spot check that fails says where, what was expected and what is there."""
    spots = (SpotCheck("spec.tier", 3), SpotCheck("spec.gone", "x"))
    found = compare_spots(spots, {"spec": {"tier": 4}}, "column json")
    assert [str(mismatch) for mismatch in found] == [
        "column json, spec.tier: expected 3, got 4",
        'column json, spec.gone: expected "x", got nothing',
    ]


def test_long_values_are_shortened() -> None:
    """A long value is cut in messages, with its length."""
    assert show("x" * 1000).endswith("(1002 characters)")


def test_each_difference_has_the_code_of_its_kind() -> None:
    """Whatever the words, a finding says by its code what is wrong."""
    row = make_row(changes={
        "owner": "x", "create_time": None, "delete_time": dt.datetime(2026, 3, 9), "proto": b"", "json": "{",
    })
    found = compare_row(MODEL, make_object(), Row("model", row.columns, (), ()))
    assert [finding.code for finding in found] == [
        codes.ROW_TIME,
        codes.ROW_DELETED,
        codes.ROW_COLUMN,
        codes.ROW_PROTO,
        codes.ROW_JSON,
        codes.ROW_LABELS,
        codes.ROW_LABELS,
        codes.ROW_ANNOTATIONS,
    ]
    (field,) = compare_json({"a": 1}, {"a": 2}, code=codes.OBJECT_FIELD)
    assert field.code == codes.OBJECT_FIELD


FREE = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
MESSAGE = {"type": "object", "properties": {"free": FREE, "texts": TEXTS, "text": {"type": "string"}}}
SCHEMA = {"properties": {"spec": MESSAGE, "list": {"items": MESSAGE}, "map": {"additionalProperties": MESSAGE}}}


@pytest.mark.parametrize("value", [None, False, 0, "", {}, []])
@pytest.mark.parametrize("field", ["free", "texts"])
def test_what_is_empty_is_data_where_nothing_has_a_type(field: str, value: Any) -> None:
    """A key of a map or of a free field that is gone is a difference, wherever the field stands."""
    full: JsonObject = {"spec": {field: {"k": value}}}
    without: JsonObject = {"spec": {field: {}}}
    for left, right in ((full, without), (without, full), (full, {}), ({}, full)):
        assert compare_json(left, right, schema=SCHEMA), (left, right)
    assert compare_json(full, full, schema=SCHEMA) == []
    assert compare_json({"list": [full["spec"]]}, {"list": [without["spec"]]}, schema=SCHEMA)
    assert compare_json({"map": {"m": full["spec"]}}, {"map": {"m": without["spec"]}}, schema=SCHEMA)


@pytest.mark.parametrize(("left", "right"), [(None, ""), (False, 0), (0, ""), ({}, []), ("", []), ([None], [0])])
def test_no_empty_value_stands_for_another_in_a_free_field(left: Any, right: Any) -> None:
    """Also within lists and objects there."""
    expected, actual = ({"spec": {"free": {"k": value, "l": [{"k": value}]}}} for value in (left, right))
    found = compare_json(expected, actual, schema=SCHEMA)
    assert [each.where.partition("k")[0] for each in found] == ["spec.free.", "spec.free.l[0]."]


def test_an_empty_free_field_or_map_may_be_an_absent_one() -> None:
    """proto3 tells an empty map from none no more than an empty text; typed fields stay as they are."""
    spec: JsonObject = {"free": {}, "texts": {}, "text": ""}
    empties: list[JsonObject] = [{"spec": {}}, {"spec": spec}, {"map": {}, "list": []}]
    for empty in empties:
        assert compare_json(empty, {}, schema=SCHEMA) == []
        assert compare_json({}, empty, schema=SCHEMA) == []
    assert compare_json({"map": {"m": {}}}, {}, schema=SCHEMA)
    assert compare_json({"map": {"m": {"text": ""}}}, {"map": {"m": {}}}, schema=SCHEMA) == []


@pytest.mark.parametrize(("left", "right"), [(True, 1), (1, True), (False, 0.5)])
def test_number_is_no_boolean_although_all_else_is_the_same(left: Any, right: Any) -> None:
    """What Python takes for the same is compared all the same, also where the rest of an object is equal."""
    kind = CONTRACT.get_kind("Project")
    first, second = ({"spec": {"tier": value}, "status": {"state": "ready"}} for value in (left, right))
    assert [each.where for each in compare_objects(kind, first, second)] == ["spec.tier"]
    assert compare_objects(kind, first, first) == []
