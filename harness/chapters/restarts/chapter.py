"""Chapter 6: the Ingester's gates and settings, and what it catches up with after a time away."""

from __future__ import annotations

from harness.chapters.restarts import checks
from harness.chapters.restarts.gates import Gates
from harness.chapters.restarts.issues import ISSUES
from harness.spec.features import DELETION_DELAY, KUBERNETES_DELETE, MISSING_ROW, PRIMARY_KEY
from harness.suite.chapter import Chapter, Section, whole_run

CHAPTER = Chapter(
    key="restarts",
    title="Gates and backfill",
    explanation=(
        "The Ingester's settings, and how it catches up with what happened while it was switched off or down."
    ),
    summary="gates, settings and backfill; the controller manager is restarted",
    markers=("restarts",),
    open=Gates,
    stands_on="contract",
    issues=ISSUES,
    features=(PRIMARY_KEY,),
    sections=(
        Section(
            "6.1",
            "Ingester disabled",
            "With the first gate off nothing registers, and all else is healthy",
            "With metadata storage disabled no Ingester controller registers, no row changes, nothing restarts.",
            checks.check_ingester_disabled,
            topics=whole_run,
        ),
        Section(
            "6.2",
            "Gate 1 only",
            "Without its mysql stanza it refuses to start, and says why",
            "With metadata storage enabled and no mysql stanza, the controller manager ends with a clear error.",
            checks.check_first_gate_only,
            topics=whole_run,
        ),
        Section(
            "6.3",
            "Settings accepted",
            "Settings are accepted, per kind as well",
            "Enabled again, every controller registers, with the workers and the requeue period of its kind.",
            checks.check_settings,
            topics=whole_run,
        ),
        Section(
            "6.4",
            "Created while down",
            "Created while down",
            "An object that was created while the controller manager was down has one row, equal to it.",
            checks.check_created_while_down,
        ),
        Section(
            "6.5",
            "Patched while down",
            "Patched while down",
            "The row of an object that was patched meanwhile equals it.",
            checks.check_patched_while_down,
        ),
        Section(
            "6.6",
            "Deleted while down",
            "Deleted while down",
            "An object that was deleted meanwhile is soft-deleted, of a retained kind live, and released; one "
            "that was marked to be deleted, or as immutable, has left as its mark says.",
            checks.check_deleted_while_down,
            features=(KUBERNETES_DELETE, DELETION_DELAY),
        ),
        Section(
            "6.7",
            "Came and went while down",
            "Come and gone while down",
            "An object that was created and deleted meanwhile, and never had a row, is released.",
            checks.check_come_and_gone,
            features=(MISSING_ROW, DELETION_DELAY),
        ),
        Section(
            "6.8",
            "1,000 objects",
            "A thousand objects are caught up with",
            "A thousand objects that were created meanwhile each have a row, equal to the object.",
            checks.check_many_objects,
            topics=whole_run,
        ),
        Section(
            "6.9",
            "Deletion delayed",
            "A deletion waits as long as it is set for its kind",
            "With a delay for one kind, its deleted objects keep row and finalizer for so long, unless they are "
            "marked; others go at once.",
            checks.check_delayed_deletion,
            topics=whole_run,
            features=(DELETION_DELAY,),
        ),
        Section(
            "6.10",
            "COMMIT fails",
            "A write that fails at its COMMIT is written again",
            "A write whose COMMIT is refused, cut off or left without an answer is in MySQL in the end, a soft "
            "delete as well.",
            checks.check_failed_writes,
            features=(KUBERNETES_DELETE, DELETION_DELAY),
        ),
        Section(
            "6.11",
            "Failover",
            "Connections to a server that became read-only are given up",
            "When another server takes over the address, rows follow once the lifetime of connections is over.",
            checks.check_failover,
        ),
        Section(
            "6.12",
            "Nothing grows",
            "Nothing that is held grows with every sync",
            "Hundreds of syncs leave no connection, prepared statement, open file, thread or goroutine behind.",
            checks.check_growth,
            topics=whole_run,
        ),
        Section(
            "6.13",
            "A statement fails",
            "A write of which a statement fails is written again",
            "A lock, a deadlock or a full table that strikes row, labels, annotations or a soft delete, "
            "leaves no part of the object unwritten.",
            checks.check_failed_statements,
            features=(KUBERNETES_DELETE, DELETION_DELAY),
        ),
    ),
)
