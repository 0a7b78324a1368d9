"""When rows were committed: by the server's own clock where the server is the sandbox's, else by looking at them.

The one changes the database: a table beside the Ingester's, and triggers that fill it. So it is for a server that
the harness has made itself. The other reads alone, and is as exact as its looks are frequent.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import mysql.connector

from harness.clients.mysql.connection import connect, execute
from harness.clients.mysql.database import make_places, read_text
from harness.clients.mysql.tables import RowVersion, Tables
from harness.core.errors import HarnessError
from harness.core.settings import MySQLEndpoint
from harness.spec.model import Kind

_TABLE = "ingester_acceptance_commits"
_MISSING = 1000   # numbers that are looked for again: commits come in another order
_LOOK_S = 0.01   # between two looks: it is a server that others use


@dataclass(frozen=True)
class Commit:
    """A row came to have that version, or to be soft-deleted, at most `error_s` before `at` (since the epoch)."""

    key: str
    version: int
    deleted: bool
    at: float
    error_s: float = 0.0


class CommitLog:
    """The moments at which a server of the sandbox's own committed the kinds' rows, from now on.

    MariaDB writes down when each transaction was committed (`mysql.transaction_registry`) where that has changed a
    table with versions by transaction: the triggers write into such a table. Raises HarnessError where the server
    can't.
    """

    exact = True

    def __init__(self, endpoint: MySQLEndpoint, kinds: Sequence[Kind]) -> None:
        self._last = 0
        self._missing: list[int] = []   # numbers before the last: of transactions that are open, or were undone
        try:
            self._connection = connect(endpoint)
            for statement in _make_statements(kinds):
                execute(self._connection, statement)
        except mysql.connector.Error as error:
            raise HarnessError(f"MySQL does not note when it commits: {error}") from error

    def read(self) -> list[Commit]:
        """Return the commits since the last reading; HarnessError where they can't be read."""
        wanted = [self._last, *self._missing]
        places = f" OR c.seq IN ({make_places(self._missing)})" if self._missing else ""
        try:
            cursor = self._connection.cursor()
            cursor.execute(
                "SELECT c.seq, c.uid, c.res_version, c.deleted, r.commit_timestamp"  # noqa: S608
                f" FROM `{_TABLE}` c JOIN mysql.transaction_registry r ON r.transaction_id = c.started"
                f" WHERE c.seq > %s{places}",
                tuple(wanted),
            )
            rows = cast(list[Any], cursor.fetchall())
            cursor.close()
        except mysql.connector.Error as error:
            raise HarnessError(f"MySQL: {error} (while reading the commits)") from error
        self._note({int(row[0]) for row in rows})
        return [
            Commit(read_text(key), int(version), bool(deleted), at.replace(tzinfo=dt.UTC).timestamp())
            for _, key, version, deleted, at in rows
        ]

    def _note(self, numbers: set[int]) -> None:
        last = max([self._last, *numbers])
        missing = [*self._missing, *range(self._last + 1, last + 1)]
        self._missing = [number for number in missing if number not in numbers][-_MISSING:]
        self._last = last

    def close(self) -> None:
        """Close the connection; what was made stays, as long as the server does."""
        with contextlib.suppress(mysql.connector.Error):
            self._connection.close()


def _make_statements(kinds: Sequence[Kind]) -> list[str]:
    statements = [
        f"CREATE TABLE `{_TABLE}` (seq BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, uid VARCHAR(255) NOT NULL,"
        " res_version BIGINT UNSIGNED NOT NULL, deleted BOOLEAN NOT NULL,"
        " started BIGINT UNSIGNED GENERATED ALWAYS AS ROW START,"
        " ended BIGINT UNSIGNED GENERATED ALWAYS AS ROW END,"
        " PERIOD FOR SYSTEM_TIME (started, ended)) WITH SYSTEM VERSIONING ENGINE = InnoDB"
    ]
    statements += [
        f"CREATE TRIGGER `{_TABLE}_{kind.table}_{event}` AFTER {event} ON `{kind.table}` FOR EACH ROW"  # noqa: S608
        f" INSERT INTO `{_TABLE}` (uid, res_version, deleted)"
        " VALUES (NEW.uid, NEW.res_version, NEW.delete_time IS NOT NULL)"
        for kind in kinds
        for event in ("INSERT", "UPDATE")
    ]
    return statements


class RowLooks:
    """The moments at which rows of a namespace were first seen to be as they are, on a thread of its own."""

    exact = False

    def __init__(
        self,
        endpoint: MySQLEndpoint,
        kinds: Sequence[Kind],
        namespace: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._tables = Tables(endpoint)
        self._kinds = kinds
        self._namespace = namespace
        self._clock = clock
        self._known: dict[str, dict[str, RowVersion]] = {kind.name: {} for kind in kinds}
        self._looked_at = {kind.name: clock() for kind in kinds}
        self._lock = threading.Lock()
        self._found: list[Commit] = []
        self._error: HarnessError | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rows", daemon=True)
        self._thread.start()

    def read(self) -> list[Commit]:
        """Return what was seen since the last reading; HarnessError where rows could not be looked at."""
        if self._error is not None:
            raise self._error
        with self._lock:
            found, self._found = self._found, []
        return found

    def close(self) -> None:
        """Look no more."""
        self._stop.set()
        self._thread.join()
        self._tables.close()

    def _run(self) -> None:
        while not self._stop.wait(_LOOK_S):
            try:
                for kind in self._kinds:
                    self._look(kind)
            except HarnessError as error:
                self._error = error
                return

    def _look(self, kind: Kind) -> None:
        asked_at = self._clock()
        rows = self._tables.list_versions(kind, self._namespace)
        at, known = self._clock(), self._known[kind.name]
        error_s = at - self._looked_at[kind.name]
        changed = [
            Commit(key, row.res_version, not row.live, at, error_s)
            for key, row in rows.items()
            if known.get(key) != row
        ]
        self._known[kind.name], self._looked_at[kind.name] = rows, asked_at
        with self._lock:
            self._found += changed
