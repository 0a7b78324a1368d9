"""Chapter 5: the rest of the Ingester's contract, each kind with objects of its own."""

from __future__ import annotations

from harness.chapters.contract import cascade, deletions, meanwhile, writes
from harness.chapters.contract.checks import (
    check_anywhere,
    check_claimed,
    check_deleted,
    check_held,
    check_name_reused,
    check_name_reused_after_retirement,
    check_namesakes,
    check_orphaned,
    check_overtaken,
    check_recreated,
    check_restored,
    check_retained,
    check_retired,
    check_shared_name,
    check_step,
)
from harness.chapters.contract.issues import ISSUES
from harness.chapters.contract.lifecycle import Lifecycle
from harness.spec.features import (
    DELETING_ANNOTATION,
    DELETION_DELAY,
    FINALIZER,
    FINALIZER_REMOVAL,
    KUBERNETES_DELETE,
    PRIMARY_KEY,
)
from harness.suite.chapter import Chapter, Section

CHAPTER = Chapter(
    key="contract",
    title="The rest of the contract",
    explanation=(
        "What the Ingester's contract says beyond creation and one patch, with objects of these checks alone."
    ),
    summary="the rest of the Ingester's contract",
    markers=("contract",),
    open=Lifecycle,
    issues=ISSUES,
    features=(PRIMARY_KEY,),
    sections=(
        Section(
            "5.1",
            "Labels & annotations",
            "Labels and annotations are exactly the object's",
            "Labels and annotations added, changed and removed leave exactly the object's in the child tables.",
            check_step(writes.LABELS, "labels or annotations differ"),
        ),
        Section(
            "5.2",
            "No-op & status writes",
            "No-op and status writes reach the row",
            "A patch that changes nothing leaves the row as it is; a write of the status, of the finalizers or of "
            "managedFields alone reaches it.",
            check_step(writes.NOOP_AND_STATUS, "the row does not follow"),
        ),
        Section(
            "5.3",
            "Rapid updates",
            "A hundred patches at once end with the last one's state",
            "After a hundred patches by several clients at once, the row equals the object.",
            check_step(writes.RAPID_UPDATES, "the row does not end with the last patch"),
        ),
        Section(
            "5.4",
            "Update during reconcile",
            "A patch during a reconcile is not lost",
            "A patch that is sent while the reconcile of the one before waits for MySQL reaches the row.",
            check_step(writes.PATCH_DURING_RECONCILE, "a patch during a reconcile is lost"),
        ),
        Section(
            "5.5",
            "Ignored annotation values",
            'Control annotations of a value other than "true" do nothing',
            'With Deleting and Immutable annotations of any value but "true", as labels, or of longer keys, the '
            'object stays and is synced.',
            check_step(writes.IGNORED_ANNOTATIONS, "an annotation that says nothing had an effect"),
        ),
        Section(
            "5.6",
            "Deleted with finalizer",
            "Deletion with finalizer: soft-deleted, then released",
            "delete_time is set before the finalizer goes; row, labels and annotations "
            "stay; a sibling is untouched.",
            check_deleted,
            features=(KUBERNETES_DELETE, DELETION_DELAY),
        ),
        Section(
            "5.7",
            "Deleted without finalizer",
            "Deletion without finalizer",
            "The row of an object that nobody gave the finalizer stays: a documented limitation. Where the "
            "Ingester adds it, the row is soft-deleted.",
            check_orphaned,
            features=(FINALIZER, DELETION_DELAY),
        ),
        Section(
            "5.8",
            "Deleting annotation",
            "Deleting annotation: soft-deleted, released, deleted",
            'The annotation of value "true" soft-deletes the row, then the object goes, with the finalizer or '
            'without, and also where it is marked as immutable.',
            check_step(deletions.DELETING_ANNOTATED, "was not deleted as its annotation says"),
            features=(DELETING_ANNOTATION,),
        ),
        Section(
            "5.9",
            "Immutable annotation",
            "Immutable: the object lives on in MySQL only",
            "An object that is immutable by annotation or kind leaves Kubernetes once a "
            "live row has its last version.",
            check_retired,
        ),
        Section(
            "5.10",
            "Re-created",
            "Another object under the same name has a row of its own",
            "An object created under the name of a deleted one has a new row; the old "
            "one stays as it was, also when that one is deleted; one is live.",
            check_recreated,
            features=(KUBERNETES_DELETE, DELETION_DELAY),
        ),
        Section(
            "5.11",
            "Successor of a live row",
            "Another object under the name of one whose row stayed live",
            "The row of an object that follows an orphan is the only live one of its name.",
            check_name_reused,
            features=(FINALIZER, DELETION_DELAY),
        ),
        Section(
            "5.12",
            "Successor of a retired object",
            "Another object under the name of one that lives on in MySQL only",
            "The row of an object that follows a retired one is the only live one of its name.",
            check_name_reused_after_retirement,
        ),
        Section(
            "5.13",
            "Finalizer added",
            "The Ingester adds its finalizer, and changes nothing else",
            "Where it is the Ingester that adds it, the finalizer comes before the first row, once and for good, "
            "and alone.",
            check_claimed,
            features=(FINALIZER,),
        ),
        Section(
            "5.14",
            "Retained",
            "The row of a deleted object of a retained kind stays live",
            "Its final state is written before the finalizer goes, and the row stays live; another finalizer "
            "holds it.",
            check_retained,
            features=(DELETION_DELAY,),
        ),
        Section(
            "5.15",
            "Restored with its key",
            "An object that brings its key along keeps its row",
            "The key is pinned once; one that brings an earlier object's key has that row, and labels and "
            "annotations under that key.",
            check_restored,
        ),
        Section(
            "5.16",
            "Held by others",
            "Finalizers of others stay, and what they hold is left alone",
            "Of a deleted object only the Ingester's finalizer goes; written to or let go of later, its row stays "
            "as it was.",
            check_held,
            features=(KUBERNETES_DELETE, DELETION_DELAY),
        ),
        Section(
            "5.17",
            "Namesakes",
            "A deletion is not felt by the row of a namesake",
            "The row of a retired object stays as it is when another one of its name is deleted, in either way; "
            "that one's own row is soft-deleted.",
            check_namesakes,
            features=(DELETION_DELAY,),
        ),
        Section(
            "5.18",
            "Gone with its owner",
            "An object goes with its owner, or is left behind, and its row follows",
            "Deleted in the background and in the foreground, an owner takes what it owns along, and each row is "
            "as after a deletion of its own; by the policy Orphan what it owned stays, and its row follows.",
            check_step(cascade.OWNED, "the rows of an owner and of what it owns are not as they must"),
            features=(KUBERNETES_DELETE, DELETION_DELAY),
        ),
        Section(
            "5.19",
            "Gone with its namespace",
            "An object goes with its namespace, and its row is as after a deletion of its own",
            "Of an object whose namespace is deleted the row is soft-deleted; where its kind is retained, it "
            "stays live.",
            check_step(cascade.NAMESPACED, "the row of an object whose namespace went is not as it must"),
            features=(KUBERNETES_DELETE, DELETION_DELAY),
        ),
        Section(
            "5.20",
            "Overtaken",
            "An older version never replaces a newer one",
            "Where another controller manager was quicker, as in a rolling update, the row does not go back to "
            "what the slower one has; versions are compared as numbers.",
            check_overtaken,
        ),
        Section(
            "5.21",
            "Written meanwhile",
            "What others write to an object that is being let go of stays",
            "A label and finalizers of others that are written after the Ingester has read the object, and before "
            "its own write, are there afterwards; and it lets go all the same.",
            check_step(meanwhile.WRITTEN_MEANWHILE, "what others write meanwhile is undone"),
            features=(FINALIZER_REMOVAL, KUBERNETES_DELETE, DELETING_ANNOTATION, DELETION_DELAY),
        ),
        Section(
            "5.22",
            "Barely changed",
            "A change of letter case, accents or spaces at the end reaches the row",
            "Texts, labels and annotations that MySQL's collations hold equal to what the row has are written all "
            "the same.",
            check_step(writes.BARE_CHANGES, "a change that a collation overlooks is lost"),
        ),
        Section(
            "5.23",
            "Replaced meanwhile",
            "Who takes the name of an object that is being let go of is not deleted in its place",
            "An object that is created under the name of one which the Ingester has read, to delete or to retire "
            "it, stays, and has its row.",
            check_step(meanwhile.REPLACED_MEANWHILE, "another object is deleted in the place of one"),
            features=(FINALIZER_REMOVAL, DELETING_ANNOTATION),
        ),
        Section(
            "5.24",
            "Row lost",
            "A row that was lost is written anew with the next write",
            "An object whose row is gone, as after MySQL was restored, has a whole row again once it is patched.",
            check_step(writes.LOST, "a row that was lost does not come back"),
        ),
        Section(
            "5.25",
            "One name, all kinds",
            "Objects of all kinds under one name have rows of their own",
            "Created, patched, and each second one deleted: objects that share one name have each a row that is "
            "theirs alone.",
            check_shared_name,
        ),
        Section(
            "5.26",
            "Any namespace",
            "Objects in the namespaces of Kubernetes itself are as in any other",
            "An object in default or in kube-system has its row.",
            check_anywhere,
        ),
    ),
)
