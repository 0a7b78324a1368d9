"""What is known to go wrong under faults: the chapter's known issues. Data only."""

from __future__ import annotations

from harness.core.codes import FINALIZER_KEPT
from harness.core.known_issue import KnownIssue
from harness.spec import features

_ALL = ("8.1", "8.2", "8.3", "8.4", "8.5", "8.6", "8.7")
_TIMING = "it depends on timing"
_FAILS = (f"{features.MISSING_ROW}={features.FAILS}",)

ISSUES: tuple[KnownIssue, ...] = (
    KnownIssue(
        id="faulted-creation-sticks",
        title="An object that is created and deleted during an outage never leaves Kubernetes",
        sections=_ALL,
        code=FINALIZER_KEPT,
        wording=(
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
        features=_FAILS,
    ),
    KnownIssue(
        id="faulted-deletion-sticks",
        title="A deletion that is cut off after its soft delete never ends: the object stays in Kubernetes",
        sections=_ALL,
        code=FINALIZER_KEPT,
        wording=(
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
        features=_FAILS,
    ),
    KnownIssue(
        id="retry-interval-ignored",
        title="After an outage rows stay behind for up to 17 minutes: ingester.requeuePeriod is not kept to",
        sections=("8.3",),
        # any code: whatever has not converged
        wording=(r"\d+ failures in a row, not tried again for ([3-9]\d|\d{3,}) s",),
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
