"""The known issues that the seed report found: data."""

from __future__ import annotations

from harness.core import codes
from harness.core.known_issue import Action, KnownIssue

_SECTION = "3"   # where each is looked for

ISSUES: tuple[KnownIssue, ...] = (
    KnownIssue(
        id="sparkjob-double-panic",
        title="SparkJob's business controller panics twice and takes the controller manager down",
        sections=(_SECTION, "1.5", "1.6", "4.1"),
        kinds=("SparkJob",),
        code="*.missing",
        wording=(   # of what ended the process: a panic that was recovered stands in a line of the log as well
            r"(?m)^\s*panic: (runtime error: )?invalid memory address or nil pointer dereference",
            r"spark/job/client/client\.go:185",
        ),
        impact=(
            "No SparkJob reaches MySQL, and nothing else does while the controller manager is in "
            "CrashLoopBackOff: a TriggerRun created meanwhile is synced after the restart."
        ),
        workaround="Delete the SparkJob CR: the controller manager recovers and the other kinds sync again.",
        action=Action.DELETE,
        rules_out=("2.1", "2.2", "2.3", "2.4"),
    ),
    KnownIssue(
        id="triggerrun-deleted",
        title="TriggerRun is deleted by its business controller shortly after its creation",
        sections=(_SECTION, "2.1"),
        kinds=("TriggerRun",),
        code=codes.REQUEST_REFUSED,
        wording=(r"TRIGGER_RUN_STATE_INVALID",),
        impact="The row is synced before the deletion; the CR itself can't be patched any more.",
        workaround="Create the CR again: it is left alone and synced.",
        action=Action.RECREATE,
    ),
    KnownIssue(
        id="cluster-outside-ma-system",
        title="Cluster is rejected by its business controller outside the namespace ma-system",
        sections=(_SECTION,),
        kinds=("Cluster",),
        code=codes.LOG_LINE,
        wording=(r"cluster must only belong to the namespace ma-system",),
        impact="None on the Ingester: the row is synced all the same.",
        workaround="None needed here; in production create Clusters in ma-system.",
    ),
    KnownIssue(
        id="sparkjob-driver-fields",
        title="SparkJob's CRD has no spec.driver.cores and spec.driver.memory",
        sections=(_SECTION,),
        kinds=("SparkJob",),
        code=codes.OBJECT_PRUNED,
        wording=(r"spec\.driver\.cores", r"spec\.driver\.memory"),
        impact="A SparkJob written with them is refused, or silently loses them where validation is not strict.",
        workaround="Use spec.driver.pod, as the template does.",
    ),
)
