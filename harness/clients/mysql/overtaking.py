"""Plays a second controller manager: it has written a newer version to a row while the first waits with an older.

The only write of the harness to a row that it is to judge: its `res_version`, and nothing else of it. Whoever asks
for it has the object written to afterwards, so that the Ingester writes the whole row anew. Judges nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, cast

import mysql.connector

from harness.clients.mysql.connection import connect
from harness.clients.mysql.holding import HeldRow
from harness.core.errors import HarnessError
from harness.core.polling import wait_for
from harness.core.settings import MySQLEndpoint
from harness.spec.model import Kind

_MAY_NOT = (1142, 1143, 1290, 1792, 1836)   # no right to it, or nobody may write
_QUEUED_S = 2.0   # for our own request to wait behind the Ingester's


@dataclass(frozen=True)
class OvertakenRow:
    """A row that nobody else can read for update or write for now; `count_waiting` is the server's."""

    endpoint: MySQLEndpoint
    table: str
    uid: str
    cursor: Any
    count_waiting: Callable[[], int]
    held: HeldRow

    def is_awaited(self) -> bool:
        """Whether somebody waits for the row."""
        return self.held.is_awaited()

    def overtake(self, version: int) -> int:
        """Write the version, let go of the row, and return the version that it has once who waited has written.

        A request for the row waits behind the Ingester's by then, and is granted when that transaction ends: what
        the Ingester writes next comes after it. Raises the driver's error, which the context explains.
        """
        self.cursor.execute(f"UPDATE `{self.table}` SET res_version = %s WHERE uid = %s", (version, self.uid))  # noqa: S608
        with ThreadPoolExecutor(1) as reader:
            ours = HeldRow(self.count_waiting)
            answer = reader.submit(self._read)
            wait_for(lambda: answer.done() or ours.is_awaited(), bool, timeout_s=_QUEUED_S)
            self.cursor.execute("COMMIT")
            return answer.result()

    def _read(self) -> int:
        with contextlib.closing(connect(self.endpoint)) as connection:
            cursor = connection.cursor()
            cursor.execute("START TRANSACTION READ ONLY")
            one = f"SELECT res_version FROM `{self.table}` WHERE uid = %s LOCK IN SHARE MODE"  # noqa: S608
            cursor.execute(one, (self.uid,))
            ((version,),) = cast(list[tuple[int]], cursor.fetchall())
            cursor.execute("ROLLBACK")
            cursor.close()
            return version


@contextlib.contextmanager
def overtake_row(
    endpoint: MySQLEndpoint, kind: Kind, uid: str, count_waiting: Callable[[], int]
) -> Iterator[OvertakenRow | None]:
    """Hold the row with that uid until it is overtaken, or the context ends; None where the account may not.

    Raises `HarnessError` where there is no such row, or the server does not do it.
    """
    held = HeldRow(count_waiting)
    one = f"SELECT uid FROM `{kind.table}` WHERE uid = %s FOR UPDATE"  # noqa: S608
    try:
        with contextlib.closing(connect(endpoint)) as connection:
            cursor = connection.cursor()
            cursor.execute("START TRANSACTION")
            may = True
            try:
                cursor.execute(one, (uid,))
                found = cursor.fetchall()
            except mysql.connector.Error as error:
                if error.errno not in _MAY_NOT:
                    raise
                may, found = False, []
            if may and not found:
                raise HarnessError(f"table {kind.table} has no row with uid {uid} that could be overtaken")
            try:
                yield OvertakenRow(endpoint, kind.table, uid, cursor, count_waiting, held) if may else None
            finally:
                cursor.execute("ROLLBACK")
                cursor.close()
    except mysql.connector.Error as error:
        raise HarnessError(f"row {uid} of table {kind.table} can't be overtaken: {error}") from error
