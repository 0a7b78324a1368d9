"""Makes the disk of a sandbox's MySQL server full without root, and free again.

The server's files are not allowed to grow (RLIMIT_FSIZE), and what is free within them is used up by a table
of ballast in a database of its own. All tables are in one file (`harness.provision.assets.data_folder`), so
that each of them is full then. The limit is the size of the biggest file, so that what is preallocated, the
redo log say, can be written: a server that could not would end itself.
"""

from __future__ import annotations

import contextlib
import sys
from dataclasses import replace
from pathlib import Path

import mysql.connector
import psutil
from mysql.connector.abstracts import MySQLConnectionAbstract

from harness.core.errors import HarnessError
from harness.core.settings import MySQLEndpoint
from harness.sandbox.local.servers.mysqlserver import connect

_BALLAST = "ingester_acceptance_ballast"
_ROW_SIZES = (4_000_000, 500_000, 50_000, 5_000, 100)
_MOST_ROWS = 10_000
_TABLE_IS_FULL = 1114
_UNLIMITED = -1
_CREATE = f"CREATE TABLE IF NOT EXISTS {_BALLAST}.rows (content LONGBLOB)"
_INSERT = f"INSERT INTO {_BALLAST}.rows VALUES (REPEAT('x', %d))"  # noqa: S608  our words, and a number


class FullDisk:
    """The files of one server, below the folder `data`, which is reached at `endpoint`."""

    def __init__(self, data: Path, endpoint: MySQLEndpoint) -> None:
        self._data = data
        self._endpoint = replace(endpoint, database=_BALLAST)

    def fill(self, pid: int) -> str:
        """Make the disk of the server's process full, and return the error with which it refuses a row.

        Raises `HarnessError` where this system can't, or the server goes on taking rows.
        """
        _require_limits()
        _limit(pid, max(path.stat().st_size for path in self._data.rglob("*") if path.is_file()))
        with self._connecting() as connection:
            _run(connection, _CREATE)
            return "; then ".join(dict.fromkeys(_fill_table(connection, size) for size in _ROW_SIZES))

    def free(self, pid: int) -> str:
        """Lift the limit and drop the ballast; return what shows that rows are taken again.

        Raises `HarnessError` where the server refuses.
        """
        _require_limits()
        _limit(pid, _UNLIMITED)
        with self._connecting() as connection:
            _run(connection, _CREATE)
            _run(connection, _INSERT % _ROW_SIZES[0])
            _run(connection, f"DROP DATABASE {_BALLAST}")
        return f"a row of {_ROW_SIZES[0]} bytes was taken"

    def _connecting(self) -> contextlib.closing[MySQLConnectionAbstract]:
        return contextlib.closing(connect(self._endpoint, create_database=True))


def _require_limits() -> None:
    if sys.platform != "linux":
        raise HarnessError(
            "The disk can't be made full on this system, which can't limit the files of a running process",
            hint="Leave the full disk out, or run on Linux",
        )


def _limit(pid: int, size: int) -> None:
    if sys.platform == "linux":
        process = psutil.Process(pid)
        _, hard = process.rlimit(psutil.RLIMIT_FSIZE)
        process.rlimit(psutil.RLIMIT_FSIZE, (size, hard))


def _fill_table(connection: MySQLConnectionAbstract, size: int) -> str:
    """Insert rows until the server refuses one; return its words."""
    cursor = connection.cursor()
    try:
        for _ in range(_MOST_ROWS):
            cursor.execute(_INSERT % size)
    except mysql.connector.Error as error:
        if error.errno != _TABLE_IS_FULL:
            raise HarnessError(f"MySQL on a full disk: {error}") from error
        return str(error)
    finally:
        cursor.close()
    raise HarnessError(f"MySQL took {_MOST_ROWS} rows of {size} bytes: its disk can't be made full")


def _run(connection: MySQLConnectionAbstract, statement: str) -> None:
    cursor = connection.cursor()
    try:
        cursor.execute(statement)
    except mysql.connector.Error as error:
        raise HarnessError(f"MySQL: {error} (in: {statement})") from error
    finally:
        cursor.close()

