"""What is done to an object before it is sent: labels of the run, the annotation of `kubectl apply`. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping

from harness.spec.model import JsonObject

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def add_labels(obj: JsonObject, labels: Mapping[str, str]) -> JsonObject:
    """Return the object with more labels."""
    if not labels:
        return obj
    metadata = obj["metadata"]
    return {**obj, "metadata": {**metadata, "labels": {**metadata.get("labels", {}), **labels}}}


def as_applied(obj: JsonObject) -> JsonObject:
    """Return the object as `kubectl apply` sends it: with an annotation that has to reach MySQL as well."""
    configuration = json.dumps(obj, ensure_ascii=False, separators=(",", ":")) + "\n"
    metadata = obj["metadata"]
    annotations = {**metadata.get("annotations", {}), LAST_APPLIED: configuration}
    return {**obj, "metadata": {**metadata, "annotations": annotations}}
