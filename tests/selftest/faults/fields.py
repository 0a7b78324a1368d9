"""Seeded faults of the chapter on fields; see `fault` for what one is."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from harness.reference.errors import StoreError
from harness.reference.log import Log
from harness.reference.process import Parts
from harness.reference.reconciler import Reconciler
from harness.reference.row import Row
from harness.reference.store import Store
from harness.spec.model import JsonObject, Kind
from tests.selftest.faults.fault import (
    PROFILE,
    Fault,
    Sections,
    in_sections,
    on_column,
    on_reconciler,
    on_row,
    on_store,
)

Change = Callable[[JsonObject], None]
DRAWN = "9.8"


def _fault(
    name: str,
    parts: Callable[[], Parts],
    fails: Sections,
    names: str,
    may: Sections | None = None,
    profile: str = PROFILE,
) -> Fault:
    """Return the fault; what random objects show of it, if anything, depends on what is drawn."""
    drawn = {} if DRAWN in fails else {DRAWN: tuple(sorted({kind for kinds in fails.values() for kind in kinds}))}
    return Fault(name, parts, fails, names, chapter="fields", may={**(may or {}), **drawn}, profile=profile)


def _on_json(change: Change) -> Callable[[], Parts]:
    """Return parts whose json column has something else; `proto` stays whole."""

    def build(row: Row, _: JsonObject) -> Row:
        obj = json.loads(row.json)
        change(obj)
        return replace(row, json=json.dumps(obj))

    return on_row(build)


def _repeated_items_lost(obj: Any) -> None:
    """Leave each item of a list in it once, in the whole object."""
    for name, value in obj.items() if isinstance(obj, dict) else enumerate(obj) if isinstance(obj, list) else ():
        if isinstance(value, list):
            obj[name] = [item for i, item in enumerate(value) if item not in value[:i]]
        _repeated_items_lost(obj[name])


def _each(obj: Any, name: str) -> list[Any]:
    """Return every message that has a field of that name."""
    inner = obj.values() if isinstance(obj, dict) else obj if isinstance(obj, list) else []
    own = [obj] if isinstance(obj, dict) and name in obj else []
    return own + [found for each in inner for found in _each(each, name)]


def _drop_observed_generation(obj: JsonObject) -> None:
    for message in _each(obj.get("status"), "observedGeneration"):
        del message["observedGeneration"]


def _swap_reason_and_message(obj: JsonObject) -> None:
    for message in _each(obj.get("status"), "reason"):
        message["reason"], message["message"] = message.get("message", ""), message["reason"]


def _second_item_lost(obj: JsonObject) -> None:
    for message in _each(obj.get("status"), "conditions"):
        message["conditions"] = message["conditions"][:1]


_SEEN: dict[str, Any] = {}


def _keep_removed(obj: JsonObject) -> None:
    """Write a spec as it was before, where there is none any more."""
    uid = obj["metadata"]["uid"]
    if obj.get("spec"):
        _SEEN[uid] = obj["spec"]
    elif uid in _SEEN:
        obj["spec"] = _SEEN[uid]


def _enum_as_number(obj: JsonObject) -> str:
    state = (obj.get("status") or {}).get("state")
    return "3" if state else "INFERENCE_SERVER_STATE_INVALID"


def _refuse_end_time(store: Store, kind: Kind, row: Row) -> None:
    """Fail as upstream's store does, whose driver knows no protobuf message."""
    if row.columns.get("end_time") is not None:
        raise StoreError("sql: converting argument $18 type: unsupported type types.Timestamp, a struct")
    Store.upsert(store, kind, row)


def _drop_update_time(obj: JsonObject) -> None:
    (obj.get("status") or {}).pop("lastUpdateTime", None)


def _stop_at_zero(obj: JsonObject) -> None:
    """Take a field that is empty or zero for the end of the spec."""
    spec = obj.get("spec") or {}
    if any(value in ("", 0) for value in spec.values()):
        obj["spec"] = {}


def _stop_at_third_state() -> Parts:
    """Take an object that has been in two states for one that has ended."""
    states: dict[str, set[str]] = {}

    def sync(self: Reconciler, obj: JsonObject, log: Log) -> None:
        seen = states.setdefault(obj["metadata"]["uid"], set())
        seen.add(str((obj.get("status") or {}).get("state", "")))
        if len(seen - {""}) < 3:
            Reconciler.sync(self, obj, log)

    return on_reconciler(sync=sync)()


FAULTS = (
    _fault(
        "ended-run-never-synced",
        on_store(upsert=_refuse_end_time),
        in_sections("PipelineRun", "9.2", "9.5"),
        "status.endTime",
        profile="report-2026-03",   # where that is no known issue
    ),
    _fault(
        "time-of-two-fields-lost",
        _on_json(_drop_update_time),
        in_sections("RayCluster", "9.6"),
        "lastUpdateTime",
    ),
    _fault(
        "time-column-never-written",
        on_column("end_time", lambda _: None),
        in_sections("PipelineRun", "9.2", "9.3", "9.4", "9.5", "9.9"),
        "end_time",
    ),
    _fault(
        "field-of-a-condition-lost",
        _on_json(_drop_observed_generation),
        {"9.2": ("Cluster",), "9.3": ("Cluster",), "9.4": ("Cluster",)},
        "observedGeneration",
    ),
    _fault(
        "fields-beside-a-zero-lost",
        _on_json(_stop_at_zero),
        in_sections("Project", DRAWN),
        "column json",
    ),
    _fault(
        "third-state-never-synced",
        _stop_at_third_state,
        in_sections("RayJob", "9.9"),
        "status.state",
    ),
    _fault(
        "two-fields-swapped",
        _on_json(_swap_reason_and_message),
        {"9.2": ("RayCluster",), "9.3": ("RayCluster",), "9.4": ("RayCluster",)},
        "reason",
    ),
    _fault(
        "second-item-lost",
        _on_json(_second_item_lost),
        {"9.2": ("Deployment",), "9.3": ("Deployment",), "9.4": ("Deployment",)},
        "status.conditions",
    ),
    _fault(
        "repeated-items-lost",
        _on_json(_repeated_items_lost),
        in_sections("SparkJob", "9.3", "9.4"),
        "mainArgs",
    ),
    _fault(
        "enum-as-a-number",
        on_column("state", _enum_as_number),
        in_sections("InferenceServer", "9.2", "9.3", "9.4", "9.5", "9.9"),
        "column state",
    ),
    _fault("removed-fields-stay", _on_json(_keep_removed), {"9.4": ("ModelFamily",)}, "column json"),
    _fault(
        "flag-column-always-false",
        on_column("auto_flip", lambda _: "0"),
        {"9.1": ("TriggerRun",), "9.2": ("TriggerRun",), "9.5": ("TriggerRun",)},
        "auto_flip",
        in_sections("TriggerRun", "9.3", "9.4"),
    ),
)
