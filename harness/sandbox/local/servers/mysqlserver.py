"""Runs a throw-away MySQL server for one sandbox, and reaches any server as the schema job needs it.

The server listens on loopback and knows one account, with a password of its own, where faults are to be tried
a second one for the controller manager; root is removed, so that another user of the machine finds no door.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import signal
from dataclasses import dataclass, replace
from pathlib import Path

import mysql.connector
from mysql.connector.abstracts import MySQLConnectionAbstract

from harness.clients.mysql import connection
from harness.core.settings import MySQLEndpoint
from harness.provision.assets.data_folder import initialise_data_folder, make_server_command
from harness.provision.assets.mysqld import MARIADB, MySQLServerFiles
from harness.sandbox.base import MYSQL
from harness.sandbox.capabilities import LIMITED_USER
from harness.sandbox.local.wire.folder import SandboxFolder
from harness.sandbox.local.wire.process import Process, spawn, wait_until
from harness.sandbox.ports import LOOPBACK
from harness.sandbox.storage import write_private

USER = "ingester"
DATABASE = "michelangelo"

_UNKNOWN_DATABASE = 1049


@dataclass(frozen=True)
class MySQLFolder:
    """Where one server keeps its things, below the sandbox's folder."""

    path: Path

    @property
    def data(self) -> Path:
        """The data folder, in which the socket is too."""
        return self.path / "data"

    @property
    def init_file(self) -> Path:
        """The SQL that makes the account; it holds the password and is removed once it has run."""
        return self.path / "accounts.sql"


def make_endpoint(port: int, password: str | None = None) -> MySQLEndpoint:
    """Return how a sandbox's own server is reached on `port`; the password is made where none is given."""
    return MySQLEndpoint(LOOPBACK, port, USER, DATABASE, password or secrets.token_hex(16))


def make_limited_endpoint(endpoint: MySQLEndpoint) -> MySQLEndpoint:
    """Return the same server and database for an account that read_only and max_connections hold for."""
    return replace(endpoint, user=LIMITED_USER, password=secrets.token_hex(16))


async def initialise(files: MySQLServerFiles, folder: MySQLFolder) -> None:
    """Make the data folder; HarnessError where that fails."""
    folder.path.mkdir(mode=0o700)
    await asyncio.to_thread(initialise_data_folder, files, folder.data)


def start_server(
    files: MySQLServerFiles, folder: MySQLFolder, port: int, *, temporary: Path, log: Path, faults: bool
) -> Process:
    """Start the server of an initialised folder, where what `write_accounts` wrote comes to be.

    `faults` says that it is to withstand them; see `harness.provision.assets.data_folder`.
    """
    command = make_server_command(
        files,
        folder.data,
        port=port,
        init_file=folder.init_file if folder.init_file.exists() else None,
        temporary_folder=temporary,
        faults=faults,
    )
    # SIGXFSZ: at the end of what it may write it is to see an error, as it does on a full disk
    return spawn(
        MYSQL, command, log=log, folder=folder.data, environment=files.make_environment(),
        ignored=(signal.SIGXFSZ,) if faults else (),
    )  # fmt: skip


async def wait_for_server(server: Process, folder: MySQLFolder, endpoint: MySQLEndpoint) -> None:
    """Return once the account can log in; ProcessEndedError where the server ends first."""
    await wait_until(lambda: _answers(endpoint), server)
    folder.init_file.unlink(missing_ok=True)


def connect(endpoint: MySQLEndpoint, *, create_database: bool = False) -> MySQLConnectionAbstract:
    """Return a connection in autocommit mode, the endpoint's database selected.

    `create_database` makes that where it is absent. Raises `HarnessError` where any of it fails.
    """
    try:
        try:
            return connection.connect(endpoint)
        except mysql.connector.Error as error:
            if not create_database or error.errno != _UNKNOWN_DATABASE:
                raise
        made = connection.connect(replace(endpoint, database=""))
        name = endpoint.database.replace("`", "``")
        cursor = made.cursor()
        cursor.execute(f"CREATE DATABASE `{name}`")
        cursor.execute(f"USE `{name}`")
        cursor.close()
    except mysql.connector.Error as error:
        raise connection.explain(endpoint, error) from error
    return made


def get_version(endpoint: MySQLEndpoint) -> str:
    """Return the version of a server elsewhere; the endpoint's database is made where it is absent."""
    with contextlib.closing(connect(endpoint, create_database=True)) as server:
        cursor = server.cursor()
        cursor.execute("SELECT VERSION()")
        ((version,),) = cursor.fetchall()
        cursor.close()
    return str(version)


def write_client_files(folder: SandboxFolder, endpoint: MySQLEndpoint) -> None:
    """Write what MySQL's command line client needs, so that the password is on no command line."""
    options = {
        "host": endpoint.host,
        "port": endpoint.port,
        "user": endpoint.user,
        "password": '"' + endpoint.password.replace("\\", "\\\\").replace('"', '\\"') + '"',
        "protocol": "tcp",
        **{name.replace("_", "-"): value for name, value in endpoint.tls.items() if name != "ssl_disabled"},
    }
    lines = ["[client]", *(f"{name}={value}" for name, value in options.items())]
    lines += ["", "[mysql]", f"database={endpoint.database}"]
    write_private(folder.mysql_options, "\n".join(lines) + "\n")
    write_private(folder.mysql_password, endpoint.password)


def _answers(endpoint: MySQLEndpoint) -> bool:
    try:
        answer = connection.connect(endpoint)
    except mysql.connector.Error:
        return False
    with contextlib.suppress(mysql.connector.Error):
        answer.close()
    return True


def write_accounts(
    files: MySQLServerFiles, folder: MySQLFolder, endpoint: MySQLEndpoint, limited: MySQLEndpoint | None
) -> None:
    """Have the next start make the database, the account that may do everything, and the `limited` one."""
    write_private(folder.init_file, _make_accounts(files.flavor, endpoint, limited))


def _make_accounts(flavor: str, endpoint: MySQLEndpoint, limited: MySQLEndpoint | None) -> str:
    account = f"'{endpoint.user}'@'{endpoint.host}'"
    remove_root = (
        ["DELETE FROM mysql.global_priv WHERE User IN ('root', '');", "FLUSH PRIVILEGES;"]
        if flavor == MARIADB   # which makes one root for each name of the machine
        else ["DROP USER 'root'@'localhost';"]
    )
    statements = [
        f"CREATE USER {account} IDENTIFIED BY '{endpoint.password}';",
        f"GRANT ALL PRIVILEGES ON *.* TO {account} WITH GRANT OPTION;",
        f"CREATE DATABASE `{endpoint.database}`;",
        *(_make_limited_account(limited) if limited else ()),
        *remove_root,
    ]
    return "\n".join(statements) + "\n"


def _make_limited_account(endpoint: MySQLEndpoint) -> tuple[str, ...]:
    account = f"'{endpoint.user}'@'{endpoint.host}'"
    return (
        f"CREATE USER {account} IDENTIFIED BY '{endpoint.password}';",
        f"GRANT ALL PRIVILEGES ON `{endpoint.database}`.* TO {account};",
    )
