"""Section 5 of the report: the rest of the Ingester's contract, each kind with objects of its own."""

from __future__ import annotations

import pytest

from harness.chapters.contract import deletions, writes
from harness.chapters.contract.lifecycle import Lifecycle, Stage
from harness.core.record import Check
from harness.spec.model import Case

pytestmark = pytest.mark.contract


def go_through(stage: Stage, lifecycle: Lifecycle, case: Case, check: Check, problem: str) -> None:
    """Go through a stage with the case's objects, and conclude the check from what was found."""
    lifecycle.require(case)
    lifecycle.get(stage, case).conclude(lifecycle.run, check, f"{case.name}: {problem}")


@pytest.mark.order(61)
@pytest.mark.section("5.1", "Labels and annotations are exactly the object's")
def test_5_1_labels_and_annotations(case: Case, lifecycle: Lifecycle, check: Check) -> None:
    """Labels and annotations added, changed and removed leave exactly the object's in the child tables."""
    lifecycle.require_mutable(case)
    go_through(writes.RELABELLED, lifecycle, case, check, "labels or annotations differ")


@pytest.mark.order(62)
@pytest.mark.section("5.2", "No-op and status writes reach the row")
def test_5_2_noop_and_status_writes(case: Case, lifecycle: Lifecycle, check: Check) -> None:
    """A patch that changes nothing leaves the row as it is; a write of the status reaches it."""
    lifecycle.require_mutable(case)
    go_through(writes.REWRITTEN, lifecycle, case, check, "the row does not follow")


@pytest.mark.order(63)
@pytest.mark.section("5.3", "A hundred patches at once end with the last one's state")
def test_5_3_rapid_updates(case: Case, lifecycle: Lifecycle, check: Check) -> None:
    """After a hundred patches by several clients at once, the row equals the object."""
    lifecycle.require_mutable(case)
    go_through(writes.HURRIED, lifecycle, case, check, "the row does not end with the last patch")


@pytest.mark.order(64)
@pytest.mark.section("5.4", "A patch during a reconcile is not lost")
def test_5_4_update_during_reconcile(case: Case, lifecycle: Lifecycle, check: Check) -> None:
    """A patch that is sent while the reconcile of the one before waits for MySQL reaches the row."""
    lifecycle.require_mutable(case)
    go_through(writes.OVERTAKEN, lifecycle, case, check, "a patch during a reconcile is lost")


@pytest.mark.order(65)
@pytest.mark.section("5.5", 'Marks of a value other than "true" do nothing')
def test_5_5_ignored_marks(case: Case, lifecycle: Lifecycle, check: Check) -> None:
    """With Deleting and Immutable annotations of any value but "true", the object stays and is synced."""
    lifecycle.require_mutable(case)
    go_through(writes.UNMOVED, lifecycle, case, check, "a mark that says nothing had an effect")


@pytest.mark.order(66)
@pytest.mark.section("5.6", "Deletion with finalizer: soft-deleted, then released")
def test_5_6_deleted_with_finalizer(case: Case, lifecycle: Lifecycle, check: Check) -> None:
    """delete_time is set before the finalizer goes; row, labels and annotations stay; a namesake is untouched."""
    lifecycle.require_mutable(case)
    go_through(deletions.DELETED, lifecycle, case, check, "was not deleted as the contract says")


@pytest.mark.order(67)
@pytest.mark.section("5.7", "Deletion without finalizer")
def test_5_7_deleted_without_finalizer(case: Case, lifecycle: Lifecycle, check: Check) -> None:
    """The row of an object that is deleted without the Ingester's finalizer stays: a documented limitation."""
    lifecycle.require_mutable(case)
    go_through(deletions.ORPHANED, lifecycle, case, check, "the row outlives its object")


@pytest.mark.order(68)
@pytest.mark.section("5.8", "Deleting annotation: soft-deleted, released, deleted")
def test_5_8_deleting_annotation(case: Case, lifecycle: Lifecycle, check: Check) -> None:
    """The annotation of value "true" soft-deletes the row, then the object goes, with the finalizer or without."""
    lifecycle.require_mutable(case)
    go_through(deletions.MARKED_DELETING, lifecycle, case, check, "was not deleted as its annotation says")


@pytest.mark.order(69)
@pytest.mark.section("5.9", "Immutable: the object lives on in MySQL only")
def test_5_9_immutable(case: Case, lifecycle: Lifecycle, check: Check) -> None:
    """An object that is immutable by annotation or kind leaves Kubernetes once a live row has its last version."""
    go_through(deletions.RETIRED, lifecycle, case, check, "was not retired as the contract says")


@pytest.mark.order(70)
@pytest.mark.section("5.10", "Another object under the same name has a row of its own")
def test_5_10_recreated(case: Case, lifecycle: Lifecycle, check: Check) -> None:
    """An object created under the name of a deleted one has a new row; the old one stays deleted; one is live."""
    lifecycle.require_mutable(case)
    go_through(deletions.RECREATED, lifecycle, case, check, "the successor's rows are not as the contract says")


@pytest.mark.order(71)
@pytest.mark.section("5.11", "Another object under the name of one whose row stayed live")
def test_5_11_successor_of_a_live_row(case: Case, lifecycle: Lifecycle, check: Check) -> None:
    """The row of an object that follows an orphan, or a retired object, is the only live one of its name."""
    stage = deletions.SUCCEEDED_RETIRED if lifecycle.is_immutable(case) else deletions.SUCCEEDED
    go_through(stage, lifecycle, case, check, "the name has not exactly one live row")
