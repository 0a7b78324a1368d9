"""The known issues of what the Ingester catches up with: data."""

from __future__ import annotations

from harness.core import codes
from harness.core.known_issue import KnownIssue
from harness.spec import features

ISSUES: tuple[KnownIssue, ...] = (
    KnownIssue(
        id="unsynced-deletion-sticks",
        title="An object that is deleted before its first row is written stays in Kubernetes",
        sections=("6.7",),
        code=codes.OBJECT_KEPT,
        wording=(
            r"-fleeting-away in Kubernetes: expected released, ",
            r"errors logged: object not found or already deleted",
        ),
        impact="It is Terminating for ever and retried with growing delays; its namespace can't be deleted.",
        workaround="Remove the finalizer by hand.",
        fix="Take a row that is not there for done: there is nothing to delete.",
        features=(
            f"{features.MISSING_ROW}={features.FAILS}",
            f"{features.KUBERNETES_DELETE}={features.SOFT_DELETE}",
        ),
    ),
    KnownIssue(
        id="unanswered-deletion-sticks",
        title="An object whose soft delete was carried out and not answered stays in Kubernetes",
        sections=("6.10",),
        code=codes.OBJECT_KEPT,
        wording=(
            r"-answer-lost in Kubernetes: expected released, ",
            r"errors logged: .*object not found or already deleted",
        ),
        impact=(
            "The connection broke after MySQL had carried the soft delete out, and before the Ingester heard of "
            "it. Each retry finds no live row and fails: the row is right, and the object Terminating for ever."
        ),
        workaround="Remove the finalizer by hand; the row is right.",
        fix="Take a row that is soft-deleted already for done, and go on to remove the finalizer.",
        need_not_show="a sandbox without a relay can't lose the answer",
        features=(
            f"{features.MISSING_ROW}={features.FAILS}",
            f"{features.KUBERNETES_DELETE}={features.SOFT_DELETE}",
        ),
    ),
)
