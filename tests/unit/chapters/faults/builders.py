"""Makes objects, rows and events that agree with each other, so that a test need only spoil one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from harness.chapters.faults.backoff import allow
from harness.chapters.faults.final_state import FinalState
from harness.chapters.faults.load.history import Event, ObjectRecord, Outcome, trace_objects
from harness.chapters.faults.load.plan import Operation, Verb
from harness.chapters.faults.load.sampler import Sighting
from harness.chapters.faults.round_record import Identities, Look, RoundRecord, RoundResult, Settling
from harness.clients.mysql.tables import RowVersion
from harness.reference.row import RowBuilder
from harness.spec.annotations import INGESTER_FINALIZER
from harness.spec.model import JsonObject
from harness.spec.row import Row
from tests.fakes.contract import CONTRACT

NOW = datetime(2026, 3, 1, 12)


def make_obj(
    name: str = "project-0", version: int = 10, *, uid: str = "", kind: str = "Project", **metadata: Any
) -> JsonObject:
    """Return an object as the API server sends it."""
    return {
        "apiVersion": "michelangelo.api/v2",
        "kind": kind,
        "metadata": {
            "uid": uid or f"uid-of-{name}",
            "namespace": "load",
            "name": name,
            "resourceVersion": str(version),
            "creationTimestamp": "2026-03-01T12:00:00Z",
            "finalizers": [INGESTER_FINALIZER],
            "labels": {"load/stage": f"v{version}"},
            "annotations": {"load/note": f"v{version}"},
            **metadata,
        },
        "spec": {"description": f"v{version}", "tier": 2},
    }


def make_row(obj: JsonObject, *, deleted: bool = False, **columns: Any) -> Row:
    """Return the row that equals the object, soft-deleted where asked, with other columns where given."""
    kind = CONTRACT.get_kind(obj["kind"])
    row = RowBuilder().build(kind, obj)
    values = {
        "uid": row.uid,
        "group_ver": row.group_ver,
        "namespace": row.namespace,
        "name": row.name,
        "res_version": row.res_version,
        "create_time": row.create_time,
        "update_time": NOW,
        "delete_time": NOW if deleted else None,
        "proto": row.proto,
        "json": row.json,
        **row.columns,
        **columns,
    }
    labels, annotations = (tuple(sorted(pairs.items())) for pairs in (row.labels, row.annotations))
    return Row(kind.table, MappingProxyType(values), labels, annotations)


def without_labels(row: Row) -> Row:
    """Return the row without its labels."""
    return replace(row, labels=())


def make_event(
    verb: Verb,
    obj: JsonObject | None = None,
    *,
    name: str = "project-0",
    uid: str = "",
    kind: str = "Project",
    outcome: Outcome = Outcome.ACKNOWLEDGED,
    at: float = 1.0,
    client: int = 0,
    answer: str = "",
) -> Event:
    """Return an event of the history."""
    known = uid or (obj["metadata"]["uid"] if obj else "")
    return Event(Operation(client, 0, verb, kind, name), outcome, at, at, known, obj, answer)


def make_record(obj: JsonObject, *, deleted: bool = False, at: float = 1.0) -> ObjectRecord:
    """Return the record of an object that was created, and where asked deleted."""
    events = [make_event(Verb.CREATE, obj, kind=obj["kind"], name=obj["metadata"]["name"], at=at)]
    if deleted:
        uid = obj["metadata"]["uid"]
        events.append(make_event(Verb.DELETE, uid=uid, kind=obj["kind"], name=obj["metadata"]["name"], at=at))
    return trace_objects(events)[obj["metadata"]["uid"]]


def make_round(*, converges: bool = True) -> RoundRecord:
    """Return a round of one object, recovered from at 20 s, whose row has its version 3 s later, or never has."""
    obj, last = make_obj(version=11), make_obj(version=12)
    uid = obj["metadata"]["uid"]
    identities = Identities()

    def look(at: float, version: int, seen: JsonObject) -> Look:
        rows = {"Project": {uid: RowVersion("project-0", version, live=True)}}
        return Look(at, identities.reduce({uid: seen}), rows, {})

    arrived = 11 if converges else 10
    return RoundRecord(
        faults=["mysql-stop"],
        title="mysql is stopped for a while",
        kinds=[CONTRACT.get_kind("Project")],
        started_at=10.0,
        injected_at=18.0,
        proven_at=18.1,
        recovering_at=19.5,
        recovered_at=20.0,
        allowance=allow(2.0),
        events=[
            make_event(Verb.CREATE, make_obj(), at=11.0),
            make_event(Verb.PATCH, obj, at=19.0),
            make_event(Verb.PATCH, uid=uid, outcome=Outcome.INDETERMINATE, at=19.5),
        ],
        settled=Settling(21.0, {uid: 11}, [look(21.5, 10, obj), look(22.6, 10, obj), look(23.0, arrived, obj)]),
        final_writes={uid: last},
        first_final=12,
        settled_finally=Settling(33.0, {uid: 12}, [look(33.2, 11, last), look(33.5, 12, last)]),
        sightings=[
            Sighting(at, "Project", {uid: RowVersion("project-0", version, live=True)})
            for at, version in ((11.1, 10), (22.9, arrived), (33.5, 12))
        ],
        samples=[("Project", make_row(obj))],
        final=make_final_state((last, make_row(last))),
        noted=RoundResult({"seed": "0"}, [], [("the fault was injected", "seen")]),
    )


def make_final_state(*pairs: tuple[JsonObject | None, Row | None]) -> FinalState:
    """Return a final state with these objects and rows."""
    final = FinalState({kind.name: kind for kind in CONTRACT.kinds})
    for obj, row in pairs:
        if obj is not None:
            final.objects[obj["metadata"]["uid"]] = obj
        if row is not None:
            kind = next(kind for kind in CONTRACT.kinds if kind.table == row.table)
            final.rows.setdefault(kind.name, []).append(row)
    return final
