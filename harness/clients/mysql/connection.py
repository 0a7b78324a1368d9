"""Connects to the server, and says in one sentence what is wrong where that fails."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import mysql.connector
from mysql.connector.abstracts import MySQLConnectionAbstract

from harness.core.errors import HarnessError
from harness.core.settings import MySQLEndpoint

CONNECT_TIMEOUT_S = 10
_SESSION = (
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",   # else a snapshot is none
    "SET SESSION wait_timeout = 86400",   # a wait for something else must not cost the connection
    "SET SESSION completion_type = NO_CHAIN",   # else a ROLLBACK may end the connection as well
    "SET SESSION sql_big_selects = 1, sql_select_limit = 18446744073709551615",   # all rows, however many are read
    "SET SESSION innodb_lock_wait_timeout = 50"   # as long as it takes to have a row, and to read rows
    " /*M! , max_statement_time = 0 */ /*!50708 , max_execution_time = 0 */",   # of MariaDB, and of MySQL
)
"""What is set whatever the server's usual values are, which are made for its other clients."""


def connect(endpoint: MySQLEndpoint, timeout_s: int = CONNECT_TIMEOUT_S) -> MySQLConnectionAbstract:
    """Return a connection in autocommit mode, its times in UTC; the driver's error where there is none.

    Without a database in the endpoint none is selected.
    """
    connection = cast(
        MySQLConnectionAbstract,
        mysql.connector.connect(
            host=endpoint.host,
            port=endpoint.port,
            user=endpoint.user,
            password=endpoint.password,
            database=endpoint.database or None,
            autocommit=True,
            time_zone="+00:00",
            use_pure=True,
            connection_timeout=timeout_s,
            **_tls_arguments(endpoint.tls),
        ),
    )
    for statement in _SESSION:
        execute(connection, statement)
    return connection


def execute(connection: MySQLConnectionAbstract, statement: str) -> None:
    """Execute a statement that returns no rows; the driver's error where it fails."""
    cursor = connection.cursor()
    try:
        cursor.execute(statement)
    finally:
        cursor.close()


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
