"""Faults of a MySQL that answers: it writes nothing, makes transactions wait, breaks them, takes no connection."""

from __future__ import annotations

import contextlib

from harness.chapters.faults.injections.base import (
    PROOF_S,
    Injection,
    InjectionContext,
    explain_foreign_mysql,
    explain_no_disk,
    require_injected,
    require_proof,
)
from harness.clients.mysql.admin import TransactionError, begin_transaction, hold_connections, hold_locks
from harness.core.polling import wait_for
from harness.sandbox.base import MYSQL, Sandbox
from harness.sandbox.capabilities import LIMITED_USER, FillsDisk, InjectionResult, InjectsFaults, require

_LOCK_WAIT_S = 1
_FEWEST_CONNECTIONS = 10   # MariaDB takes no lower limit
_LOCK_ATTEMPTS = 8
_WEIGHT = 500              # rows that make the administrator's transaction the heavier one
_WEIGHTS = "load_deadlock_weight"


class RefusingMySQL(Injection):
    """What these faults have in common: they need a MySQL of the sandbox's own, and show in the Ingester's log."""

    line = ""
    """A regular expression for what the Ingester logs when MySQL answers it so."""

    @classmethod
    def explain_absence(cls, sandbox: Sandbox) -> str:
        """Return why MySQL can't be disturbed."""
        return explain_foreign_mysql(sandbox)

    def prove(self, context: InjectionContext) -> str:
        """Return the database's error in the Ingester's log."""
        return require_proof(context.await_log(self.line), f"no line of the Ingester's log matches {self.line}")


class ReadOnly(RefusingMySQL):
    """The server is read-only for everybody but its administrator: after a failover, say."""

    line = r"\b(1290|1836)\b|read-only"

    def __init__(self) -> None:
        self._was_injected = False

    def inject(self, context: InjectionContext) -> None:
        """Set read_only."""
        self._was_injected = True
        context.admin.execute("SET GLOBAL read_only = 1")

    def is_active(self, context: InjectionContext) -> bool:
        """Whether read_only is set."""
        return context.admin.get_global("read_only") != "0"

    def recover(self, context: InjectionContext) -> None:
        """Reset read_only."""
        if self._was_injected:
            context.admin.execute("SET GLOBAL read_only = 0")


class LockWait(RefusingMySQL):
    """Somebody holds locks on all labels for longer than innodb_lock_wait_timeout, which is short.

    The Ingester's transactions get as far as the labels: a row that is seen to move now is half-written.
    """

    line = r"\b1205\b|Lock wait timeout"

    def __init__(self) -> None:
        self._locks = contextlib.ExitStack()
        self._timeout = ""

    def inject(self, context: InjectionContext) -> None:
        """Shorten the time-out, have the Ingester connect anew, and lock the namespace's labels."""
        self._timeout = context.admin.set_global("innodb_lock_wait_timeout", _LOCK_WAIT_S)
        context.admin.end_connections(LIMITED_USER)
        statements = [
            f"SELECT l.id FROM `{kind.labels_table}` l WHERE l.obj_uid IN"  # noqa: S608  names of the contract
            f" (SELECT m.uid FROM `{kind.table}` m WHERE m.namespace = %s) FOR UPDATE"
            for kind in context.kinds
        ]
        for left in reversed(range(_LOCK_ATTEMPTS)):
            try:
                locks = hold_locks(context.sandbox.mysql, statements, (context.namespace,))
                self._locks.enter_context(locks)
            except TransactionError:   # the Ingester had its locks in another order, and MySQL chose ours to break
                if not left:
                    raise
            else:
                return

    def prove(self, context: InjectionContext) -> str:
        """Return that a transaction waited, and the database's error in the Ingester's log."""
        waits = wait_for(context.admin.count_lock_waits, bool, timeout_s=PROOF_S, interval_s=0.02)
        require_proof("seen" if waits.satisfied else "", "no transaction waited for the locks")
        return super().prove(context)

    def recover(self, context: InjectionContext) -> None:
        """Release the locks, restore the time-out, and have the Ingester connect with it."""
        self._locks.close()
        if self._timeout:
            context.admin.execute(f"SET GLOBAL innodb_lock_wait_timeout = {self._timeout}")
            context.admin.end_connections(LIMITED_USER)


class Deadlock(RefusingMySQL):
    """A transaction takes the locks that the Ingester takes in the opposite order, and outweighs it.

    It works on one kind's rows after the other, until the Ingester's transaction was chosen as the victim.
    """

    line = r"\b1213\b|Deadlock found"
    recovers_itself = True

    def inject(self, context: InjectionContext) -> None:
        """Lock labels, wait for the Ingester to want them, then want the rows that it holds."""
        context.admin.execute(f"CREATE TABLE IF NOT EXISTS `{_WEIGHTS}` (n INT PRIMARY KEY) ENGINE=InnoDB")
        try:
            for attempt in range(_LOCK_ATTEMPTS):
                try:
                    did_meet = self._try(context, attempt)
                except TransactionError:
                    continue   # MySQL broke the other transaction: ours
                if did_meet and context.await_log(self.line, timeout_s=1.0):
                    return
        finally:
            context.admin.execute(f"DROP TABLE `{_WEIGHTS}`")

    def _try(self, context: InjectionContext, attempt: int) -> bool:
        """Whether the Ingester came for labels that are held, and its row was had all the same."""
        kind = context.kinds[attempt % len(context.kinds)]
        uids = [uid for uid, row in context.follower.rows.get(kind.name, {}).items() if row.live]
        if not uids:
            return False
        chosen = f"IN ({', '.join(['%s'] * len(uids))})"
        with begin_transaction(context.sandbox.mysql) as transaction:
            numbers = ", ".join(f"({n})" for n in range(_WEIGHT))
            transaction.execute(f"INSERT INTO `{_WEIGHTS}` VALUES {numbers}")  # noqa: S608
            labels = f"SELECT id FROM `{kind.labels_table}` WHERE obj_uid {chosen} FOR UPDATE"  # noqa: S608
            transaction.execute(labels, uids)
            if wait_for(context.admin.count_lock_waits, bool, timeout_s=2.0, interval_s=0.01).satisfied:
                rows = f"SELECT uid FROM `{kind.table}` WHERE uid {chosen} FOR UPDATE"  # noqa: S608
                transaction.execute(rows, uids)
                return True
        return False

    def recover(self, _context: InjectionContext) -> None:
        """Do nothing: the locks went with the connection."""


class TooManyConnections(RefusingMySQL):
    """Others have taken all connections that the server allows."""

    line = r"\b1040\b|Too many connections"

    def __init__(self) -> None:
        self._others = contextlib.ExitStack()
        self._limit = ""

    def inject(self, context: InjectionContext) -> None:
        """Take more connections than the new limit allows, then end those of the Ingester."""
        self._others.enter_context(hold_connections(context.sandbox.mysql, _FEWEST_CONNECTIONS + 1))
        self._limit = context.admin.set_global("max_connections", _FEWEST_CONNECTIONS)
        context.admin.end_connections(LIMITED_USER)

    def is_active(self, context: InjectionContext) -> bool:
        """Whether the Ingester has no connection."""
        return not context.admin.list_connections(LIMITED_USER)

    def recover(self, context: InjectionContext) -> None:
        """Restore the limit and close the connections."""
        if self._limit:
            context.admin.execute(f"SET GLOBAL max_connections = {self._limit}")
        self._others.close()


class DiskFull(Injection):
    """No file of MySQL can grow any more, as on a full disk. A server that ends over it is started again."""

    def __init__(self) -> None:
        self._result: InjectionResult | None = None

    @classmethod
    def explain_absence(cls, sandbox: Sandbox) -> str:
        """Return why the disk can't be made full."""
        return explain_no_disk(sandbox)

    def inject(self, context: InjectionContext) -> None:
        """Fill the disk."""
        self._result = require(context.sandbox, FillsDisk).fill_disk()

    def prove(self, context: InjectionContext) -> str:
        """Return the server's error, and the same in the Ingester's log."""
        seen = require_injected(self._result)
        line = context.await_log(r"\b(1114|1021|1026|1030|28)\b|is full|No space")
        require_proof(line, "no write of the Ingester failed for it")
        return seen

    def recover(self, context: InjectionContext) -> None:
        """Free the disk."""
        if self._result is None:
            return
        if context.sandbox.component(MYSQL).pid is None:
            require(context.sandbox, InjectsFaults).start(MYSQL)
        require(context.sandbox, FillsDisk).free_disk()
