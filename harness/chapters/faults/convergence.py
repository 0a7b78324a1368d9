"""Waits for convergence after a fault: every object's final write in its row, every deleted object released.

It waits for conditions, and no longer than there is anything to wait for: what known issues of the profile explain
would not change, and what the back-off does not try again for long has to be touched.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from harness.chapters.faults.checkers import RoundHistory, describe_stuck
from harness.chapters.faults.final_state import list_objects
from harness.chapters.faults.load.history import ObjectRecord, is_going
from harness.clients.kube import Cluster, get_version
from harness.clients.mysql.tables import RowVersion, Tables
from harness.core.codes import OBJECT_KEPT, ROW_BEHIND, ROW_DELETED, ROW_LIVE, ROW_MISSING
from harness.core.errors import HarnessError, Refusal
from harness.core.polling import wait_for
from harness.core.record import Finding
from harness.spec.annotations import INGESTER_FINALIZER, get_finalizers
from harness.spec.model import JsonObject, Kind

_WRITE_TIMEOUT_S = 20.0
_INTERVAL_S = 0.1

T = TypeVar("T")
Versions = Mapping[str, RowVersion]


@dataclass
class FinalWrites:
    """The last write to each live object, as it was acknowledged: by uid."""

    objects: dict[str, JsonObject] = field(default_factory=dict)
    first_version: int = 0


@dataclass(frozen=True)
class Pending:
    """What has not converged: the object's name, and what is wrong as long as it stays so."""

    name: str
    finding: Finding


@dataclass(frozen=True)
class Convergence:
    """How the wait ended: `pending` is what had not converged."""

    waited_s: float
    pending: tuple[Pending, ...]


def read_finally(cluster: Cluster, kinds: Sequence[Kind], namespace: str) -> dict[str, JsonObject]:
    """Return the objects as they are once kube-apiserver answers; HarnessError where it does not."""
    return _insist(lambda: list_objects(cluster, kinds, namespace), time.monotonic() + _WRITE_TIMEOUT_S)


def write_finally(
    cluster: Cluster,
    kinds: Sequence[Kind],
    namespace: str,
    *,
    mark: str,
    leave_alone: Collection[str] = (),
    touched: Collection[str] = (),
) -> FinalWrites:
    """Write once more to each live object, until it is acknowledged; HarnessError where that can't be done.

    Kinds to `leave_alone` are not written to, and of the objects that are being deleted only those `touched`, by
    name.
    """
    done = FinalWrites()
    deadline = time.monotonic() + _WRITE_TIMEOUT_S
    objects = _insist(lambda: list_objects(cluster, kinds, namespace), deadline)
    by_name = {kind.name: kind for kind in kinds}
    patch: JsonObject = {"metadata": {"annotations": {"load/final": mark}}}
    for uid, obj in objects.items():
        kind, name = by_name[obj["kind"]], obj["metadata"]["name"]
        if obj["kind"] in leave_alone or (is_going(obj) and name not in touched):
            continue
        answer = _insist(partial(_patch, cluster, kind, namespace, name, patch), deadline)
        if is_going(obj):
            continue
        if answer is not None and answer["metadata"]["uid"] == uid:
            done.objects[uid] = answer
            done.first_version = done.first_version or get_version(answer)
    return done


def _patch(
    cluster: Cluster, kind: Kind, namespace: str, name: str, patch: JsonObject
) -> JsonObject | None:
    try:
        return cluster.patch(kind, namespace, name, patch)
    except Refusal as refusal:
        if refusal.not_found:
            return None   # somebody else has deleted it meanwhile; the checkers see to that
        raise


def _insist(request: Callable[[], T], deadline: float) -> T:
    """Return the answer to a request that is repeated until there is one; HarnessError at the deadline."""

    def attempt() -> tuple[list[T], str]:
        try:
            return [request()], ""
        except (HarnessError, Refusal) as error:
            return [], str(error)

    wait = wait_for(attempt, lambda pair: not pair[1], timeout_s=deadline - time.monotonic(), interval_s=0.05)
    if not wait.satisfied:
        raise HarnessError(f"after recovery from the fault, kube-apiserver still refuses: {wait.value[1]}")
    return wait.value[0][0]


def wait_for_convergence(
    look: Callable[[], Sequence[Pending]], *, allowed_s: float, is_excused: Callable[[Pending], bool]
) -> Convergence:
    """Look until nothing is pending, or all that is pending is excused, or `allowed_s` have passed."""
    wait = wait_for(
        look,
        lambda found: all(map(is_excused, found)),
        timeout_s=allowed_s,
        interval_s=_INTERVAL_S,
        max_interval_s=2 * _INTERVAL_S,
    )
    return Convergence(wait.duration_s, tuple(wait.value))


def find_pending(
    history: RoundHistory,
    objects: Mapping[str, JsonObject],
    rows: Mapping[str, Versions],
    targets: Mapping[str, int],
) -> list[Pending]:
    """Return what has not converged, of what is in Kubernetes and in MySQL at one moment."""
    found = []
    for uid, obj in objects.items():
        row = rows.get(obj["kind"], {}).get(uid)
        if obj["kind"] in history.immutable:
            found.append(_describe(history, OBJECT_KEPT, obj, "to leave Kubernetes", "still there"))
        elif is_going(obj):
            if INGESTER_FINALIZER in get_finalizers(obj):
                record = history.records.get(uid) or ObjectRecord(obj["kind"], obj["metadata"]["name"], uid)
                found.append(Pending(record.name, describe_stuck(history, record, row.live if row else None)))
        elif row is None or not row.live:
            code, state = (ROW_MISSING, "no row") if row is None else (ROW_DELETED, "soft-deleted")
            found.append(_describe(history, code, obj, "a live row", state))
        elif row.res_version < targets.get(uid, 0):
            state = f"still {row.res_version}"
            found.append(_describe(history, ROW_BEHIND, obj, f"its row at {targets[uid]}, acknowledged", state))
    for record in history.records.values():
        row = rows.get(record.kind, {}).get(record.uid)
        if record.kind in history.immutable and row is None:
            state = f"no row{history.quote(record.name)}"
            found.append(Pending(record.name, Finding(ROW_MISSING, record.title, "a live row", state)))
        elif record.kind in history.retained:
            continue   # its row stays live
        elif record.deleted and record.uid not in objects and row is not None and row.live:
            found.append(Pending(record.name, Finding(ROW_LIVE, record.title, "its row soft-deleted", "live")))
    return found


def _describe(history: RoundHistory, code: str, obj: JsonObject, expected: str, state: str) -> Pending:
    metadata = obj["metadata"]
    title = f"{obj['kind']} {metadata['name']} ({metadata['uid'][:8]})"
    return Pending(metadata["name"], Finding(code, title, expected, f"{state}{history.quote(metadata['name'])}"))


def read_versions(tables: Tables, kinds: Sequence[Kind], namespace: str) -> dict[str, Versions]:
    """Return the state of every row of the namespace, by kind and uid."""
    return {kind.name: tables.list_versions(kind, namespace) for kind in kinds}
