"""Reads whole namespaces of the Ingester's tables, through connections that a fault may break at any time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, cast

import mysql.connector

from harness.errors import HarnessError
from harness.model import Kind
from harness.mysql import Database, Row, Value


@dataclass(frozen=True)
class RowVersion:
    """What identifies a row and its state: enough to follow it."""

    name: str
    res_version: int
    live: bool


class Tables(Database):
    """The Ingester's tables, read by namespace."""

    def list_versions(self, kind: Kind, namespace: str) -> dict[str, RowVersion]:
        """Return the state of each of the kind's rows, by uid; HarnessError where it can't be read."""
        rows = self._query(
            f"SELECT uid, name, res_version, delete_time IS NULL FROM `{kind.table}`"  # noqa: S608
            " WHERE namespace = %s",
            (namespace,),
        )
        return {str(uid): RowVersion(str(name), int(version), bool(live)) for uid, name, version, live in rows}

    def list_rows(self, kind: Kind, namespace: str, name: str = "%") -> list[Row]:
        """Return the kind's rows (of that name) with labels and annotations, as one snapshot sees them.

        Raises HarnessError where they can't be read.
        """
        try:
            with self._snapshot():
                return self._list_rows(kind, namespace, name)
        except mysql.connector.Error as error:
            raise HarnessError(f"MySQL: {error} (while reading table {kind.table})") from error

    def _list_rows(self, kind: Kind, namespace: str, name: str) -> list[Row]:
        cursor = self._connection.cursor(dictionary=True)
        try:
            cursor.execute(
                f"SELECT * FROM `{kind.table}` WHERE namespace = %s AND name LIKE %s"  # noqa: S608
                " ORDER BY create_time, uid",
                (namespace, name),
            )
            found = cast("list[dict[str, Any]]", cursor.fetchall())
        finally:
            cursor.close()
        labels = self._list_pairs(kind.labels_table, kind, namespace)
        annotations = self._list_pairs(kind.annotations_table, kind, namespace)
        return [
            Row(
                kind.table,
                MappingProxyType({key: _plain(key, value) for key, value in columns.items()}),
                tuple(labels.get(str(columns["uid"]), ())),
                tuple(annotations.get(str(columns["uid"]), ())),
            )
            for columns in found
        ]

    def _list_pairs(self, table: str, kind: Kind, namespace: str) -> dict[str, Sequence[tuple[str, str]]]:
        pairs: dict[str, list[tuple[str, str]]] = {}
        for uid, key, value in self._query(
            f"SELECT c.obj_uid, c.`key`, c.`value` FROM `{table}` c"  # noqa: S608
            f" JOIN `{kind.table}` m ON m.uid = c.obj_uid WHERE m.namespace = %s",
            (namespace,),
        ):
            pairs.setdefault(str(uid), []).append((_text(key), _text(value)))
        return {uid: sorted(own) for uid, own in pairs.items()}


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes | bytearray) else str(value)


def _plain(column: str, value: Any) -> Value:
    if isinstance(value, bytes | bytearray):
        return bytes(value) if column == "proto" else value.decode()
    return cast(Value, value)
