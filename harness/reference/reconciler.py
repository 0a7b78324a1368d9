"""The contract of one reconcile: what becomes of an object in MySQL and in Kubernetes.

It decides and orders; `store` writes rows, `api` changes objects. Any error ends the reconcile where it is:
each step may be repeated, so the whole is repeated later.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from harness.reference.errors import NotFoundError, ReconcileError
from harness.reference.log import Log
from harness.reference.row import Row, RowBuilder
from harness.reference.workqueue import Key
from harness.spec.model import JsonObject, Kind

FINALIZER = "michelangelo/Ingester"
DELETING = "michelangelo/Deleting"
IMMUTABLE = "michelangelo/Immutable"


class Objects(Protocol):
    """Where the newest version of an object is known."""

    def get(self, key: Key) -> JsonObject | None:
        """Return the object, None where there is none."""


class Changes(Protocol):
    """What the ingester changes in Kubernetes."""

    def replace(self, kind: Kind, obj: JsonObject) -> JsonObject:
        """Write `obj` over the version that it was read at, and return it as it then is."""

    def delete(self, kind: Kind, key: Key, uid: str) -> None:
        """Delete the object with that uid."""


class Rows(Protocol):
    """What the ingester changes in MySQL."""

    def upsert(self, kind: Kind, row: Row) -> None:
        """Insert or update an object's row, labels and annotations."""

    def soft_delete(self, kind: Kind, namespace: str, name: str) -> None:
        """Mark an object's row as deleted; an error where it has no live row."""


class Reconciler:
    """The ingester of one kind."""

    def __init__(
        self,
        kind: Kind,
        *,
        objects: Objects,
        api: Changes,
        store: Rows,
        rows: RowBuilder,
        log: Log,
        immutable: bool = False,
        on_synced: Callable[[JsonObject], None] = lambda _obj: None,
    ) -> None:
        self.kind = kind
        self.objects = objects
        self.api = api
        self.store = store
        self.rows = rows
        self.log = log.named("ingester").named(kind.name)
        self.immutable = immutable
        self.on_synced = on_synced

    def reconcile(self, key: Key) -> None:
        """Bring MySQL, and where the contract says so Kubernetes, up to the object's newest version."""
        log = self.log.bound(namespace=key.namespace, name=key.name)
        log.info("Reconciling object")
        obj = self.objects.get(key)
        if obj is None:
            log.info("Object not found, may have been deleted")
            return
        annotations = obj["metadata"].get("annotations") or {}
        if obj["metadata"].get("deletionTimestamp"):
            self.finish_deletion(key, obj, log)
        elif annotations.get(DELETING) == "true":
            self.delete(key, obj, log)
        elif self.immutable or annotations.get(IMMUTABLE) == "true":
            self.retire(key, obj, log)
        else:
            self.sync(obj, log)

    def sync(self, obj: JsonObject, log: Log) -> None:
        """Write the object to MySQL."""
        log.info("Syncing object to metadata storage")
        self._try(log, "Failed to upsert object to metadata storage", lambda: self._upsert(obj))
        log.info("Successfully synced object to metadata storage")

    def finish_deletion(self, key: Key, obj: JsonObject, log: Log) -> None:
        """Mark the row of an object that Kubernetes deletes, then let go of the object.

        Without the finalizer the ingester has no say: the row stays live.
        """
        log.info("Object is being deleted")
        if FINALIZER not in (obj["metadata"].get("finalizers") or []):
            log.info("Finalizer not present, nothing to do")
            return
        log.info("Deleting from metadata storage")
        self._soft_delete(key, log)
        self._remove_finalizer(obj, log)
        log.info("Successfully removed finalizer")

    def delete(self, key: Key, obj: JsonObject, log: Log) -> None:
        """Delete an object from MySQL and from Kubernetes, as its annotation asks."""
        log.info("Object marked for deletion via annotation")
        self._soft_delete(key, log)
        self._remove_finalizer(obj, log)
        self._delete_from_kubernetes(key, obj, log)
        log.info("Successfully deleted object")

    def retire(self, key: Key, obj: JsonObject, log: Log) -> None:
        """Keep an object that doesn't change any more in MySQL only."""
        log.info("Object is immutable, removing from K8s/ETCD")
        self._try(log, "Failed to ensure object is in metadata storage", lambda: self._upsert(obj))
        self._remove_finalizer(obj, log)
        self._delete_from_kubernetes(key, obj, log)
        log.info("Successfully moved immutable object to metadata storage only")

    def _upsert(self, obj: JsonObject) -> None:
        self.store.upsert(self.kind, self.rows.build(self.kind, obj))
        self.on_synced(obj)

    def _soft_delete(self, key: Key, log: Log) -> None:
        self._try(
            log,
            "Failed to delete from metadata storage",
            lambda: self.store.soft_delete(self.kind, key.namespace, key.name),
        )

    def _remove_finalizer(self, obj: JsonObject, log: Log) -> None:
        """Write the object without the ingester's finalizer.

        It is written even if it has none: the API server then refuses a version that is no longer the
        newest, so that nothing is deleted from Kubernetes that MySQL hasn't seen.
        """
        changed = copy.deepcopy(obj)
        finalizers = changed["metadata"].get("finalizers") or []
        changed["metadata"]["finalizers"] = [name for name in finalizers if name != FINALIZER]
        self._try(log, "Failed to remove finalizer", lambda: self.api.replace(self.kind, changed))

    def _delete_from_kubernetes(self, key: Key, obj: JsonObject, log: Log) -> None:
        def delete() -> None:
            with suppress(NotFoundError):
                self.api.delete(self.kind, key, obj["metadata"]["uid"])

        self._try(log, "Failed to delete from K8s", delete)

    def _try(self, log: Log, problem: str, step: Callable[[], object]) -> None:
        try:
            step()
        except ReconcileError as error:
            log.failure(problem, error)
            raise
