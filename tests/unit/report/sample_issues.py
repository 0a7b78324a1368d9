"""The known issues of the samples that have no sections, and the panic that one of them is about."""

from __future__ import annotations

from harness.core.record import Evidence, IssueResult, IssueStatus


def build_panic(at: float) -> Evidence:
    """Return a piece of evidence that is long: lines of a log."""
    trace = [
        "panic: runtime error: invalid memory address or nil pointer dereference [recovered]",
        "goroutine 467 [running]:",
        "  spark/job/client/client.go:185 +0x1d4",
        *(f"  sigs.k8s.io/controller-runtime/pkg/internal/controller.go:{200 + line}" for line in range(30)),
    ]
    return Evidence("log", "the panic in the controller manager's log", "\n".join(trace), at + 0.3)


def build_issues(start: float) -> list[IssueResult]:
    """Return what became of the known issues in a run that began at `start`."""
    return [
        IssueResult(
            "sparkjob-double-panic",
            "SparkJob's business controller panics twice and takes the controller manager down",
            IssueStatus.REPRODUCED,
            "exit code 2 three times, the trace names spark/job/client/client.go:185",
            "No SparkJob reaches MySQL; a TriggerRun created meanwhile is synced after the restart.",
            "Delete the SparkJob CR: the controller manager recovers. Done in this run, 0.9 s until it ran again.",
            "https://issues.example/185",
            [build_panic(start + 16)],
        ),
        IssueResult(
            "triggerrun-deleted",
            "TriggerRun is deleted by its business controller shortly after its creation",
            IssueStatus.REPRODUCED,
            "state TRIGGER_RUN_STATE_INVALID, gone from Kubernetes 1.2 s after its creation",
            "The row is synced before the deletion; the CR itself can't be patched any more.",
            "Create the CR again: it is left alone and synced.",
        ),
        IssueResult(
            "cluster-outside-ma-system",
            "Cluster is rejected by its business controller outside the namespace ma-system",
            IssueStatus.REPRODUCED,
            "the rejection is in the log",
            "None on the Ingester: the row is synced all the same.",
            "None needed here; in production create Clusters in ma-system.",
            "javascript:alert(1)",
            [Evidence("log", "rejection", "cluster must only belong to the namespace ma-system", start + 13.2)],
        ),
        IssueResult(
            "sparkjob-driver-fields",
            "SparkJob's CRD has no spec.driver.cores and spec.driver.memory",
            IssueStatus.REPRODUCED,
            "the API server dropped both fields",
            "A SparkJob written with them silently loses them where validation is not strict.",
            "Use spec.driver.pod, as the template does.",
        ),
    ]
