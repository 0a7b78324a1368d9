"""Compares what Kubernetes holds with what MySQL holds, and returns the differences; it never raises.

Pure functions over plain values. An empty list means that both agree.

Two renderings of one object count as equal where proto3 can't tell them apart: a field that is absent and one
that holds its type's default (null, '', 0, false, [] or {}) are the same, since the Ingester stores the object
as its generated Go type writes it, which drops some defaults and adds others (`status: {}`). Where there is no
such type, presence counts: a map's keys are data, as are null, false, 0, '' and {} within a field that the schema
leaves free (`harness.spec.schema`; labels and annotations are maps in every schema).
"""

from __future__ import annotations

import datetime as dt
import functools
import itertools
import json
from collections.abc import Iterable, Mapping
from typing import Any

from harness.core import codes
from harness.core.fast_json import read_json, write_canonical
from harness.core.record import Finding
from harness.spec.keys import get_key
from harness.spec.model import API_VERSION, ColumnType, IndexedColumn, JsonObject, Kind, SpotCheck
from harness.spec.row import Row, Value
from harness.spec.schema.leaves import Schema, get_items, get_values, keeps_anything

_ABSENT = object()
_UNKNOWN: Schema = {}
_DATA: Schema = {}   # this very one: of what is data throughout, where nothing stands for anything else
_TEXTS: Schema = {"additionalProperties": {"type": "string"}}
_METADATA: Schema = {"properties": {"labels": _TEXTS, "annotations": _TEXTS}}
_OBJECT: Schema = {"properties": {"metadata": _METADATA}}
_MAPS_WITH_FREE_KEYS = ("metadata.labels", "metadata.annotations")   # with dots, which a path has as well
_CODES = {"create_time": codes.ROW_TIME, "delete_time": codes.ROW_DELETED}
_NEVER_UNSET = ("metadata", "spec", "status")
_LABELS_LOOKED_FOR = 500   # in the proto column; their table has them all
_SHOWN = 160


def compare_json(
    expected: Any, actual: Any, path: str = "", *, schema: Schema = _OBJECT, code: str = codes.ROW_JSON
) -> list[Finding]:
    """Return where `actual` differs from `expected`, by JSON path; `code` is that of the findings.

    `schema` is the OpenAPI schema of what stands at `path`, as far as it is known: of any object its metadata is.
    """
    if isinstance(expected, dict) and isinstance(actual, dict):
        # what is free is compared in whole once it holds anything: an empty one may be an absent one
        is_free = schema is _DATA or (keeps_anything(schema) and not schema.get("properties"))
        is_map = get_values(schema) is not None
        differences: list[Finding] = []
        for key in sorted(expected.keys() | actual.keys()):
            left, right = expected.get(key, _ABSENT), actual.get(key, _ABSENT)
            inner = f"{path}[{key}]" if path in _MAPS_WITH_FREE_KEYS else f"{path}.{key}" if path else key
            if is_map and (left is _ABSENT or right is _ABSENT):
                differences.append(Finding(code, inner, show(left), show(right)))
            else:
                of_key = _DATA if is_free else _get_inner(schema, key)
                differences += compare_json(left, right, inner, schema=of_key, code=code)
        return differences
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        items = _DATA if schema is _DATA else get_items(schema) or _UNKNOWN
        return [
            difference
            for index, (left, right) in enumerate(zip(expected, actual, strict=True))
            for difference in compare_json(left, right, f"{path}[{index}]", schema=items, code=code)
        ]
    if _same_scalar(expected, actual):
        return []
    if schema is not _DATA and _is_default(expected, schema) and _is_default(actual, schema):
        return []
    return [Finding(code, path or "$", show(expected), show(actual))]


def _get_inner(schema: Schema, key: str) -> Schema:
    """Return the schema of an object's field, or of a map's value."""
    inner = schema.get("properties", {}).get(key) or get_values(schema) or _UNKNOWN
    return inner if isinstance(inner, Mapping) else _UNKNOWN


def compare_objects(
    kind: Kind, expected: Any, actual: Any, *, code: str = codes.ROW_JSON
) -> list[Finding]:
    """Return where one rendering of an object of the kind differs from another one."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        if _is_identical(expected, actual):   # most are, which takes a hundredth of a walk's time
            return []
        expected, actual = _drop_identical(expected, actual)
    schema = {**kind.schema, "properties": {**kind.schema.get("properties", {}), "metadata": _METADATA}}
    return compare_json(expected, actual, schema=schema, code=code)


def _drop_identical(expected: JsonObject, actual: JsonObject) -> tuple[JsonObject, JsonObject]:
    """Return both objects without the fields at their top that are the same to the letter."""
    same = {key for key, value in expected.items() if key in actual and _is_identical(value, actual[key])}
    left, right = ({key: value for key, value in obj.items() if key not in same} for obj in (expected, actual))
    return left, right


def _is_identical(left: Any, right: Any) -> bool:
    """Whether both are the same to the letter; Python by itself takes 1 for true."""
    return bool(left == right) and write_canonical(left) == write_canonical(right)


def compare_row(kind: Kind, obj: JsonObject, row: Row) -> list[Finding]:
    """Return where the row differs from `obj`, the object at the row's own resourceVersion.

    Covers every column, the json column field by field, the labels and the annotations.
    """
    metadata = obj["metadata"]
    expected: dict[str, Value] = {
        "uid": get_key(kind, obj),
        "group_ver": API_VERSION,
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "res_version": int(metadata["resourceVersion"]),
        "create_time": parse_time(metadata["creationTimestamp"]),
        "delete_time": None,
    }
    expected |= {column.name: expect_column(column, obj) for column in kind.columns}
    mismatches = [
        Finding(_CODES.get(name, codes.ROW_COLUMN), f"column {name}", show(value), show(found))
        for name, value in expected.items()
        if (found := row.columns.get(name, _ABSENT)) != value
    ]
    mismatches += compare_proto(_list_identity(obj), row)
    mismatches += [each.within("column json, ") for each in _compare_stored_json(kind, obj, row)]
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    mismatches += _compare_pairs(codes.ROW_LABELS, kind.labels_table, labels, row.labels)
    mismatches += _compare_pairs(codes.ROW_ANNOTATIONS, kind.annotations_table, annotations, row.annotations)
    return mismatches


def compare_proto(texts: Iterable[str], row: Row) -> list[Finding]:
    """Return which of `texts` the proto column lacks; protobuf writes strings as they are.

    That is no decoding, but it tells a column that is empty, stale or another object's.
    """
    stored = row.columns.get("proto")
    if not isinstance(stored, bytes) or not stored:
        return [Finding(codes.ROW_PROTO, "column proto", "the serialized object", show(stored))]
    return [
        Finding(codes.ROW_PROTO, "column proto", f"to contain {show(text)}", f"{len(stored)} bytes without it")
        for text in texts
        if text.encode() not in stored
    ]


def compare_spots(
    spots: Iterable[SpotCheck], obj: JsonObject, where: str, *, code: str = codes.OBJECT_FIELD
) -> list[Finding]:
    """Return the spot checks that `obj` fails; `where` says what `obj` is, `code` is that of the findings."""
    return [
        Finding(code, f"{where}, {spot.path}", show(spot.value), show(found))
        for spot in spots
        if not _same_scalar(found := get_path(obj, spot.path), spot.value)
    ]


def expect_column(column: IndexedColumn, obj: JsonObject) -> Value:
    """Return what an indexed column must hold for `obj`; see `ColumnType` and `IndexedColumn`."""
    *parents, leaf = _split(column.path)
    message: Any = obj
    for key in parents:
        message = message.get(key) if isinstance(message, dict) else None
    if message is None:
        if len(parents) > 1 or parents[0] not in _NEVER_UNSET:
            return None
        message = {}
    value = message.get(leaf)
    match column.type:
        case ColumnType.DATETIME:
            return None if value is None else parse_time(value)
        case ColumnType.BOOLEAN:
            return "1" if value else "0"
        case ColumnType.INTEGER:
            return str(value or 0)
        case ColumnType.ENUM:
            return str(value or column.zero)
        case ColumnType.TEXT:
            return str(value or "")


@functools.cache
def _split(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def get_path(obj: Any, path: str) -> Any:
    """Return the value at a dotted JSON path, or a marker that equals no value where there is none."""
    for key in _split(path):
        if not isinstance(obj, Mapping) or key not in obj:
            return _ABSENT
        obj = obj[key]
    return obj


def has_path(obj: Any, path: str) -> bool:
    """Whether there is a value at a dotted JSON path."""
    return get_path(obj, path) is not _ABSENT


def parse_time(text: str) -> dt.datetime:
    """Return an RFC 3339 time as MySQL's DATETIME shows it: UTC, whole seconds, without zone."""
    moment = dt.datetime.fromisoformat(text)
    return moment.astimezone(dt.UTC).replace(tzinfo=None, microsecond=0)


def show(value: Any) -> str:
    """Return the value as a reader wants to see it, long ones shortened."""
    if value is _ABSENT:
        return "nothing"
    if value is None:
        return "NULL"
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text)} characters)"


def _list_identity(obj: JsonObject) -> list[str]:
    """Return the texts by which a serialized object is known, its version and its first labels among them.

    Each is looked for from the beginning, which thousands would make a matter of minutes.
    """
    metadata = obj["metadata"]
    texts = [metadata[key] for key in ("uid", "namespace", "name", "resourceVersion")]
    for key, value in itertools.islice((metadata.get("labels") or {}).items(), _LABELS_LOOKED_FOR):
        texts += [key, value]
    return texts


def _compare_stored_json(kind: Kind, obj: JsonObject, row: Row) -> list[Finding]:
    stored = row.columns.get("json")
    if not isinstance(stored, str) or not stored:
        return [Finding(codes.ROW_JSON, "$", "the whole object", show(stored))]
    try:
        return compare_objects(kind, obj, read_json(stored))
    except json.JSONDecodeError as error:
        return [Finding(codes.ROW_JSON, "$", "valid JSON", f"{error}: {stored[:_SHOWN]}")]


def _compare_pairs(
    code: str, table: str, expected: Mapping[str, str], actual: tuple[tuple[str, str], ...]
) -> list[Finding]:
    if len(actual) == len(expected) and dict(actual) == expected:
        return []
    found: dict[str, list[str]] = {}
    for key, value in actual:
        found.setdefault(key, []).append(value)
    mismatches = []
    for key in sorted(expected.keys() | found.keys()):
        wanted = [expected[key]] if key in expected else []
        values = found.get(key, [])
        if values != wanted:
            where = f"table {table}, key {key}"
            mismatches.append(Finding(code, where, _show_values(wanted), _show_values(values)))
    return mismatches


def _show_values(values: list[str]) -> str:
    if not values:
        return "no row"
    return " and ".join(show(value) for value in values) + (f" ({len(values)} rows)" if len(values) > 1 else "")


def _same_scalar(left: Any, right: Any) -> bool:
    if isinstance(left, bool) is not isinstance(right, bool):
        return False
    return bool(left == right)


def _is_default(value: Any, schema: Schema) -> bool:
    """Whether proto3 can't tell the value from an absent field: a default, or a message of defaults only."""
    if value is _ABSENT or value is None or value is False or value == "":
        return True
    if isinstance(value, dict):
        if keeps_anything(schema) or get_values(schema) is not None:
            return not value
        return all(_is_default(item, _get_inner(schema, key)) for key, item in value.items())
    if isinstance(value, list):
        return not value
    return isinstance(value, int | float) and not isinstance(value, bool) and value == 0
