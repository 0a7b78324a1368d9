"""What becomes of an object in MySQL: the values of its row, its labels and its annotations.

Knows the contract's columns and their types, and no SQL. The reference has no protobuf classes: its
`proto` is the object as canonical JSON bytes, where Michelangelo's is a protobuf message.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from harness.spec.model import ColumnType, IndexedColumn, JsonObject, Kind

Value = str | datetime | None


@dataclass(frozen=True)
class Row:
    """A row of a main table, with the rows that belong to it. Times are in UTC, without a time zone."""

    uid: str
    group_ver: str
    namespace: str
    name: str
    res_version: int
    create_time: datetime
    update_time: datetime
    proto: bytes
    json: str
    columns: Mapping[str, Value]
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


class RowBuilder:
    """Makes rows from objects."""

    def build(self, kind: Kind, obj: JsonObject) -> Row:
        """Return the row of `obj` as it is written now."""
        metadata = obj["metadata"]
        return Row(
            uid=self.get_uid(kind, obj),
            group_ver=obj["apiVersion"],
            namespace=metadata["namespace"],
            name=metadata["name"],
            res_version=int(metadata["resourceVersion"]),
            create_time=parse_time(metadata["creationTimestamp"]),
            update_time=self.now(),
            proto=json.dumps(obj, sort_keys=True, separators=(",", ":")).encode(),
            json=json.dumps(obj, ensure_ascii=False),
            columns={column.name: self.get_column(column, obj) for column in kind.columns},
            labels=metadata.get("labels") or {},
            annotations=metadata.get("annotations") or {},
        )

    def get_uid(self, kind: Kind, obj: JsonObject) -> str:
        """Return the primary key: what the object's annotation says where keys are pinned by one, else its uid."""
        pinned = (obj["metadata"].get("annotations") or {}).get(kind.key_annotation, "")
        return pinned or str(obj["metadata"]["uid"])

    def now(self) -> datetime:
        """Return the time of the update: whole seconds, UTC."""
        return datetime.now(UTC).replace(microsecond=0, tzinfo=None)

    def get_column(self, column: IndexedColumn, obj: JsonObject) -> Value:
        """Return the value of an indexed column; None (NULL) where a message on its path is unset."""
        top, *messages, field = column.path.split(".")
        message: JsonObject = obj.get(top) or {}
        for name in messages:
            if message.get(name) is None:
                return None
            message = message[name]
        return _VALUES[column.type](message.get(field), column)


def parse_time(text: str) -> datetime:
    """Return a timestamp of Kubernetes (RFC 3339) as whole seconds in UTC, without a time zone."""
    return datetime.fromisoformat(text).astimezone(UTC).replace(microsecond=0, tzinfo=None)


def _text(value: Any, _column: IndexedColumn) -> Value:
    return value or ""


def _integer(value: Any, _column: IndexedColumn) -> Value:
    return str(value or 0)


def _boolean(value: Any, _column: IndexedColumn) -> Value:
    return "1" if value else "0"


def _enum(value: Any, column: IndexedColumn) -> Value:
    return value or column.zero


def _datetime(value: Any, _column: IndexedColumn) -> Value:
    return parse_time(value) if value else None


_VALUES = {
    ColumnType.TEXT: _text,
    ColumnType.INTEGER: _integer,
    ColumnType.BOOLEAN: _boolean,
    ColumnType.ENUM: _enum,
    ColumnType.DATETIME: _datetime,
}
