"""A made-up product: kube-apiserver, MySQL, Michelangelo's API server and the Ingester in one object.

Whatever is sent takes effect at once. `faults` names what it does wrong.
"""

# ruff: noqa: ARG002  its methods take what the real ones take, whether or not it matters here

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from harness.clients.kube import Version, get_version
from harness.core.errors import Refusal
from harness.spec.annotations import DELETING_ANNOTATION, INGESTER_FINALIZER
from harness.spec.equality import expect_column, parse_time
from harness.spec.merge_patch import merge
from harness.spec.model import API_VERSION, JsonObject, Kind
from harness.spec.row import Row

CREATED = "2026-03-09T20:51:07Z"
NOW = dt.datetime(2026, 3, 9, 20, 52, 0)   # as MySQL's DATETIME: UTC, without zone


class World:
    """One object's life. Its methods are those of a `Cluster`, a `Database` and an `ApiServer`."""

    def __init__(self, faults: Iterable[str] = ()) -> None:
        self.faults = set(faults)
        self.versions: list[Version] = []
        self.row: Row | None = None
        self.conflicts = 0
        self.unserved: set[str] = set()
        self.others_finalizers: list[str] = []

    @property
    def object(self) -> JsonObject | None:
        """The object as it is now."""
        return None if not self.versions or self.versions[-1].deleted else self.versions[-1].object

    # kube-apiserver, and the API server's reading

    def get(self, kind: Kind, namespace: str, name: str) -> JsonObject | None:
        """Return the object, as kube-apiserver has it."""
        return self.object

    def get_history(
        self, kind: Kind, namespace: str, name: str, *, since: int, until: int, timeout_s: int = 2
    ) -> list[Version]:
        """Return its versions."""
        return [version for version in self.versions if since < version.number <= until]

    def patch(self, kind: Kind, namespace: str, name: str, patch: Mapping[str, Any]) -> JsonObject:
        """Apply the merge patch."""
        if self.object is None:
            raise Refusal(404, "NotFound", "gone")
        return self._write(kind, merge(self.object, patch))

    # MySQL

    def get_time(self) -> dt.datetime:
        """Return a clock that stands."""
        return NOW

    def get_version(self, kind: Kind, uid: str) -> int | None:
        """Return the version that the row holds."""
        return self.row.res_version if self.row else None

    def get_rows(self, kind: Kind, namespace: str, name: str) -> list[Row]:
        """Return the row, if any."""
        return [self.row] if self.row else []

    def find_tables_with(self, uid: str, tables: Iterable[str]) -> list[str]:
        """Return none."""
        return []

    # Michelangelo's API server

    def serves(self, kind: Kind) -> bool:
        """Return whether the kind is served."""
        return kind.name not in self.unserved

    def create(self, kind: Kind, obj: JsonObject) -> JsonObject:
        """Store the object, with the finalizer."""
        if "refuses creation" in self.faults:
            raise Refusal(400, "INVALID_ARGUMENT", "no")
        finalizers = [] if "no finalizer" in self.faults else [INGESTER_FINALIZER]
        own = {"uid": "u1", "creationTimestamp": CREATED, "finalizers": finalizers + self.others_finalizers}
        return self._write(kind, {**obj, "metadata": {**obj["metadata"], **own}})

    def update(self, kind: Kind, obj: JsonObject) -> JsonObject:
        """Replace the object; the first `conflicts` times somebody else was quicker."""
        if self.conflicts:
            self.conflicts -= 1
            raise Refusal(409, "FAILED_PRECONDITION", "the object has been modified")
        return self._write(kind, obj)

    def delete(self, kind: Kind, namespace: str, name: str) -> None:
        """Mark the object; the Ingester soft-deletes its row, removes its finalizer and deletes it."""
        if "refuses deletion" in self.faults:
            raise Refusal(500, "UNKNOWN", "panic: nil pointer")
        if "deletes for good" in self.faults:
            self._remove_object(keeps=[])
            return
        if "no annotation" not in self.faults:
            annotations = {**self._metadata().get("annotations", {}), DELETING_ANNOTATION: "true"}
            self._append({**self._metadata(), "annotations": annotations})
        self._delete_row()
        keeps = [INGESTER_FINALIZER] if "keeps the finalizer" in self.faults else []
        self._append({**self._metadata(), "finalizers": [*keeps, *self.others_finalizers]})
        if "keeps the object" not in self.faults:
            self._remove_object(keeps)

    # the Ingester

    def leave(self) -> None:
        """Remove the object, as that of an immutable kind; its row stays."""
        self._remove_object(keeps=[])

    def _delete_row(self) -> None:
        if self.row is None or "keeps the row" in self.faults:
            return
        deleted_at = dt.datetime(1970, 1, 1) if "wrong time" in self.faults else NOW
        self.row = Row(self.row.table, MappingProxyType({**self.row.columns, "delete_time": deleted_at}))
        if "removes the row" in self.faults:
            self.row = None

    def _remove_object(self, keeps: list[str]) -> None:
        if keeps or self.others_finalizers:
            self._append({**self._metadata(), "deletionTimestamp": "2026-03-09T20:52:00Z"})
        else:
            self._append(self._metadata(), deleted=True)

    def _metadata(self) -> JsonObject:
        metadata: JsonObject = self.versions[-1].object["metadata"]
        return metadata

    def _append(self, metadata: JsonObject, *, deleted: bool = False) -> None:
        number = self.versions[-1].number + 1
        obj = {**self.versions[-1].object, "metadata": {**metadata, "resourceVersion": str(number)}}
        self.versions.append(Version(number, obj, deleted))

    def _write(self, kind: Kind, obj: JsonObject) -> JsonObject:
        number = get_version(self.versions[-1].object) + 1 if self.versions else 100
        stored = {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(number)}}
        self.versions.append(Version(number, stored))
        if "syncs nothing" not in self.faults:
            self.row = make_row(kind, stored)
        if "answers another object" in self.faults:
            return {**stored, "spec": {**stored["spec"], "description": "another"}}
        return stored


def make_row(kind: Kind, obj: JsonObject) -> Row:
    """Return the row of the object."""
    metadata = obj["metadata"]
    columns: dict[str, Any] = {
        "uid": metadata["uid"],
        "group_ver": API_VERSION,
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "res_version": get_version(obj),
        "create_time": parse_time(CREATED),
        "update_time": parse_time(CREATED) + dt.timedelta(seconds=get_version(obj) - 100),
        "delete_time": None,
        "proto": json.dumps(obj).encode(),
        "json": json.dumps(obj),
        **{column.name: expect_column(column, obj) for column in kind.columns},
    }
    labels = tuple(sorted((metadata.get("labels") or {}).items()))
    return Row(kind.table, MappingProxyType(columns), labels)
