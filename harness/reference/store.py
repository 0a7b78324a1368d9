"""Writes rows to MySQL, each in one transaction; the reference's only module that knows a database.

Connections are kept for reuse and thrown away after an error: the next attempt opens a new one. It never
retries by itself, and reads nothing back but whether somebody else has written a newer version.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import mysql.connector

from harness.reference.config import MySQL
from harness.reference.errors import MissingRowError, StoreError
from harness.reference.row import Row
from harness.spec.model import Kind

_CONNECT_TIMEOUT_S = 10
_UPDATED = ("update_time", "proto", "json", "res_version")   # that which decides about the others is the last


class Store:
    """The tables of one database."""

    def __init__(self, server: MySQL) -> None:
        self._server = server
        self._lock = threading.Lock()
        self._idle: list[Any] = []

    def ping(self) -> None:
        """Connect once; StoreError where the server can't be reached."""
        try:
            with self.transaction() as cursor:
                cursor.execute("SELECT 1")
                cursor.fetchall()
        except StoreError as error:
            raise StoreError(f"failed to ping database: {error}") from error

    def upsert(self, kind: Kind, row: Row) -> None:
        """Write the row and replace its labels and annotations whole; StoreError leaves all as it was."""
        with self.transaction() as cursor:
            self.write_row(cursor, kind, row)
            if self.was_overtaken(cursor, kind, row):
                return
            self.replace_pairs(cursor, kind.labels_table, row.uid, dict(row.labels))
            self.replace_pairs(cursor, kind.annotations_table, row.uid, dict(row.annotations))

    def soft_delete(self, kind: Kind, namespace: str, name: str) -> None:
        """Set `delete_time` of the live row of that name; MissingRowError where there is none."""
        now = datetime.now(UTC).replace(microsecond=0, tzinfo=None)
        with self.transaction() as cursor:
            cursor.execute(
                f"UPDATE `{kind.table}` SET `delete_time` = %s"  # noqa: S608  a name of the contract
                " WHERE `namespace` = %s AND `name` = %s AND `delete_time` IS NULL",
                (now, namespace, name),
            )
            if cursor.rowcount == 0:
                raise MissingRowError(f"object not found or already deleted: {namespace}/{name}")

    def write_row(self, cursor: Any, kind: Kind, row: Row) -> None:
        """Insert the row of the main table, or update what may change of it: its identity stays."""
        values: dict[str, Any] = {
            "uid": row.uid,
            "group_ver": row.group_ver,
            "namespace": row.namespace,
            "name": row.name,
            "res_version": row.res_version,
            "create_time": row.create_time,
            "update_time": row.update_time,
            "proto": row.proto,
            "json": row.json,
            **row.columns,
        }
        names = ", ".join(f"`{name}`" for name in values)
        places = ", ".join(["%s"] * len(values))
        older = "" if kind.key_annotation else "VALUES(`res_version`) < `res_version`"
        updates = ", ".join(
            f"`{name}` = " + (f"IF({older}, `{name}`, VALUES(`{name}`))" if older else f"VALUES(`{name}`)")
            for name in (*row.columns, *_UPDATED)   # assigned in this order
        )
        cursor.execute(
            f"INSERT INTO `{kind.table}` ({names}) VALUES ({places})"  # noqa: S608  names of the contract
            f" ON DUPLICATE KEY UPDATE {updates}",
            tuple(values.values()),
        )

    def was_overtaken(self, cursor: Any, kind: Kind, row: Row) -> bool:
        """Whether the row, which nobody else can write now, has a newer version than that which was to be written.

        Versions of an object that brings its key along are another cluster's, and say nothing.
        """
        if kind.key_annotation:
            return False
        cursor.execute(f"SELECT `res_version` FROM `{kind.table}` WHERE `uid` = %s", (row.uid,))  # noqa: S608
        return any(version > row.res_version for (version,) in cursor.fetchall())

    def replace_pairs(self, cursor: Any, table: str, uid: str, pairs: dict[str, str]) -> None:
        """Make `pairs` the only labels or annotations of the object."""
        cursor.execute(f"DELETE FROM `{table}` WHERE `obj_uid` = %s", (uid,))  # noqa: S608
        if pairs:
            cursor.executemany(
                f"INSERT INTO `{table}` (`obj_uid`, `key`, `value`) VALUES (%s, %s, %s)",  # noqa: S608
                [(uid, key, value) for key, value in pairs.items()],
            )

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        """Yield a cursor; commit at the end, or undo everything and raise StoreError for an error of MySQL."""
        connection = None
        try:
            connection = self._take()
            cursor = connection.cursor()
            yield cursor
            cursor.close()
            connection.commit()
        except mysql.connector.Error as error:
            # After an outage all kept connections are dead, not only this one.
            self._discard(connection)
            self.close()
            raise StoreError(str(error)) from error
        except BaseException:
            self._discard(connection)
            raise
        with self._lock:
            self._idle.append(connection)

    def close(self) -> None:
        """Close the connections that are not in use."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            self._discard(connection)

    def _take(self) -> Any:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return mysql.connector.connect(
            host=self._server.host,
            port=self._server.port,
            user=self._server.user,
            password=self._server.password,
            database=self._server.database,
            charset="utf8mb4",
            time_zone="+00:00",
            autocommit=False,
            connection_timeout=_CONNECT_TIMEOUT_S,
            use_pure=True,   # the same driver on every platform
        )

    def _discard(self, connection: Any) -> None:
        if connection is not None:
            with suppress(mysql.connector.Error, OSError):
                connection.close()   # the server rolls back what was not committed
