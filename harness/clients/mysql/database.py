"""Reads the Ingester's tables: rows, each with its labels and annotations, as one snapshot saw them.

Read-only by construction: every session is `READ ONLY`, but that of `overtaking`. Nothing here waits, retries or
judges.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence
from types import MappingProxyType
from typing import Any, cast

import mysql.connector

from harness.clients.mysql.connection import CONNECT_TIMEOUT_S, connect, execute, explain
from harness.clients.mysql.deletion import delete_rows, may_delete_rows
from harness.clients.mysql.holding import HeldRow
from harness.clients.mysql.overtaking import OvertakenRow, overtake_row
from harness.clients.mysql.settings import NAMES
from harness.core.errors import HarnessError
from harness.core.settings import MySQLEndpoint
from harness.spec.model import Kind
from harness.spec.row import Row, Value

_MAY_NOT = (1142, 1143)


class Database:
    """The database that the Ingester writes to, through one connection in autocommit mode.

    Raises `HarnessError`, which says in one sentence what is wrong, where it can't be reached in `timeout_s`.
    """

    def __init__(self, endpoint: MySQLEndpoint, *, timeout_s: int = CONNECT_TIMEOUT_S) -> None:
        self.endpoint = endpoint
        self._timeout_s = timeout_s
        self._open()
        self.is_replica = self._replicates()   # asked before anything is done to the server

    def close(self) -> None:
        """Close the connection."""
        with contextlib.suppress(mysql.connector.Error):
            self._connection.close()

    def reconnect(self) -> None:
        """Connect anew, as after a restart of the server; HarnessError where it can't be reached."""
        self.close()
        self._open()

    def _open(self) -> None:
        try:
            self._connection = connect(self.endpoint, self._timeout_s)
            self._execute("SET SESSION sql_mode = 'STRICT_TRANS_TABLES'")   # quotes and backslashes as usual
            self._execute("SET SESSION TRANSACTION READ ONLY")
        except mysql.connector.Error as error:
            raise explain(self.endpoint, error) from error

    def get_server_version(self) -> str:
        """Return the server's version, such as '8.0.36' or '10.11.19-MariaDB'."""
        return str(self._query("SELECT VERSION()")[0][0])

    def get_settings(self) -> dict[str, str]:
        """Return those of the server's usual settings that what is written to it depends on, by name."""
        rows = self._query(f"SHOW GLOBAL VARIABLES WHERE Variable_name IN ({make_places(NAMES)})", NAMES)
        return {read_text(name): read_text(value) for name, value in rows}

    def _replicates(self) -> bool:
        """Whether the server has its rows from another one; or is read-only, where the account may not ask.

        Replication waits for a row that is held there, and the Ingester does not.
        """
        for question in ("SHOW REPLICA STATUS", "SHOW SLAVE STATUS"):   # as older servers say it
            with contextlib.suppress(HarnessError):
                return bool(self._query(question))
        return self.get_settings().get("read_only") == "ON"

    def explain_no_lock(self) -> str:
        """Return why no row can be held from the Ingester."""
        if self.is_replica:
            return "this MySQL server is a replica, where the Ingester writes nothing"
        return "the account may not lock rows"

    def get_time(self) -> dt.datetime:
        """Return the server's clock (UTC, whole seconds, without zone)."""
        return cast(dt.datetime, self._query("SELECT UTC_TIMESTAMP()")[0][0])

    def get_columns(self) -> dict[str, dict[str, str]]:
        """Return every table of the database with its columns and their types, such as 'varchar(255)'."""
        tables: dict[str, dict[str, str]] = {}
        for table, column, sql_type in self._query(
            "SELECT table_name, column_name, column_type FROM information_schema.columns"
            " WHERE table_schema = %s ORDER BY table_name, ordinal_position",
            (self.endpoint.database,),
        ):
            tables.setdefault(read_text(table), {})[read_text(column)] = read_text(sql_type).lower()
        return tables

    def get_version(self, kind: Kind, uid: str) -> int | None:
        """Return the `res_version` of the row with that uid, None where there is no row."""
        rows = self._query(f"SELECT res_version FROM `{kind.table}` WHERE uid = %s", (uid,))  # noqa: S608
        return int(rows[0][0]) if rows else None

    def get_rows(self, kind: Kind, namespace: str, name: str, key: str = "") -> list[Row]:
        """Return every row of that namespace and name, soft-deleted or not, and that of `key`; oldest first.

        Raises `HarnessError` where they can't be read.
        """
        with self._reading(kind.table), self._snapshot():
            cursor = self._connection.cursor(dictionary=True)
            try:
                cursor.execute(
                    f"SELECT * FROM `{kind.table}` WHERE (namespace = %s AND name = %s) OR uid = %s"  # noqa: S608
                    " ORDER BY create_time, res_version",
                    (namespace, name, key),
                )
                found = cast("list[dict[str, Any]]", cursor.fetchall())
            finally:
                cursor.close()
            return [
                Row(
                    kind.table,
                    MappingProxyType({key: _plain(key, value) for key, value in columns.items()}),
                    self._get_pairs(kind.labels_table, str(columns["uid"])),
                    self._get_pairs(kind.annotations_table, str(columns["uid"])),
                )
                for columns in found
            ]

    def get_versions(self, kind: Kind, namespace: str) -> dict[str, int]:
        """Return the `res_version` of each of the namespace's rows (soft-deleted ones included), by uid."""
        rows = self._query(
            f"SELECT uid, res_version FROM `{kind.table}` WHERE namespace = %s", (namespace,)  # noqa: S608
        )
        return {read_text(uid): int(version) for uid, version in rows}

    def get_writes_of(self, kind: Kind, uids: Sequence[str]) -> dict[str, tuple[int, dt.datetime | None]]:
        """Return which version each of these rows holds, and when it was written last, by uid."""
        if not uids:
            return {}
        rows = self._query(
            f"SELECT uid, res_version, update_time FROM `{kind.table}`"  # noqa: S608
            f" WHERE uid IN ({make_places(uids)})",
            tuple(uids),
        )
        return {read_text(uid): (int(version), written_at) for uid, version, written_at in rows}

    def get_rows_of(self, kind: Kind, uids: Sequence[str]) -> dict[str, Row]:
        """Return the rows with these uids, by uid, with labels and annotations, as one snapshot sees them.

        Raises `HarnessError` where they can't be read.
        """
        if not uids:
            return {}
        with self._reading(kind.table), self._snapshot():
            cursor = self._connection.cursor()
            try:
                cursor.execute(
                    f"SELECT * FROM `{kind.table}` WHERE uid IN ({make_places(uids)})", tuple(uids)  # noqa: S608
                )
                names = [name for name, *_ in cursor.description or ()]
                found = cursor.fetchall()
            finally:
                cursor.close()
            labels = self.get_pairs_of(kind.labels_table, uids)
            annotations = self.get_pairs_of(kind.annotations_table, uids)
        rows = {}
        for values in found:
            columns = {
                name: _plain(name, value) if isinstance(value, bytes | bytearray) else cast(Value, value)
                for name, value in zip(names, values, strict=True)
            }
            uid = str(columns["uid"])
            rows[uid] = Row(kind.table, MappingProxyType(columns), labels.get(uid, ()), annotations.get(uid, ()))
        return rows

    def get_pairs_of(self, table: str, uids: Sequence[str]) -> dict[str, tuple[tuple[str, str], ...]]:
        """Return the pairs of a table of labels or annotations, by uid; also those that no row belongs to."""
        if not uids:
            return {}
        pairs: dict[str, list[tuple[str, str]]] = {}
        for uid, key, value in self._query(
            f"SELECT obj_uid, `key`, `value` FROM `{table}` WHERE obj_uid IN ({make_places(uids)})",  # noqa: S608
            tuple(uids),
            raw=True,
        ):
            pairs.setdefault(read_text(uid), []).append((read_text(key), read_text(value)))
        return {uid: tuple(sorted(found)) for uid, found in pairs.items()}

    @contextlib.contextmanager
    def hold_row(self, kind: Kind, uid: str) -> Iterator[HeldRow | None]:
        """Keep everybody from writing the row with that uid, by a shared lock on it, until the context ends.

        It takes a connection of its own, and the right to read, which MySQL before 8.0.22 finds too little: None,
        where the account may not, and on a replica. Raises `HarnessError` where there is no such row, or somebody
        else holds it.
        """
        one = f"SELECT uid FROM `{kind.table}` WHERE uid = %s LOCK IN SHARE MODE"  # noqa: S608
        with self._hold(f"row {uid} of table {kind.table}", one, (uid,)) as (held, rows):
            if held is not None and not rows:
                raise HarnessError(f"table {kind.table} has no row with uid {uid} that could be held")
            yield held

    @contextlib.contextmanager
    def hold_table(self, kind: Kind) -> Iterator[HeldRow | None]:
        """Keep everybody from writing or adding a row of the kind's main table, as `hold_row` does for one."""
        every = f"SELECT uid FROM `{kind.table}` LOCK IN SHARE MODE"  # noqa: S608  gaps as well
        with self._hold(f"table {kind.table}", every) as (held, _):
            yield held

    @contextlib.contextmanager
    def _hold(
        self, what: str, query: str, parameters: Sequence[str] = ()
    ) -> Iterator[tuple[HeldRow | None, Sequence[object]]]:
        if self.is_replica:
            yield None, ()
            return
        may, held = True, HeldRow(self.count_waiting)
        rows: Sequence[object] = ()
        try:
            with contextlib.closing(connect(self.endpoint)) as connection:
                cursor = connection.cursor()
                cursor.execute("START TRANSACTION READ ONLY")
                try:
                    cursor.execute(query, tuple(parameters))
                    rows = cursor.fetchall()
                except mysql.connector.Error as error:
                    if error.errno not in _MAY_NOT:
                        raise
                    may = False
                try:
                    yield (held if may else None), rows
                finally:
                    cursor.execute("ROLLBACK")
                    cursor.close()
        except mysql.connector.Error as error:
            raise HarnessError(f"the {what} can't be held: {error}") from error

    def overtake_row(self, kind: Kind, uid: str) -> contextlib.AbstractContextManager[OvertakenRow | None]:
        """Hold the row with that uid as somebody who then writes a newer version to it; see `overtaking`."""
        if self.is_replica:
            return contextlib.nullcontext()
        return overtake_row(self.endpoint, kind, uid, self.count_waiting)

    def lose_rows(self, kind: Kind, namespace: str) -> bool:
        """Delete the kind's rows of the namespace, as if they had been lost; False where that is not to be had."""
        if self.is_replica or not may_delete_rows(self.endpoint, kind.tables):
            return False
        delete_rows(self.endpoint, [kind], namespace)
        return True

    def find_tables_with(self, uid: str, tables: Sequence[str]) -> list[str]:
        """Return those of the main `tables` that hold a row with that uid: where a stray row went."""
        one = " UNION ALL ".join(f"SELECT '{table}' FROM `{table}` WHERE uid = %s" for table in tables)  # noqa: S608
        return [read_text(table) for (table,) in self._query(one, [uid] * len(tables))] if tables else []

    def count_rows(self, kinds: Iterable[Kind], namespace: str) -> dict[str, int]:
        """Return how many rows of the namespace each of the kinds' tables holds."""
        counts: dict[str, int] = {}
        for kind in kinds:
            main = kind.table
            counts[main] = self._query(
                f"SELECT COUNT(*) FROM `{main}` WHERE namespace = %s", (namespace,)  # noqa: S608
            )[0][0]
            for child in (kind.labels_table, kind.annotations_table):
                counts[child] = self._query(
                    f"SELECT COUNT(*) FROM `{child}` c JOIN `{main}` m ON m.uid = c.obj_uid"  # noqa: S608
                    " WHERE m.namespace = %s",
                    (namespace,),
                )[0][0]
        return counts

    def count_waiting(self) -> int:
        """Return how many transactions of the server wait for a row that another one has locked.

        A status variable, which every account may read; `information_schema.innodb_trx` wants a privilege, and
        shows the same for as long as it is read more often than every 100 ms.
        """
        (waiting,) = self.get_status(["Innodb_row_lock_current_waits"]).values()
        return waiting

    def get_status(self, names: Sequence[str]) -> dict[str, int]:
        """Return counters of the server, which every account may read, by name."""
        places = make_places(names)
        rows = self._query(f"SHOW GLOBAL STATUS WHERE Variable_name IN ({places})", names)
        return {read_text(name): int(value) for name, value in rows}

    def _get_pairs(self, table: str, uid: str) -> tuple[tuple[str, str], ...]:
        rows = self._query(f"SELECT `key`, `value` FROM `{table}` WHERE obj_uid = %s", (uid,))  # noqa: S608
        return tuple(sorted((read_text(key), read_text(value)) for key, value in rows))

    @contextlib.contextmanager
    def _snapshot(self) -> Iterator[None]:
        self._execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        try:
            yield
        finally:
            self._execute("ROLLBACK")

    @contextlib.contextmanager
    def _reading(self, table: str) -> Iterator[None]:
        """Raise `HarnessError` for what the driver raises within."""
        try:
            yield
        except mysql.connector.Error as error:
            raise HarnessError(f"MySQL: {error} (while reading table {table})") from error

    def _query(self, sql: str, parameters: Sequence[Any] = (), *, raw: bool = False) -> list[Any]:
        """Return what the query selects; `raw`: as the server's bytes, which the driver need not look at."""
        try:
            cursor = self._connection.cursor(raw=raw)
            try:
                cursor.execute(sql, tuple(parameters))
                return list(cursor.fetchall())
            finally:
                cursor.close()
        except mysql.connector.Error as error:
            raise HarnessError(f"MySQL: {error} (in: {sql})") from error

    def _execute(self, sql: str) -> None:
        execute(self._connection, sql)


def make_places(values: Collection[Any]) -> str:
    """Return as many places for parameters as there are values."""
    return ", ".join(["%s"] * len(values))


def read_text(value: Any) -> str:
    """Return the driver's text, which it gives as bytes for some collations."""
    return value.decode() if isinstance(value, bytes | bytearray) else str(value)


def _plain(column: str, value: Any) -> Value:
    """Return the driver's value as one of ours: `proto` stays bytes, other byte strings become text."""
    if isinstance(value, bytes | bytearray):
        return bytes(value) if column == "proto" else value.decode()
    return cast(Value, value)
