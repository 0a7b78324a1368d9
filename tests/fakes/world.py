"""A made-up product: kube-apiserver, MySQL and the Ingester in one object, for any kinds and namespaces.

Whatever is sent takes effect at once, as long as the controller manager runs. It does everything right, also what
no version does yet; `faults` names what it does wrong.
"""

# ruff: noqa: ARG002  its methods take what the real ones take, whether or not it matters here

from __future__ import annotations

import contextlib
import copy
import datetime as dt
import json
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from harness.clients.kube import ALL_NAMESPACES, Version, get_version
from harness.core.errors import HarnessError, Refusal
from harness.sandbox.base import Phase
from harness.spec.annotations import (
    DELETING_ANNOTATION,
    IMMUTABLE_ANNOTATION,
    INGESTER_FINALIZER,
    PROPAGATION_ANNOTATION,
    get_finalizers,
)
from harness.spec.equality import expect_column, parse_time
from harness.spec.features import DELETE_FIRST, FINALIZER, INGESTER
from harness.spec.features import DELETING_ANNOTATION as DELETING
from harness.spec.merge_patch import merge
from harness.spec.model import API_VERSION, JsonObject, Kind
from harness.spec.row import Row
from harness.subject.log import RECONCILED, RECONCILED_IMMUTABLE
from tests.fakes.sandbox import FakeSandbox

FIRST = 100
"""The first resourceVersion."""

_START = dt.datetime(2026, 3, 9, 20, 51, 7)   # as MySQL's DATETIME: UTC, without zone
_FOREGROUND = "foregroundDeletion"
_GOES_ON_WITH_WHAT_IT_READ = {"writes its copy back", "writes its finalizers back", "lets go of any version"}
_TIRED = 30   # versions of one object after which an Ingester with that fault forgets it
_PANIC = "panic: runtime error: invalid memory address or nil pointer dereference [recovered]"
_DRIVER_FIELDS = ("cores", "memory")
_MAIN_COLUMNS = {
    "uid": "varchar(64)",
    "group_ver": "varchar(255)",
    "namespace": "varchar(255)",
    "name": "varchar(255)",
    "res_version": "bigint unsigned",
    "create_time": "datetime",
    "update_time": "datetime",
    "delete_time": "datetime",
    "proto": "mediumblob",
    "json": "json",
}
_CHILD_COLUMNS = {"obj_uid": "varchar(64)", "key": "varchar(255)", "value": "text"}

_Key = tuple[str, str, str]   # kind, namespace, name


class World:
    """Its methods are those of a `Cluster` and of a `Database`; each write takes a second of its clock."""

    def __init__(
        self,
        faults: Iterable[str] = (),
        *,
        sandbox: FakeSandbox | None = None,
        immutable_kinds: Collection[str] = (),
        retained_kinds: Collection[str] = (),
        features: Mapping[str, str] | None = None,
    ) -> None:
        self.faults = set(faults)
        self.sandbox = sandbox or FakeSandbox()
        self.immutable_kinds = immutable_kinds
        self.retained_kinds = retained_kinds
        self.features = dict(features or {})        # of those: who adds the finalizer, and what goes first
        self.rows: dict[str, dict[str, Row]] = {}   # table -> uid -> row
        self.running = True                         # the Ingester is
        self.requests: list[str] = []               # 'create Model n/m', in their order
        self.number = FIRST - 1                     # the last resourceVersion
        self.namespaces: set[str] = set()
        self._versions: dict[_Key, list[Version]] = {}
        self._kinds: dict[str, Kind] = {}
        self._queue: list[_Key] = []
        self._blocked: list[tuple[_Key, JsonObject]] = []   # reconciles that wait for a row
        self._held: set[str] = set()                # uids of rows, and kinds of tables
        self._kept: set[str] = set()                # uids of rows that outlive their objects
        self._lost: set[str] = set()                # uids of rows that were deleted by hand
        self._first_kinds: dict[tuple[str, str], str] = {}   # namespace and name -> the kind that had them first
        self._uids = 0
        self._lock = threading.RLock()
        self._works = False

    # kube-apiserver

    def create_namespace(self, name: str, labels: Mapping[str, str] | None = None) -> bool:
        """Create a namespace; False where it exists."""
        known = name in self.namespaces
        self.namespaces.add(name)
        return not known

    def create(self, kind: Kind, obj: JsonObject, *, strict: bool = True, dry_run: bool = False) -> JsonObject:
        """Create the object."""
        with self._lock:
            key = self._note("create", kind, obj["metadata"]["namespace"], obj["metadata"]["name"])
            if "refuses creation" in self.faults:
                raise Refusal(400, "INVALID_ARGUMENT", "no")
            if self._get(key) is not None:
                raise Refusal(409, "AlreadyExists", key[2])
            unknown = [f for f in _DRIVER_FIELDS if f in obj.get("spec", {}).get("driver", {})]
            if unknown and "knows driver fields" not in self.faults:
                named = ", ".join(f'unknown field "spec.driver.{field}"' for field in unknown)
                raise Refusal(400, "BadRequest", f"strict decoding error: {named}")
            stored = copy.deepcopy(obj)
            if "drops a field" in self.faults:
                stored["spec"].popitem()
            self._uids += 1
            now = self._tell_time().isoformat() + "Z"
            stored["metadata"] |= {"uid": f"u{self._uids}", "creationTimestamp": now}
            if "forgets owners" in self.faults:
                stored["metadata"].pop("ownerReferences", None)
            if dry_run:
                return {**stored, "metadata": {**stored["metadata"], "resourceVersion": "0"}}
            return self._write(key, stored)

    def replace(self, kind: Kind, obj: JsonObject) -> JsonObject:
        """Write the object over the one that is there."""
        with self._lock:
            key = self._note("replace", kind, obj["metadata"]["namespace"], obj["metadata"]["name"])
            return self._write(key, obj)

    def patch(self, kind: Kind, namespace: str, name: str, patch: Mapping[str, Any]) -> JsonObject:
        """Apply the merge patch; one that changes nothing makes no version."""
        with self._lock:
            key = self._note("patch", kind, namespace, name)
            obj = self._get(key)
            if obj is None:
                raise Refusal(404, "NotFound", "gone")
            if "refuses texts" in self.faults and "spec" in patch:
                raise Refusal(422, "Invalid", "spec: no such text")
            merged: JsonObject = merge(obj, patch)
            if "loses patches" in self.faults and "spec" in patch:
                merged = {**obj, "metadata": {**obj["metadata"], "generation": self.number}}
            return obj if merged == obj else self._write(key, merged)

    def patch_status(self, kind: Kind, namespace: str, name: str, patch: Mapping[str, Any]) -> JsonObject:
        """Apply the merge patch."""
        return self.patch(kind, namespace, name, patch)

    def get(self, kind: Kind, namespace: str, name: str) -> JsonObject | None:
        """Return the object as it is now."""
        return self._get((kind.name, namespace, name))

    def delete(self, kind: Kind, namespace: str, name: str, propagation: str = "Background") -> bool:
        """Delete the object, or mark it as long as it has finalizers; and what it owns, by the policy."""
        with self._lock:
            key = self._note("delete", kind, namespace, name)
            obj = self._get(key)
            if obj is None:
                return False
            owned = self._find_owned(str(obj["metadata"]["uid"]))
            if propagation == "Foreground":
                self._delete(key, _with_finalizers(obj, [*get_finalizers(obj), _FOREGROUND]))
                self._delete_all(owned)
                held = self._get(key)
                if held is not None and not any(map(self._get, owned)):
                    others = [finalizer for finalizer in get_finalizers(held) if finalizer != _FOREGROUND]
                    self._write(key, _with_finalizers(held, others))
                return True
            if propagation == "Orphan":
                for each in owned:
                    left = {k: v for k, v in (self._get(each) or {})["metadata"].items() if k != "ownerReferences"}
                    self._write(each, {**(self._get(each) or {}), "metadata": left})
            self._delete(key, obj)
            if self._get(key) is None:
                self._delete_all(self._find_owned(str(obj["metadata"]["uid"])))
            return True

    def delete_namespace(self, name: str) -> bool:
        """Delete all that is in the namespace."""
        with self._lock:
            self._delete_all([key for key in self._versions if key[1] == name])
            return True

    def list_objects(self, kind: Kind, namespace: str, selector: str = "") -> list[JsonObject]:
        """Return the kind's objects in the namespace, or in all."""
        keys = [k for k in self._versions if k[0] == kind.name and namespace in (k[1], ALL_NAMESPACES)]
        return [obj for key in keys if (obj := self._get(key)) is not None]

    def get_history(
        self, kind: Kind, namespace: str, name: str, *, since: int, until: int, timeout_s: int = 2
    ) -> list[Version]:
        """Return the object's versions after `since`, up to the first that is >= `until`, or its deletion."""
        found = []
        for version in self._versions.get((kind.name, namespace, name), []):
            if version.number > since:
                found.append(version)
                if version.number >= until or version.deleted:
                    break
        return found

    def get_changes(
        self, kind: Kind, namespace: str, *, since: int, until: int, timeout_s: int = 2
    ) -> list[Version]:
        """Return the versions of all of the kind's objects in the namespace."""
        keys = [key for key in self._versions if key[:2] == (kind.name, namespace)]
        found = [v for key in keys for v in self._versions[key] if since < v.number <= until]
        return sorted(found, key=lambda version: version.number)

    def remove(self, kind: Kind, namespace: str, name: str) -> None:
        """Remove the object whatever holds it, but for finalizers that are not the Ingester's; nobody is told."""
        key = (kind.name, namespace, name)
        obj = copy.deepcopy(self._versions[key][-1].object)
        others = [name for name in get_finalizers(obj) if name != INGESTER_FINALIZER]
        if others:
            obj["metadata"] |= {"deletionTimestamp": self._tell_time().isoformat() + "Z", "finalizers": others}
        self._append(key, obj, deleted=not others)

    # MySQL

    def close(self) -> None:
        """Do nothing."""

    def get_time(self) -> dt.datetime:
        """Return a clock that every write moves on, and that is past the last one."""
        return self._tell_time() + dt.timedelta(seconds=1)

    def reconnect(self) -> None:
        """Do nothing."""

    @property
    def is_replica(self) -> bool:
        """Whether the rows are another server's."""
        return "is a replica" in self.faults

    def explain_no_lock(self) -> str:
        """Return why no row can be held."""
        return "this MySQL server is a replica" if self.is_replica else "the account may not lock rows"

    def get_settings(self) -> dict[str, str]:
        """Return settings that nothing is to be said of."""
        return {"sql_mode": "STRICT_TRANS_TABLES"}

    def get_columns(self) -> dict[str, dict[str, str]]:
        """Return the tables of all kinds that were ever sent, with their columns."""
        tables: dict[str, dict[str, str]] = {}
        for kind in self._kinds.values():
            tables[kind.table] = _MAIN_COLUMNS | {c.name: c.sql_type.lower() for c in kind.columns}
            tables |= {kind.labels_table: dict(_CHILD_COLUMNS), kind.annotations_table: dict(_CHILD_COLUMNS)}
        return tables

    def get_version(self, kind: Kind, uid: str) -> int | None:
        """Return the version that the row holds."""
        row = self.rows.get(kind.table, {}).get(uid)
        return row.res_version if row else None

    def get_rows(self, kind: Kind, namespace: str, name: str, key: str = "") -> list[Row]:
        """Return every row of the name, and that of the key."""
        return [
            row
            for row in list(self.rows.get(kind.table, {}).values())
            if (row.columns["namespace"], row.columns["name"]) == (namespace, name) or row.uid == key
        ]

    def get_versions(self, kind: Kind, namespace: str) -> dict[str, int]:
        """Return the version of each of the namespace's rows."""
        rows = self.rows.get(kind.table, {})
        return {uid: row.res_version for uid, row in rows.items() if row.columns["namespace"] == namespace}

    def get_writes_of(self, kind: Kind, uids: Sequence[str]) -> dict[str, tuple[int, dt.datetime | None]]:
        """Return version and update_time of the rows with these uids."""
        return {uid: (row.res_version, row.update_time) for uid, row in self.get_rows_of(kind, uids).items()}

    def get_rows_of(self, kind: Kind, uids: Sequence[str]) -> dict[str, Row]:
        """Return the rows with these uids."""
        rows = self.rows.get(kind.table, {})
        return {uid: rows[uid] for uid in uids if uid in rows}

    def count_rows(self, kinds: Iterable[Kind], namespace: str) -> dict[str, int]:
        """Return how many rows of the namespace the main tables have."""
        return {kind.table: len(self.get_versions(kind, namespace)) for kind in kinds}

    def lose_rows(self, kind: Kind, namespace: str) -> bool:
        """Forget the kind's rows of the namespace, where the account may."""
        if "may not delete rows" in self.faults:
            return False
        for uid in self.get_versions(kind, namespace):
            del self.rows[kind.table][uid]
            self._lost.add(uid)
        return True

    def find_tables_with(self, uid: str, tables: Iterable[str]) -> list[str]:
        """Return which of the tables hold the uid."""
        return [table for table in tables if uid in self.rows.get(table, {})]

    @contextlib.contextmanager
    def hold_row(self, kind: Kind, uid: str) -> Iterator[_HeldRow | None]:
        """Keep the Ingester from writing the row."""
        if uid not in self.rows.get(kind.table, {}):
            raise HarnessError(f"table {kind.table} has no row with uid {uid} that could be held")
        with self._hold(uid) as held:
            yield held

    overtake_row = hold_row

    @contextlib.contextmanager
    def hold_table(self, kind: Kind) -> Iterator[_HeldRow | None]:
        """Keep the Ingester from writing any row of the kind."""
        with self._hold(kind.name) as held:
            yield held

    @contextlib.contextmanager
    def _hold(self, what: str) -> Iterator[_HeldRow | None]:
        if self.is_replica:
            yield None
            return
        if "locks hold nobody" not in self.faults:
            self._held.add(what)
        try:
            yield _HeldRow(self)
        finally:
            with self._lock:
                self._held.discard(what)
                blocked, self._blocked = self._blocked, []
                if "loses what comes meanwhile" in self.faults:
                    for key, obj in blocked[:1]:
                        self._sync(self._kinds[key[0]], obj)
                else:
                    self._go_on(blocked)

    def _go_on(self, blocked: Sequence[tuple[_Key, JsonObject]]) -> None:
        """Reconcile anew what waited for a row, as after a conflict; or go on with what was read before."""
        if self.faults & _GOES_ON_WITH_WHAT_IT_READ:
            self._works = True   # one reconcile at a time
            for key, obj in blocked[:1]:
                self._carry_out(key, obj)
            self._works = False
        self._queue += [key for key, _ in blocked]
        self.work()

    @property
    def is_awaited(self) -> bool:
        """Whether a reconcile waits for a row."""
        return bool(self._blocked)

    # the controller manager

    def work(self) -> None:
        """Reconcile what is to be reconciled, if the Ingester runs."""
        if self._works:
            return
        self._works = True
        try:
            while self._queue and self.running:
                self._reconcile(self._queue.pop(0))
        finally:
            self._works = False

    def _reconcile(self, key: _Key) -> None:
        kind, obj = self._kinds[key[0]], self._get(key)
        if obj is None:
            self._clean_up(key)
            return
        if self._crashes(key) or self._is_overlooked(key):
            return
        metadata = obj["metadata"]
        deleting, marked = "deletionTimestamp" in metadata, self._is_marked(obj)
        if deleting and INGESTER_FINALIZER not in get_finalizers(obj):
            return
        if (deleting or marked) and "releases first" in self.faults:
            self._release(key, obj)
        if "retires first" in self.faults and key[0] in self.immutable_kinds:
            self.remove(kind, key[1], key[2])
        if self._held & {metadata["uid"], key[0]}:
            self._blocked.append((key, obj))
            return
        self._carry_out(key, obj)

    def _is_marked(self, obj: JsonObject) -> bool:
        annotations = obj["metadata"].get("annotations") or {}
        if "any value deletes" in self.faults:
            return DELETING_ANNOTATION in annotations
        if "retires what is to be deleted" in self.faults and annotations.get(IMMUTABLE_ANNOTATION) == "true":
            return False
        return annotations.get(DELETING_ANNOTATION) == "true" and "ignores the annotation" not in self.faults

    def _carry_out(self, key: _Key, obj: JsonObject) -> None:
        """Do what the object, as it was read, asks for."""
        deleting, marked = "deletionTimestamp" in obj["metadata"], self._is_marked(obj)
        annotations = obj["metadata"].get("annotations") or {}
        if deleting and not marked and key[0] in self.retained_kinds:
            self._retain(key, obj)
        elif deleting or marked:
            self._end(key, obj, deleting=deleting)
        elif key[0] in self.immutable_kinds or annotations.get(IMMUTABLE_ANNOTATION) == "true":
            self._retire(key, obj)
        elif self._claim(key, obj):
            return
        else:
            self._log(key, RECONCILED)
            self._sync(self._kinds[key[0]], obj)
            self._interfere(key, obj)

    def _claim(self, key: _Key, obj: JsonObject) -> bool:
        """Add the finalizer to an object that lacks it, where that is the Ingester's to do."""
        finalizers = get_finalizers(obj)
        if self.features.get(FINALIZER) != INGESTER or "never claims" in self.faults:
            return False
        if INGESTER_FINALIZER in finalizers and ("claims again" not in self.faults or len(finalizers) > 1):
            return False
        metadata = {**obj["metadata"], "finalizers": [*finalizers, INGESTER_FINALIZER]}
        if "claims with a label" in self.faults:
            metadata["labels"] = {**(metadata.get("labels") or {}), "claimed": "yes"}
        if "claims after the row" in self.faults:
            self._sync(self._kinds[key[0]], obj)
        self._write(key, {**obj, "metadata": metadata})
        return True

    def _sync(self, kind: Kind, obj: JsonObject) -> None:
        rows, uid = self.rows.setdefault(kind.table, {}), obj["metadata"]["uid"]
        if uid not in rows and "ghost rows" not in self.faults:
            for row in self.get_rows(kind, obj["metadata"]["namespace"], obj["metadata"]["name"]):
                self._soft_delete(kind, row.uid)
        if "leaves kube-system out" in self.faults and obj["metadata"]["namespace"] == "kube-system":
            return
        if "knows names alone" in self.faults and kind.name != self._first_kinds.setdefault(
            (obj["metadata"]["namespace"], obj["metadata"]["name"]), kind.name
        ):
            return
        if uid in self._lost and "only updates what it knows" in self.faults:
            return
        earlier = rows.get(uid)
        row = make_row(kind, obj, self._tell_time())
        if earlier and "keeps old labels" in self.faults:
            labels = dict((*earlier.labels, *row.labels))
            row = Row(row.table, row.columns, tuple(sorted(labels.items())), row.annotations)
        if earlier and "minds no case" in self.faults:
            row = _keep_alike(earlier, row)
        if "writes wrong values" in self.faults:
            row = Row(row.table, MappingProxyType({**row.columns, "group_ver": "x"}), row.labels, row.annotations)
        if "writes a stray row" in self.faults:
            self.rows.setdefault("project", {})[uid] = row
        if "revives the namesake" in self.faults:
            for other in self.get_rows(kind, obj["metadata"]["namespace"], obj["metadata"]["name"]):
                rows[other.uid] = _with(other, delete_time=None)
        rows[uid] = row

    def _end(self, key: _Key, obj: JsonObject, *, deleting: bool) -> None:
        kind, uid = self._kinds[key[0]], obj["metadata"]["uid"]
        row = self.rows.get(kind.table, {}).get(uid)
        if row is None and "sticks without a row" in self.faults:
            self._log(key, ["Failed to delete"], error="object not found or already deleted")
            return
        self._soft_delete(kind, uid)
        self._kept.add(uid)
        deletes_first = self.features.get(DELETING) == DELETE_FIRST
        deletes_first = deletes_first and "releases before it deletes" not in self.faults
        if deletes_first and not deleting:
            self._delete_by_policy(key, obj)
            return
        if "keeps the finalizer" not in self.faults:
            self._release(key, obj)
        latest = self._get(key)
        if not deleting and latest is not None and "keeps the object" not in self.faults:
            self._delete(key, latest)

    def _retain(self, key: _Key, obj: JsonObject) -> None:
        kind, uid = self._kinds[key[0]], obj["metadata"]["uid"]
        if "forgets the final state" not in self.faults:
            self._sync(kind, obj)
        self._kept.add(uid)
        if get_finalizers(obj) == [INGESTER_FINALIZER] or "lets go early" in self.faults:
            if "deletes what is retained" in self.faults:
                self._soft_delete(kind, uid)
            self._release(key, obj)

    def _retire(self, key: _Key, obj: JsonObject) -> None:
        self._log(key, RECONCILED_IMMUTABLE)
        uid, kind = obj["metadata"]["uid"], self._kinds[key[0]]
        if "retires without a row" not in self.faults:
            self._sync(kind, obj)
        self._kept.add(uid)
        if "keeps the object" not in self.faults:
            self._release(key, obj)
            latest = self._get(key)
            if latest is not None:
                self._delete(key, latest)
        if "forgets retired rows" in self.faults:
            self._soft_delete(kind, uid)

    def _clean_up(self, key: _Key) -> None:
        """Soft-delete the row of an object that went without asking the Ingester."""
        last = self._versions[key][-1].object
        uid = last["metadata"]["uid"]
        if uid in self._held:
            self._blocked.append((key, last))
        elif uid not in self._kept and "orphans" not in self.faults:
            self._soft_delete(self._kinds[key[0]], uid)

    def _delete_by_policy(self, key: _Key, obj: JsonObject) -> None:
        policy = (obj["metadata"].get("annotations") or {}).get(PROPAGATION_ANNOTATION)
        if policy == "Foreground" and "ignores the policy" not in self.faults:
            obj = _with_finalizers(obj, [*get_finalizers(obj), _FOREGROUND])
        self._delete(key, obj)

    def _soft_delete(self, kind: Kind, uid: str) -> None:
        rows = self.rows.get(kind.table, {})
        if uid not in rows or not rows[uid].live or "keeps the row" in self.faults:
            return
        deleted_at = dt.datetime(1970, 1, 1) if "wrong time" in self.faults else self._tell_time()
        gone = [uid]
        if "soft-deletes by name" in self.faults:
            own = rows[uid].columns
            gone = [r.uid for r in self.get_rows(kind, str(own["namespace"]), str(own["name"])) if r.live]
        if "deletes over again" in self.faults:
            own = rows[uid].columns
            gone = [r.uid for r in self.get_rows(kind, str(own["namespace"]), str(own["name"]))]
        for each in gone:
            rows[each] = _with(rows[each], delete_time=deleted_at)
        if "removes the row" in self.faults:
            del rows[uid]

    def _release(self, key: _Key, read: JsonObject) -> None:
        """Take the finalizer off the object, which was like `read` when this reconcile began."""
        obj = self._get(key)
        if obj is not None and INGESTER_FINALIZER in get_finalizers(obj):
            if "writes its copy back" in self.faults:
                obj = read
            listed = get_finalizers(read if "writes its finalizers back" in self.faults else obj)
            finalizers = [name for name in listed if name != INGESTER_FINALIZER]
            if "takes all finalizers off" in self.faults:
                finalizers = []
            self._write(key, _with_finalizers(obj, finalizers))

    def _is_overlooked(self, key: _Key) -> bool:
        versions = self._versions[key]
        return (
            "syncs nothing" in self.faults
            or ("syncs no patch" in self.faults and len(versions) > 1)
            or ("tires" in self.faults and len(versions) > _TIRED)
            or ("ignores the status" in self.faults and "status" in versions[-1].object)
        )

    # business controllers

    def _crashes(self, key: _Key) -> bool:
        """Take the controller manager down, for as long as there is a SparkJob."""
        if "panics" not in self.faults or key[0] != "SparkJob":
            return False
        self._queue.insert(0, key)
        self.running = False
        for _ in range(2):
            self.sandbox.say(_PANIC, run=self.sandbox.restarts)
            self.sandbox.say("\tspark/job/client/client.go:185", run=self.sandbox.restarts)
            self.sandbox.restarts += 1
        self.sandbox.phase, self.sandbox.reason = Phase.CRASH_LOOP, "exit code 2"
        return True

    def _recover(self, key: _Key) -> None:
        crashed = "panics" in self.faults and key[0] == "SparkJob" and not self.running
        if crashed and "stays down" not in self.faults:
            self.running = True
            self.sandbox.phase, self.sandbox.reason = Phase.RUNNING, ""
            self.sandbox.restarts += 1
            self.sandbox.register(run=self.sandbox.restarts)

    def _interfere(self, key: _Key, obj: JsonObject) -> None:
        """Do what other controllers do to an object that has just been synced."""
        if key[0] == "Cluster" and "rejects clusters" in self.faults:
            self.sandbox.log("cluster must only belong to the namespace ma-system", run=self.sandbox.restarts)
        again = "deletes trigger runs again" in self.faults or len(self._versions[key]) == 1
        if key[0] == "TriggerRun" and "deletes trigger runs" in self.faults and again:
            self._append(key, {**obj, "status": {"state": "TRIGGER_RUN_STATE_INVALID"}}, deleted=True)

    # Kubernetes' own controllers

    def _find_owned(self, uid: str) -> list[_Key]:
        """Return what names the object with that uid as its owner."""
        there = {key: obj for key in self._versions if (obj := self._get(key)) is not None}
        return [
            key
            for key, obj in there.items()
            if uid in (owner["uid"] for owner in obj["metadata"].get("ownerReferences", []))
        ]

    def _delete_all(self, keys: Iterable[_Key]) -> None:
        if "collects nothing" not in self.faults:
            for key in keys:
                if (obj := self._get(key)) is not None:
                    self._delete(key, obj)

    # its memory

    def _note(self, verb: str, kind: Kind, namespace: str, name: str) -> _Key:
        self._kinds[kind.name] = kind
        self.requests.append(f"{verb} {kind.name} {namespace}/{name}")
        return kind.name, namespace, name

    def _get(self, key: _Key) -> JsonObject | None:
        versions = self._versions.get(key)
        return None if not versions or versions[-1].deleted else versions[-1].object

    def _delete(self, key: _Key, obj: JsonObject) -> None:
        if get_finalizers(obj):
            if "deletionTimestamp" not in obj["metadata"]:
                now = self._tell_time().isoformat() + "Z"
                self._write(key, {**obj, "metadata": {**obj["metadata"], "deletionTimestamp": now}})
            return
        self._append(key, obj, deleted=True)
        self._recover(key)
        self._queue.append(key)
        self.work()

    def _write(self, key: _Key, obj: JsonObject) -> JsonObject:
        if "deletionTimestamp" in obj["metadata"] and not get_finalizers(obj):
            stored = self._append(key, obj, deleted=True)
        else:
            stored = self._append(key, obj)
        self._queue.append(key)
        self.work()
        return stored

    def _append(self, key: _Key, obj: JsonObject, *, deleted: bool = False) -> JsonObject:
        self.number += 1
        stored = {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(self.number)}}
        self._versions.setdefault(key, []).append(Version(self.number, stored, deleted))
        return stored

    def _tell_time(self) -> dt.datetime:
        return _START + dt.timedelta(seconds=self.number - FIRST + 1)

    def _log(self, key: _Key, messages: Iterable[str], **fields: str) -> None:
        if "logs nothing" not in self.faults:
            about = {"logger": f"ingester.{key[0]}", "namespace": key[1], "name": key[2], **fields}
            for message in messages:
                self.sandbox.log(message, run=self.sandbox.restarts, **about)


class _HeldRow:
    """A row that the Ingester can't write for now."""

    def __init__(self, world: World) -> None:
        self._world = world

    def is_awaited(self) -> bool:
        """Whether a reconcile waits for it."""
        return self._world.is_awaited

    def overtake(self, version: int) -> int:
        """Return the version that the row is left at: an older one where the Ingester writes what it has."""
        if "compares versions as texts" in self._world.faults and len(str(version)) < len(str(self._world.number)):
            self._world.faults.add("syncs no patch")
        return version - 1 if "writes older versions" in self._world.faults else version


def make_row(kind: Kind, obj: JsonObject, written_at: dt.datetime) -> Row:
    """Return the row of the object."""
    metadata = obj["metadata"]
    columns: dict[str, Any] = {
        "uid": metadata["uid"],
        "group_ver": API_VERSION,
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "res_version": get_version(obj),
        "create_time": parse_time(metadata["creationTimestamp"]),
        "update_time": written_at,
        "delete_time": None,
        "proto": json.dumps(obj, ensure_ascii=False).encode(),
        "json": json.dumps(obj),
        **{column.name: expect_column(column, obj) for column in kind.columns},
    }
    labels = tuple(sorted((metadata.get("labels") or {}).items()))
    annotations = tuple(sorted((metadata.get("annotations") or {}).items()))
    return Row(kind.table, MappingProxyType(columns), labels, annotations)


def _with_finalizers(obj: JsonObject, finalizers: Sequence[str]) -> JsonObject:
    return {**obj, "metadata": {**obj["metadata"], "finalizers": list(finalizers)}}


def _keep_alike(earlier: Row, row: Row) -> Row:
    """Return the row with those of the earlier one's texts and annotations that differ in nothing but case."""
    columns = {
        name: before if isinstance(before, str) and before.casefold() == str(value).casefold() else value
        for name, value in row.columns.items()
        for before in (earlier.columns.get(name),)
    }
    alike = [sorted(f"{key}={value}".casefold() for key, value in each.annotations) for each in (earlier, row)]
    annotations = earlier.annotations if alike[0] == alike[1] else row.annotations
    return Row(row.table, MappingProxyType(columns), row.labels, annotations)


def _with(row: Row, **columns: Any) -> Row:
    return Row(row.table, MappingProxyType({**row.columns, **columns}), row.labels, row.annotations)
