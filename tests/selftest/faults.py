"""The catalogue of seeded faults: a part of the reference ingester that does one thing wrong, and what must show.

`fails` and `not_run` map a section of the report to the kinds whose check must end so ('' for a check that
belongs to no kind); every other check must pass, be not applicable or known. What `may` fail besides depends on
timing. `names` must stand in what the failing checks say: the column, table or line that broke. A fault is shown
by the checks of its `chapter`, a marker of `tests/acceptance`, and for the kinds of `crd` alone, if it names any.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from harness.spec.catalogue import KINDS

from harness.reference import business
from harness.reference.api import Api
from harness.reference.controller import Controller
from harness.reference.errors import Panic
from harness.reference.log import Log
from harness.reference.process import Parts
from harness.reference.profile import PROFILES, Profile
from harness.reference.reconciler import Reconciler
from harness.reference.row import Row, RowBuilder, Value
from harness.reference.store import Store
from harness.reference.workqueue import Key
from harness.spec.model import JsonObject, Kind

ALL = tuple(kind.name for kind in KINDS)
Sections = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Fault:
    """A fault and what it must turn red."""

    name: str
    parts: Callable[[], Parts]
    fails: Sections
    names: str
    not_run: Sections = field(default_factory=dict)
    profile: str = "upstream-main"
    crd: tuple[str, ...] = ()
    chapter: str = "report"
    may: Sections = field(default_factory=dict)


def on_row(*kinds: str, change: Callable[[Row, JsonObject], Row]) -> Callable[[], Parts]:
    """Return parts whose row of these kinds is changed before it is written."""

    class Rows(RowBuilder):
        def build(self, kind: Kind, obj: JsonObject) -> Row:
            row = super().build(kind, obj)
            return change(row, obj) if kind.name in kinds else row

    return lambda: Parts(rows=Rows)


def on_column(kind_name: str, column: str, value: Callable[[JsonObject], Value]) -> Callable[[], Parts]:
    """Return parts that write another value into one indexed column."""
    return on_row(kind_name, change=lambda row, obj: replace(row, columns={**row.columns, column: value(obj)}))


def on_store(**methods: Callable[..., None]) -> Callable[[], Parts]:
    """Return parts whose store has other methods."""
    return lambda: Parts(store=type("FaultyStore", (Store,), methods))


def on_reconciler(**methods: Callable[..., None]) -> Callable[[], Parts]:
    """Return parts whose reconciler has other methods."""
    return lambda: Parts(reconciler=type("FaultyReconciler", (Reconciler,), methods))


def on_business(controllers: Callable[[Profile, business.Surroundings], list[Controller]]) -> Callable[[], Parts]:
    """Return parts with other business controllers."""
    return lambda: Parts(business=controllers)


def is_update(obj: JsonObject) -> bool:
    """Whether the object's spec has changed since its creation."""
    return int(obj["metadata"].get("generation", 1)) > 1


def _write_to_other_table(self: Store, cursor: Any, kind: Kind, row: Row) -> None:
    Store.write_row(self, cursor, KINDS[8] if kind.name == "RayJob" else kind, row)


def _add_second_row(self: Store, cursor: Any, kind: Kind, row: Row) -> None:
    Store.write_row(self, cursor, kind, row)
    if kind.name == "InferenceServer":
        Store.write_row(self, cursor, kind, replace(row, uid=f"{row.uid}-2"))


def _update_version_only(self: Store, cursor: Any, kind: Kind, row: Row) -> None:
    if kind.name == "RayJob":
        cursor.execute(
            f"UPDATE `{kind.table}` SET res_version = %s, update_time = %s WHERE uid = %s",  # noqa: S608
            (row.res_version, row.update_time, row.uid),
        )
        if cursor.rowcount:
            return
    Store.write_row(self, cursor, kind, row)


def _delete_on_update(self: Store, cursor: Any, kind: Kind, row: Row) -> None:
    Store.write_row(self, cursor, kind, row)
    if kind.name == "Pipeline":
        cursor.execute(
            "UPDATE pipeline SET delete_time = update_time WHERE uid = %s AND update_time > create_time"
            " AND json LIKE '%%UPDATED%%'",
            (row.uid,),
        )


def _keep_old_pairs(self: Store, cursor: Any, table: str, uid: str, pairs: dict[str, str]) -> None:
    if table != "raycluster_labels":
        Store.replace_pairs(self, cursor, table, uid, pairs)
        return
    for key, value in pairs.items():
        cursor.execute(
            "INSERT INTO raycluster_labels (obj_uid, `key`, `value`) VALUES (%s, %s, %s)", (uid, key, value)
        )


def _wipe_others_labels(self: Store, cursor: Any, table: str, uid: str, pairs: dict[str, str]) -> None:
    if table == "cluster_labels":
        cursor.execute("DELETE FROM cluster_labels WHERE obj_uid <> %s", (uid,))
    Store.replace_pairs(self, cursor, table, uid, pairs)


def _update_by_name(self: Store, cursor: Any, kind: Kind, row: Row) -> None:
    Store.write_row(self, cursor, kind, row)
    if kind.name == "Project":
        cursor.execute(
            "UPDATE project SET json = %s, tier = %s WHERE name = %s",
            (row.json, row.columns["tier"], row.name),
        )


def _write_pairs_once(self: Store, cursor: Any, table: str, uid: str, pairs: dict[str, str]) -> None:
    if table == "cluster_labels":
        cursor.execute("SELECT COUNT(*) FROM cluster_labels WHERE obj_uid = %s", (uid,))
        if cursor.fetchone()[0]:
            return
    Store.replace_pairs(self, cursor, table, uid, pairs)


def _ignore_kind(self: Reconciler, key: Key) -> None:
    if self.kind.name != "InferenceServer":
        Reconciler.reconcile(self, key)


def _ignore_updates(self: Reconciler, obj: JsonObject, log: Log) -> None:
    if not (self.kind.name == "ModelFamily" and is_update(obj)):
        Reconciler.sync(self, obj, log)


def _log_without_writing(self: Reconciler, obj: JsonObject, log: Log) -> None:
    if self.kind.name == "ModelFamily" and is_update(obj):
        log.info("Syncing object to metadata storage")
        log.info("Successfully synced object to metadata storage")
    else:
        Reconciler.sync(self, obj, log)


def _write_without_logging(self: Reconciler, obj: JsonObject, log: Log) -> None:
    if self.kind.name == "Project":
        self._upsert(obj)
    else:
        Reconciler.sync(self, obj, log)


def _update_without_logging(self: Reconciler, obj: JsonObject, log: Log) -> None:
    if self.kind.name == "Project" and is_update(obj):
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
            if kind.name == "PipelineRun":
                spec = first.setdefault(obj["metadata"]["uid"], obj["spec"])
                obj = {**obj, "spec": spec}
            return super().build(kind, obj)

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
    """Take the process down for a SparkJob as the known issue does, from another line."""

    class Elsewhere(Reconciler):
        def reconcile(self, key: Key) -> None:
            if self.kind.name == "SparkJob" and self.objects.get(key) is not None:
                raise Panic("panic: runtime error: index out of range [3]\n\ngoroutine 1 [running]:\nother.go:7\n")
            super().reconcile(key)

    return Parts(reconciler=Elsewhere, business=_behave_like_main)


def _behave_like_main(_profile: Profile, around: business.Surroundings) -> list[Controller]:
    return business.make_controllers(PROFILES["upstream-main"], around)


def _delete_every_trigger_run() -> Parts:
    """Delete each TriggerRun, the re-created one as well."""

    class Deleting(Reconciler):
        def sync(self, obj: JsonObject, log: Log) -> None:
            super().sync(obj, log)
            if self.kind.name == "TriggerRun" and isinstance(self.api, Api):
                metadata = obj["metadata"]
                key = Key(metadata["namespace"], metadata["name"])
                status = {"status": {"state": "TRIGGER_RUN_STATE_INVALID"}}
                if "status" not in obj:
                    self.api.patch(self.kind, key, status, "status")
                else:
                    self.api.delete(self.kind, key, metadata["uid"])

    return Parts(reconciler=Deleting, business=lambda _profile, _around: [])


def _without(text: str) -> Callable[[Row, JsonObject], Row]:
    """Return a change that drops a field of the spec from the json column."""

    def change(row: Row, obj: JsonObject) -> Row:
        spec = {key: value for key, value in obj["spec"].items() if key != text}
        return replace(row, json=json.dumps({**obj, "spec": spec}))

    return change


def _shift(moment: datetime) -> datetime:
    return moment + timedelta(hours=2)


def _both(kind: str) -> Sections:
    """Return the sections in which a row is compared: after the creation, after the update, and beside it."""
    return {"1.6": (kind,), "2.3": (kind,), "2.4": (kind,)}


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
        lambda: Parts(kinds=tuple(kind for kind in KINDS if kind.name != "Revision")),
        {"1.3": ("",)},
        "Revision",
        not_run=dict.fromkeys(_SYNC_SECTIONS, ("Revision",)),
    ),
    Fault(
        "kind-never-synced",
        on_reconciler(reconcile=_ignore_kind),
        dict.fromkeys(("1.5", "1.6", "2.2", "2.3", "2.4"), ("InferenceServer",)),
        "InferenceServer",
    ),
    Fault(
        "creation-not-logged",
        on_reconciler(sync=_write_without_logging),
        {"1.5": ("Project",), "2.2": ("Project",)},
        "Syncing object",
    ),
    Fault(
        "update-not-logged", on_reconciler(sync=_update_without_logging), {"2.2": ("Project",)}, "Syncing object"
    ),
    Fault("wrong-table", on_store(write_row=_write_to_other_table), _both("RayJob"), "raycluster"),
    Fault(
        "stale-res-version",
        on_row("Pipeline", change=lambda r, _: replace(r, res_version=r.res_version - 1)),
        _both("Pipeline"),
        "res_version",
    ),
    Fault(
        "invented-res-version",
        on_row("Pipeline", change=lambda r, _: replace(r, res_version=r.res_version + 1)),
        _both("Pipeline"),
        "res_version",
    ),
    Fault(
        "wrong-group-version",
        on_row("RayCluster", change=lambda r, _: replace(r, group_ver="michelangelo.api/v1")),
        _both("RayCluster"),
        "group_ver",
    ),
    Fault(
        "create-time-in-another-zone",
        on_row("RayCluster", change=lambda r, _: replace(r, create_time=_shift(r.create_time))),
        _both("RayCluster"),
        "create_time",
    ),
    Fault(
        "update-time-in-another-zone",
        on_row("RayCluster", change=lambda r, _: replace(r, update_time=_shift(r.update_time))),
        _both("RayCluster"),
        "update_time",
    ),
    Fault(
        "update-time-stands-still",
        on_row("RayJob", change=lambda r, _: replace(r, update_time=r.create_time)),
        {"2.3": ("RayJob",)},
        "update_time",
    ),
    Fault(
        "empty-proto", on_row("SparkJob", change=lambda r, _: replace(r, proto=b"")), _both("SparkJob"), "proto"
    ),
    Fault(
        "json-loses-a-field", on_row("TriggerRun", change=_without("trigger")), _both("TriggerRun"), "spec.trigger"
    ),
    Fault("json-of-an-old-spec", _replay_old_spec, {"2.3": ("PipelineRun",)}, "spec.input.kw_args.path"),
    Fault("hard-coded-tier", on_column("Project", "tier", lambda _: "4"), {"2.3": ("Project",)}, "column tier"),
    Fault(
        "hard-coded-owner",
        on_column("Revision", "owner", lambda _: "hkriplani"),
        {"2.3": ("Revision",)},
        "column owner",
    ),
    Fault(
        "swapped-columns",
        on_row(
            "Revision",
            change=lambda r, _: replace(
                r,
                columns={
                    **r.columns,
                    "base_resource_name": r.columns["base_resource_namespace"],
                    "base_resource_namespace": r.columns["base_resource_name"],
                },
            ),
        ),
        _both("Revision"),
        "base_resource_name",
    ),
    Fault(
        "empty-string-for-null",
        on_column("PipelineRun", "revision_name", lambda _: ""),
        _both("PipelineRun"),
        "revision_name",
    ),
    Fault(
        "boolean-as-word",
        on_column("TriggerRun", "auto_flip", lambda o: str(o["spec"].get("autoFlip", False)).lower()),
        _both("TriggerRun"),
        "auto_flip",
    ),
    Fault(
        "enum-unset-is-null",
        on_column("InferenceServer", "state", lambda _: None),
        _both("InferenceServer"),
        "column state",
    ),
    Fault(
        "missing-label",
        on_row(
            "Cluster", change=lambda r, _: replace(r, labels={k: v for k, v in r.labels.items() if k != "test"})
        ),
        _both("Cluster"),
        "key test",
    ),
    Fault("labels-written-once", on_store(replace_pairs=_write_pairs_once), {"2.3": ("Cluster",)}, "key updated"),
    Fault("labels-pile-up", on_store(replace_pairs=_keep_old_pairs), {"2.3": ("RayCluster",)}, "2 rows"),
    Fault(
        "labels-of-others-wiped",
        on_store(replace_pairs=_wipe_others_labels),
        {"2.4": ("Cluster",)},
        "cluster_labels, key test",
    ),
    Fault("updated-by-name-alone", on_store(write_row=_update_by_name), {"2.4": ("Project",)}, "column tier"),
    Fault(
        "annotations-lost",
        on_row("Project", change=lambda r, _: replace(r, annotations={})),
        _both("Project"),
        "last-applied-configuration",
    ),
    Fault("duplicate-row", on_store(write_row=_add_second_row), _both("InferenceServer"), "inferenceserver"),
    Fault(
        "update-ignored",
        on_reconciler(sync=_ignore_updates),
        {"2.2": ("ModelFamily",), "2.3": ("ModelFamily",)},
        "ModelFamily",
    ),
    Fault(
        "update-logged-not-written",
        on_reconciler(sync=_log_without_writing),
        {"2.3": ("ModelFamily",)},
        "res_version",
    ),
    Fault(
        "version-without-content",
        on_store(write_row=_update_version_only),
        {"2.3": ("RayJob",)},
        "spec.entrypoint",
    ),
    Fault("deleted-on-update", on_store(write_row=_delete_on_update), {"2.3": ("Pipeline",)}, "delete_time"),
    Fault(
        "immutable-kind-stays",
        on_reconciler(retire=_keep_immutable),
        {"2.1": ("Model",), "2.3": ("Model",)},
        "still in Kubernetes",
    ),
    Fault(
        "immutable-row-lost",
        on_reconciler(retire=_delete_immutable_row),
        {"2.3": ("Model",), "2.4": ("Model",)},
        "delete_time",
        may={"1.6": ("Model",)},   # the row is right for a moment
    ),
    Fault(
        "known-issues-stale",
        on_business(_behave_like_main),
        {"3": ("sparkjob-double-panic", "triggerrun-deleted")},
        "stale",
        profile="report-2026-03",
    ),
    Fault(
        "another-panic",
        _panic_elsewhere,
        dict.fromkeys(("1.5", "1.6", "2.2", "2.3"), ("SparkJob",)) | {"3": ("sparkjob-double-panic",)},
        "SparkJob",
        profile="report-2026-03",
        crd=("sparkjob",),
    ),
    Fault(
        "deleted-again",
        _delete_every_trigger_run,
        {"2.3": ("TriggerRun",)},
        "deleted again",
        profile="report-2026-03",
        crd=("triggerrun",),
    ),
)
