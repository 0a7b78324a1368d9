"""Seeded faults of the seed report's chapters: setup, creation, updates, known issues.

See `fault` for what one is.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from harness.reference import business
from harness.reference.api import Api
from harness.reference.controller import Controller
from harness.reference.errors import Panic
from harness.reference.log import Log
from harness.reference.process import Parts
from harness.reference.profile import Profile, find_profile
from harness.reference.reconciler import Reconciler
from harness.reference.row import Row, RowBuilder
from harness.reference.store import Store
from harness.reference.workqueue import Key
from harness.spec.model import JsonObject, Kind
from tests.selftest.faults.fault import (
    ALL,
    CONTRACT,
    PROFILE,
    Fault,
    Sections,
    for_kind,
    in_sections,
    on_column,
    on_reconciler,
    on_row,
    on_store,
)


def is_update(obj: JsonObject) -> bool:
    """Whether the object's spec has changed since its creation."""
    return int(obj["metadata"].get("generation", 1)) > 1


def _write_to_other_table(self: Store, cursor: Any, kind: Kind, row: Row) -> None:
    Store.write_row(self, cursor, CONTRACT.get_kind("RayCluster"), row)


def _add_second_row(self: Store, cursor: Any, kind: Kind, row: Row) -> None:
    Store.write_row(self, cursor, kind, row)
    Store.write_row(self, cursor, kind, replace(row, uid=f"{row.uid}-2"))


def _update_version_only(self: Store, cursor: Any, kind: Kind, row: Row) -> None:
    cursor.execute(
        f"UPDATE `{kind.table}` SET res_version = %s, update_time = %s WHERE uid = %s",  # noqa: S608
        (row.res_version, row.update_time, row.uid),
    )
    if cursor.rowcount == 0:
        Store.write_row(self, cursor, kind, row)


def _delete_on_update(self: Store, cursor: Any, kind: Kind, row: Row) -> None:
    Store.write_row(self, cursor, kind, row)
    cursor.execute(
        f"UPDATE `{kind.table}` SET delete_time = update_time WHERE uid = %s AND update_time > create_time"  # noqa: S608
        " AND json LIKE '%%UPDATED%%'",
        (row.uid,),
    )


def _keep_old_pairs(self: Store, cursor: Any, table: str, uid: str, pairs: dict[str, str]) -> None:
    if not table.endswith("_labels"):
        Store.replace_pairs(self, cursor, table, uid, pairs)
        return
    for key, value in pairs.items():
        cursor.execute(
            f"INSERT INTO `{table}` (obj_uid, `key`, `value`) VALUES (%s, %s, %s)",  # noqa: S608
            (uid, key, value),
        )


def _wipe_others_labels(self: Store, cursor: Any, table: str, uid: str, pairs: dict[str, str]) -> None:
    if table.endswith("_labels"):
        cursor.execute(f"DELETE FROM `{table}` WHERE obj_uid <> %s", (uid,))  # noqa: S608
    Store.replace_pairs(self, cursor, table, uid, pairs)


def _update_by_name(self: Store, cursor: Any, kind: Kind, row: Row) -> None:
    Store.write_row(self, cursor, kind, row)
    cursor.execute(
        "UPDATE project SET json = %s, tier = %s WHERE name = %s",
        (row.json, row.columns["tier"], row.name),
    )


def _write_labels_once(self: Store, cursor: Any, table: str, uid: str, pairs: dict[str, str]) -> None:
    if table.endswith("_labels"):
        cursor.execute(f"SELECT COUNT(*) FROM `{table}` WHERE obj_uid = %s", (uid,))  # noqa: S608
        if cursor.fetchone()[0]:
            return
    Store.replace_pairs(self, cursor, table, uid, pairs)


def _ignore(self: Reconciler, key: Key) -> None:
    """Do nothing."""


def _ignore_updates(self: Reconciler, obj: JsonObject, log: Log) -> None:
    if not is_update(obj):
        Reconciler.sync(self, obj, log)


def _log_without_writing(self: Reconciler, obj: JsonObject, log: Log) -> None:
    if is_update(obj):
        log.info("Syncing object to metadata storage")
        log.info("Successfully synced object to metadata storage")
    else:
        Reconciler.sync(self, obj, log)


def _write_without_logging(self: Reconciler, obj: JsonObject, log: Log) -> None:
    self._upsert(obj)


def _update_without_logging(self: Reconciler, obj: JsonObject, log: Log) -> None:
    if is_update(obj):
        self._upsert(obj)
    else:
        Reconciler.sync(self, obj, log)


def _keep_immutable(self: Reconciler, key: Key, obj: JsonObject, log: Log) -> None:
    log.info("Object is immutable, removing from K8s/ETCD")
    self._upsert(obj)
    log.info("Successfully moved immutable object to metadata storage only")


def _delete_immutable_row(self: Reconciler, key: Key, obj: JsonObject, log: Log) -> None:
    Reconciler.retire(self, key, obj, log)
    self.store.soft_delete(self.kind, key.namespace, key.name)


def _replay_old_spec() -> Parts:
    """Write the first spec that was seen for ever, under each new version: what a stale cache does."""
    first: dict[str, Any] = {}

    class Rows(RowBuilder):
        def build(self, kind: Kind, obj: JsonObject) -> Row:
            spec = first.setdefault(obj["metadata"]["uid"], obj["spec"])
            return super().build(kind, {**obj, "spec": spec})

    return Parts(rows=Rows)


def _die_at_first_start() -> Parts:
    marker = Path(os.environ["CONFIG_DIR"], "died-once")
    if not marker.exists():
        marker.touch()
        os._exit(3)
    return Parts()


def _die_at_every_start() -> Parts:
    sys.stderr.write("Failed to start: controller with name ingester_ already exists\n")
    sys.stderr.flush()
    os._exit(3)


def _panic_elsewhere() -> Parts:
    """Take the process down for an object as the known issue does, from another line."""

    class Elsewhere(Reconciler):
        def reconcile(self, key: Key) -> None:
            if self.objects.get(key) is not None:
                raise Panic("panic: runtime error: index out of range [3]\n\ngoroutine 1 [running]:\nother.go:7\n")
            super().reconcile(key)

    return Parts(by_kind={"SparkJob": Parts(reconciler=Elsewhere)}, business=_behave_like_main)


def _behave_like_main(_profile: Profile, around: business.Surroundings) -> list[Controller]:
    return business.make_controllers(find_profile(PROFILE), around)


def _delete_every_one() -> Parts:
    """Delete each TriggerRun, the re-created one as well."""

    class Deleting(Reconciler):
        def sync(self, obj: JsonObject, log: Log) -> None:
            super().sync(obj, log)
            if isinstance(self.api, Api):
                metadata = obj["metadata"]
                key = Key(metadata["namespace"], metadata["name"])
                status = {"status": {"state": "TRIGGER_RUN_STATE_INVALID"}}
                if "status" not in obj:
                    self.api.patch(self.kind, key, status, "status")
                else:
                    self.api.delete(self.kind, key, metadata["uid"])

    return Parts(by_kind={"TriggerRun": Parts(reconciler=Deleting)}, business=lambda _profile, _around: [])


def _without(text: str) -> Callable[[Row, JsonObject], Row]:
    """Return a change that drops a field of the spec from the json column."""

    def change(row: Row, obj: JsonObject) -> Row:
        spec = {key: value for key, value in obj["spec"].items() if key != text}
        return replace(row, json=json.dumps({**obj, "spec": spec}))

    return change


def _swap(first: str, second: str) -> Callable[[Row, JsonObject], Row]:
    """Return a change that writes each of two columns into the other."""
    return lambda row, _obj: replace(
        row, columns={**row.columns, first: row.columns[second], second: row.columns[first]}
    )


def _shift(moment: datetime) -> datetime:
    return moment + timedelta(hours=2)


def _row_of(kind: str) -> Sections:
    """Return the sections in which a row is compared: after the creation, after the update, and beside it."""
    return in_sections(kind, "1.6", "2.3", "2.4")


_SYNC_SECTIONS = ("1.4", "1.5", "1.6", "2.1", "2.2", "2.3", "2.4")
_NOTHING_SYNCS = {
    **dict.fromkeys(_SYNC_SECTIONS, ALL),
    "3": ("cluster-outside-ma-system", "sparkjob-driver-fields"),
}

FAULTS: tuple[Fault, ...] = (
    Fault("component-restarted", _die_at_first_start, {"1.1": ("",)}, "michelangelo-controllermgr"),
    Fault(
        "crash-loop",
        _die_at_every_start,
        {"1.1": ("",), "1.3": ("",)},
        "controller with name ingester_ already exists",
        not_run=_NOTHING_SYNCS,
    ),
    Fault("no-controller-registered", lambda: Parts(kinds=()), {"1.3": ("",)}, "0 of 13", not_run=_NOTHING_SYNCS),
    Fault(
        "one-controller-missing",
        lambda: Parts(kinds=tuple(kind for kind in CONTRACT.kinds if kind.name != "Revision")),
        {"1.3": ("",)},
        "Revision",
        not_run=in_sections("Revision", *_SYNC_SECTIONS),
    ),
    Fault(
        "kind-never-synced",
        on_reconciler(reconcile=_ignore),
        in_sections("InferenceServer", "1.5", "1.6", "2.2", "2.3", "2.4"),
        "InferenceServer",
    ),
    Fault(
        "creation-not-logged",
        on_reconciler(sync=_write_without_logging),
        in_sections("Project", "1.5", "2.2"),
        "Syncing object",
    ),
    Fault(
        "update-not-logged",
        on_reconciler(sync=_update_without_logging),
        in_sections("RayJob", "2.2"),
        "Syncing object",
    ),
    Fault(   # alone: it is another kind's table
        "wrong-table",
        for_kind("RayJob", on_store(write_row=_write_to_other_table)),
        _row_of("RayJob"),
        "raycluster",
        kinds=("RayJob", "Project"),
        alone=True,
    ),
    Fault(
        "stale-res-version",
        on_row(lambda row, _: replace(row, res_version=row.res_version - 1)),
        _row_of("Pipeline"),
        "res_version",
    ),
    Fault(
        "invented-res-version",
        on_row(lambda row, _: replace(row, res_version=row.res_version + 1)),
        _row_of("Pipeline"),
        "res_version",
    ),
    Fault(
        "wrong-group-version",
        on_row(lambda row, _: replace(row, group_ver="michelangelo.api/v1")),
        _row_of("SparkJob"),
        "group_ver",
    ),
    Fault(
        "create-time-in-another-zone",
        on_row(lambda row, _: replace(row, create_time=_shift(row.create_time))),
        _row_of("RayCluster"),
        "create_time",
    ),
    Fault(
        "update-time-in-another-zone",
        on_row(lambda row, _: replace(row, update_time=_shift(row.update_time))),
        _row_of("RayCluster"),
        "update_time",
    ),
    Fault(
        "update-time-in-the-host-zone",
        on_row(lambda row, _: replace(row, update_time=datetime.now().replace(microsecond=0))),
        _row_of("Revision"),
        "update_time",
    ),
    Fault(
        "update-time-stands-still",
        on_row(lambda row, _: replace(row, update_time=row.create_time)),
        in_sections("RayJob", "2.3"),
        "update_time",
    ),
    Fault("empty-proto", on_row(lambda row, _: replace(row, proto=b"")), _row_of("SparkJob"), "proto"),
    Fault("json-loses-a-field", on_row(_without("trigger")), _row_of("TriggerRun"), "spec.trigger"),
    Fault(
        "json-of-an-old-spec", _replay_old_spec, in_sections("PipelineRun", "2.3"), "spec.input.kw_args.path"
    ),
    Fault("hard-coded-tier", on_column("tier", lambda _: "4"), in_sections("Project", "2.3"), "column tier"),
    Fault(
        "hard-coded-owner",
        on_column("owner", lambda _: "hkriplani"),
        in_sections("Revision", "2.3"),
        "column owner",
    ),
    Fault(
        "swapped-columns",
        on_row(_swap("base_resource_name", "base_resource_namespace")),
        _row_of("Revision"),
        "base_resource_name",
    ),
    Fault(
        "empty-string-for-null",
        on_column("revision_name", lambda _: ""),
        _row_of("PipelineRun"),
        "revision_name",
    ),
    Fault(
        "boolean-as-word",
        on_column("auto_flip", lambda obj: str(obj["spec"].get("autoFlip", False)).lower()),
        _row_of("TriggerRun"),
        "auto_flip",
    ),
    Fault(
        "enum-unset-is-null", on_column("state", lambda _: None), _row_of("InferenceServer"), "column state"
    ),
    Fault(
        "missing-label",
        on_row(lambda row, _: replace(row, labels={k: v for k, v in row.labels.items() if k != "test"})),
        _row_of("Cluster"),
        "key test",
    ),
    Fault(
        "labels-written-once",
        on_store(replace_pairs=_write_labels_once),
        in_sections("Cluster", "2.3"),
        "key updated",
    ),
    Fault(
        "labels-pile-up", on_store(replace_pairs=_keep_old_pairs), in_sections("RayCluster", "2.3"), "2 rows"
    ),
    Fault(
        "labels-of-others-wiped",
        on_store(replace_pairs=_wipe_others_labels),
        in_sections("Cluster", "2.4"),
        "cluster_labels, key test",
    ),
    Fault(
        "updated-by-name-alone",
        on_store(write_row=_update_by_name),
        in_sections("Project", "2.4"),
        "column tier",
    ),
    Fault(
        "annotations-lost",
        on_row(lambda row, _: replace(row, annotations={})),
        _row_of("SparkJob"),
        "last-applied-configuration",
    ),
    Fault(
        "duplicate-row", on_store(write_row=_add_second_row), _row_of("InferenceServer"), "inferenceserver"
    ),
    Fault(
        "update-ignored",
        on_reconciler(sync=_ignore_updates),
        in_sections("ModelFamily", "2.2", "2.3"),
        "ModelFamily",
    ),
    Fault(
        "update-logged-not-written",
        on_reconciler(sync=_log_without_writing),
        in_sections("ModelFamily", "2.3"),
        "res_version",
    ),
    Fault(
        "version-without-content",
        on_store(write_row=_update_version_only),
        in_sections("RayJob", "2.3"),
        "spec.entrypoint",
    ),
    Fault(
        "deleted-on-update",
        on_store(write_row=_delete_on_update),
        in_sections("Pipeline", "2.3"),
        "delete_time",
    ),
    Fault(
        "immutable-kind-stays",
        on_reconciler(retire=_keep_immutable),
        in_sections("Model", "2.1", "2.3"),
        "still in Kubernetes",
    ),
    Fault(
        "immutable-row-lost",
        on_reconciler(retire=_delete_immutable_row),
        in_sections("Model", "2.3", "2.4"),
        "delete_time",
        may=in_sections("Model", "1.6"),   # the row is right for a moment
    ),
    Fault(
        "known-issues-stale",
        lambda: Parts(business=_behave_like_main),
        {"3": ("sparkjob-double-panic", "triggerrun-deleted")},
        "stale",
        profile="report-2026-03",
    ),
    Fault(
        "another-panic",
        _panic_elsewhere,
        in_sections("SparkJob", "1.5", "1.6", "2.2", "2.3") | in_sections("sparkjob-double-panic", "3"),
        "SparkJob",
        profile="report-2026-03",
        kinds=("SparkJob",),
        alone=True,
    ),
    Fault(
        "deleted-again",
        _delete_every_one,
        in_sections("TriggerRun", "2.3"),
        "deleted again",
        profile="report-2026-03",
        kinds=("TriggerRun",),
        alone=True,
    ),
)
