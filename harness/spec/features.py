"""What versions of the product do differently: features by name, each with its values, and the lives of kinds.

A feature is a name and a value, so that a version may have one that nobody here knows: it is told as it is, and
what stands on it is not judged. The first value of each is that of the seed report's version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Life(StrEnum):
    """What becomes of the objects of a kind."""

    MUTABLE = "mutable"              # they live in Kubernetes, and their rows follow
    IMMUTABLE = "immutable"          # they leave Kubernetes once they are in MySQL; the row stays live
    RETAINED = "retained"            # deleted, their rows stay live with the final state
    MYSQL_PRIMARY = "mysql-primary"  # they are never in Kubernetes, so that there is nothing to watch


FINALIZER = "finalizer"
"""Who adds `michelangelo/Ingester`: the API server on create, or the Ingester in its first reconcile."""

FINALIZER_REMOVAL = "finalizer-removal"
"""How the Ingester takes that off: by an update of the version it read, or by a merge patch of the whole list."""

PRIMARY_KEY = "primary-key"
"""What identifies a row: the object's uid, or the value of an annotation that is pinned to the first uid."""

DELETION_DELAY = "deletion-delay"
"""Whether a deletion waits for `ingester.deletionDelay` and `deletionDelayMap` before the soft delete."""

MISSING_ROW = "missing-row"
"""A soft delete that finds no row: it fails, and is tried again for ever, or counts as done."""

DELETING_ANNOTATION = "deleting-annotation"
"""With `michelangelo/Deleting`: the finalizer goes before the Kubernetes delete, or in the reconcile after it."""

KUBERNETES_DELETE = "kubernetes-delete"
"""What a delete in Kubernetes does to the row of an object with the finalizer: a soft delete, or nothing."""

API_SERVER_STORAGE = "api-server-storage"
"""Whether Michelangelo's API server is given the metadata storage, without which its setting has no effect."""

API_SERVER, INGESTER = "api-server", "ingester"
UPDATE, MERGE_PATCH = "update", "merge-patch"
UID, ANNOTATION = "uid", "annotation"
NO_DELAY, CONFIGURABLE = "none", "configurable"
FAILS, DONE = "fails", "done"
FINALIZER_FIRST, DELETE_FIRST = "finalizer-first", "delete-first"
SOFT_DELETE, RELEASE = "soft-delete", "release"
NOT_WIRED, WIRED = "none", "wired"

FEATURES: Mapping[str, tuple[str, ...]] = {
    FINALIZER: (API_SERVER, INGESTER),
    FINALIZER_REMOVAL: (UPDATE, MERGE_PATCH),
    PRIMARY_KEY: (UID, ANNOTATION),
    DELETION_DELAY: (NO_DELAY, CONFIGURABLE),
    MISSING_ROW: (FAILS, DONE),
    DELETING_ANNOTATION: (FINALIZER_FIRST, DELETE_FIRST),
    KUBERNETES_DELETE: (SOFT_DELETE, RELEASE),
    API_SERVER_STORAGE: (NOT_WIRED, WIRED),
}
"""The features that the checks know, with the values that they can judge."""


UPSTREAM_CHANGES: Mapping[tuple[str, str], str] = {
    (FINALIZER, INGESTER): "#1117",
    (MISSING_ROW, DONE): "#1585",
    (API_SERVER_STORAGE, WIRED): "#1153",
}
"""The pull request of Michelangelo's repository that gave a feature a value, by name and value."""


@dataclass(frozen=True)
class Fact:
    """One fact of a version's contract, and where it was read: a file with its line, a profile, an option."""

    name: str
    value: str
    source: str
