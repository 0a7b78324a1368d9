"""Seeded faults in what versions do differently: finalizer, delays, keys, retained kinds, delete-first.

Each is an ingester of a version whose profile (`tests/selftest/profiles`) switches the feature on; see `fault`.
"""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.chapters.contract.chapter import CHAPTER
from harness.reference.config import Config, read_config
from harness.reference.log import Log
from harness.reference.process import Parts
from harness.reference.reconciler import DELETING, FINALIZER, PROPAGATION, Reconciler
from harness.reference.row import Row, RowBuilder
from harness.reference.store import Store
from harness.reference.workqueue import Key
from harness.spec.model import JsonObject, Kind
from tests.selftest.faults.fault import Fault, Sections, in_sections, on_reconciler, on_store

_PROFILES = Path(__file__).resolve().parents[1] / "profiles"
CLAIMING = str(_PROFILES / "claiming.toml")
RETAINING = str(_PROFILES / "retaining.toml")


def _fault(
    name: str,
    parts: Callable[[], Parts],
    fails: Sections,
    names: str,
    *,
    profile: str = CLAIMING,
    chapter: str = "contract",
    **options: Any,
) -> Fault:
    return Fault(name, parts, fails, names, profile=profile, chapter=chapter, **options)


def _finalizers(obj: JsonObject) -> list[str]:
    return list(obj["metadata"].get("finalizers") or [])


def _never_sync_what_was_claimed() -> Parts:
    """Take an object for done once the finalizer is on."""
    claimed: set[str] = set()

    def claim(self: Reconciler, obj: JsonObject, log: Log) -> bool:
        uid = obj["metadata"]["uid"]
        if FINALIZER not in _finalizers(obj):
            claimed.add(uid)
        return Reconciler.claim(self, obj, log) or uid in claimed

    return on_reconciler(claim=claim)()


def _claim_again(self: Reconciler, obj: JsonObject, log: Log) -> None:
    Reconciler.sync(self, obj, log)
    changed = copy.deepcopy(obj)
    changed["metadata"]["finalizers"] = [*_finalizers(obj), FINALIZER]
    if len(changed["metadata"]["finalizers"]) < 10:   # a machine has other things to do as well
        self.api.replace(self.kind, changed)


def _claim_with_more(self: Reconciler, obj: JsonObject, log: Log) -> bool:
    if FINALIZER in _finalizers(obj):
        return False
    labels = {**(obj["metadata"].get("labels") or {}), "michelangelo/claimed": "yes"}
    return Reconciler.claim(self, {**obj, "metadata": {**obj["metadata"], "labels": labels}}, log)


def _never_claim(self: Reconciler, obj: JsonObject, log: Log) -> bool:
    return False


def _claim_afterwards(self: Reconciler, obj: JsonObject, log: Log) -> bool:
    if FINALIZER not in _finalizers(obj):
        self.sync(obj, log)
        time.sleep(_SEEN_S)
    return Reconciler.claim(self, obj, log)


def _ignore_delay(self: Reconciler, obj: JsonObject) -> float:
    return 0.0


def _delay_for_ever(self: Reconciler, obj: JsonObject) -> float:
    return 1.0 if self.behaviour.deletion_delay_s else 0.0


def _delay_all_kinds() -> Parts:
    def read(folder: Path) -> Config:
        config = read_config(folder)
        return replace(config, deletion_delay_s=max(config.deletion_delay_s_by_kind.values(), default=0.0))

    return Parts(config=read)


def _delay_what_is_marked(self: Reconciler, key: Key, obj: JsonObject, log: Log) -> float | None:
    left_s = self.get_delay_s(obj)
    if left_s > 0 and FINALIZER in _finalizers(obj):
        return left_s
    return Reconciler.finish_deletion(self, key, obj, log)


def _fail_without_row(self: Reconciler, key: Key, log: Log) -> None:
    self._try(
        log,
        "Failed to delete from metadata storage",
        lambda: self.store.soft_delete(self.kind, key.namespace, key.name),
    )


def _pin_again(self: Reconciler, obj: JsonObject, log: Log) -> bool:
    """Pin the key of each object to its uid, whatever it was pinned to."""
    annotations = obj["metadata"].get("annotations") or {}
    if annotations.get(self.kind.key_annotation) == obj["metadata"]["uid"]:
        return False
    rest = {key: value for key, value in annotations.items() if key != self.kind.key_annotation}
    return Reconciler.claim(self, {**obj, "metadata": {**obj["metadata"], "annotations": rest}}, log)


def _key_children_by_uid(self: Store, kind: Kind, row: Row) -> None:
    uid = json.loads(row.proto)["metadata"]["uid"]
    with self.transaction() as cursor:
        self.write_row(cursor, kind, row)
        self.replace_pairs(cursor, kind.labels_table, uid, dict(row.labels))
        self.replace_pairs(cursor, kind.annotations_table, uid, dict(row.annotations))


class _ByUid(RowBuilder):
    """Finds rows by uid, whatever the object's key is."""

    def get_uid(self, kind: Kind, obj: JsonObject) -> str:  # noqa: ARG002  it has none but this
        return str(obj["metadata"]["uid"])


def _soft_delete_retained(self: Reconciler, obj: JsonObject, log: Log) -> None:
    Reconciler._upsert(self, obj)
    if _finalizers(obj) == [FINALIZER]:
        self._soft_delete(Key(obj["metadata"]["namespace"], obj["metadata"]["name"]), log)
        self._remove_finalizer(obj, log)


def _retain_as_it_was(self: Reconciler, obj: JsonObject, log: Log) -> None:
    if _finalizers(obj) == [FINALIZER]:
        self._remove_finalizer(obj, log)


def _let_go_early(self: Reconciler, obj: JsonObject, log: Log) -> None:
    self._upsert(obj)
    self._remove_finalizer(obj, log)


def _let_go_first(self: Reconciler, obj: JsonObject, log: Log) -> None:
    if _finalizers(obj) == [FINALIZER]:
        self._remove_finalizer(obj, log)
    Reconciler._upsert(self, obj)


def _hold_what_is_marked(self: Reconciler, key: Key, obj: JsonObject, log: Log) -> float | None:
    if (obj["metadata"].get("annotations") or {}).get(DELETING) == "true":
        return None
    return Reconciler.finish_deletion(self, key, obj, log)


def _release_first(self: Reconciler, key: Key, obj: JsonObject, log: Log) -> None:
    self._soft_delete(key, log)
    self._remove_finalizer(obj, log)
    self._delete_from_kubernetes(key, obj, log)


def _ignore_policy(self: Reconciler, key: Key, obj: JsonObject, log: Log) -> None:
    self._soft_delete(key, log)
    self._delete_from_kubernetes(key, obj, log)


def _delete_before_the_row(self: Reconciler, key: Key, obj: JsonObject, log: Log) -> None:
    self._delete_from_kubernetes(key, obj, log, obj["metadata"]["annotations"].get(PROPAGATION, ""))
    self._soft_delete(key, log)


def _write_any_version(self: Store, cursor: Any, kind: Kind, row: Row) -> None:
    """Write as where a key is pinned, whose versions say nothing."""
    Store.write_row(self, cursor, replace(kind, key_annotation="any"), row)


def _write_what_is_more_as_a_text(self: Store, cursor: Any, kind: Kind, row: Row) -> None:
    if not _is_more_as_a_text(self, cursor, kind, row):
        _write_any_version(self, cursor, kind, row)


def _is_more_as_a_text(self: Store, cursor: Any, kind: Kind, row: Row) -> bool:
    """Whether the row has a version that stands after the other one in a dictionary."""
    cursor.execute(f"SELECT `res_version` FROM `{kind.table}` WHERE `uid` = %s FOR UPDATE", (row.uid,))  # noqa: S608
    return any(str(version) > str(row.res_version) for (version,) in cursor.fetchall())


_SEEN_S = 0.5   # for the row without the finalizer to be seen, on a busy machine too
_AFTER_THE_FIRST = [section.number for section in CHAPTER.sections if section.number != "5.1"]


FAULTS: tuple[Fault, ...] = (
    _fault(
        "older-version-written",
        on_store(write_row=_write_any_version, was_overtaken=lambda *_: False),
        in_sections("Cluster", "5.20"),
        "written a newer version",
    ),
    _fault(
        "versions-compared-as-texts",
        on_store(write_row=_write_what_is_more_as_a_text, was_overtaken=_is_more_as_a_text),
        in_sections("Revision", "5.20"),
        "more as a text",
    ),
    _fault(
        "claimed-and-never-synced",
        _never_sync_what_was_claimed,
        in_sections("Project", "5.1"),
        "no row with uid",
        not_run=in_sections("Project", *_AFTER_THE_FIRST),   # two rows are awaited in vain, and no more
    ),
    _fault(
        "claimed-again-and-again",
        on_reconciler(sync=_claim_again),
        in_sections("ModelFamily", "5.13"),
        "once, and for good",
    ),
    _fault(
        "claim-writes-more",
        on_reconciler(claim=_claim_with_more),
        in_sections("Pipeline", "5.13"),
        "when the finalizer was added",
    ),
    _fault(
        "never-claimed",
        on_reconciler(claim=_never_claim),
        in_sections("RayCluster", "5.7", "5.11", "5.13"),
        "column delete_time",
    ),
    _fault(
        "claimed-after-its-row",
        on_reconciler(claim=_claim_afterwards),
        in_sections("RayJob", "5.13"),
        "is there before the row",
        may=in_sections("RayJob", "5.7", "5.11"),
    ),
    _fault(
        "delay-ignored",
        on_reconciler(get_delay_s=_ignore_delay),
        in_sections("", "6.9"),
        "live, and with its finalizer, until then",
        kinds=("Project", "ModelFamily"),
        chapter="restarts",
    ),
    _fault(
        "delay-never-ends",
        on_reconciler(get_delay_s=_delay_for_ever),
        in_sections("Project", "6.6", "6.7") | in_sections("", "6.9"),
        "delayed in Kubernetes",
        kinds=("Project", "ModelFamily"),
        chapter="restarts",
    ),
    _fault(
        "delay-of-all-kinds",
        _delay_all_kinds,
        in_sections("", "6.3", "6.9"),
        "it is not delayed",
        kinds=("Project", "ModelFamily"),
        chapter="restarts",
    ),
    _fault(
        "delay-of-what-is-marked",
        on_reconciler(finish_deletion=_delay_what_is_marked),
        in_sections("", "6.9"),
        "marked",
        kinds=("Project", "ModelFamily"),
        chapter="restarts",
    ),
    _fault(
        "missing-row-still-fails",
        on_reconciler(_soft_delete=_fail_without_row),
        in_sections("Project", "6.6", "6.7", "6.10"),
        "object not found or already deleted",
        profile=RETAINING,
        chapter="restarts",
    ),
    _fault(
        "key-overwritten",
        on_reconciler(claim=_pin_again),
        in_sections("RayJob", "5.15"),
        "as it was created",
        profile=RETAINING,
    ),
    _fault(
        "children-by-uid",
        on_store(upsert=_key_children_by_uid),
        in_sections("RayCluster", "5.15"),
        "raycluster_labels",
        profile=RETAINING,
    ),
    _fault(
        "second-row-of-a-key",
        lambda: Parts(rows=_ByUid),
        in_sections("Cluster", "5.15"),
        "rows of the restored object",
        profile=RETAINING,
    ),
    _fault(
        "key-never-pinned",
        on_reconciler(claim=_never_claim),
        in_sections("Pipeline", "5.15"),
        "annotation michelangelo/MetadataStoragePrimaryKey",
        profile=RETAINING,
    ),
    _fault(
        "retained-is-deleted",
        on_reconciler(retain=_soft_delete_retained),
        in_sections("PipelineRun", "5.10", "5.14", "5.18", "5.19"),
        "column delete_time",
        profile=RETAINING,
    ),
    _fault(
        "retained-without-final-state",
        on_reconciler(retain=_retain_as_it_was),
        in_sections("TriggerRun", "5.14", "5.18", "5.19"),
        "its final state",
        profile=RETAINING,
    ),
    _fault(
        "retained-and-let-go-early",
        on_reconciler(retain=_let_go_early),
        in_sections("PipelineRun", "5.14"),
        "while another one is on",
        profile=RETAINING,
    ),
    _fault(
        "retained-and-let-go-first",
        on_reconciler(retain=_let_go_first),
        in_sections("TriggerRun", "5.14"),
        "goes after the final state is written",
        profile=RETAINING,
    ),
    _fault(
        "delete-first-holds",
        on_reconciler(finish_deletion=_hold_what_is_marked),
        in_sections("Deployment", "5.8", "5.16", "5.21"),
        "released",
        profile=RETAINING,
    ),
    _fault(
        "delete-first-releases-first",
        on_reconciler(delete=_release_first),
        in_sections("Revision", "5.8"),
        "the order",
        profile=RETAINING,
    ),
    _fault(
        "delete-first-without-policy",
        on_reconciler(delete=_ignore_policy),
        in_sections("Project", "5.8"),
        "a delete by the policy Foreground",
        profile=RETAINING,
    ),
    _fault(
        "delete-first-before-the-row",
        on_reconciler(delete=_delete_before_the_row),
        in_sections("ModelFamily", "5.8"),
        "after delete_time is set",
        profile=RETAINING,
    ),
)
