"""Reads the Ingester's tables; the only module of the harness that imports `mysql.connector`.

Read-only by construction: every session is `READ ONLY`, but for that of `delete_rows`, which a run uses for a
namespace that it made itself, and of the question whether it may. Rows are frozen records of plain values.
A row and its labels and annotations are read in one consistent snapshot, so that a difference between them
is the Ingester's and not the reader's. Nothing here waits, retries or judges.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

import mysql.connector
from mysql.connector.abstracts import MySQLConnectionAbstract

from harness.catalogue import KINDS
from harness.errors import HarnessError
from harness.model import Kind
from harness.settings import MySQLEndpoint

CONNECT_TIMEOUT_S = 10

Value = str | int | float | bytes | dt.datetime | None


@dataclass(frozen=True)
class Row:
    """A row of a main table with its labels and annotations, as one snapshot saw them.

    `columns` maps column names to values (DATETIME without zone, in UTC; JSON as text). `labels` and
    `annotations` are sorted (key, value) pairs, duplicates included.
    """

    table: str
    columns: Mapping[str, Value]
    labels: tuple[tuple[str, str], ...] = ()
    annotations: tuple[tuple[str, str], ...] = ()

    @property
    def uid(self) -> str:
        """The object's uid, the primary key."""
        return str(self.columns["uid"])

    @property
    def res_version(self) -> int:
        """The resourceVersion that the row holds."""
        return int(cast(int, self.columns["res_version"]))

    @property
    def update_time(self) -> dt.datetime | None:
        """When the row was last written (whole seconds, UTC)."""
        return cast("dt.datetime | None", self.columns["update_time"])

    @property
    def live(self) -> bool:
        """Whether the row is not soft-deleted."""
        return self.columns["delete_time"] is None


@dataclass(frozen=True)
class HeldRow:
    """A row that nobody else can write for now."""

    database: Database
    waiting_before: int   # how many waited for a row of the server when this one was taken

    def is_awaited(self) -> bool:
        """Whether somebody waits for it: on a server that others use as well, perhaps for one of theirs."""
        return self.database.count_waiting() > self.waiting_before


class Database:
    """The database that the Ingester writes to, through one connection in autocommit mode.

    Raises `HarnessError`, which says in one sentence what is wrong, where it can't be reached in `timeout_s`.
    """

    def __init__(self, endpoint: MySQLEndpoint, *, timeout_s: int = CONNECT_TIMEOUT_S) -> None:
        self.endpoint = endpoint
        self._timeout_s = timeout_s
        self._open()

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
            self._connection = _connect(self.endpoint, self._timeout_s)
            self._execute("SET SESSION TRANSACTION READ ONLY")
        except mysql.connector.Error as error:
            raise explain(self.endpoint, error) from error

    def get_server_version(self) -> str:
        """Return the server's version, such as '8.0.36' or '10.11.19-MariaDB'."""
        return str(self._query("SELECT VERSION()")[0][0])

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
            tables.setdefault(_text(table), {})[_text(column)] = _text(sql_type).lower()
        return tables

    def get_version(self, kind: Kind, uid: str) -> int | None:
        """Return the `res_version` of the row with that uid, None where there is no row."""
        rows = self._query(f"SELECT res_version FROM `{kind.table}` WHERE uid = %s", (uid,))  # noqa: S608
        return int(rows[0][0]) if rows else None

    def get_rows(self, kind: Kind, namespace: str, name: str) -> list[Row]:
        """Return every row of that namespace and name (soft-deleted ones included), oldest first."""
        with self._snapshot():
            cursor = self._connection.cursor(dictionary=True)
            try:
                cursor.execute(
                    f"SELECT * FROM `{kind.table}` WHERE namespace = %s AND name = %s"  # noqa: S608
                    " ORDER BY create_time, res_version",
                    (namespace, name),
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
        return {_text(uid): int(version) for uid, version in rows}

    def get_rows_of(self, kind: Kind, uids: Sequence[str]) -> dict[str, Row]:
        """Return the rows with these uids, by uid, with labels and annotations, as one snapshot sees them."""
        if not uids:
            return {}
        with self._snapshot():
            cursor = self._connection.cursor(dictionary=True)
            try:
                cursor.execute(
                    f"SELECT * FROM `{kind.table}` WHERE uid IN ({_places(uids)})", tuple(uids)  # noqa: S608
                )
                found = cast("list[dict[str, Any]]", cursor.fetchall())
            finally:
                cursor.close()
            labels = self.get_pairs_of(kind.labels_table, uids)
            annotations = self.get_pairs_of(kind.annotations_table, uids)
        rows = {}
        for columns in found:
            uid = _text(columns["uid"])
            values = MappingProxyType({key: _plain(key, value) for key, value in columns.items()})
            rows[uid] = Row(kind.table, values, labels.get(uid, ()), annotations.get(uid, ()))
        return rows

    def get_pairs_of(self, table: str, uids: Sequence[str]) -> dict[str, tuple[tuple[str, str], ...]]:
        """Return the pairs of a table of labels or annotations, by uid; also those that no row belongs to."""
        if not uids:
            return {}
        pairs: dict[str, list[tuple[str, str]]] = {}
        for uid, key, value in self._query(
            f"SELECT obj_uid, `key`, `value` FROM `{table}` WHERE obj_uid IN ({_places(uids)})",  # noqa: S608
            tuple(uids),
        ):
            pairs.setdefault(_text(uid), []).append((_text(key), _text(value)))
        return {uid: tuple(sorted(found)) for uid, found in pairs.items()}

    @contextlib.contextmanager
    def hold_row(self, kind: Kind, uid: str) -> Iterator[HeldRow | None]:
        """Keep everybody from writing the row with that uid, by a shared lock on it, until the context ends.

        It takes a connection of its own, and the right to read, which MySQL before 8.0.22 finds too little: None,
        where the account may not. Raises `HarnessError` where there is no such row, or somebody else holds it.
        """
        may = True
        try:
            with contextlib.closing(_connect(self.endpoint, CONNECT_TIMEOUT_S)) as connection:
                cursor = connection.cursor()
                cursor.execute("START TRANSACTION READ ONLY")
                one = f"SELECT uid FROM `{kind.table}` WHERE uid = %s LOCK IN SHARE MODE"  # noqa: S608
                try:
                    cursor.execute(one, (uid,))
                except mysql.connector.Error as error:
                    if error.errno not in _MAY_NOT:
                        raise
                    may = False
                if may and not cursor.fetchall():
                    raise HarnessError(f"table {kind.table} has no row with uid {uid} that could be held")
                try:
                    yield HeldRow(self, self.count_waiting()) if may else None
                finally:
                    cursor.execute("ROLLBACK")
                    cursor.close()
        except mysql.connector.Error as error:
            raise HarnessError(f"the row {uid} of table {kind.table} can't be held: {error}") from error

    def find_tables_with(self, uid: str, tables: Sequence[str]) -> list[str]:
        """Return those of the main `tables` that hold a row with that uid: where a stray row went."""
        one = " UNION ALL ".join(f"SELECT '{table}' FROM `{table}` WHERE uid = %s" for table in tables)  # noqa: S608
        return [_text(table) for (table,) in self._query(one, [uid] * len(tables))] if tables else []

    def count_rows(self, namespace: str) -> dict[str, int]:
        """Return how many rows of the namespace each of the 39 tables holds."""
        counts: dict[str, int] = {}
        for kind in KINDS:
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
        return int(self._query("SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'")[0][1])

    def _get_pairs(self, table: str, uid: str) -> tuple[tuple[str, str], ...]:
        rows = self._query(f"SELECT `key`, `value` FROM `{table}` WHERE obj_uid = %s", (uid,))  # noqa: S608
        return tuple(sorted((_text(key), _text(value)) for key, value in rows))

    @contextlib.contextmanager
    def _snapshot(self) -> Iterator[None]:
        self._execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        try:
            yield
        finally:
            self._execute("ROLLBACK")

    def _query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        try:
            cursor = self._connection.cursor()
            try:
                cursor.execute(sql, tuple(parameters))
                return list(cursor.fetchall())
            finally:
                cursor.close()
        except mysql.connector.Error as error:
            raise HarnessError(f"MySQL: {error} (in: {sql})") from error

    def _execute(self, sql: str) -> None:
        cursor = self._connection.cursor()
        cursor.execute(sql)
        cursor.close()


def may_delete_rows(endpoint: MySQLEndpoint) -> bool:
    """Return whether the account may delete rows of all 39 tables; only the plans of deletions are asked for."""
    try:
        with contextlib.closing(_connect(endpoint, CONNECT_TIMEOUT_S)) as connection:
            cursor = connection.cursor()
            for kind in KINDS:
                for table in kind.tables:
                    cursor.execute(f"EXPLAIN DELETE FROM `{table}` WHERE 1 = 0")  # noqa: S608
                    cursor.fetchall()
            cursor.close()
    except mysql.connector.Error:
        return False
    return True


def delete_rows(endpoint: MySQLEndpoint, namespace: str) -> int:
    """Delete the namespace's rows from all 39 tables and return of how many objects they were.

    Raises `HarnessError` where the account may not; rows of other kinds may be gone by then.
    """
    deleted = 0
    try:
        with contextlib.closing(_connect(endpoint, CONNECT_TIMEOUT_S)) as connection:
            cursor = connection.cursor()
            for kind in KINDS:
                cursor.execute(f"SELECT COUNT(*) FROM `{kind.table}` WHERE namespace = %s", (namespace,))  # noqa: S608
                deleted += int(cast("list[Any]", cursor.fetchall())[0][0])
                cursor.execute(render_deletion(kind, "%s"), (namespace,))
            cursor.close()
    except mysql.connector.Error as error:
        raise HarnessError(f"the rows of namespace {namespace} can't be deleted: {error}") from error
    return deleted


def render_deletion(kind: Kind, namespace: str) -> str:
    """Return the SQL that deletes the kind's rows of a namespace, which is given as SQL."""
    main, labels, annotations = kind.tables
    return (
        f"DELETE m, l, a FROM `{main}` m LEFT JOIN `{labels}` l ON l.obj_uid = m.uid"
        f" LEFT JOIN `{annotations}` a ON a.obj_uid = m.uid WHERE m.namespace = {namespace}"
    )


def _connect(endpoint: MySQLEndpoint, timeout_s: int) -> MySQLConnectionAbstract:
    return cast(
        MySQLConnectionAbstract,
        mysql.connector.connect(
            host=endpoint.host,
            port=endpoint.port,
            user=endpoint.user,
            password=endpoint.password,
            database=endpoint.database,
            autocommit=True,
            time_zone="+00:00",
            use_pure=True,
            connection_timeout=timeout_s,
            **_tls_arguments(endpoint.tls),
        ),
    )


def _places(values: Sequence[Any]) -> str:
    """Return as many places for parameters as there are values."""
    return ", ".join(["%s"] * len(values))


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes | bytearray) else str(value)


def _plain(column: str, value: Any) -> Value:
    """Return the driver's value as one of ours: `proto` stays bytes, other byte strings become text."""
    if isinstance(value, bytes | bytearray):
        return bytes(value) if column == "proto" else value.decode()
    return cast(Value, value)


def _tls_arguments(tls: Mapping[str, str]) -> dict[str, Any]:
    """Return the driver's arguments. Who names a CA wants it to be used: without, any server would do."""
    arguments: dict[str, Any] = dict(tls)
    if "ssl_disabled" in arguments:
        arguments["ssl_disabled"] = str(arguments["ssl_disabled"]).lower() in ("1", "true", "yes")
    if "ssl_ca" in arguments and not arguments.get("ssl_disabled"):
        arguments["ssl_verify_cert"] = True
    return arguments


def explain(endpoint: MySQLEndpoint, error: mysql.connector.Error) -> HarnessError:
    """Return what is wrong with the connection and the way out, in one sentence each."""
    server = f"MySQL at {endpoint.host}:{endpoint.port}"
    text = str(error).partition("\n")[0]
    for name in ("ssl_ca", "ssl_cert", "ssl_key"):
        if name in endpoint.tls and not Path(endpoint.tls[name]).is_file():
            return HarnessError(f"{name}: there is no file {endpoint.tls[name]!r}", hint="Give its absolute path")
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return HarnessError(
            f"{server} has a certificate that the CA of ssl_ca={endpoint.tls.get('ssl_ca', '')} has not signed",
            hint="Give the CA that signed the server's certificate; a server that made its own has it in ca.pem",
        )
    error_number = error.errno if isinstance(error.errno, int) else 0
    problem, way_out = _PROBLEMS.get(error_number, ("", ""))
    if not problem:
        return HarnessError(f"{server}: {text}", hint=_WAY_OUT)
    if error_number == _DENIED and "ssl_disabled" in endpoint.tls:   # MariaDB's word for it as well
        way_out += "; if it takes encrypted connections only, drop ssl_disabled"
    words = {"server": server, "user": endpoint.user, "database": endpoint.database}
    return HarnessError(f"{problem.format(**words)} ({text})", hint=way_out.format(**words))


_WAY_OUT = "Check host, port, user and database; the password is MYSQL_PASSWORD's or MYSQL_PASSWORD_FILE's."
_DENIED = 1045
_MAY_NOT = (1142, 1143)
_PROBLEMS: dict[int, tuple[str, str]] = {
    1044: ("{server}: {user} may not use the database {database!r}", "GRANT SELECT ON `{database}`.* TO the user"),
    _DENIED: (
        "{server} refuses the password of {user}, or does not know that user from here",
        "The password is that of MYSQL_PASSWORD, or in the file that MYSQL_PASSWORD_FILE names",
    ),
    1049: (
        "{server} has no database {database!r}",
        "Name the Ingester's database, that of mysql.database in its base.yaml; the schema init job makes it",
    ),
    1130: ("{server} does not let this machine in", "Allow its address in the account's host part"),
    2003: ("{server} does not answer", "Check host and port, and that the server runs and is reachable from here"),
    2005: ("{server}: the host's name is unknown", "Check the host"),
    2013: ("{server} takes connections and does not answer as MySQL does", "Check the port"),
    2026: (
        "{server} does not take the TLS that was asked for",
        "Drop ssl_ca if the server has no TLS; if it wants a client's certificate, give ssl_cert and ssl_key",
    ),
    3024: ("{server} takes connections and says nothing", "Check the port, and whether the server is overloaded"),
    3159: ("{server} takes encrypted connections only", "Drop ssl_disabled from the URL"),
}
"""The server's and the driver's error numbers: problem, way out."""
