"""What is left at the end: every object in Kubernetes and every row in MySQL, read together where they move."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from harness.clients.kube import Cluster, get_version
from harness.clients.mysql.tables import Tables
from harness.core.polling import wait_for
from harness.spec.model import JsonObject, Kind
from harness.spec.row import Row

_CATCH_UP_S = 2.0


@dataclass
class FinalState:
    """The state after convergence, of `kinds` by name.

    `objects` are by uid, `rows` by kind; `orphans` are uids with children only.

    Objects whose rows were newer or older when they were read are read again until both agree, or two seconds have
    passed for all of them: business controllers write all the while.
    """

    kinds: Mapping[str, Kind]
    objects: dict[str, JsonObject] = field(default_factory=dict)
    rows: dict[str, list[Row]] = field(default_factory=dict)
    orphans: dict[str, set[str]] = field(default_factory=dict)

    def find_rows(self, uid: str) -> list[tuple[str, Row]]:
        """Return the rows with that uid, each with its table's kind."""
        return [(kind, row) for kind, rows in self.rows.items() for row in rows if row.uid == uid]


def list_objects(cluster: Cluster, kinds: Sequence[Kind], namespace: str) -> dict[str, JsonObject]:
    """Return every object of the kinds in the namespace, by uid; each names its kind."""
    return {
        obj["metadata"]["uid"]: {**obj, "kind": kind.name}
        for kind in kinds
        for obj in cluster.list_objects(kind, namespace)
    }


def gather(
    cluster: Cluster, tables: Tables, kinds: Sequence[Kind], namespace: str, uids: Mapping[str, Collection[str]]
) -> FinalState:
    """Read everything, of `uids` (by kind) also children without a row; HarnessError where that can't be done."""
    final = FinalState({kind.name: kind for kind in kinds}, list_objects(cluster, kinds, namespace))
    final.rows = {kind.name: tables.list_rows(kind, namespace) for kind in kinds}
    deadline = time.monotonic() + _CATCH_UP_S
    for uid, obj in list(final.objects.items()):
        rows = final.find_rows(uid)
        if len(rows) == 1 and rows[0][1].res_version != get_version(obj):
            _read_together(cluster, tables, namespace, final, obj, deadline)
    for kind in kinds:
        without = set(uids.get(kind.name, ())).difference(row.uid for row in final.rows[kind.name])
        final.orphans[kind.name] = tables.find_children_of(kind, without)
    return final


def _read_together(
    cluster: Cluster, tables: Tables, namespace: str, final: FinalState, obj: JsonObject, deadline: float
) -> None:
    """Read the object and its row until they are of one version, or the deadline has passed; at least once."""
    kind, name, uid = final.kinds[obj["kind"]], obj["metadata"]["name"], obj["metadata"]["uid"]

    def read() -> tuple[JsonObject | None, list[Row]]:
        found = cluster.get(kind, namespace, name)
        return found, tables.list_rows(kind, namespace, [uid])

    def agree(pair: tuple[JsonObject | None, list[Row]]) -> bool:
        found, rows = pair
        if found is None or found["metadata"]["uid"] != uid:
            return True
        return bool(rows) and rows[0].res_version == get_version(found)

    left_s = max(0.0, deadline - time.monotonic())
    found, rows = wait_for(read, agree, timeout_s=left_s, interval_s=0.02).value
    if found is None or found["metadata"]["uid"] != uid:
        del final.objects[uid]
    else:
        final.objects[uid] = found
    others = [row for row in final.rows[kind.name] if row.uid != uid]
    final.rows[kind.name] = others + rows
