"""Removes the objects that runs have made in a sandbox of their own."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable

from harness.clients.kube import ALL_NAMESPACES, Cluster
from harness.core.errors import Refusal
from harness.spec.model import Kind

_WITHOUT_FINALIZERS = {"metadata": {"finalizers": None}}


def clear(cluster: Cluster, kinds: Iterable[Kind], namespaces: Collection[str]) -> None:
    """Remove the kinds' objects from the namespaces, those that nobody lets go of as well; their rows stay.

    Raises HarnessError and Refusal where the API server does not do it.
    """
    for kind in kinds:
        found = [
            obj
            for obj in cluster.list_objects(kind, ALL_NAMESPACES)
            if obj["metadata"]["namespace"] in namespaces
        ]
        for namespace in dict.fromkeys(obj["metadata"]["namespace"] for obj in found):
            cluster.delete_all(kind, namespace)
        for metadata in (obj["metadata"] for obj in found):
            if metadata.get("finalizers"):
                with contextlib.suppress(Refusal):   # the Ingester has let go of it meanwhile
                    cluster.patch(kind, metadata["namespace"], metadata["name"], _WITHOUT_FINALIZERS)
