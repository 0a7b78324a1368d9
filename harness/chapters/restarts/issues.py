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
)
