"""The registry of known issues: what a profile may expect to go wrong, how to recognise it, how to go on.

Data only: those of the seed report's chapters; `harness.spec.contract_issues` has the others.
`harness.suite.verdict` looks for them, and `harness.chapters.seed.run` applies the workarounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from harness.core.record import Column, Status


class Workaround(StrEnum):
    """What the run does once an issue has shown, so that the rest can be judged."""

    NONE = "none"
    DELETE = "delete"        # delete the CR, await the controller manager's recovery
    RECREATE = "recreate"    # create the CR again under the same name


class Probe(StrEnum):
    """Where an issue shows."""

    CELL = "cell"            # the check of one of its cells fails, with the signature in its evidence
    LOG = "log"              # the signature appears in the controller manager's log
    UNKNOWN_FIELDS = "unknown_fields"   # the API server refuses or drops fields of a CR


@dataclass(frozen=True)
class KnownIssue:
    """A defect that a profile expects.

    `cells` says which cells of its `kind` it affects and what they then are; the first KNOWN one decides
    whether the issue shows. `signature` are regular expressions (searched, any line) that must all match the
    evidence: a failure without them is a new one.
    """

    id: str
    title: str
    kind: str
    probe: Probe
    signature: tuple[str, ...]
    impact: str
    workaround: str
    step: Workaround = Workaround.NONE
    cells: Mapping[Column, Status] = field(default_factory=dict)
    link: str = ""
    probe_fields: Mapping[str, str | int] = field(default_factory=dict)   # JSON path -> value, UNKNOWN_FIELDS


ISSUES: tuple[KnownIssue, ...] = (
    KnownIssue(
        id="sparkjob-double-panic",
        title="SparkJob's business controller panics twice and takes the controller manager down",
        kind="SparkJob",
        probe=Probe.CELL,
        signature=(r"nil pointer dereference", r"spark/job/client/client\.go:185"),
        impact=(
            "No SparkJob reaches MySQL, and nothing else does while the controller manager is in "
            "CrashLoopBackOff: a TriggerRun created meanwhile is synced after the restart."
        ),
        workaround="Delete the SparkJob CR: the controller manager recovers and the other kinds sync again.",
        step=Workaround.DELETE,
        cells={
            Column.SYNCED: Status.KNOWN,
            Column.UPDATED: Status.NOT_APPLICABLE,
            Column.UPDATE_SYNCED: Status.NOT_APPLICABLE,
        },
    ),
    KnownIssue(
        id="triggerrun-deleted",
        title="TriggerRun is deleted by its business controller shortly after its creation",
        kind="TriggerRun",
        probe=Probe.CELL,
        signature=(r"TRIGGER_RUN_STATE_INVALID",),
        impact="The row is synced before the deletion; the CR itself can't be patched any more.",
        workaround="Create the CR again: it is left alone and synced.",
        step=Workaround.RECREATE,
        cells={Column.UPDATED: Status.KNOWN},
    ),
    KnownIssue(
        id="cluster-outside-ma-system",
        title="Cluster is rejected by its business controller outside the namespace ma-system",
        kind="Cluster",
        probe=Probe.LOG,
        signature=(r"cluster must only belong to the namespace ma-system",),
        impact="None on the Ingester: the row is synced all the same.",
        workaround="None needed here; in production create Clusters in ma-system.",
    ),
    KnownIssue(
        id="sparkjob-driver-fields",
        title="SparkJob's CRD has no spec.driver.cores and spec.driver.memory",
        kind="SparkJob",
        probe=Probe.UNKNOWN_FIELDS,
        signature=(r"spec\.driver\.cores", r"spec\.driver\.memory"),
        impact="A SparkJob written with them is refused, or silently loses them where validation is not strict.",
        workaround="Use spec.driver.pod, as the template does.",
        probe_fields={"spec.driver.cores": 1, "spec.driver.memory": "1g"},
    ),
)

ISSUES_BY_ID: dict[str, KnownIssue] = {issue.id: issue for issue in ISSUES}

API_ISSUES: tuple[KnownIssue, ...] = (
    KnownIssue(
        id="api-server-adds-no-finalizer",
        title="Michelangelo's API server adds no Ingester finalizer, whatever metadataStorage says",
        kind="",
        probe=Probe.CELL,
        signature=(r"finalizers of the created object\nnone",),
        impact="Whoever deletes such an object from Kubernetes leaves its row live in MySQL.",
        workaround="None by configuration: go/cmd/apiserver is given no storage, so the setting has no effect.",
    ),
    KnownIssue(
        id="api-server-deletes-for-good",
        title="Michelangelo's API server deletes objects from Kubernetes at once, without the annotation",
        kind="",
        probe=Probe.CELL,
        signature=(
            r"annotation michelangelo/Deleting\nnever set",
            r"versions of the object since then\n(.*\n)*.*(deleted; |deletionTimestamp)",
            r"the object at the end\n(gone|there; (?!.*michelangelo/Ingester))",
            r"the row at the end\nlive",
        ),
        impact="The Ingester never soft-deletes the row: it stays live in MySQL, an orphan.",
        workaround="None by configuration; orphans are found by comparing MySQL with Kubernetes.",
    ),
)
"""Known issues of Michelangelo's API server; each shows in every kind that it serves."""

API_ISSUES_BY_ID: dict[str, KnownIssue] = {issue.id: issue for issue in API_ISSUES}
