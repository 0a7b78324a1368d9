"""Seeded faults of the chapter on faults: ingesters that lose, reorder or resurrect what they were given.

On a quiet day each of their writes looks right.

Each names the round of faults that must find it, and what the finding says.
"""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from harness.reference.controller import Controller
from harness.reference.errors import ReconcileError
from harness.reference.log import Log
from harness.reference.process import Parts
from harness.reference.reconciler import Reconciler
from harness.reference.row import Row
from harness.reference.store import Store
from harness.reference.workqueue import Key
from harness.spec.model import JsonObject, Kind
from tests.selftest.faults.fault import on_reconciler, on_store

EACH_LOSES = 25
"""One write in so many is swallowed. A round's last writes are some hundred, so that none of it escapes."""


@dataclass(frozen=True)
class DurabilityFault:
    """An ingester with a fault, the round that finds it, and a regular expression for the finding."""

    name: str
    parts: Callable[[], Parts]
    round: str
    finds: str


def _commit_row_first(self: Store, kind: Kind, row: Row) -> None:
    with self.transaction() as cursor:
        self.write_row(cursor, kind, row)
    with self.transaction() as cursor:
        self.replace_pairs(cursor, kind.labels_table, row.uid, dict(row.labels))
        self.replace_pairs(cursor, kind.annotations_table, row.uid, dict(row.annotations))


def _swallow_errors(self: Reconciler, obj: JsonObject, log: Log) -> None:
    with suppress(ReconcileError):
        Reconciler.sync(self, obj, log)


def _let_go_first(self: Reconciler, key: Key, obj: JsonObject, log: Log) -> None:
    self._remove_finalizer(obj, log)
    self._soft_delete(key, log)


def _delete_for_good(self: Store, kind: Kind, namespace: str, name: str) -> None:
    with self.transaction() as cursor:
        cursor.execute(
            f"DELETE FROM `{kind.table}` WHERE `namespace` = %s AND `name` = %s",  # noqa: S608
            (namespace, name),
        )


def _forget_soft_delete(self: Store, kind: Kind, namespace: str, name: str) -> None:
    with suppress(ReconcileError):
        Store.soft_delete(self, kind, namespace, name)


def _swallow_some() -> Parts:
    numbers = itertools.count(1)

    class Losing(Store):
        def upsert(self, kind: Kind, row: Row) -> None:
            if next(numbers) % EACH_LOSES:
                super().upsert(kind, row)

    return Parts(store=Losing)


def _skip_backfill() -> Parts:
    class Forgetful(Controller):
        def enqueue(self, change: str, obj: JsonObject) -> None:
            if self._informer.synced.is_set():
                super().enqueue(change, obj)

    return Parts(controller=Forgetful)


def _drop_queue() -> Parts:
    class Dropping(Controller):
        def work(self) -> None:
            while (key := self.queue.get()) is not None:
                try:
                    self._reconcile(key)
                except ReconcileError as error:
                    self._log.failure("Reconciler error", error, namespace=key.namespace, name=key.name)
                    self.queue._ready.clear()
                    self.queue._dirty.clear()
                self.queue.done(key)

    return Parts(controller=Dropping)


def _race() -> Parts:
    """Reconcile one object several times at once, each with the version that it found and at its own pace."""

    class Hasty(Controller):
        def work(self) -> None:
            while (key := self.queue.get()) is not None:
                threading.Thread(target=self._work_on, args=(key,), daemon=True).start()
                self.queue.done(key)

        def _work_on(self, key: Key) -> None:
            with suppress(ReconcileError):
                self._reconcile(key)

    class Slow(Reconciler):
        def _upsert(self, obj: JsonObject) -> None:
            row = self.rows.build(self.kind, obj)
            time.sleep(random.uniform(0.0, 0.6))  # noqa: S311
            self.store.upsert(self.kind, row)

    return Parts(controller=Hasty, reconciler=Slow)


def _resurrect() -> Parts:
    """Write the last known version of an object once more when it has left Kubernetes, and clear delete_time."""

    class Resurrecting(Reconciler):
        last: dict[tuple[str, Key], JsonObject] = {}  # noqa: RUF012

        def reconcile(self, key: Key) -> None:
            obj = self.objects.get(key)
            if obj is not None:
                self.last[self.kind.name, key] = obj
            super().reconcile(key)
            gone = self.last.get((self.kind.name, key)) if obj is None else None
            if gone is not None and not self.immutable:
                self.store.upsert(self.kind, self.rows.build(self.kind, gone))

    def write_row(self: Store, cursor: Any, kind: Kind, row: Row) -> None:
        Store.write_row(self, cursor, kind, row)
        cursor.execute(f"UPDATE `{kind.table}` SET delete_time = NULL WHERE uid = %s", (row.uid,))  # noqa: S608

    return Parts(reconciler=Resurrecting, store=type("FaultyStore", (Store,), {"write_row": write_row}))


def leak_memory() -> Parts:
    """Keep some kilobytes of each row that was written, as a cache that nobody empties."""
    kept: list[bytes] = []

    def upsert(self: Store, kind: Kind, row: Row) -> None:
        Store.upsert(self, kind, row)
        kept.append(b"x" * 32 * 1024)

    return on_store(upsert=upsert)()


FAULTS: tuple[DurabilityFault, ...] = (
    DurabilityFault(
        "children-outside-the-transaction",
        on_store(upsert=_commit_row_first),
        "mysql-lock-wait",
        r"sampled, table \w+_labels",
    ),
    DurabilityFault("error-swallowed", on_reconciler(sync=_swallow_errors), "mysql-read-only", r"acknowledged"),
    DurabilityFault("backfill-skipped", _skip_backfill, "controllermgr-kill", r"Terminating, its row live"),
    DurabilityFault(
        "finalizer-before-the-row",
        on_reconciler(finish_deletion=_let_go_first),
        "mysql-read-only",
        r"its row soft-deleted, got it is live",
    ),
    DurabilityFault("hard-delete", on_store(soft_delete=_delete_for_good), "mysql-read-only", r"no row any more"),
    DurabilityFault(
        "failed-soft-delete-forgotten",
        on_store(soft_delete=_forget_soft_delete),
        "mysql-refused",
        r"its row soft-deleted, got it is live",
    ),
    DurabilityFault("reordered", _race, "mysql-refused", r"back to \d+|got still \d+"),
    DurabilityFault(   # which of the two is seen depends on when the row is looked at
        "resurrected", _resurrect, "mysql-refused", r"live again|its row soft-deleted, got live"
    ),
    DurabilityFault("queue-dropped", _drop_queue, "mysql-read-only", r"acknowledged"),
    DurabilityFault("some-writes-swallowed", _swallow_some, "controllermgr-stop", r"acknowledged"),
)

FAULTS_BY_NAME = {fault.name: fault for fault in FAULTS}
