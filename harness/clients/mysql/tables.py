"""Reads whole namespaces of the Ingester's tables, through connections that a fault may break at any time."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from harness.clients.mysql.database import Database
from harness.spec.model import Kind
from harness.spec.row import Row


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

    def list_rows(self, kind: Kind, namespace: str, uids: Collection[str] | None = None) -> list[Row]:
        """Return the kind's rows (with these uids) with labels and annotations, as one snapshot sees them.

        Raises HarnessError where they can't be read.
        """
        wanted = sorted(self.list_versions(kind, namespace) if uids is None else uids)
        return list(self.get_rows_of(kind, wanted).values())

    def find_children_of(self, kind: Kind, uids: Collection[str]) -> set[str]:
        """Return those of the uids that have labels or annotations; HarnessError where they can't be read."""
        wanted = sorted(uids)
        return {
            uid
            for table in (kind.labels_table, kind.annotations_table)
            for uid in self.get_pairs_of(table, wanted)
        }
