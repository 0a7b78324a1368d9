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
_GO_TYPES = "it comes from Michelangelo's Go types, and another implementation of the contract has others"
_WITH_TEXT_COLUMNS = frozenset({"ModelFamily", "Model", "Pipeline", "PipelineRun", "Revision", "TriggerRun"})

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
    # Hostile input. Each signature names its inputs, so that it explains no other.
    ContractIssue(
        id="text-longer-than-its-column",
        title="An object is never synced if a text of it is longer than its indexed column",
        sections=("7.6",),
        kinds=_WITH_TEXT_COLUMNS,
        signature=(
            r"input over-(?!by-)[a-z-]+: expected ",
            r"never synced: (Error )?1406 \(22001\): Data too long for column '(?!key|value)\w+'",
        ),
        impact="A name, path or description of 256 characters (a Model's description: 769) keeps its object out.",
        workaround="Keep these fields short; objects that failed are found by their errors in the log alone.",
        fix="Limit the fields in the CRDs (maxLength), or index a prefix and keep the whole in json and proto.",
    ),
    ContractIssue(
        id="spaces-beyond-the-column-are-cut",
        title="Spaces at the end of a text are cut off silently where they are beyond its indexed column",
        sections=("7.6",),
        kinds=_WITH_TEXT_COLUMNS,
        signature=(
            r"input over-by-spaces, column \w+: expected \"x{30,}",
            r"(\(259 characters\), got .* \(257 characters\)|\(772 characters\), got .* \(770 characters\))$",
        ),
        impact="Column and object differ; json and proto are whole.",
        workaround="None by configuration: MySQL does that in strict mode as well.",
        fix="As for text that is longer than its column.",
    ),
    ContractIssue(
        id="annotation-longer-than-64k",
        title="An object is never synced if one of its annotations is longer than 65535 bytes",
        sections=("7.8",),
        signature=(
            r"input (annotation-65536|annotation-65536-four-bytes|annotation-262143-one|applied-70k): expected ",
            r"never synced: (Error )?(1406 \(22001\): Data too long for column 'value'|1366 \(\w+\): Incorrect)",
        ),
        impact="kubectl apply keeps the object in one: none of 64 KB can be applied. Each attempt logs it whole.",
        workaround="kubectl create, or kubectl apply --server-side, for large objects.",
        fix="MEDIUMTEXT for the value columns of the annotations tables; shorten values in errors.",
    ),
    ContractIssue(
        id="key-longer-than-255",
        title="An object is never synced if the key of a label or annotation is longer than 255 characters",
        sections=("7.8", "7.9"),
        signature=(
            r"input (label|annotation)-key-(256|317): expected ",
            r"never synced: (Error )?1406 \(22001\): Data too long for column 'key'",
        ),
        impact="Kubernetes allows 317: a prefix of 253 and a name of 63.",
        workaround="Keep prefixes below 192 characters.",
        fix="VARCHAR(317) for the key columns of the labels and annotations tables.",
    ),
    ContractIssue(
        id="json-nested-too-deep",
        title="A PipelineRun is never synced if its input is nested deeper than the database's JSON may be",
        sections=("7.12",),
        kinds=frozenset({"PipelineRun"}),
        signature=(
            r"input depth-120: expected ",
            r"never synced: (Error )?(4025 \(23000\): CONSTRAINT `pipelinerun\.json` failed|3157 \(22032\))",
        ),
        impact="MySQL takes 100 levels, MariaDB 32, of the whole object; the API server takes thousands.",
        workaround="Give nested input as text.",
        fix="Keep the json column NULL, or without spec.input, where the database can't take it: proto is whole.",
    ),
    ContractIssue(
        id="free-integers-lose-digits",
        title="Whole numbers above 2^53 in a PipelineRun's input reach MySQL rounded",
        sections=("7.11",),
        kinds=frozenset({"PipelineRun"}),
        signature=(
            r"input free-integer-(2-53-plus-1|2-63-less-1|minus-2-63), column json, spec\.input\.number: ",
            r"expected (9007199254740993, got 9007199254740992|-?92233720368547758\d+, got -?92233720368547760+)$",
        ),
        impact="Identifiers of 64 bits in the input change; Kubernetes has them whole.",
        workaround="Give such numbers as text.",
        fix="A google.protobuf.Struct knows doubles only: refuse what is not one, or use another type.",
        need_not_show=_GO_TYPES,
    ),
    ContractIssue(
        id="times-lose-their-zone",
        title="A TriggerRun's times reach MySQL in UTC, whatever zone they were given in",
        sections=("7.11",),
        kinds=frozenset({"TriggerRun"}),
        signature=(r"input time-other-zone, column json, spec\.start.*: .*05:30:00\+05:30\", got .*T00:00:00Z",),
        impact="The moment is the same; the zone that somebody thought in is only in Kubernetes.",
        workaround="None needed.",
        fix="None needed: protobuf's times have no zone.",
        need_not_show=_GO_TYPES,
    ),
    ContractIssue(
        id="undecodable-object-stops-its-kind",
        title="One object that the CRD accepts and Go can't decode stops every controller of its kind",
        sections=("7.14",),
        kinds=frozenset({"TriggerRun", "Deployment", "RayCluster"}),
        signature=(
            r"input (interval-in-words|duration-in-words|integer-of-19-digits): expected an object that is ",
            r"no row for as long as it is there: .*(bad Duration: |cannot unmarshal number 9{19} into Go )",
        ),
        impact="No object of the kind, in any namespace, is synced or reconciled until that one is deleted.",
        workaround="Find the object by the bad value that the log names (a mere typing error), and delete it.",
        fix="Give these fields a pattern in the CRDs; or watch unstructured objects, and decode each by itself.",
        need_not_show=_GO_TYPES,
    ),
)

CONTRACT_ISSUES_BY_ID: dict[str, ContractIssue] = {issue.id: issue for issue in CONTRACT_ISSUES}
