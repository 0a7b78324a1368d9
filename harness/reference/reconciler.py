"""The contract of one reconcile: what becomes of an object in MySQL and in Kubernetes.

It decides and orders; `store` writes rows, `api` changes objects. Any error ends the reconcile where it is:
each step may be repeated, so the whole is repeated later.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Protocol

from harness.reference.behaviour import Behaviour
from harness.reference.errors import MissingRowError, NotFoundError, ReconcileError
from harness.reference.log import Log
from harness.reference.row import Row, RowBuilder
from harness.reference.workqueue import Key
from harness.spec.model import JsonObject, Kind

FINALIZER = "michelangelo/Ingester"
DELETING = "michelangelo/Deleting"
IMMUTABLE = "michelangelo/Immutable"
PROPAGATION = "michelangelo/DeletePropagation"


class Objects(Protocol):
    """Where the newest version of an object is known."""

    def get(self, key: Key) -> JsonObject | None:
        """Return the object, None where there is none."""


class Changes(Protocol):
    """What the ingester changes in Kubernetes."""

    def replace(self, kind: Kind, obj: JsonObject) -> JsonObject:
        """Write `obj` over the version that it was read at, and return it as it then is."""

    def patch(self, kind: Kind, key: Key, patch: JsonObject) -> JsonObject:
        """Merge `patch` into the object, whatever its version, and return it as it then is."""

    def delete(self, kind: Kind, key: Key, uid: str, propagation: str = "") -> None:
        """Delete the object with that uid, by that policy for what depends on it."""


class Rows(Protocol):
    """What the ingester changes in MySQL."""

    def upsert(self, kind: Kind, row: Row) -> None:
        """Insert or update an object's row, labels and annotations."""

    def soft_delete(self, kind: Kind, namespace: str, name: str) -> None:
        """Mark an object's row as deleted; MissingRowError where it has no live row."""


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
        behaviour: Behaviour = Behaviour(),  # noqa: B008  it is frozen
        on_synced: Callable[[JsonObject], None] = lambda _obj: None,
    ) -> None:
        self.kind = kind
        self.objects = objects
        self.api = api
        self.store = store
        self.rows = rows
        self.log = log.named("ingester").named(kind.name)
        self.immutable = immutable
        self.behaviour = behaviour
        self.on_synced = on_synced

    def reconcile(self, key: Key) -> float | None:
        """Bring MySQL, and where the contract says so Kubernetes, up to the object's newest version.

        Returns the seconds after which there is more to do, if that is so.
        """
        log = self.log.bound(namespace=key.namespace, name=key.name)
        log.info("Reconciling object")
        obj = self.objects.get(key)
        if obj is None:
            log.info("Object not found, may have been deleted")
            return None
        annotations = obj["metadata"].get("annotations") or {}
        if obj["metadata"].get("deletionTimestamp"):
            return self.finish_deletion(key, obj, log)
        if annotations.get(DELETING) == "true":
            self.delete(key, obj, log)
        elif self.immutable or annotations.get(IMMUTABLE) == "true":
            self.retire(key, obj, log)
        elif not self.claim(obj, log):
            self.sync(obj, log)
        return None

    def claim(self, obj: JsonObject, log: Log) -> bool:
        """Write finalizer or key into an object that lacks it; where it did, a later reconcile syncs."""
        metadata = obj["metadata"]
        changed = copy.deepcopy(obj)
        if self.behaviour.adds_finalizer and FINALIZER not in (metadata.get("finalizers") or []):
            log.info("Adding ingester finalizer")
            changed["metadata"]["finalizers"] = [*(metadata.get("finalizers") or []), FINALIZER]
        elif self.kind.key_annotation and not (metadata.get("annotations") or {}).get(self.kind.key_annotation):
            log.info("Pinning the primary key")
            annotations = {**(metadata.get("annotations") or {}), self.kind.key_annotation: metadata["uid"]}
            changed["metadata"]["annotations"] = annotations
        else:
            return False
        self._try(log, "Failed to update object", lambda: self._replace(changed))
        return True

    def sync(self, obj: JsonObject, log: Log) -> None:
        """Write the object to MySQL."""
        log.info("Syncing object to metadata storage")
        self._try(log, "Failed to upsert object to metadata storage", lambda: self._upsert(obj))
        log.info("Successfully synced object to metadata storage")

    def finish_deletion(self, key: Key, obj: JsonObject, log: Log) -> float | None:
        """Mark the row of an object that Kubernetes deletes, then let go of the object.

        Without the finalizer the ingester has no say: the row stays live. Returns how many seconds a delay still
        has.
        """
        log.info("Object is being deleted")
        if FINALIZER not in (obj["metadata"].get("finalizers") or []):
            log.info("Finalizer not present, nothing to do")
            return None
        marked = (obj["metadata"].get("annotations") or {}).get(DELETING) == "true"
        if not marked and (left_s := self.get_delay_s(obj)) > 0:
            log.info("Object in deletion grace period, requeueing", after=left_s)
            return left_s
        if self.behaviour.retains and not marked:
            self.retain(obj, log)
            return None
        log.info("Deleting from metadata storage")
        self._soft_delete(key, log)
        self._remove_finalizer(obj, log)
        log.info("Successfully removed finalizer")
        return None

    def get_delay_s(self, obj: JsonObject) -> float:
        """Return the seconds that a deleted object's row still has to stay as it is."""
        deleted_at = datetime.fromisoformat(obj["metadata"]["deletionTimestamp"]).timestamp()
        return deleted_at + self.behaviour.deletion_delay_s - time.time()

    def retain(self, obj: JsonObject, log: Log) -> None:
        """Write the last state of an object, and let go of it once nobody else holds it; its row stays live."""
        log.info("Object is retained, syncing its state to metadata storage")
        self._try(log, "Failed to upsert object to metadata storage", lambda: self._upsert(obj))
        if others := [name for name in obj["metadata"]["finalizers"] if name != FINALIZER]:
            log.info("Other finalizers are present", finalizers=others)
            return
        self._remove_finalizer(obj, log)
        log.info("Successfully removed finalizer")

    def delete(self, key: Key, obj: JsonObject, log: Log) -> None:
        """Delete an object from MySQL and from Kubernetes, as its annotation asks."""
        log.info("Object marked for deletion via annotation")
        self._soft_delete(key, log)
        if self.behaviour.deletes_first:
            policy = obj["metadata"]["annotations"].get(PROPAGATION, "")
            self._delete_from_kubernetes(key, obj, log, policy)
        else:
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
        def soft_delete() -> None:
            try:
                self.store.soft_delete(self.kind, key.namespace, key.name)
            except MissingRowError:
                if not self.behaviour.tolerates_missing_row:
                    raise

        self._try(log, "Failed to delete from metadata storage", soft_delete)

    def _remove_finalizer(self, obj: JsonObject, log: Log) -> None:
        """Write the object without the ingester's finalizer.

        It is written even if it has none: the API server then refuses a version that is no longer the
        newest, so that nothing is deleted from Kubernetes that MySQL hasn't seen. A merge patch is never refused.
        """
        changed = copy.deepcopy(obj)
        finalizers = changed["metadata"].get("finalizers") or []
        changed["metadata"]["finalizers"] = [name for name in finalizers if name != FINALIZER]
        write = self._merge_finalizers if self.behaviour.merges_finalizers else self._replace
        self._try(log, "Failed to remove finalizer", lambda: write(changed))

    def _replace(self, obj: JsonObject) -> None:
        self.api.replace(self.kind, obj)

    def _merge_finalizers(self, obj: JsonObject) -> None:
        metadata = obj["metadata"]
        patch = {"metadata": {"finalizers": metadata["finalizers"]}}
        with suppress(NotFoundError):
            self.api.patch(self.kind, Key(metadata["namespace"], metadata["name"]), patch)

    def _delete_from_kubernetes(self, key: Key, obj: JsonObject, log: Log, propagation: str = "") -> None:
        def delete() -> None:
            policy = {"propagation": propagation} if propagation else {}
            with suppress(NotFoundError):
                self.api.delete(self.kind, key, obj["metadata"]["uid"], **policy)

        self._try(log, "Failed to delete from K8s", delete)

    def _try(self, log: Log, problem: str, step: Callable[[], object]) -> None:
        try:
            step()
        except ReconcileError as error:
            log.failure(problem, error)
            raise
