"""Faults of a MySQL that answers: it writes nothing, makes transactions wait, breaks them, takes no connection."""

from __future__ import annotations

import contextlib

import mysql.connector

from harness.chapters.faults.admin import holding
from harness.chapters.faults.scene import (
    PROOF_S,
    Scene,
    Stroke,
    explain_foreign_mysql,
    explain_no_disk,
    require,
    require_struck,
)
from harness.clients.mysql.connection import connect
from harness.core.polling import wait_for
from harness.sandbox.base import MYSQL, Sandbox
from harness.sandbox.capabilities import Strike
from harness.sandbox.local.servers.mysqlserver import LIMITED_USER

_LOCK_WAIT_S = 1
_FEWEST_CONNECTIONS = 10   # MariaDB takes no lower limit
_DEADLOCK_ATTEMPTS = 8
_WEIGHT = 500              # rows that make the administrator's transaction the heavier one
_WEIGHTS = "load_deadlock_weight"


class RefusingMySQL(Stroke):
    """What these faults have in common: they need a MySQL of the sandbox's own, and show in the Ingester's log."""

    line = ""
    """A regular expression for what the Ingester logs when MySQL answers it so."""

    def explain_absence(self, sandbox: Sandbox) -> str:
        """Return why MySQL can't be disturbed."""
        return explain_foreign_mysql(sandbox)

    def prove(self, scene: Scene) -> str:
        """Return the database's error in the Ingester's log."""
        return require(scene.await_log(self.line), f"no line of the Ingester's log matches {self.line}")


class ReadOnly(RefusingMySQL):
    """The server is read-only for everybody but its administrator: after a failover, say."""

    line = r"\b(1290|1836)\b|read-only"

    def __init__(self) -> None:
        self._struck = False

    def strike(self, scene: Scene) -> None:
        """Set read_only."""
        self._struck = True
        scene.admin.execute("SET GLOBAL read_only = 1")

    def stands(self, scene: Scene) -> bool:
        """Whether read_only is set."""
        return scene.admin.get_global("read_only") != "0"

    def heal(self, scene: Scene) -> None:
        """Reset read_only."""
        if self._struck:
            scene.admin.execute("SET GLOBAL read_only = 0")


class LockWait(RefusingMySQL):
    """Somebody holds locks on all labels for longer than innodb_lock_wait_timeout, which is short.

    The Ingester's transactions get as far as the labels: a row that is seen to move now is half-written.
    """

    line = r"\b1205\b|Lock wait timeout"

    def __init__(self) -> None:
        self._locks = contextlib.ExitStack()
        self._timeout = ""

    def strike(self, scene: Scene) -> None:
        """Shorten the time-out, have the Ingester connect anew, and lock the namespace's labels."""
        self._timeout = scene.admin.set_global("innodb_lock_wait_timeout", _LOCK_WAIT_S)
        scene.admin.end_connections(LIMITED_USER)
        statements = [
            f"SELECT l.id FROM `{kind.labels_table}` l WHERE l.obj_uid IN"  # noqa: S608  names of the catalogue
            f" (SELECT m.uid FROM `{kind.table}` m WHERE m.namespace = %s) FOR UPDATE"
            for kind in scene.kinds
        ]
        self._locks.enter_context(holding(scene.sandbox.mysql, statements, (scene.namespace,)))

    def prove(self, scene: Scene) -> str:
        """Return that a transaction waited, and the database's error in the Ingester's log."""
        waits = wait_for(scene.admin.count_lock_waits, bool, timeout_s=PROOF_S, interval_s=0.02)
        require("seen" if waits.satisfied else "", "no transaction waited for the locks")
        return super().prove(scene)

    def heal(self, scene: Scene) -> None:
        """Let go of the locks, restore the time-out, and have the Ingester connect with it."""
        self._locks.close()
        if self._timeout:
            scene.admin.execute(f"SET GLOBAL innodb_lock_wait_timeout = {self._timeout}")
            scene.admin.end_connections(LIMITED_USER)


class Deadlock(RefusingMySQL):
    """A transaction takes the locks that the Ingester takes in the opposite order, and outweighs it.

    It works on one kind's rows after the other, until the Ingester's transaction was chosen as the victim.
    """

    line = r"\b1213\b|Deadlock found"
    settles_itself = True

    def strike(self, scene: Scene) -> None:
        """Lock labels, wait for the Ingester to want them, then want the rows that it holds."""
        scene.admin.execute(f"CREATE TABLE IF NOT EXISTS `{_WEIGHTS}` (n INT PRIMARY KEY) ENGINE=InnoDB")
        try:
            for attempt in range(_DEADLOCK_ATTEMPTS):
                try:
                    struck = self._try(scene, attempt)
                except mysql.connector.Error:
                    continue   # MySQL broke the other transaction: ours
                if struck and scene.await_log(self.line, timeout_s=1.0):
                    return
        finally:
            scene.admin.execute(f"DROP TABLE `{_WEIGHTS}`")

    def _try(self, scene: Scene, attempt: int) -> bool:
        """Whether the Ingester came for labels that are held, and its row was had all the same."""
        kind = scene.kinds[attempt % len(scene.kinds)]
        uids = [uid for uid, row in scene.follower.rows.get(kind.name, {}).items() if row.live]
        if not uids:
            return False
        chosen = f"IN ({', '.join(['%s'] * len(uids))})"
        with contextlib.closing(connect(scene.sandbox.mysql)) as connection:
            cursor = connection.cursor()
            cursor.execute("SET SESSION innodb_lock_wait_timeout = 5")
            cursor.execute("START TRANSACTION")
            numbers = ", ".join(f"({n})" for n in range(_WEIGHT))
            cursor.execute(f"INSERT INTO `{_WEIGHTS}` VALUES {numbers}")  # noqa: S608
            labels = f"SELECT id FROM `{kind.labels_table}` WHERE obj_uid {chosen} FOR UPDATE"  # noqa: S608
            cursor.execute(labels, tuple(uids))
            cursor.fetchall()
            if wait_for(scene.admin.count_lock_waits, bool, timeout_s=2.0, interval_s=0.01).satisfied:
                rows = f"SELECT uid FROM `{kind.table}` WHERE uid {chosen} FOR UPDATE"  # noqa: S608
                cursor.execute(rows, tuple(uids))
                cursor.fetchall()
                return True
        return False

    def heal(self, _scene: Scene) -> None:
        """Do nothing: the locks went with the connection."""


class TooManyConnections(RefusingMySQL):
    """Others have taken all connections that the server allows."""

    line = r"\b1040\b|Too many connections"

    def __init__(self) -> None:
        self._others = contextlib.ExitStack()
        self._limit = ""

    def strike(self, scene: Scene) -> None:
        """Take more connections than the new limit allows, then end those of the Ingester."""
        for _ in range(_FEWEST_CONNECTIONS + 1):
            self._others.enter_context(contextlib.closing(connect(scene.sandbox.mysql)))
        self._limit = scene.admin.set_global("max_connections", _FEWEST_CONNECTIONS)
        scene.admin.end_connections(LIMITED_USER)

    def stands(self, scene: Scene) -> bool:
        """Whether the Ingester has no connection."""
        return not scene.admin.list_connections(LIMITED_USER)

    def heal(self, scene: Scene) -> None:
        """Restore the limit and let the connections go."""
        if self._limit:
            scene.admin.execute(f"SET GLOBAL max_connections = {self._limit}")
        self._others.close()


class DiskFull(Stroke):
    """No file of MySQL can grow any more, as on a full disk. A server that ends over it is started again."""

    def __init__(self) -> None:
        self._strike: Strike | None = None

    def explain_absence(self, sandbox: Sandbox) -> str:
        """Return why the disk can't be made full."""
        return explain_no_disk(sandbox)

    def strike(self, scene: Scene) -> None:
        """Fill the disk."""
        self._strike = scene.powers.fill_disk()

    def prove(self, scene: Scene) -> str:
        """Return the server's error, and the same in the Ingester's log."""
        seen = require_struck(self._strike) if self._strike else ""
        line = scene.await_log(r"\b(1114|1021|1026|1030|28)\b|is full|No space")
        require(line, "no write of the Ingester failed for it")
        return seen

    def heal(self, scene: Scene) -> None:
        """Free the disk."""
        if self._strike is None:
            return
        if scene.sandbox.component(MYSQL).pid is None:
            scene.powers.start(MYSQL)
        scene.powers.free_disk()
