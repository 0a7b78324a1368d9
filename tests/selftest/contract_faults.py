"""Seeded faults of the contract's chapters: marks, deletions, gates, backfill; see `faults` for what one is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from harness.reference.api import Session
from harness.reference.config import Config, read_config
from harness.reference.controller import Controller
from harness.reference.errors import ConfigError, StoreError
from harness.reference.informer import Informer, get_key
from harness.reference.log import Log
from harness.reference.process import Parts
from harness.reference.reconciler import DELETING, FINALIZER, IMMUTABLE, Reconciler
from harness.reference.row import Row
from harness.reference.store import Store
from harness.reference.workqueue import Key, WorkQueue
from harness.spec.model import JsonObject, Kind

from .faults import Fault, Sections, on_reconciler, on_row, on_store

PROJECT = ("Project",)


def on_config(change: Callable[[Config], Config]) -> Callable[[], Parts]:
    """Return parts that understand their configuration in another way."""

    def read(folder: Path) -> Config:
        return change(read_config(folder))

    return lambda: Parts(config=read)


def fail_in(*sections: str) -> Sections:
    """Return that the checks of these sections fail, for Project."""
    return dict.fromkeys(sections, PROJECT)


def contract_fault(
    name: str,
    parts: Callable[[], Parts],
    fails: Sections,
    names: str,
    *,
    may: Sections | None = None,
    model: bool = False,
) -> Fault:
    """Return a fault that the contract's chapter shows with a Project, and with a Model if that is asked for."""
    crd = ("project", "model") if model else ("project",)
    return Fault(name, parts, fails, names, crd=crd, chapter="contract", may=may or {})


def restart_fault(name: str, parts: Callable[[], Parts], fails: Sections, names: str) -> Fault:
    """Return a fault that the chapter of gates and backfill shows with a Project."""
    return Fault(name, parts, fails, names, crd=("project",), chapter="restarts")


def _forget_to_clear(self: Store, cursor: Any, table: str, uid: str, pairs: dict[str, str]) -> None:
    if pairs:
        Store.replace_pairs(self, cursor, table, uid, pairs)


def _lose_one_in_a_hundred(row: Row, _obj: JsonObject) -> Row:
    return replace(row, labels={key: value for key, value in row.labels.items() if not key.endswith("/n77")})


def _write_values_twice(self: Store, cursor: Any, table: str, uid: str, pairs: dict[str, str]) -> None:
    Store.replace_pairs(self, cursor, table, uid, pairs)
    if table == "project_annotations" and len(pairs) > 100:
        cursor.execute(
            "INSERT INTO project_annotations (obj_uid, `key`, `value`)"
            " SELECT obj_uid, `key`, `value` FROM project_annotations WHERE obj_uid = %s LIMIT 1",
            (uid,),
        )


def _skip_status_writes() -> Parts:
    """Sync an object again only if anything but its status has changed."""
    seen: dict[str, Any] = {}

    def sync(self: Reconciler, obj: JsonObject, log: Log) -> None:
        metadata = {k: v for k, v in obj["metadata"].items() if k not in ("resourceVersion", "managedFields")}
        content = (metadata, obj["spec"])
        if seen.get(obj["metadata"]["uid"]) != content:
            Reconciler.sync(self, obj, log)
        seen[obj["metadata"]["uid"]] = content

    return on_reconciler(sync=sync)()


def _drop_while_busy() -> Parts:
    """Lose what changes while its object is being worked on."""

    class Forgetful(WorkQueue):
        def _add(self, key: Key) -> None:
            if key not in self._processing:
                super()._add(key)

    class Busy(Controller):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.queue = Forgetful()

    return Parts(controller=Busy)


def _reconcile_by(mark: Callable[[Mapping[str, str]], Mapping[str, str]]) -> Callable[[], Parts]:
    """Return parts that read the annotations in another way."""

    def reconcile(self: Reconciler, key: Key) -> None:
        obj = self.objects.get(key)
        if obj is None or obj["metadata"].get("deletionTimestamp"):
            return Reconciler.reconcile(self, key)
        annotations = mark(obj["metadata"].get("annotations") or {})
        log = self.log.bound(namespace=key.namespace, name=key.name)
        log.info("Reconciling object")
        if annotations.get(DELETING) == "true":
            self.delete(key, obj, log)
        elif self.immutable or annotations.get(IMMUTABLE) == "true":
            self.retire(key, obj, log)
        else:
            self.sync(obj, log)
        return None

    return on_reconciler(reconcile=reconcile)


def _any_value(name: str) -> Callable[[Mapping[str, str]], Mapping[str, str]]:
    return lambda annotations: {**annotations, **({name: "true"} if name in annotations else {})}


def _lower(annotations: Mapping[str, str]) -> Mapping[str, str]:
    return {key: value.lower() for key, value in annotations.items()}


def _without(name: str) -> Callable[[Mapping[str, str]], Mapping[str, str]]:
    return lambda annotations: {key: value for key, value in annotations.items() if key != name}


def _release_first(self: Reconciler, key: Key, obj: JsonObject, log: Log) -> None:
    if FINALIZER in (obj["metadata"].get("finalizers") or []):
        self._remove_finalizer(obj, log)
        self._soft_delete(key, log)


def _delete_first(self: Reconciler, key: Key, obj: JsonObject, log: Log) -> None:
    self._remove_finalizer(obj, log)
    self._delete_from_kubernetes(key, obj, log)
    self._soft_delete(key, log)


def _keep_finalizer(self: Reconciler, key: Key, obj: JsonObject, log: Log) -> None:
    if FINALIZER in (obj["metadata"].get("finalizers") or []):
        self._soft_delete(key, log)


def _hard_delete(self: Store, kind: Kind, namespace: str, name: str) -> None:
    with self.transaction() as cursor:
        statement = f"DELETE FROM {kind.table} WHERE namespace = %s AND name = %s"  # noqa: S608
        cursor.execute(statement, (namespace, name))


def _soft_delete_with(condition: str, moment: Callable[[], datetime], *also: str) -> Callable[[], Parts]:
    """Return parts whose soft delete has another condition or time, or does more."""

    def soft_delete(self: Store, kind: Kind, namespace: str, name: str) -> None:
        values = {"now": moment().replace(microsecond=0, tzinfo=None), "namespace": namespace, "name": name}
        with self.transaction() as cursor:
            for statement in also:
                cursor.execute(statement.format(table=kind.table), values)
            statement = f"UPDATE {kind.table} SET delete_time = %(now)s WHERE {condition}"  # noqa: S608
            cursor.execute(statement, values)
            if cursor.rowcount == 0:
                raise StoreError(f"object not found or already deleted: {namespace}/{name}")

    return on_store(soft_delete=soft_delete)


_NAMED = "namespace = %(namespace)s AND name = %(name)s AND delete_time IS NULL"


def _now() -> datetime:
    return datetime.now(UTC)


def _when_gone(act: Callable[[Reconciler, Key], None]) -> Callable[[], Parts]:
    """Return parts that do something about an object that is gone."""

    def reconcile(self: Reconciler, key: Key) -> None:
        if self.objects.get(key) is None:
            act(self, key)
        else:
            Reconciler.reconcile(self, key)

    return on_reconciler(reconcile=reconcile)


def _soft_delete_gone(self: Reconciler, key: Key) -> None:
    try:
        self.store.soft_delete(self.kind, key.namespace, key.name)
    except StoreError:
        return   # deleted by its finalizer already


def _hard_delete_gone() -> Parts:
    def act(self: Reconciler, key: Key) -> None:
        assert isinstance(self.store, Store)
        with self.store.transaction() as cursor:
            statement = f"DELETE FROM {self.kind.table} WHERE namespace = %s AND name = %s"  # noqa: S608
            cursor.execute(f"{statement} AND delete_time IS NULL", (key.namespace, key.name))

    return _when_gone(act)()


def _keep_in_kubernetes(self: Reconciler, key: Key, obj: JsonObject, log: Log) -> None:
    annotations = obj["metadata"]["annotations"]
    if annotations.get("handled") != "true":
        self._soft_delete(key, log)
        annotations["handled"] = "true"


def _retire_first(self: Reconciler, key: Key, obj: JsonObject, log: Log) -> None:
    self._remove_finalizer(obj, log)
    self._delete_from_kubernetes(key, obj, log)
    self._upsert(obj)


def _retire_as_deleted(self: Reconciler, key: Key, obj: JsonObject, log: Log) -> None:
    Reconciler.retire(self, key, obj, log)
    self.store.soft_delete(self.kind, key.namespace, key.name)


def _retire_without_writing(self: Reconciler, key: Key, obj: JsonObject, log: Log) -> None:
    """Take the row that is there for good enough."""
    self._remove_finalizer(obj, log)
    self._delete_from_kubernetes(key, obj, log)


def _resurrect(self: Store, cursor: Any, kind: Kind, row: Row) -> None:
    Store.write_row(self, cursor, kind, row)
    cursor.execute(
        f"UPDATE {kind.table} SET delete_time = NULL WHERE namespace = %s AND name = %s",  # noqa: S608
        (row.namespace, row.name),
    )


def _rewrite_namesake(self: Store, cursor: Any, kind: Kind, row: Row) -> None:
    """Take the row of the same name for the object's own, whatever its uid is."""
    Store.write_row(self, cursor, kind, row)
    cursor.execute(
        f"UPDATE {kind.table} SET res_version = %s, json = %s WHERE namespace = %s AND name = %s",  # noqa: S608
        (row.res_version, row.json, row.namespace, row.name),
    )


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
    """Knows what it lists, and tells nobody: no backfill."""

    def _list(self, session: Session) -> str:
        objects, version = session.list(self.kind)
        self._objects = {get_key(obj): obj for obj in objects}
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


CONTRACT_FAULTS: tuple[Fault, ...] = (
    contract_fault("last-labels-stay", on_store(replace_pairs=_forget_to_clear), fail_in("5.1"), "all removed"),
    contract_fault(
        "one-label-in-a-hundred-lost",
        on_row("Project", change=_lose_one_in_a_hundred),
        fail_in("5.1"),
        "key contract",
    ),
    contract_fault("annotation-twice", on_store(replace_pairs=_write_values_twice), fail_in("5.1"), "2 rows"),
    contract_fault("status-writes-skipped", _skip_status_writes, fail_in("5.2"), "a write of the status"),
    contract_fault(
        "changes-dropped-while-busy",
        _drop_while_busy,
        fail_in("5.4"),
        "patched during a reconcile",
        may=fail_in("5.1", "5.2", "5.3", "5.5", "5.6", "5.7", "5.8", "5.9", "5.10", "5.11"),
    ),
    contract_fault("deleting-of-any-value", _reconcile_by(_any_value(DELETING)), fail_in("5.5"), 'value "false"'),
    contract_fault("immutable-of-any-value", _reconcile_by(_any_value(IMMUTABLE)), fail_in("5.5"), "deleted"),
    contract_fault("marks-in-any-case", _reconcile_by(_lower), fail_in("5.5"), 'value "True"'),
    contract_fault(
        "finalizer-before-row", on_reconciler(finish_deletion=_release_first), fail_in("5.6"), "before it"
    ),
    contract_fault("object-before-row", on_reconciler(delete=_delete_first), fail_in("5.8"), "before it"),
    contract_fault(
        "finalizer-stays",
        on_reconciler(finish_deletion=_keep_finalizer),
        fail_in("5.6"),
        "errors logged: none",
    ),
    contract_fault(
        "hard-delete", on_store(soft_delete=_hard_delete), fail_in("5.6", "5.8", "5.10"), "for good"
    ),
    contract_fault(
        "deleted-by-name-alone",
        _soft_delete_with("name = %(name)s AND delete_time IS NULL", _now),
        fail_in("5.6"),
        "the namesake",
    ),
    contract_fault(
        "delete-time-in-another-zone",
        _soft_delete_with(_NAMED, lambda: _now() + timedelta(hours=2)),
        fail_in("5.6", "5.8"),
        "delete_time",
    ),
    contract_fault(
        "labels-go-with-the-row",
        _soft_delete_with(
            _NAMED,
            _now,
            "DELETE l FROM {table}_labels l JOIN {table} m ON m.uid = l.obj_uid"
            " WHERE m.namespace = %(namespace)s AND m.name = %(name)s",
        ),
        fail_in("5.6", "5.8"),
        "project_labels",
    ),
    contract_fault("gone-is-deleted", _when_gone(_soft_delete_gone), fail_in("5.7", "5.9", "5.11"), "stale"),
    contract_fault("gone-is-deleted-for-good", _hard_delete_gone, fail_in("5.7", "5.9", "5.11"), "for good"),
    contract_fault("deleting-ignored", _reconcile_by(_without(DELETING)), fail_in("5.8"), "stays live"),
    contract_fault(
        "deleting-keeps-the-object", on_reconciler(delete=_keep_in_kubernetes), fail_in("5.8"), "released"
    ),
    contract_fault("immutable-ignored", _reconcile_by(_without(IMMUTABLE)), fail_in("5.9"), "released"),
    contract_fault(
        "retired-before-written",
        on_reconciler(retire=_retire_first),
        {"5.9": PROJECT},
        "it left before",
        model=True,
    ),
    contract_fault(
        "retired-is-deleted",
        on_reconciler(retire=_retire_as_deleted),
        {"5.9": ("Project", "Model"), "5.11": ("Model",)},
        "delete_time",
        model=True,
    ),
    contract_fault(
        "last-word-lost", on_reconciler(retire=_retire_without_writing), fail_in("5.9"), "marked immutable"
    ),
    contract_fault("resurrected", on_store(write_row=_resurrect), fail_in("5.10"), "delete_time"),
    contract_fault(
        "namesake-rewritten", on_store(write_row=_rewrite_namesake), fail_in("5.10"), "the first object's row"
    ),
    restart_fault(
        "gate-off-ignored",
        on_config(lambda config: replace(config, metadata_storage=True)),
        {"6.1": ("",)},
        "none registered",
    ),
    restart_fault(
        "gate-off-ends-it", on_config(_end_without_gate), {"6.1": ("",)}, "metadata storage is not enabled"
    ),
    restart_fault("second-gate-open", on_config(_start_without_mysql), {"6.2": ("",)}, "to refuse to start"),
    restart_fault(
        "second-gate-unclear", on_config(_end_without_reason), {"6.2": ("",)}, "mysql configuration is missing"
    ),
    restart_fault(
        "settings-of-kinds-ignored",
        on_config(lambda config: replace(config, concurrent_reconciles_by_kind={})),
        {"6.3": ("",)},
        "workers of Project",
    ),
    restart_fault(
        "no-backfill",
        lambda: Parts(informer=_Forgetful),
        {**fail_in("6.4", "6.5", "6.6", "6.7"), "6.8": ("",)},
        "created while down",
    ),
    restart_fault(
        "backfill-ends-at-500", lambda: Parts(informer=_FirstPage), {"6.8": ("",)}, "a row at a version"
    ),
    restart_fault("deletions-missed-while-down", _skip_deletions_at_start, fail_in("6.6", "6.7"), "deleted-away"),
)
