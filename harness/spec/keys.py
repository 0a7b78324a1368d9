"""The key of an object: what its row, and the rows of its labels and annotations, are found by. One place says it.

An object is identified in Kubernetes by its uid, in MySQL by its key. They are the same but where the version pins
keys by annotation, and an object brings the key of an earlier one along, as one restored from a backup does.
"""

from __future__ import annotations

from harness.spec.model import JsonObject, Kind


def get_key(kind: Kind, obj: JsonObject) -> str:
    """Return the object's key: what the annotation that holds it says; where that is absent or empty, the uid."""
    metadata = obj["metadata"]
    pinned = (metadata.get("annotations") or {}).get(kind.key_annotation) if kind.key_annotation else ""
    return str(pinned or metadata["uid"])
