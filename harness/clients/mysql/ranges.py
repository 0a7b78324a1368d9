"""Reads whole tables of the Ingester in ranges of keys, so that no answer and no transaction grows with them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from harness.clients.mysql.database import Database, make_places, read_text
from harness.spec.model import Kind
from harness.spec.row import Row, Value


@dataclass(frozen=True)
class RowKey:
    """What identifies a row and its state; times without zone, in UTC."""

    key: str
    namespace: str
    name: str
    res_version: int
    update_time: dt.datetime | None
    delete_time: dt.datetime | None

    @property
    def live(self) -> bool:
        """Whether the row is not soft-deleted."""
        return self.delete_time is None

    def as_row(self, kind: Kind) -> Row:
        """Return it as a row that has no other columns, no labels and no annotations."""
        columns: dict[str, Value] = {
            "uid": self.key,
            "namespace": self.namespace,
            "name": self.name,
            "res_version": self.res_version,
            "update_time": self.update_time,
            "delete_time": self.delete_time,
        }
        return Row(kind.table, columns)


_COLUMNS = "uid, namespace, name, res_version, update_time, delete_time"


class TableRanges(Database):
    """The Ingester's tables, read by ranges of keys. Raises HarnessError where they can't be read."""

    def list_keys(self, kind: Kind, *, after: str, limit: int, namespace: str = "") -> dict[str, bool]:
        """Return up to `limit` keys that follow `after` ('': from the first on), in the server's order.

        Each with whether its row is live. It is asked of all rows, so that nothing else is.
        """
        within = " AND namespace = %s" if namespace else ""
        rows = self._query(
            f"SELECT uid, delete_time FROM `{kind.table}` WHERE uid {_follow(after)} %s{within}"  # noqa: S608
            f" ORDER BY uid LIMIT {int(limit)}",
            (after, *([namespace] if namespace else [])),
            raw=True,
        )
        return {read_text(key): deleted_at is None for key, deleted_at in rows}

    def get_keys_of(self, kind: Kind, keys: Collection[str]) -> dict[str, RowKey]:
        """Return the rows with these keys, by key."""
        if not keys:
            return {}
        rows = self._query(
            f"SELECT {_COLUMNS} FROM `{kind.table}` WHERE uid IN ({make_places(keys)})", tuple(keys)  # noqa: S608
        )
        return {each.key: each for each in map(_read_key, rows)}

    def find_live_of(
        self, kind: Kind, names: Collection[tuple[str, str]]
    ) -> dict[tuple[str, str], list[str]]:
        """Return the keys of the live rows of each namespace and name."""
        if not names:
            return {}
        places = ", ".join(["(%s, %s)"] * len(names))
        found: dict[tuple[str, str], list[str]] = {}
        for namespace, name, key in self._query(
            f"SELECT namespace, name, uid FROM `{kind.table}` WHERE delete_time IS NULL"  # noqa: S608
            f" AND (namespace, name) IN ({places})",
            tuple(part for pair in names for part in pair),
        ):
            found.setdefault((read_text(namespace), read_text(name)), []).append(read_text(key))
        return found

    def find_parentless(self, kind: Kind, table: str, *, after: str, until: str | None) -> dict[str, int]:
        """Return how many rows of a table of labels or annotations belong to no row of the main one, by key.

        Of the keys that follow `after` ('': from the first on), up to `until`; None: to the end.
        """
        end = "" if until is None else " AND c.obj_uid <= %s"
        rows = self._query(
            f"SELECT c.obj_uid, COUNT(*) FROM `{table}` c LEFT JOIN `{kind.table}` m ON m.uid = c.obj_uid"  # noqa: S608
            f" WHERE c.obj_uid {_follow(after)} %s{end} AND m.uid IS NULL GROUP BY c.obj_uid",
            (after, *([] if until is None else [until])),
        )
        return {read_text(key): int(count) for key, count in rows}


def _follow(after: str) -> str:
    """Return how a key compares with the one that it follows: the empty key follows nothing, and may be there."""
    return ">" if after else ">="


def _read_key(row: Sequence[Any]) -> RowKey:
    key, namespace, name, version, updated, deleted = row
    return RowKey(read_text(key), read_text(namespace), read_text(name), int(version), updated, deleted)
