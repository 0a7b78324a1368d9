"""Rows hold what the contract says of each column."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from harness.reference.row import Row, RowBuilder, Value
from harness.spec.model import ColumnType, IndexedColumn
from tests.fakes.contract import CONTRACT
from tests.unit.reference.conftest import make_object


class _Builder(RowBuilder):
    def now(self) -> datetime:
        return datetime(2026, 3, 9, 20, 51, 7)


def test_row_repeats_the_objects_identity_content_and_pairs() -> None:
    """Every column of a main table, the labels and the annotations come from the object."""
    obj = make_object(labels={"a": "b"}, annotations={"c": "d"}, managedFields=[{"manager": "é"}])
    obj["spec"] = {"tier": 4}
    row = _Builder().build(CONTRACT.get_kind("Project"), obj)
    assert row == Row(
        uid="uid-a",
        group_ver="michelangelo.api/v2",
        namespace="n",
        name="a",
        res_version=41,
        create_time=datetime(2026, 3, 9, 20, 36, 46),
        update_time=datetime(2026, 3, 9, 20, 51, 7),
        proto=json.dumps(obj, sort_keys=True, separators=(",", ":")).encode(),
        json=json.dumps(obj, ensure_ascii=False),
        columns={"tier": "4"},
        labels={"a": "b"},
        annotations={"c": "d"},
    )


def test_json_is_the_whole_object() -> None:
    """Nothing is left out of the column json, what the server manages included."""
    obj = make_object(managedFields=[{"manager": "kubectl", "time": "2026-03-09T20:36:46Z"}], finalizers=["x"])
    assert json.loads(RowBuilder().build(CONTRACT.kinds[0], obj).json) == obj


def test_object_without_labels_and_annotations_has_no_pairs() -> None:
    """Unset maps are empty ones."""
    row = RowBuilder().build(CONTRACT.kinds[0], make_object())
    assert (dict(row.labels), dict(row.annotations)) == ({}, {})


def test_update_time_is_now_in_whole_seconds() -> None:
    """MySQL's DATETIME would round a fraction up into the future."""
    assert RowBuilder().now().microsecond == 0


@pytest.mark.parametrize(
    ("column_type", "value", "expected"),
    [
        (ColumnType.TEXT, "x", "x"),
        (ColumnType.TEXT, "", ""),
        (ColumnType.TEXT, None, ""),
        (ColumnType.INTEGER, 7, "7"),
        (ColumnType.INTEGER, 0, "0"),
        (ColumnType.INTEGER, None, "0"),
        (ColumnType.BOOLEAN, True, "1"),
        (ColumnType.BOOLEAN, False, "0"),
        (ColumnType.BOOLEAN, None, "0"),
        (ColumnType.ENUM, "KIND_A", "KIND_A"),
        (ColumnType.ENUM, None, "KIND_INVALID"),
        (ColumnType.DATETIME, "2026-03-09T20:36:46Z", datetime(2026, 3, 9, 20, 36, 46)),
        (ColumnType.DATETIME, "2026-03-09T20:36:46.999999999Z", datetime(2026, 3, 9, 20, 36, 46)),
        (ColumnType.DATETIME, "2026-03-09T20:36:46+02:00", datetime(2026, 3, 9, 18, 36, 46)),
        (ColumnType.DATETIME, None, None),
    ],
)
def test_value_follows_from_the_columns_type(column_type: ColumnType, value: Any, expected: Value) -> None:
    """A set field has its value, an unset one its type's zero."""
    column = IndexedColumn("c", "spec.a.b", column_type, "KIND_INVALID")
    obj = make_object()
    obj["spec"] = {"a": {} if value is None else {"b": value}}
    assert RowBuilder().get_column(column, obj) == expected


@pytest.mark.parametrize("column_type", list(ColumnType))
@pytest.mark.parametrize("spec", [{}, {"a": None}, {"a": {}}, {"a": {"b": None}}])
def test_unset_message_on_the_way_makes_null(column_type: ColumnType, spec: Any) -> None:
    """A message that isn't there has no fields, not even unset ones."""
    column = IndexedColumn("c", "spec.a.b.c", column_type, "KIND_INVALID")
    obj = make_object()
    obj["spec"] = spec
    assert RowBuilder().get_column(column, obj) is None


@pytest.mark.parametrize("top", ["metadata", "spec", "status"])
def test_top_messages_are_never_unset(top: str) -> None:
    """An object without status has a status of zeroes."""
    obj = make_object()
    obj.pop("spec")
    assert RowBuilder().get_column(IndexedColumn("c", f"{top}.x"), obj) == ""


@pytest.mark.parametrize("kind", CONTRACT.kinds, ids=lambda kind: kind.name)
def test_each_kind_has_a_value_for_each_of_its_columns(kind: Any) -> None:
    """No column of the catalogue is forgotten, and none is added."""
    row = RowBuilder().build(kind, make_object(kind.name))
    assert list(row.columns) == [column.name for column in kind.columns]
