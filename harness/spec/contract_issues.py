"""The registry of known issues of the chapters beyond the seed report's: limits and defects, each with a fix.

Data only. `harness.suite.findings` explains findings by them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ContractIssue:
    """A defect or documented limitation that a profile expects in the chapters beyond the seed report's.

    It shows where a check of one of its `sections` fails, for one of `kinds` (all where empty), with every
    `signature` (a regular expression, searched in any line) in what the check found. One that does not show is
    stale, unless `need_not_show` says why not seeing it proves nothing.
    """

    id: str
    title: str
    sections: tuple[str, ...]
    signature: tuple[str, ...]
    impact: str
    workaround: str
    fix: str
    kinds: frozenset[str] = frozenset()
    need_not_show: str = ""
    link: str = ""


_TIMING = "it depends on timing"

CONTRACT_ISSUES: tuple[ContractIssue, ...] = (
    ContractIssue(
        id="orphan-without-finalizer",
        title="The row of an object that is deleted without the Ingester's finalizer stays live",
        sections=("5.7",),
        signature=(r"^the row of the deleted object: expected soft-deleted, got live: an orphan$",),
        impact="Queries keep finding an object that Kubernetes no longer has: documented, as kubectl adds none.",
        workaround="Create objects through an API server that adds the finalizer, or delete them by annotation.",
        fix="Add the finalizer in the first reconcile, or look for live rows without an object at each start.",
    ),
    ContractIssue(
        id="ghost-row",
        title="An object created again under the name of an orphan, or of a retired one, leaves two live rows",
        sections=("5.11",),
        signature=(
            r"^live rows of one name (after a deletion without finalizer|of an immutable kind): ",
            r"expected 1, got 2,",
        ),
        impact="A query by namespace and name finds the earlier object beside the present one.",
        workaround="Take the row with the latest create_time.",
        fix="Soft-delete live rows of the same namespace and name and another uid when a new uid is inserted.",
    ),
    ContractIssue(
        id="interrupted-deletion-sticks",
        title="A deletion that is interrupted after its soft delete never ends: the object stays in Kubernetes",
        sections=("5.6", "5.8", "6.6"),
        signature=(
            r"-(deleted|deleting|deleting-plain|deleted-away) in Kubernetes: expected released, ",
            r"Operation cannot be fulfilled on .*; object not found or already deleted",
        ),
        impact=(
            "Another controller writes to the object between soft delete and removal of the finalizer; from then "
            "on every retry fails, since the row is soft-deleted already."
        ),
        workaround="Remove the finalizer by hand; the row is right.",
        fix="Take a row that is soft-deleted already for done, and go on to remove the finalizer.",
        need_not_show=_TIMING,
    ),
    ContractIssue(
        id="unsynced-deletion-sticks",
        title="An object that is deleted before its first row is written stays in Kubernetes",
        sections=("6.7",),
        signature=(
            r"-fleeting-away in Kubernetes: expected released, ",
            r"errors logged: object not found or already deleted",
        ),
        impact="It is Terminating for ever and retried with growing delays; its namespace can't be deleted.",
        workaround="Remove the finalizer by hand.",
        fix="Take a row that is not there for done: there is nothing to delete.",
    ),
    # Chapter 8, faults under load
    ContractIssue(
        id="faulted-creation-sticks",
        title="An object that is created and deleted during an outage never leaves Kubernetes",
        sections=("8.1", "8.2", "8.3", "8.4", "8.5", "8.6", "8.7"),
        signature=(
            r"stuck in Terminating, no row, created during the fault",
            r"its last error: object not found or already deleted",
        ),
        impact=(
            "Its first row could not be written before its deletion was asked for. The soft delete then finds no "
            "row, fails, and is retried for ever with growing delays; its namespace can't be deleted, and no "
            "object of that name be created again."
        ),
        workaround="Remove the finalizer michelangelo/Ingester by hand; MySQL never had the object.",
        fix="Take a row that is not there for done when an object is being deleted, and remove the finalizer.",
        need_not_show=_TIMING,
    ),
    ContractIssue(
        id="faulted-deletion-sticks",
        title="A deletion that is cut off after its soft delete never ends: the object stays in Kubernetes",
        sections=("8.1", "8.2", "8.3", "8.4", "8.5", "8.6", "8.7"),
        signature=(
            r"stuck in Terminating, its row soft-deleted",
            r"its last error: (object not found or already deleted|Operation cannot be fulfilled)",
        ),
        impact=(
            "The controller manager or kube-apiserver went away between the soft delete and the removal of the "
            "finalizer, or the removal met a newer version. Each retry then fails at the soft delete: the row is "
            "right, and the object Terminating for ever."
        ),
        workaround="Remove the finalizer michelangelo/Ingester by hand; the row is right.",
        fix="Take a row that is soft-deleted already for done, and go on to remove the finalizer.",
        need_not_show=_TIMING,
    ),
    ContractIssue(
        id="retry-interval-ignored",
        title="After an outage rows stay behind for up to 17 minutes: ingester.requeuePeriod is not kept to",
        sections=("8.3",),
        signature=(r"\d+ failures in a row, not tried again for ([3-9]\d|\d{3,}) s",),
        impact=(
            "The documented retry interval on failure is 30 s, but RequeueAfter has no effect where a reconcile "
            "returns an error as well: controller-runtime then doubles its own delay, from 5 ms up to 1000 s. "
            "Each change of an object during the outage is a failure of its own, so that objects in use wait "
            "longest."
        ),
        workaround="Write to the objects once more, or restart the controller manager, when MySQL is back.",
        fix="Give the controllers a rate limiter whose longest delay is requeuePeriod.",
        need_not_show=_TIMING,
    ),
)

CONTRACT_ISSUES_BY_ID: dict[str, ContractIssue] = {issue.id: issue for issue in CONTRACT_ISSUES}
