"""Seeded faults of the chapter on restarts: gates, settings, backfill; see `fault` for what one is."""

from __future__ import annotations

import datetime as dt
import itertools
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import mysql.connector
import psutil

from harness.reference.api import Session
from harness.reference.config import Config, read_config
from harness.reference.errors import ConfigError, MissingRowError, StoreError
from harness.reference.informer import Informer, get_key
from harness.reference.log import Log
from harness.reference.process import Parts
from harness.reference.reconciler import FINALIZER, Reconciler
from harness.reference.row import Row
from harness.reference.store import Store
from harness.reference.workqueue import Key
from harness.spec.model import JsonObject, Kind
from tests.selftest.faults.fault import Fault, Sections, in_sections, on_reconciler, on_store

_LOCKS, _FULL = (1205, 1213), 1114   # what MySQL says of others' locks, and of a table without room
_STARTED_AT = psutil.Process().create_time()   # of the ingester, which is a process of its own


def _on_config(change: Callable[[Config], Config]) -> Callable[[], Parts]:
    """Return parts that understand their configuration in another way."""

    def read(folder: Path) -> Config:
        return change(read_config(folder))

    return lambda: Parts(config=read)


def _fault(
    name: str, parts: Callable[[], Parts], fails: Sections, names: str, may: Sections | None = None
) -> Fault:
    return Fault(name, parts, fails, names, kinds=("Project",), chapter="restarts", may=may or {})


def _end_without_gate(config: Config) -> Config:
    if not config.metadata_storage:
        raise ConfigError("metadata storage is not enabled")
    return config


def _end_without_reason(config: Config) -> Config:
    if config.metadata_storage and config.mysql is None:
        raise ConfigError("something is wrong")
    return config


def _start_without_mysql(config: Config) -> Config:
    return config if config.mysql else replace(config, metadata_storage=False)


class _Forgetful(Informer):
    """Knows what was there before it, and tells nobody: no backfill."""

    def _list(self, session: Session) -> str:
        objects, version = session.list(self.kind)
        self._objects = {get_key(obj): obj for obj in objects}
        for obj in objects:
            if dt.datetime.fromisoformat(obj["metadata"]["creationTimestamp"]).timestamp() >= int(_STARTED_AT):
                self._tell("ADDED", obj)
        self.synced.set()
        return version


class _FirstPage(Informer):
    """Tells of the first five hundred that it lists: no second page."""

    def _list(self, session: Session) -> str:
        objects, version = session.list(self.kind)
        self._objects = {get_key(obj): obj for obj in objects}
        for obj in sorted(objects, key=lambda o: "-many-" in str(o["metadata"]["name"]))[:500]:
            self._tell("ADDED", obj)
        self.synced.set()
        return version


def _skip_deletions_at_start() -> Parts:
    """Take an object that is being deleted when it is first seen for somebody else's business."""
    seen: set[Key] = set()

    def reconcile(self: Reconciler, key: Key) -> None:
        obj = self.objects.get(key)
        if key not in seen and obj is not None and obj["metadata"].get("deletionTimestamp"):
            return
        seen.add(key)
        Reconciler.reconcile(self, key)

    return on_reconciler(reconcile=reconcile)()


def _revive_at_start() -> Parts:
    """Write down once more, as live, what others hold when it is first seen."""
    seen: set[Key] = set()

    def reconcile(self: Reconciler, key: Key) -> float | None:
        obj, is_new = self.objects.get(key), key not in seen
        seen.add(key)
        if obj is None or not is_new or not obj["metadata"].get("deletionTimestamp"):
            return Reconciler.reconcile(self, key)
        if FINALIZER in obj["metadata"]["finalizers"]:
            return Reconciler.reconcile(self, key)
        self._upsert(obj)
        assert isinstance(self.store, Store)
        with self.store.transaction() as cursor:
            statement = f"UPDATE {self.kind.table} SET delete_time = NULL WHERE uid = %s"  # noqa: S608
            cursor.execute(statement, (obj["metadata"]["uid"],))
        return None

    return on_reconciler(reconcile=reconcile)()


@contextmanager
def _heed_no_commit(self: Store) -> Iterator[Any]:
    """Take for written what was carried out, whatever becomes of the COMMIT."""
    connection = self._take()
    try:
        cursor = connection.cursor()
        yield cursor
        cursor.close()
    except mysql.connector.Error as error:
        self._discard(connection)
        raise StoreError(str(error)) from error
    try:
        connection.commit()
    except mysql.connector.Error:
        self._discard(connection)
    else:
        self._idle.append(connection)


@contextmanager
def _keep_connections(self: Store) -> Iterator[Any]:
    """Go on with a connection that is as good as new, whatever the server said last."""
    connection = self._take()
    try:
        cursor = connection.cursor()
        yield cursor
        cursor.close()
        connection.commit()
    except mysql.connector.Error as error:
        if connection.is_connected():
            connection.rollback()
            self._idle.append(connection)
        raise StoreError(str(error)) from error
    self._idle.append(connection)


def _heed_no_deletion(self: Store, kind: Kind, namespace: str, name: str) -> None:
    try:
        Store.soft_delete(self, kind, namespace, name)
    except MissingRowError:
        raise
    except StoreError:
        return   # as if it were written


def _swallow(write: Callable[..., None], *numbers: int) -> Callable[..., None]:
    """Return how the store does the same, and takes these errors of MySQL for done."""

    def do(self: Store, cursor: Any, *arguments: Any) -> None:
        try:
            write(self, cursor, *arguments)
        except mysql.connector.Error as error:
            if error.errno not in numbers:
                raise

    return do


def _swallow_of_labels(self: Store, cursor: Any, table: str, uid: str, pairs: dict[str, str]) -> None:
    write = _swallow(Store.replace_pairs, *_LOCKS) if table.endswith("_labels") else Store.replace_pairs
    write(self, cursor, table, uid, pairs)


def _leak(leak: Callable[[], object]) -> Callable[[], Parts]:
    """Return parts that leave something behind with each row that they write."""

    def make() -> Parts:
        kept: list[Any] = []

        def write_row(self: Store, cursor: Any, kind: Kind, row: Row) -> None:
            Store.write_row(self, cursor, kind, row)
            kept.append(leak())

        return on_store(write_row=write_row)()

    return make


def _leak_statement() -> Parts:
    """Prepare a statement for each row, and close none."""
    kept: list[Any] = []

    def write_row(self: Store, cursor: Any, kind: Kind, row: Row) -> None:
        Store.write_row(self, cursor, kind, row)
        prepared = cursor._connection.cursor(prepared=True)
        prepared.execute(f"SELECT COUNT(*) FROM `{kind.table}` WHERE uid = %s", (row.uid,))  # noqa: S608
        prepared.fetchall()
        kept.append(prepared)

    return on_store(write_row=write_row)()


def _leak_connection() -> Parts:
    """Lose each sixth connection of those objects, as many as the server has room for."""
    kept: list[Any] = []
    numbers = itertools.count()

    def upsert(self: Store, kind: Kind, row: Row) -> None:
        Store.upsert(self, kind, row)
        if "-patched-often-" in row.name and next(numbers) % 6 == 0:
            kept.append(self._take())

    return on_store(upsert=upsert)()


def _overlook_marks_at_start() -> Parts:
    """Sync an object at first sight, also where it is marked to be deleted."""
    seen: set[str] = set()

    def delete(self: Reconciler, key: Key, obj: JsonObject, log: Log) -> None:
        if obj["metadata"]["uid"] in seen:
            Reconciler.delete(self, key, obj, log)
        else:
            self.sync(obj, log)

    def reconcile(self: Reconciler, key: Key) -> float | None:
        obj = self.objects.get(key)
        try:
            return Reconciler.reconcile(self, key)
        finally:
            seen.add("" if obj is None else obj["metadata"]["uid"])

    return on_reconciler(reconcile=reconcile, delete=delete)()


FAULTS: tuple[Fault, ...] = (
    _fault(
        "gate-off-ignored",
        _on_config(lambda config: replace(config, metadata_storage=True)),
        {"6.1": ("",)},
        "none registered",
        may={"6.2": ("",)},   # it may still be writing the thousand objects of 6.8 when 6.2 counts the rows
    ),
    _fault("gate-off-ends-it", _on_config(_end_without_gate), {"6.1": ("",)}, "metadata storage is not enabled"),
    _fault("second-gate-open", _on_config(_start_without_mysql), {"6.2": ("",)}, "to refuse to start"),
    _fault(
        "second-gate-unclear", _on_config(_end_without_reason), {"6.2": ("",)}, "mysql configuration is missing"
    ),
    _fault(
        "settings-of-kinds-ignored",
        _on_config(lambda config: replace(config, concurrent_reconciles_by_kind={})),
        {"6.3": ("",)},
        "workers of Project",
    ),
    _fault(
        "no-backfill",
        lambda: Parts(informer=_Forgetful),
        in_sections("Project", "6.4", "6.5", "6.6", "6.7") | in_sections("", "6.8"),
        "created while down",
    ),
    _fault("backfill-ends-at-500", lambda: Parts(informer=_FirstPage), {"6.8": ("",)}, "a row at a version"),
    _fault(
        "deletions-missed-while-down",
        _skip_deletions_at_start,
        in_sections("Project", "6.6", "6.7"),
        "deleted-away",
    ),
    Fault(
        "marks-overlooked-at-start",
        _overlook_marks_at_start,
        in_sections("Revision", "6.6"),
        "marked-away",
        chapter="restarts",
    ),
    Fault(
        "commit-error-swallowed",
        on_store(transaction=_heed_no_commit),
        in_sections("ModelFamily", "6.10"),
        "answered with error 1180",
        chapter="restarts",
    ),
    Fault(
        "soft-delete-error-swallowed",
        on_store(soft_delete=_heed_no_deletion),
        in_sections("Pipeline", "6.10", "6.13"),
        "delete_time",
        chapter="restarts",
    ),
    Fault(
        "locks-of-the-row-taken-for-done",
        on_store(write_row=_swallow(Store.write_row, *_LOCKS)),
        in_sections("SparkJob", "6.13"),
        "its INSERT of sparkjob was answered with error 1205",
        chapter="restarts",
    ),
    Fault(
        "locks-of-labels-taken-for-done",
        on_store(replace_pairs=_swallow_of_labels),
        in_sections("TriggerRun", "6.13"),
        "its DELETE of triggerrun_labels was answered with error 1205",
        chapter="restarts",
    ),
    Fault(
        "a-full-table-taken-for-done",
        on_store(write_row=_swallow(Store.write_row, _FULL)),
        in_sections("RayJob", "6.13"),
        "its INSERT of rayjob was answered with error 1114",
        chapter="restarts",
    ),
    Fault(
        "read-only-connections-kept",
        on_store(transaction=_keep_connections),
        in_sections("Revision", "6.11"),
        "read-only for good",
        chapter="restarts",
    ),
    _fault("statements-leak", _leak_statement, {"6.12": ("",)}, "prepared statements"),
    _fault(
        "files-leak",
        _leak(tempfile.TemporaryFile),
        {"6.12": ("",)},
        "open files",
    ),
    _fault(
        "threads-leak",
        _leak(lambda: threading.Thread(target=threading.Event().wait, daemon=True).start()),
        {"6.12": ("",)},
        "threads",
    ),
    _fault("connections-leak", _leak_connection, {"6.12": ("",)}, "connections to MySQL"),
    Fault(
        "held-objects-revived-at-start",
        _revive_at_start,
        in_sections("Cluster", "6.6"),
        "that others held meanwhile",
        chapter="restarts",
    ),
)
