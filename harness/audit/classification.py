"""Judges an object and its row, as they were read: pure functions, which read and wait for nothing.

A judgement that time may change is `open`: the Ingester may be on its way, or the two were read at different
moments. It becomes a finding only where it stays for as long as the grace.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass

from harness.audit.classes import AuditClass
from harness.clients.kube import get_version
from harness.core import codes
from harness.core.record import Finding
from harness.spec.annotations import (
    DELETING_ANNOTATION,
    IMMUTABLE_ANNOTATION,
    INGESTER_FINALIZER,
    get_finalizers,
    is_released,
)
from harness.spec.contract import Contract
from harness.spec.equality import compare_row, parse_time, show
from harness.spec.features import KUBERNETES_DELETE, RELEASE, Life
from harness.spec.model import JsonObject, Kind
from harness.spec.row import Row

Compare = Callable[[Kind, JsonObject, Row], list[Finding]]


@dataclass(frozen=True)
class Policy:
    """What is right of a kind's objects and rows. `leaves_rows`: no delete in Kubernetes ends a row.

    An object that should have left Kubernetes may take `stuck_after_s`. `compare` finds differences of content;
    None: nobody looks at it.
    """

    kind: Kind
    life: Life
    leaves_rows: bool = False
    stuck_after_s: float = 300.0
    compare: Compare | None = compare_row

    @classmethod
    def of(cls, contract: Contract, kind: Kind, stuck_after_s: float, compare: Compare | None) -> Policy:
        """Return the kind's policy by the contract of the version."""
        leaves_rows = contract.get_feature(KUBERNETES_DELETE) == RELEASE
        return cls(kind, contract.get_life(kind.name), leaves_rows, stuck_after_s, compare)


@dataclass(frozen=True)
class Judgement:
    """What an object and its row are to each other.

    `findings` say where they differ; `since` is when the last write was that says so (UTC, without zone), None
    where nothing tells. Of an `open` one time will tell.
    """

    audit_class: AuditClass
    findings: tuple[Finding, ...] = ()
    since: dt.datetime | None = None
    open: bool = False


EQUAL = Judgement(AuditClass.EQUAL)
ALONE = Judgement(AuditClass.ALONE)


def judge_object(policy: Policy, obj: JsonObject, row: Row | None, now: dt.datetime) -> Judgement:
    """Return what an object of Kubernetes and the row of its key are to each other; `now` in UTC, without zone."""
    metadata = obj["metadata"]
    going = metadata.get("deletionTimestamp")
    is_held = bool(set(get_finalizers(obj)) - {INGESTER_FINALIZER})
    if going and is_released(obj):
        return _judge_released(policy, row, parse_time(going))
    if going and not (policy.life is Life.RETAINED and is_held):
        since = parse_time(going)
        if (now - since).total_seconds() > policy.stuck_after_s:
            return Judgement(AuditClass.STUCK, (_describe_stuck(obj),), since)
        return Judgement(AuditClass.LATE, since=since, open=True)
    if _is_marked(metadata.get("annotations"), DELETING_ANNOTATION) and not going:
        return Judgement(AuditClass.STUCK, (_describe_stuck(obj),), open=True)
    judged = _judge_live(policy, obj, row)
    if judged == EQUAL and not going and _leaves(policy, metadata.get("annotations")):
        written = row.update_time if row is not None else None
        return Judgement(AuditClass.STUCK, (_describe_stuck(obj),), written, open=True)
    return judged


def judge_row(policy: Policy, row: Row, namesakes: Collection[str]) -> Judgement:
    """Return what a row whose object is not in Kubernetes is. `namesakes` are the keys of its name's live rows."""
    if not row.live or policy.life is Life.RETAINED:
        return ALONE
    where = f"table {policy.kind.table}"
    others = sorted(key for key in namesakes if key != row.uid)
    if others:
        seen = f"also {', '.join(others)}"
        found = Finding(codes.ROW_DUPLICATE, f"live rows of one name in {where}", "one", seen)
        return Judgement(AuditClass.GHOST, (found,), row.update_time, open=True)
    stored = _read_metadata(row)
    if policy.life is Life.IMMUTABLE or policy.leaves_rows:
        return ALONE
    if _is_marked(dict(row.annotations), IMMUTABLE_ANNOTATION):
        return ALONE
    found = Finding(codes.ROW_LIVE, f"{where}, column delete_time", "set, since there is no object", "NULL")
    if stored.get("deletionTimestamp") or _is_marked(dict(row.annotations), DELETING_ANNOTATION):
        return Judgement(AuditClass.ALIVE, (found,), row.update_time, open=True)
    return Judgement(AuditClass.ORPHAN, (found,), row.update_time, open=True)


def judge_content(policy: Policy, obj: JsonObject, row: Row) -> Judgement:
    """Return whether a row holds the object at its own version. What differs then is no matter of time."""
    if policy.compare is None:
        return EQUAL
    findings = policy.compare(policy.kind, obj, row)
    if not findings:
        return EQUAL
    twice = _find_twice(policy.kind, row)
    if twice and all(each.where in twice for each in findings):
        return Judgement(AuditClass.CHILDREN, tuple(findings), row.update_time)
    return Judgement(AuditClass.DIFFERS, tuple(findings), row.update_time)


def describe_unknown(row: Row, obj: JsonObject | None) -> Finding:
    """Return that the object was at another version, or not there, when the row's was the newest of all."""
    known = "no object of that key" if obj is None else str(get_version(obj))
    expected = f"a version of the object, such as {known}"
    return Finding(codes.ROW_VERSION, "column res_version", expected, str(row.res_version))


def _judge_live(policy: Policy, obj: JsonObject, row: Row | None) -> Judgement:
    metadata, version = obj["metadata"], get_version(obj)
    if row is None:
        found = Finding(codes.ROW_MISSING, f"table {policy.kind.table}", "a row", "no row")
        return Judgement(AuditClass.MISSING, (found,), parse_time(metadata["creationTimestamp"]), open=True)
    if not row.live:
        deleted_at = row.columns["delete_time"]
        found = Finding(codes.ROW_DELETED, "column delete_time", "NULL", show(deleted_at))
        moment = deleted_at if isinstance(deleted_at, dt.datetime) else None
        return Judgement(AuditClass.DELETED, (found,), moment, open=True)
    if row.res_version < version:
        found = Finding(codes.ROW_BEHIND, "column res_version", str(version), str(row.res_version))
        return Judgement(AuditClass.BEHIND, (found,), row.update_time, open=True)
    if row.res_version > version:
        found = Finding(codes.ROW_VERSION, "column res_version", f"{version} at most", str(row.res_version))
        return Judgement(AuditClass.AHEAD, (found,), row.update_time, open=True)
    return judge_content(policy, obj, row)


def _judge_released(policy: Policy, row: Row | None, since: dt.datetime) -> Judgement:
    """Judge the row of an object that is being deleted, and held by others alone."""
    stays = policy.life in (Life.RETAINED, Life.IMMUTABLE) or policy.leaves_rows
    if row is None or not row.live or stays or _is_marked(dict(row.annotations), IMMUTABLE_ANNOTATION):
        return EQUAL
    found = Finding(codes.ROW_LIVE, "column delete_time", "set: the object is being deleted", "NULL")
    return Judgement(AuditClass.ALIVE, (found,), since, open=True)


def _describe_stuck(obj: JsonObject) -> Finding:
    metadata = obj["metadata"]
    if going := metadata.get("deletionTimestamp"):
        expected = f"without {INGESTER_FINALIZER}: it is being deleted since {going}"
        return Finding(codes.FINALIZER_KEPT, "metadata.finalizers", expected, show(get_finalizers(obj)))
    return Finding(codes.OBJECT_KEPT, "the object", "gone from Kubernetes", "there, and not being deleted")


def _leaves(policy: Policy, annotations: object) -> bool:
    return policy.life is Life.IMMUTABLE or _is_marked(annotations, IMMUTABLE_ANNOTATION)


def _is_marked(annotations: object, name: str) -> bool:
    return isinstance(annotations, dict) and annotations.get(name) == "true"


def _find_twice(kind: Kind, row: Row) -> set[str]:
    """Return where `compare_row` says that a label or an annotation is there twice."""
    return {
        f"table {table}, key {key}"
        for table, pairs in ((kind.labels_table, row.labels), (kind.annotations_table, row.annotations))
        for key, count in Counter(key for key, _ in pairs).items()
        if count > 1
    }


def _read_metadata(row: Row) -> JsonObject:
    """Return the metadata of the object that the row holds; what is wrong with it otherwise says nothing here."""
    try:
        stored = json.loads(str(row.columns.get("json")))
    except json.JSONDecodeError:
        return {}
    metadata = stored.get("metadata") if isinstance(stored, dict) else None
    return metadata if isinstance(metadata, dict) else {}
