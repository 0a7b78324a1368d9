"""The job that makes the Ingester's tables, and checks that they are there: `ingester-schema-init`.

The whole SQL goes to the server as one text, which the server itself takes apart: so quotes and comments
mean what they mean there.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import mysql.connector
from mysql.connector.abstracts import MySQLConnectionAbstract

from harness.core.errors import HarnessError
from harness.core.settings import MySQLEndpoint
from harness.sandbox.local.servers.mysqlserver import connect

_EMPTY_QUERY = 1065


def run_schema_job(
    endpoint: MySQLEndpoint, schema: str, source: str, log: Path, *, tables: Sequence[str]
) -> None:
    """Run the SQL of `schema` in the endpoint's database, which is made where absent, and look for `tables` there.

    Raises `HarnessError`, which names `source`, at the first statement that fails and for missing tables.
    """
    connection = connect(endpoint, create_database=True)
    try:
        with log.open("a", encoding="utf-8") as output:
            count = _run(connection, schema, source, output)
            missing = find_missing_tables(connection, endpoint.database, tables)
            output.write(f"{count} statements, {len(tables) - len(missing)} of {len(tables)} tables\n")
            if missing:
                output.write(f"missing: {', '.join(missing)}\n")
                raise _explain(connection, endpoint, missing, f"{len(missing)} of {len(tables)}", source)
    finally:
        with contextlib.suppress(mysql.connector.Error):
            connection.close()


def find_missing_tables(
    connection: MySQLConnectionAbstract, database: str, tables: Sequence[str]
) -> list[str]:
    """Return those of `tables` that `database` does not have."""
    rows = _query(connection, "SELECT table_name FROM information_schema.tables WHERE table_schema = %s", database)
    return [table for table in tables if table not in rows]


def _run(connection: MySQLConnectionAbstract, schema: str, source: str, output: TextIO) -> int:
    """Run all statements; return how many there were."""
    count = 0
    if not schema.strip():
        return count
    try:
        for result in connection.cmd_query_iter(schema):
            count += 1
            if "columns" not in result:
                continue
            names = [str(column[0]) for column in result["columns"]]
            rows, _ = connection.get_rows()
            for row in (names, *rows):
                output.write("\t".join(_show(value) for value in row) + "\n")
    except mysql.connector.Error as error:
        if error.errno == _EMPTY_QUERY:   # MySQL's word for a comment after the last statement
            return count
        output.write(f"statement {count + 1}: {error}\n")
        raise HarnessError(
            f"{source}: statement {count + 1} failed: {error}",
            hint="--schema names a file of SQL statements, each ended by a semicolon",
        ) from error
    return count


def _explain(
    connection: MySQLConnectionAbstract, endpoint: MySQLEndpoint, missing: list[str], count: str, source: str
) -> HarnessError:
    hint = "The Ingester needs three tables for each of its kinds; --schema must create them all"
    current = next(iter(_query(connection, "SELECT DATABASE()")), endpoint.database)
    if current != endpoint.database:
        hint = f"It switches to the database {current!r}; the Ingester uses {endpoint.database!r}"
    return HarnessError(
        f"{source} leaves {count} tables missing in the database {endpoint.database!r}:"
        f" {', '.join(missing)}",
        hint=hint,
    )


def _query(connection: MySQLConnectionAbstract, sql: str, *parameters: str) -> set[str]:
    """Return the first column as text."""
    cursor = connection.cursor()
    try:
        cursor.execute(sql, parameters)
        return {_show(row[0]) for row in cursor.fetchall()}   # type: ignore[index]
    except mysql.connector.Error as error:
        raise HarnessError(f"MySQL: {error} (in: {sql})") from error
    finally:
        cursor.close()


def _show(value: object) -> str:
    if value is None:
        return "NULL"
    return bytes(value).decode("utf-8", "replace") if isinstance(value, bytes | bytearray) else str(value)
