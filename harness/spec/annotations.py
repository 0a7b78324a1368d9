"""The marks by which an object tells the Ingester what to do, and how to read them."""

from __future__ import annotations

from harness.spec.model import JsonObject

INGESTER_FINALIZER = "michelangelo/Ingester"
DELETING_ANNOTATION = "michelangelo/Deleting"
IMMUTABLE_ANNOTATION = "michelangelo/Immutable"
KEY_ANNOTATION = "michelangelo/MetadataStoragePrimaryKey"
PROPAGATION_ANNOTATION = "michelangelo/DeletePropagation"

OURS = "contract.ingester-acceptance"
"""The domain of labels, annotations and finalizers that checks give their objects as others do."""

INGESTER_FINALIZER_OF_OTHERS = f"{INGESTER_FINALIZER}-of-others"
"""A finalizer of a check's objects as well, which is the Ingester's to whom looks at its beginning alone."""

FOREGROUND, ORPHAN = "Foreground", "Orphan"
FOREGROUND_FINALIZER, ORPHAN_FINALIZER = "foregroundDeletion", "orphan"
"""Policies of Kubernetes' deletions, and the finalizers that a deletion by them adds."""


def get_finalizers(obj: JsonObject | None) -> list[str]:
    """Return the object's finalizers."""
    return list((obj or {}).get("metadata", {}).get("finalizers") or [])


def was_given_by_a_run(finalizer: str) -> bool:
    """Whether a check gives its objects that finalizer, so that nobody else takes it off."""
    return finalizer in (INGESTER_FINALIZER, INGESTER_FINALIZER_OF_OTHERS) or finalizer.startswith(f"{OURS}/")


def is_released(obj: JsonObject | None) -> bool:
    """Whether the Ingester has nothing left to do: gone, or being deleted and held by others only."""
    if obj is None:
        return True
    return "deletionTimestamp" in obj["metadata"] and INGESTER_FINALIZER not in get_finalizers(obj)


def is_going(obj: JsonObject | None) -> bool:
    """Whether the object is gone, or being deleted."""
    return obj is None or "deletionTimestamp" in obj["metadata"]
