"""Seeded faults of the contract's chapter: labels, marks, writes, deletions; see `fault` for what one is.

Any kind shows them. Each is given one, so that few ingesters have them all.
"""

from __future__ import annotations

import threading
import time
import unicodedata
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from harness.reference.controller import Controller
from harness.reference.errors import NotFoundError, StoreError
from harness.reference.log import Log
from harness.reference.process import Parts
from harness.reference.reconciler import DELETING, FINALIZER, IMMUTABLE, Reconciler
from harness.reference.row import Row
from harness.reference.store import Store
from harness.reference.workqueue import Key, WorkQueue
from harness.spec.model import API_VERSION, JsonObject, Kind
from tests.selftest.faults.fault import Fault, Sections, in_sections, on_reconciler, on_row, on_store


def _fault(
    name: str,
    parts: Callable[[], Parts],
    fails: Sections,
    names: str,
    **options: Any,
) -> Fault:
    return Fault(name, parts, fails, names, chapter="contract", **options)


def _forget_to_clear(self: Store, cursor: Any, table: str, uid: str, pairs: dict[str, str]) -> None:
    if pairs:
        Store.replace_pairs(self, cursor, table, uid, pairs)


def _lose_one_in_a_hundred(row: Row, _obj: JsonObject) -> Row:
    return replace(row, labels={key: value for key, value in row.labels.items() if not key.endswith("/n77")})


def _write_values_twice(self: Store, cursor: Any, table: str, uid: str, pairs: dict[str, str]) -> None:
    Store.replace_pairs(self, cursor, table, uid, pairs)
    if table.endswith("_annotations") and len(pairs) > 100:
        cursor.execute(
            f"INSERT INTO `{table}` (obj_uid, `key`, `value`)"  # noqa: S608
            f" SELECT obj_uid, `key`, `value` FROM `{table}` WHERE obj_uid = %s LIMIT 1",
            (uid,),
        )


def _fold(text: str) -> str:
    """Return the text as a collation sees it that minds neither case nor accents nor spaces at the end."""
    letters = (c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return "".join(letters).casefold().rstrip()


def _keep_columns_alike(self: Store, cursor: Any, kind: Kind, row: Row) -> None:
    """Leave indexed columns as they are whose texts a collation holds equal to the new ones."""
    if row.columns:
        names = ", ".join(f"`{name}`" for name in row.columns)
        cursor.execute(f"SELECT {names} FROM `{kind.table}` WHERE uid = %s", (row.uid,))  # noqa: S608
        for found in cursor.fetchall():
            before = dict(zip(row.columns, found, strict=True))
            alike = {
                name: text
                for name, text in before.items()
                if isinstance(text, str) and _fold(text) == _fold(str(row.columns[name]))
            }
            row = replace(row, columns={**row.columns, **alike})
    Store.write_row(self, cursor, kind, row)


def _keep_pairs_alike(self: Store, cursor: Any, table: str, uid: str, pairs: dict[str, str]) -> None:
    """Leave labels or annotations as they are if a collation holds them equal to the new ones."""
    cursor.execute(f"SELECT `key`, `value` FROM `{table}` WHERE obj_uid = %s", (uid,))  # noqa: S608
    before = {(_fold(key), _fold(value)) for key, value in cursor.fetchall()}
    if before != {(_fold(key), _fold(value)) for key, value in pairs.items()}:
        Store.replace_pairs(self, cursor, table, uid, pairs)


def _skip_writes_of(fields: Collection[str] = (), metadata: Collection[str] = ()) -> Callable[[], Parts]:
    """Return parts that sync an object again only if more has changed than these fields of it."""

    def make() -> Parts:
        seen: dict[str, Any] = {}
        skipped = {"resourceVersion", "managedFields", *metadata}

        def sync(self: Reconciler, obj: JsonObject, log: Log) -> None:
            content = {key: value for key, value in obj.items() if key not in {"metadata", *fields}}
            content["metadata"] = {key: value for key, value in obj["metadata"].items() if key not in skipped}
            if seen.get(obj["metadata"]["uid"]) != content:
                Reconciler.sync(self, obj, log)
            seen[obj["metadata"]["uid"]] = content

        return on_reconciler(sync=sync)()

    return make


def _key_by_value(row: Row, _obj: JsonObject) -> Row:
    """Keep one label of each value, as a map that was turned round does."""
    of_value = {value: key for key, value in row.labels.items()}
    return replace(row, labels={key: value for value, key in of_value.items()})


def _key_by_name(row: Row, _obj: JsonObject) -> Row:
    """Keep one annotation of each name, whatever stands before it."""
    of_name = {key.rpartition("/")[2]: key for key in row.annotations}
    return replace(row, annotations={key: row.annotations[key] for key in of_name.values()})


def _update_what_it_knows() -> Parts:
    """Insert a row once, and only update it from then on."""
    known: set[str] = set()

    def write_row(self: Store, cursor: Any, kind: Kind, row: Row) -> None:
        cursor.execute(f"SELECT 1 FROM `{kind.table}` WHERE `uid` = %s", (row.uid,))  # noqa: S608
        if cursor.fetchall() or row.uid not in known:
            Store.write_row(self, cursor, kind, row)
        known.add(row.uid)

    return on_store(write_row=write_row)()


def _know_by_name_alone() -> Parts:
    """Take what has a name for the kind that had it first."""
    kinds: dict[tuple[str, str], str] = {}

    def upsert(self: Store, kind: Kind, row: Row) -> None:
        if kinds.setdefault((row.namespace, row.name), kind.name) == kind.name:
            Store.upsert(self, kind, row)

    return on_store(upsert=upsert)()


def _leave_system_out(self: Reconciler, key: Key) -> float | None:
    """Take what is in Kubernetes' own namespaces for none of its business."""
    return None if key.namespace.startswith("kube-") else Reconciler.reconcile(self, key)


def _retire_what_is_to_be_deleted(self: Reconciler, key: Key) -> float | None:
    """Heed the immutable mark before the other one."""
    obj = self.objects.get(key)
    marks = {} if obj is None else obj["metadata"].get("annotations") or {}
    if obj is None or obj["metadata"].get("deletionTimestamp") or marks.get(IMMUTABLE) != "true":
        return Reconciler.reconcile(self, key)
    self.retire(key, obj, self.log)
    return None


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

    def reconcile(self: Reconciler, key: Key) -> float | None:
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


def _skip_those_without(self: Reconciler, obj: JsonObject, log: Log) -> None:
    if FINALIZER in (obj["metadata"].get("finalizers") or []):
        Reconciler._remove_finalizer(self, obj, log)


def _delete_by_name(self: Reconciler, key: Key, _obj: JsonObject, _log: Log, _propagation: str = "") -> None:
    with suppress(NotFoundError), self.api.open() as session:   # type: ignore[attr-defined]
        session.send("DELETE", f"/apis/{API_VERSION}/namespaces/{key.namespace}/{self.kind.plural}/{key.name}", {})


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


_AGAIN_S = 0.2
_LATE_S = 4.0        # after all that looks at once
_MUCH_LATER_S = 8.0   # after a section that writes several times, on a busy machine too


def _delete_whoever_had_the_name(self: Store, kind: Kind, namespace: str, name: str) -> None:
    """Say of all rows of the name that they were deleted just now, also of those that were long ago."""
    Store.soft_delete(self, kind, namespace, name)
    with self.transaction() as cursor:
        cursor.execute(
            f"UPDATE `{kind.table}` SET `delete_time` = %s"  # noqa: S608  a name of the contract
            " WHERE `namespace` = %s AND `name` = %s AND `delete_time` IS NOT NULL",
            (datetime.now(UTC).replace(microsecond=0, tzinfo=None), namespace, name),
        )


def _later(statement: str) -> Callable[[], Parts]:
    """Return parts that do a soft delete, and something more to the row once nobody looks any longer."""

    def soft_delete(self: Store, kind: Kind, namespace: str, name: str) -> None:
        Store.soft_delete(self, kind, namespace, name)

        def act() -> None:
            with self.transaction() as cursor:
                where = "namespace = %s AND name = %s AND delete_time IS NOT NULL"
                cursor.execute(f"{statement.format(table=kind.table)} WHERE {where}", (namespace, name))

        timer = threading.Timer(_LATE_S, act)
        timer.daemon = True
        timer.start()

    return on_store(soft_delete=soft_delete)


def _reconcile_again(self: Reconciler, key: Key) -> float | None:
    """Come back at once to an object that has been synced, as to one that is not through."""
    due_s = Reconciler.reconcile(self, key)
    return _AGAIN_S if due_s is None and self.objects.get(key) is not None else due_s


def _heed_any_value_late() -> Parts:
    """Delete an object whose annotation has some other value, after a while."""
    seen: dict[Key, float] = {}

    def reconcile(self: Reconciler, key: Key) -> float | None:
        obj = self.objects.get(key)
        annotations = {} if obj is None else obj["metadata"].get("annotations") or {}
        again_s = Reconciler.reconcile(self, key)
        if obj is None or annotations.get(DELETING, "true") == "true":
            return again_s
        left_s = seen.setdefault(key, time.monotonic() + _MUCH_LATER_S) - time.monotonic()
        if left_s > 0:
            return left_s
        self.delete(key, obj, self.log)
        return None

    return on_reconciler(reconcile=reconcile)()


def _remove_all_finalizers(self: Reconciler, key: Key, obj: JsonObject, log: Log) -> float | None:
    """Take every finalizer off once the row is soft-deleted."""
    if FINALIZER not in (obj["metadata"].get("finalizers") or []):
        return None
    self._soft_delete(key, log)
    metadata = {name: value for name, value in obj["metadata"].items() if name != "finalizers"}
    self.api.replace(self.kind, {**obj, "metadata": metadata})
    return None


def _sync_what_is_held(self: Reconciler, key: Key, obj: JsonObject, log: Log) -> float | None:
    """Write the row of an object that is being deleted, whatever still holds it."""
    if FINALIZER in (obj["metadata"].get("finalizers") or []):
        return Reconciler.finish_deletion(self, key, obj, log)
    self._upsert(obj)
    return None


def _forget_owner(self: Reconciler, obj: JsonObject, log: Log) -> None:
    """Write an object back without its owner, as one who reads it into a type that knows none."""
    if obj["metadata"].get("ownerReferences"):
        obj = self.api.replace(self.kind, {**obj, "metadata": {**obj["metadata"], "ownerReferences": []}})
    Reconciler.sync(self, obj, log)


def _know_one_namespace() -> Parts:
    """Write down deletions in that namespace alone where the first one was."""
    known: list[str] = []

    def finish_deletion(self: Reconciler, key: Key, obj: JsonObject, log: Log) -> float | None:
        known.append(key.namespace)
        if key.namespace == known[0]:
            return Reconciler.finish_deletion(self, key, obj, log)
        self._remove_finalizer(obj, log)
        return None

    return on_reconciler(finish_deletion=finish_deletion)()


def _ping_and_tell(self: Store) -> None:
    server = self._server
    Log().info(f"connecting to {server.user}:{server.password}@tcp({server.host}:{server.port})/{server.database}")
    Store.ping(self)


def _write_finalizers(self: Reconciler, obj: JsonObject, log: Log, finalizers: list[str]) -> None:
    changed = {**obj, "metadata": {**obj["metadata"], "finalizers": finalizers}}
    self._try(log, "Failed to remove finalizer", lambda: self.api.replace(self.kind, changed))


def _take_all_off(self: Reconciler, obj: JsonObject, log: Log) -> None:
    """Let go of an object for all who hold it."""
    if obj["metadata"].get("finalizers"):
        _write_finalizers(self, obj, log, [])


def _delete_for_all(self: Reconciler, key: Key, obj: JsonObject, log: Log) -> None:
    self._soft_delete(key, log)
    _take_all_off(self, obj, log)
    self._delete_from_kubernetes(key, obj, log)


def _retire_for_all(self: Reconciler, key: Key, obj: JsonObject, log: Log) -> None:
    self._upsert(obj)
    _take_all_off(self, obj, log)
    self._delete_from_kubernetes(key, obj, log)


def _write_old_copy_back(self: Reconciler, obj: JsonObject, log: Log) -> None:
    """Take the finalizer off the copy that was read at first, and write that over whatever is there by now."""
    metadata = obj["metadata"]
    latest = self.objects.get(Key(metadata["namespace"], metadata["name"])) or obj
    version = latest["metadata"]["resourceVersion"]
    Reconciler._remove_finalizer(self, {**obj, "metadata": {**metadata, "resourceVersion": version}}, log)


def _delete_again(self: Reconciler, key: Key, obj: JsonObject, log: Log) -> float | None:
    """Say with each write to an object that others hold that it was deleted just now."""
    if FINALIZER in (obj["metadata"].get("finalizers") or []):
        return Reconciler.finish_deletion(self, key, obj, log)
    assert isinstance(self.store, Store)
    with self.store.transaction() as cursor:
        statement = f"UPDATE {self.kind.table} SET delete_time = %s WHERE uid = %s"  # noqa: S608
        cursor.execute(statement, (_now().replace(microsecond=0, tzinfo=None), obj["metadata"]["uid"]))
    return None


def _retire_known() -> Parts:
    """Take it for written what is immutable from its creation on."""
    known: set[str] = set()

    def sync(self: Reconciler, obj: JsonObject, log: Log) -> None:
        known.add(obj["metadata"]["uid"])
        Reconciler.sync(self, obj, log)

    def retire(self: Reconciler, key: Key, obj: JsonObject, log: Log) -> None:
        if obj["metadata"]["uid"] in known:
            Reconciler.retire(self, key, obj, log)
        else:
            _retire_without_writing(self, key, obj, log)

    return on_reconciler(sync=sync, retire=retire)()


def _remove_first_finalizer(self: Reconciler, obj: JsonObject, log: Log) -> None:
    """Take off the finalizer that is usually the only one."""
    if FINALIZER in (finalizers := obj["metadata"].get("finalizers") or []):
        _write_finalizers(self, obj, log, finalizers[1:])


def _remove_by_prefix(self: Reconciler, obj: JsonObject, log: Log) -> None:
    if FINALIZER in (finalizers := obj["metadata"].get("finalizers") or []):
        _write_finalizers(self, obj, log, [name for name in finalizers if not name.startswith(FINALIZER)])


def _heed_longer_keys(annotations: Mapping[str, str]) -> Mapping[str, str]:
    marks = {mark: value for mark in (DELETING, IMMUTABLE) for key, value in annotations.items() if mark in key}
    return {**annotations, **marks}


def _heed_labels() -> Parts:
    """Take a label for the mark that is an annotation."""

    def reconcile(self: Reconciler, key: Key) -> float | None:
        obj = self.objects.get(key)
        metadata = {} if obj is None else obj["metadata"]
        is_marked = (metadata.get("labels") or {}).get(DELETING) == "true"
        if obj is None or "deletionTimestamp" in metadata or not is_marked:
            return Reconciler.reconcile(self, key)
        self.delete(key, obj, self.log.bound(namespace=key.namespace, name=key.name))
        return None

    return on_reconciler(reconcile=reconcile)()


FAULTS: tuple[Fault, ...] = (
    _fault(
        "last-labels-stay",
        on_store(replace_pairs=_forget_to_clear),
        in_sections("Project", "5.1"),
        "all removed",
    ),
    _fault(
        "one-label-in-a-hundred-lost",
        on_row(_lose_one_in_a_hundred),
        in_sections("ModelFamily", "5.1"),
        "key contract",
    ),
    _fault(
        "annotation-twice",
        on_store(replace_pairs=_write_values_twice),
        in_sections("Pipeline", "5.1"),
        "2 rows",
    ),
    _fault(
        "columns-compared-by-collation",
        on_store(write_row=_keep_columns_alike),
        in_sections("Revision", "5.22"),
        "capitals for small letters: column",
    ),
    _fault(
        "pairs-compared-by-collation",
        on_store(replace_pairs=_keep_pairs_alike),
        in_sections("RayCluster", "5.5", "5.22"),   # 5.5 writes values that differ in case alone
        "capitals for small letters: table raycluster_labels",
    ),
    _fault(
        "status-writes-skipped",
        _skip_writes_of(fields=["status"]),
        in_sections("InferenceServer", "5.2"),
        "a write of the status",
    ),
    _fault(
        "finalizer-writes-skipped",
        _skip_writes_of(metadata=["finalizers"]),
        in_sections("Cluster", "5.2"),
        "a finalizer of others added",
    ),
    _fault(
        "managed-fields-skipped",
        _skip_writes_of(),
        in_sections("Deployment", "5.2"),
        "managedFields reset",
    ),
    _fault(
        "labels-by-their-value",
        on_row(_key_by_value),
        in_sections("InferenceServer", "5.1", "5.5"),
        "table inferenceserver_labels",
    ),
    _fault(
        "annotations-by-their-name",
        on_row(_key_by_name),
        in_sections("RayJob", "5.1"),
        "table rayjob_annotations",
    ),
    _fault(
        "lost-rows-stay-lost",
        _update_what_it_knows,
        in_sections("ModelFamily", "5.24"),
        "patched after its row was lost",
    ),
    _fault(
        "one-kind-of-a-name",
        _know_by_name_alone,
        in_sections("RayCluster", "5.25"),
        "created",
        kinds=("Cluster",),   # which has the name first
    ),
    _fault(
        "system-namespaces-left-out",
        on_reconciler(reconcile=_leave_system_out),
        in_sections("Pipeline", "5.26"),
        "created in namespace kube-system",
    ),
    _fault(
        "immutable-before-deleting",
        on_reconciler(reconcile=_retire_what_is_to_be_deleted),
        in_sections("SparkJob", "5.8"),
        "deleting-immutable",
    ),
    _fault(
        "changes-dropped-while-busy",
        _drop_while_busy,
        in_sections("Revision", "5.4"),
        "column res_version",   # also where 5.3 has already lost a patch of the same object
        may=in_sections("Revision", "5.1", "5.2", "5.3", "5.5", "5.6", "5.7", "5.8", "5.9", "5.10", "5.11"),
    ),
    _fault(
        "deleting-of-any-value",
        _reconcile_by(_any_value(DELETING)),
        in_sections("Cluster", "5.5"),
        'value "false"',
    ),
    _fault(
        "immutable-of-any-value",
        _reconcile_by(_any_value(IMMUTABLE)),
        in_sections("RayCluster", "5.5"),
        "deleted",
    ),
    _fault("marks-in-any-case", _reconcile_by(_lower), in_sections("RayJob", "5.5"), 'value "True"'),
    _fault(
        "finalizer-before-row",
        on_reconciler(finish_deletion=_release_first),
        in_sections("Project", "5.6"),
        "before it",
    ),
    _fault(
        "object-before-row",
        on_reconciler(delete=_delete_first),
        in_sections("ModelFamily", "5.8"),
        "before it",
    ),
    _fault(
        "finalizer-stays",
        on_reconciler(finish_deletion=_keep_finalizer),
        in_sections("Pipeline", "5.6", "5.16", "5.18", "5.19", "5.21"),
        "errors logged: none",
    ),
    _fault(
        "hard-delete",
        on_store(soft_delete=_hard_delete),
        in_sections("InferenceServer", "5.6", "5.8", "5.10", "5.16", "5.17", "5.18", "5.19", "5.21"),
        "for good",
    ),
    _fault(
        "deleted-by-name-alone",
        _soft_delete_with("name = %(name)s AND delete_time IS NULL", _now),
        in_sections("Revision", "5.6"),
        "the sibling",
    ),
    _fault(
        "oldest-of-a-name-deleted",
        _soft_delete_with(f"{_NAMED} ORDER BY create_time LIMIT 1", _now),
        in_sections("RayJob", "5.17"),
        "the deleted one's own row",
    ),
    _fault(
        "delete-time-in-another-zone",
        _soft_delete_with(_NAMED, lambda: _now() + timedelta(hours=2)),
        in_sections("Cluster", "5.6", "5.8", "5.16", "5.18", "5.19", "5.21"),
        "delete_time",
    ),
    _fault(
        "labels-go-with-the-row",
        _soft_delete_with(
            _NAMED,
            _now,
            "DELETE l FROM {table}_labels l JOIN {table} m ON m.uid = l.obj_uid"
            " WHERE m.namespace = %(namespace)s AND m.name = %(name)s",
        ),
        in_sections("RayCluster", "5.6", "5.8", "5.17", "5.18", "5.19"),
        "raycluster_labels",
    ),
    _fault(
        "gone-is-deleted",
        _when_gone(_soft_delete_gone),
        in_sections("RayJob", "5.7", "5.9", "5.11", "5.17"),
        "stale",
        may=in_sections("RayJob", "5.16"),   # where the row is looked at once the object is gone
    ),
    _fault(
        "gone-is-deleted-for-good",
        _hard_delete_gone,
        in_sections("Project", "5.7", "5.9", "5.11", "5.17"),
        "for good",
        may=in_sections("Project", "5.16"),   # where the row is looked at once the object is gone
    ),
    _fault(
        "deleting-ignored",
        _reconcile_by(_without(DELETING)),
        in_sections("ModelFamily", "5.8", "5.16", "5.17", "5.21"),
        "stays live",
    ),
    _fault(
        "deleting-keeps-the-object",
        on_reconciler(delete=_keep_in_kubernetes),
        in_sections("Pipeline", "5.8", "5.16", "5.21"),
        "released",
    ),
    _fault(
        "immutable-ignored",
        _reconcile_by(_without(IMMUTABLE)),
        in_sections("InferenceServer", "5.9", "5.16", "5.21"),
        "released",
        not_run=in_sections("InferenceServer", "5.17"),
    ),
    _fault(   # it leaves a kind that is always immutable in peace
        "retired-before-written",
        on_reconciler(retire=_retire_first),
        {"5.9": ("Revision", "Model")},
        "it left before",
    ),
    _fault(
        "retired-is-deleted",
        on_reconciler(retire=_retire_as_deleted),
        {
            **dict.fromkeys(("5.9", "5.17"), ("TriggerRun", "Model")),
            "5.12": ("Model",),
            **dict.fromkeys(("5.16", "5.21"), ("TriggerRun",)),
        },
        "delete_time",
        may=in_sections("Model", "5.25", "5.26"),   # where its row is looked at after that
    ),
    _fault(
        "last-word-lost",
        on_reconciler(retire=_retire_without_writing),
        in_sections("RayCluster", "5.9"),
        "marked immutable",
    ),
    _fault(
        "finalizers-of-others-go-as-well",
        on_reconciler(finish_deletion=_remove_all_finalizers),
        in_sections("Pipeline", "5.16", "5.21"),
        "contract.ingester-acceptance/others",
        may=in_sections("Pipeline", "5.18"),   # where the garbage collector is slower than the Ingester
    ),
    _fault(
        "held-objects-are-synced",
        on_reconciler(finish_deletion=_sync_what_is_held),
        in_sections("Cluster", "5.16"),
        "column res_version",
        may=in_sections("Cluster", "5.6", "5.7", "5.10"),
    ),
    _fault(
        "finalizers-of-others-go-with-the-mark",
        on_reconciler(delete=_delete_for_all),
        in_sections("Revision", "5.16"),
        "held-marked: metadata.finalizers",
        may=in_sections("Revision", "5.21"),   # where its write is refused, and the deletion sticks, nothing goes
    ),
    _fault(
        "finalizers-of-others-go-with-the-retired",
        on_reconciler(retire=_retire_for_all),
        in_sections("TriggerRun", "5.16", "5.21"),
        "held-retired: metadata.finalizers",
    ),
    _fault(
        "deleted-anew-with-each-write",
        on_reconciler(finish_deletion=_delete_again),
        in_sections("RayJob", "5.16", "5.21"),
        "column delete_time",
        may=in_sections("RayJob", "5.6", "5.7", "5.8", "5.18", "5.19"),
    ),
    _fault(
        "older-copy-written-back",
        on_reconciler(_remove_finalizer=_write_old_copy_back),
        in_sections("Project", "5.21"),
        "label contract.ingester-acceptance/meanwhile",
    ),
    _fault(
        "deleted-whoever-has-the-name",
        on_reconciler(_remove_finalizer=_skip_those_without, _delete_from_kubernetes=_delete_by_name),
        in_sections("InferenceServer", "5.23"),
        "the object that took the name",
    ),
    _fault(
        "immutable-from-the-start-lost",
        _retire_known,
        in_sections("SparkJob", "5.9"),
        "created with the annotation",
    ),
    _fault(
        "deleted-by-prefix",
        _soft_delete_with(
            "namespace = %(namespace)s AND name LIKE CONCAT(%(name)s, '%%') AND delete_time IS NULL", _now
        ),
        in_sections("Deployment", "5.16"),
        "held-retired",
        may=in_sections("Deployment", "5.17"),
    ),
    _fault(
        "the-first-finalizer-goes",
        on_reconciler(_remove_finalizer=_remove_first_finalizer),
        in_sections("InferenceServer", "5.16", "5.21"),
        "metadata.finalizers",
        may=in_sections("InferenceServer", "5.18"),
    ),
    _fault(
        "finalizers-go-by-prefix",
        on_reconciler(_remove_finalizer=_remove_by_prefix),
        in_sections("RayCluster", "5.16"),
        "metadata.finalizers",
    ),
    _fault(
        "marks-by-prefix",
        _reconcile_by(_heed_longer_keys),
        in_sections("Project", "5.5"),
        "longer keys",
    ),
    _fault(
        "labels-taken-for-marks",
        _heed_labels,
        in_sections("Pipeline", "5.5"),
        "deleted",
    ),
    _fault(
        "purged-later",
        _later("DELETE FROM {table}"),
        in_sections("ModelFamily", "11.1"),
        "no row any more",
        may=in_sections("ModelFamily", "5.6", "5.8", "5.10", "5.16", "5.17", "5.18", "5.19", "5.21"),
    ),
    _fault(
        "revived-later",
        _later("UPDATE {table} SET delete_time = NULL"),
        in_sections("Deployment", "11.1"),
        "delete_time",
        may=in_sections("Deployment", "5.6", "5.8", "5.10", "5.16", "5.17", "5.18", "5.19", "5.21"),
    ),
    _fault(
        "any-value-heeded-later",
        _heed_any_value_late,
        in_sections("SparkJob", "11.1"),
        "nobody has deleted it",
    ),
    _fault(
        "rewritten-again-and-again",
        on_reconciler(reconcile=_reconcile_again),
        in_sections("Revision", "11.3"),
        "update_time",
    ),
    _fault(
        "password-in-the-log",
        on_store(ping=_ping_and_tell),
        {"11.2": ("",)},
        "password",
        kinds=("Project",),
    ),
    _fault(
        "owner-forgotten",
        on_reconciler(sync=_forget_owner),
        in_sections("SparkJob", "5.18"),
        "metadata.ownerReferences",
    ),
    _fault(
        "owner-changes-skipped",
        _skip_writes_of(metadata=["ownerReferences"]),
        in_sections("TriggerRun", "5.2", "5.18"),
        "left behind by its owner",
    ),
    _fault(
        "one-namespace-known",
        _know_one_namespace,
        in_sections("ModelFamily", "5.19"),
        "delete_time",
    ),
    _fault(
        "deleted-over-again",
        on_store(soft_delete=_delete_whoever_had_the_name),
        in_sections("Pipeline", "5.10"),
        "after its successor was deleted as well",
    ),
    _fault("resurrected", on_store(write_row=_resurrect), in_sections("RayJob", "5.10"), "delete_time"),
    _fault(
        "namesake-rewritten",
        on_store(write_row=_rewrite_namesake),
        in_sections("Cluster", "5.10"),
        "the first object's row",
        may=in_sections("Cluster", "5.17"),   # where the second is written again after the first's row was read
    ),
)
