"""Awaits that all comes to rest after a fault: every object's final write in its row, every deleted object let go.

It waits for conditions, and no longer than there is anything to wait for: what known issues of the profile explain
would not change, and what the back-off does not try again for long has to be nudged.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from harness.chapters.faults.checkers import Story, describe_stuck
from harness.chapters.faults.ending import list_objects
from harness.chapters.faults.ledger import Life, is_going
from harness.chapters.faults.tables import RowVersion, Tables
from harness.clients.kube import Cluster, get_version
from harness.core.errors import HarnessError, Refusal
from harness.core.polling import wait_for
from harness.core.record import Finding
from harness.spec.annotations import INGESTER_FINALIZER, get_finalizers
from harness.spec.catalogue import KINDS_BY_NAME
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
class Open:
    """What has not come to rest: the object's name, and what is wrong as long as it stays so."""

    name: str
    finding: Finding


@dataclass(frozen=True)
class Rest:
    """How the wait ended: `open` is what had not come to rest."""

    waited_s: float
    open: tuple[Open, ...]


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
    nudged: Collection[str] = (),
) -> FinalWrites:
    """Write once more to each live object, until it is acknowledged; HarnessError where that can't be done.

    Kinds to `leave_alone` are not written to, and of the objects that are being deleted only those `nudged`, by
    name.
    """
    done = FinalWrites()
    deadline = time.monotonic() + _WRITE_TIMEOUT_S
    objects = _insist(lambda: list_objects(cluster, kinds, namespace), deadline)
    patch: JsonObject = {"metadata": {"annotations": {"load/final": mark}}}
    for uid, obj in objects.items():
        kind, name = KINDS_BY_NAME[obj["kind"]], obj["metadata"]["name"]
        if obj["kind"] in leave_alone or (is_going(obj) and name not in nudged):
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
        raise HarnessError(f"after the fault was healed, kube-apiserver still refuses: {wait.value[1]}")
    return wait.value[0][0]


def await_rest(
    look: Callable[[], Sequence[Open]], *, allowed_s: float, is_excused: Callable[[Open], bool]
) -> Rest:
    """Look until nothing is open, or all that is open is excused, or `allowed_s` have passed."""
    wait = wait_for(
        look,
        lambda found: all(map(is_excused, found)),
        timeout_s=allowed_s,
        interval_s=_INTERVAL_S,
        max_interval_s=2 * _INTERVAL_S,
    )
    return Rest(wait.duration_s, tuple(wait.value))


def find_open(
    story: Story, objects: Mapping[str, JsonObject], rows: Mapping[str, Versions], targets: Mapping[str, int]
) -> list[Open]:
    """Return what has not come to rest, of what is in Kubernetes and in MySQL at one moment."""
    found = []
    for uid, obj in objects.items():
        row = rows.get(obj["kind"], {}).get(uid)
        if obj["kind"] in story.immutable:
            found.append(_describe(story, obj, "to leave Kubernetes", "still there"))
        elif is_going(obj):
            if INGESTER_FINALIZER in get_finalizers(obj):
                life = story.lives.get(uid) or Life(obj["kind"], obj["metadata"]["name"], uid)
                found.append(Open(life.name, describe_stuck(story, life, row.live if row else None)))
        elif row is None or not row.live:
            found.append(_describe(story, obj, "a live row", "no row" if row is None else "soft-deleted"))
        elif row.res_version < targets.get(uid, 0):
            state = f"still {row.res_version}"
            found.append(_describe(story, obj, f"its row at {targets[uid]}, acknowledged", state))
    for life in story.lives.values():
        row = rows.get(life.kind, {}).get(life.uid)
        if life.kind in story.immutable and row is None:
            found.append(Open(life.name, Finding(life.title, "a live row", f"no row{story.quote(life.name)}")))
        elif life.deleted and life.uid not in objects and row is not None and row.live:
            found.append(Open(life.name, Finding(life.title, "its row soft-deleted", "live")))
    return found


def _describe(story: Story, obj: JsonObject, expected: str, found: str) -> Open:
    metadata = obj["metadata"]
    title = f"{obj['kind']} {metadata['name']} ({metadata['uid'][:8]})"
    return Open(metadata["name"], Finding(title, expected, f"{found}{story.quote(metadata['name'])}"))


def read_versions(tables: Tables, kinds: Sequence[Kind], namespace: str) -> dict[str, Versions]:
    """Return the state of every row of the namespace, by kind and uid."""
    return {kind.name: tables.list_versions(kind, namespace) for kind in kinds}
