"""The last write to each object after a fault, and what is read before and after it.

It insists on being answered, since kube-apiserver may not be itself yet; it judges nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from harness.chapters.faults.final_state import list_objects
from harness.chapters.faults.load.history import is_going
from harness.clients.kube import Cluster, get_version
from harness.clients.mysql.tables import RowVersion, Tables
from harness.core.errors import HarnessError, Refusal
from harness.core.polling import wait_for
from harness.spec.model import JsonObject, Kind

_WRITE_TIMEOUT_S = 20.0

T = TypeVar("T")
Versions = Mapping[str, RowVersion]


@dataclass
class FinalWrites:
    """The last write to each live object, as it was acknowledged: by uid."""

    objects: dict[str, JsonObject] = field(default_factory=dict)
    first_version: int = 0


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


def read_versions(tables: Tables, kinds: Sequence[Kind], namespace: str) -> dict[str, Versions]:
    """Return the state of every row of the namespace, by kind and uid."""
    return {kind.name: tables.list_versions(kind, namespace) for kind in kinds}
