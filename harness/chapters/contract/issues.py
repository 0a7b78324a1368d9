"""The limits and defects of the rest of the contract: data."""

from __future__ import annotations

from harness.core import codes
from harness.core.known_issue import KnownIssue
from harness.spec import features

_NOBODY_ADDS = (f"{features.FINALIZER}={features.API_SERVER}",)   # the finalizer to what kubectl sends
_MERGES = (f"{features.FINALIZER_REMOVAL}={features.MERGE_PATCH}",)
_FAILS = (f"{features.MISSING_ROW}={features.FAILS}",)

ISSUES: tuple[KnownIssue, ...] = (
    KnownIssue(
        id="orphan-without-finalizer",
        title="The row of an object that is deleted without the Ingester's finalizer stays live",
        sections=("5.7",),
        code=codes.ROW_LIVE,
        wording=(r"^the row of the deleted object: expected soft-deleted, got live: an orphan$",),
        impact="Queries keep finding an object that Kubernetes no longer has: documented, as kubectl adds none.",
        workaround="Create objects through an API server that adds the finalizer, or delete them by annotation.",
        fix="Add the finalizer in the first reconcile, or look for live rows without an object at each start.",
        features=_NOBODY_ADDS,
    ),
    KnownIssue(
        id="ghost-row",
        title="An object created again under the name of an orphan leaves two live rows",
        sections=("5.11",),
        code=codes.ROW_DUPLICATE,
        wording=(
            r"^live rows of one name after a deletion without finalizer: ",
            r"expected 1, got 2,",
        ),
        impact="A query by namespace and name finds the earlier object beside the present one.",
        workaround="Take the row with the latest create_time.",
        fix="Soft-delete live rows of the same namespace and name and another uid when a new uid is inserted.",
        features=_NOBODY_ADDS,
    ),
    KnownIssue(
        id="ghost-row-of-retired",
        title="An object created again under the name of a retired one leaves two live rows",
        sections=("5.12",),
        code=codes.ROW_DUPLICATE,
        wording=(r"^live rows of one name of an immutable kind: ", r"expected 1, got 2,"),
        impact="A query by namespace and name finds the earlier object beside the present one.",
        workaround="Take the row with the latest create_time.",
        fix="Soft-delete live rows of the same namespace and name and another uid when a new uid is inserted.",
    ),
    KnownIssue(
        id="namesake-takes-the-record-along",
        title="Deleting an object also soft-deletes the row of a retired one of its name",
        sections=("5.17",),
        code=codes.ROW_CHANGED,
        wording=(r"^a namesake's row, after a deletion (in|by) \w+: column delete_time: expected NULL, got \d",),
        impact="The only record of a retired object counts as deleted, because something else had its name.",
        workaround="Give no object the name of a retired one.",
        fix="Soft-delete by uid (or the pinned key), not by namespace and name.",
    ),
    KnownIssue(
        id="older-version-replaces-a-newer",
        title="The slower of two controller managers writes an older version over a newer one",
        sections=("5.20",),
        code=codes.ROW_OVERTAKEN,
        wording=(r"^column res_version, of a row that another controller manager has written a newer version",),
        impact="In a rolling update, without leader election as it is shipped, two run at once; a row stays old "
        "where the slower one ends after that write.",
        workaround="Switch leaderElection on, or deploy with the strategy Recreate.",
        fix="Let ON DUPLICATE KEY UPDATE change a row only where VALUES(res_version) is not lower than its own.",
        need_not_show="it is how this implementation writes, and another one of the contract may look first",
    ),
    KnownIssue(
        id="kubernetes-delete-leaves-the-row",
        title="The row of an object that is deleted in Kubernetes stays live, although it has the finalizer",
        sections=("5.6", "5.10", "5.18", "5.19", "6.6"),
        wording=(
            r"^the order: expected \S+ goes after delete_time is set, got (gone|finalizers)"
            r"|^column delete_time: expected set, got NULL"
            r"|^the first object's delete_time: expected set once and for all, got NULL, then NULL"
            r"|^live rows of one name: expected 1, got 2,",
        ),
        impact="Only the annotation soft-deletes: what kubectl or a garbage collector deletes stays in queries.",
        workaround="Delete by annotation, as Michelangelo's API server does where it has its storage.",
        fix="Soft-delete in handleDeletion, unless the annotation says that it was done.",
        features=(f"{features.KUBERNETES_DELETE}={features.RELEASE}",),
    ),
    KnownIssue(
        id="interrupted-deletion-sticks",
        title="A deletion that is interrupted after its soft delete never ends: the object stays in Kubernetes",
        sections=("5.6", "5.8", "5.16", "5.17", "5.18", "5.19", "5.21", "6.6", "6.10", "6.13", "10.2"),
        code=codes.OBJECT_KEPT,
        wording=(
            r" in Kubernetes: expected released, ",
            r"(Operation cannot be fulfilled on|no new finalizers can be added) .*; "
            r"object not found or already deleted",
        ),
        impact=(
            "Another controller writes to the object between soft delete and removal of the finalizer; from then "
            "on every retry fails, since the row is soft-deleted already."
        ),
        workaround="Remove the finalizer by hand; the row is right.",
        fix="Take a row that is soft-deleted already for done, and go on to remove the finalizer.",
        need_not_show="it depends on timing",
        features=_FAILS,
    ),
    KnownIssue(
        id="list-of-finalizers-written-back",
        title="Letting go of an object undoes what others have just done to its finalizers",
        sections=("5.21",),
        code="finalizer.*",
        wording=(
            r"^(marked|retired)-meanwhile: metadata\.finalizers: expected "
            r"(with \S+/comes, which others put there|without \S+/goes, which others took off), got",
        ),
        impact="One that was just added is gone, and its controller does not clean up; one that was taken off "
        "is back, and nobody takes it off again.",
        workaround="Add finalizers when objects are created; look for objects that stay in Terminating.",
        fix="Take the finalizer off by an update, or by a patch that names the version which was read.",
        need_not_show="only one of the ways to leave may take it off so",
        features=_MERGES,
    ),
    KnownIssue(
        id="successor-deleted-in-its-place",
        title="Who takes the name of an object that is being let go of is deleted in its place",
        sections=("5.23",),
        code=codes.OBJECT_GONE,
        wording=(r"^replaced-when-(marked|retired): the object that took the name of the one",),
        impact="It is gone from Kubernetes, although nobody asked for that, and MySQL has no row of it.",
        workaround="Use no name again while its object is being retired or deleted by annotation.",
        fix="Delete with the uid that was read as a precondition.",
        need_not_show="only one of the ways to leave may delete so",
        features=_MERGES,
    ),
    KnownIssue(
        id="successor-deleted-by-its-mark",
        title="Who takes the name of an object that is marked to be deleted is deleted in its place",
        sections=("5.23",),
        code=codes.OBJECT_GONE,
        wording=(r"^replaced-when-marked: the object that took the name of the one",),
        impact="It is gone from Kubernetes, although nobody asked for that, and MySQL has no row of it.",
        workaround="Use no name again while its object is being deleted by annotation.",
        fix="Delete with the uid that was read as a precondition.",
        need_not_show="whoever deletes before it lets go may still say which object it means",
        features=(f"{features.DELETING_ANNOTATION}={features.DELETE_FIRST}",),
    ),
    KnownIssue(
        id="last-word-of-a-retired-object-lost",
        title="What is written to an object while it is retired is missing in its only record",
        sections=("5.21",),
        code=codes.ROW_BEHIND,
        wording=(r"^retired-meanwhile: column res_version: expected \d+ or later",),
        impact="The object leaves Kubernetes with a version that MySQL never had.",
        workaround="Write nothing to an object from the moment at which it is marked immutable.",
        fix="Take the finalizer off by an update, or by a patch that names the version which MySQL has.",
        need_not_show="only one of the ways to leave may take it off so",
        features=_MERGES,
    ),
)
