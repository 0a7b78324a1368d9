"""The known issues of this chapter. The wording names the fields, and so explains no other."""

from __future__ import annotations

from harness.chapters.fields.repair import FIELD_UNDECODABLE, FIELD_UNSYNCED
from harness.core import codes
from harness.core.known_issue import KnownIssue

_GO_TYPES = "it comes from Michelangelo's Go types, and another implementation of the contract has others"

ISSUES: tuple[KnownIssue, ...] = (
    KnownIssue(
        id="end-time-is-never-synced",
        title="A PipelineRun whose status has an endTime is never synced again",
        sections=("9.2", "9.5"),
        kinds=("PipelineRun",),
        wording=(r"status\.endTime: expected ", r"unsupported type types\.Timestamp, a struct"),
        impact="The row of each PipelineRun that ends stays at its last version before; every retry fails.",
        workaround="None by configuration; the errors are in the log alone.",
        fix="Convert the time in the storage's upsert: give database/sql a time.Time, not the protobuf message.",
        need_not_show=_GO_TYPES,
    ),
    KnownIssue(
        id="kubernetes-types-are-not-decoded",
        title="Fields of Kubernetes' own types pass the CRD in a form that Go can't decode, and stop their kind",
        sections=("9.1", "9.2", "9.6"),
        kinds=("RayCluster", "SparkJob", "PipelineRun"),
        code=FIELD_UNDECODABLE,
        wording=(r'unknown field "\w+" in v1\.\w+|cannot unmarshal string into Go struct field .* of type int64',),
        impact="An object with one of them (a pod's terminationGracePeriodSeconds, say) holds up all of its kind.",
        workaround="Leave these fields unset; delete an object that has them, and its kind recovers.",
        fix="Render Kubernetes' types in the CRDs as their JSON is: times as text, int64 as numbers.",
        need_not_show=_GO_TYPES,
    ),
    KnownIssue(
        id="int-or-string-changes-its-form",
        title="A port or the like of Kubernetes' type IntOrString is another one in MySQL than in the object",
        sections=("9.6",),
        kinds=("RayCluster",),
        code=codes.ROW_JSON,
        wording=(r': expected \{"intVal": .*, "strVal": .*\}, got "strVal-\d+"$',),
        impact="The json column has a text where the object has a message; its number is lost.",
        workaround="Read these fields from the proto column.",
        fix="Render IntOrString in the CRDs as Kubernetes does: an integer or a text.",
        need_not_show=_GO_TYPES,
    ),
    KnownIssue(
        id="finalizer-changes-int-or-string",
        title="An object with a port of type IntOrString never gets the finalizer, and is never synced",
        sections=("9.1", "9.6"),
        kinds=("RayCluster",),
        code=FIELD_UNSYNCED,
        wording=(r"port: Invalid value: .* must be of type object",),
        impact="The whole object is written back, with a number where its CRD has a message, which is refused.",
        workaround="Leave these fields unset, or create the object with the finalizer.",
        fix="Add the finalizer by a patch of the metadata alone.",
        need_not_show=_GO_TYPES,
    ),
    KnownIssue(
        id="finalizer-drops-what-is-empty",
        title="An object with a required field that is empty never gets the finalizer, and is never synced",
        sections=("9.8",),
        code=FIELD_UNSYNCED,
        wording=(r" is invalid: .*: Required value",),
        impact="The whole object is written back without what is empty, which is refused where that is required.",
        workaround="Give required fields a value, or create the object with the finalizer.",
        fix="Add the finalizer by a patch of the metadata alone.",
        need_not_show="which random objects are drawn depends on the seed",
    ),
)
