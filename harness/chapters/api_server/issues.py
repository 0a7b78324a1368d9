"""The known issues of Michelangelo's API server; each shows in every kind that it serves. Data."""

from __future__ import annotations

from harness.core import codes
from harness.core.known_issue import KnownIssue
from harness.spec import features

_NOT_WIRED = (   # the API server is to add the finalizer, and is given no storage
    f"{features.FINALIZER}={features.API_SERVER}",
    f"{features.API_SERVER_STORAGE}={features.NOT_WIRED}",
)
SECTION = "4.7"   # where each is looked for

ISSUES: tuple[KnownIssue, ...] = (
    KnownIssue(
        id="api-server-adds-no-finalizer",
        title="Michelangelo's API server adds no Ingester finalizer, whatever metadataStorage says",
        sections=(SECTION, "4.2"),
        code=codes.FINALIZER_MISSING,
        impact="Whoever deletes such an object from Kubernetes leaves its row live in MySQL.",
        workaround="None by configuration: go/cmd/apiserver is given no storage, so the setting has no effect.",
        features=_NOT_WIRED,
    ),
    KnownIssue(
        id="api-server-deletes-for-good",
        title="Michelangelo's API server deletes objects from Kubernetes at once, without the annotation",
        sections=(SECTION, "4.6"),
        code=codes.ANNOTATION_MISSING,
        wording=(
            r"(deleted; |deletionTimestamp)",
            r"the object at the end: (gone|there; (?!.*michelangelo/Ingester))",
            r"the row at the end: live",
        ),
        impact="The Ingester never soft-deletes the row: it stays live in MySQL, an orphan.",
        workaround="None by configuration; orphans are found by comparing MySQL with Kubernetes.",
        features=_NOT_WIRED,
    ),
)
