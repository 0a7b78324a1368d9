"""The known issues of this chapter, limits and defects. The wording names the inputs, and so explains no other."""

from __future__ import annotations

from harness.chapters.hostile_input.judgement import ROW_REFUSED
from harness.chapters.hostile_input.undecodable import KIND_BLOCKED
from harness.core import codes
from harness.core.known_issue import KnownIssue
from harness.spec import features

_GO_TYPES = "it comes from Michelangelo's Go types, and another implementation of the contract has others"

ISSUES: tuple[KnownIssue, ...] = (
    KnownIssue(
        id="text-longer-than-its-column",
        title="An object is never synced if a text of it is longer than its indexed column",
        sections=("7.6",),
        code=ROW_REFUSED,
        wording=(
            r"input over-(?!by-)[a-z-]+: expected ",
            r"never synced: (Error )?1406 \(22001\): [^']*'(?!key|value)\w+'",
        ),
        impact="A name, path or description of 256 characters (a Model's description: 769) keeps its object out.",
        workaround="Keep these fields short; objects that failed are found by their errors in the log alone.",
        fix="Limit the fields in the CRDs (maxLength), or index a prefix and keep the whole in json and proto.",
    ),
    KnownIssue(
        id="spaces-beyond-the-column-are-cut",
        title="Spaces at the end of a text are cut off silently where they are beyond its indexed column",
        sections=("7.6",),
        code=codes.ROW_COLUMN,
        wording=(
            r"input over-by-spaces, column \w+: expected \"x{30,}",
            r"(\(259 characters\), got .* \(257 characters\)|\(772 characters\), got .* \(770 characters\))$",
        ),
        impact="Column and object differ; json and proto are whole.",
        workaround="None by configuration: MySQL does that in strict mode as well.",
        fix="As for text that is longer than its column.",
    ),
    KnownIssue(
        id="annotation-longer-than-64k",
        title="An object is never synced if one of its annotations is longer than 65535 bytes",
        sections=("7.8",),
        code=ROW_REFUSED,
        wording=(
            r"input (annotation-65536|annotation-65536-four-bytes|annotation-262143-one|applied-70k): expected ",
            r"never synced: (Error )?(1406 \(22001\): [^']*'value'|1366 \(\w+\))",
        ),
        impact="kubectl apply keeps the object in one: none of 64 KB can be applied. Each attempt logs it whole.",
        workaround="kubectl create, or kubectl apply --server-side, for large objects.",
        fix="MEDIUMTEXT for the value columns of the annotations tables; shorten values in errors.",
    ),
    KnownIssue(
        id="many-pairs-outlast-a-reconcile",
        title="An object is never synced if its labels or annotations take longer than the 30 s of a reconcile",
        sections=("7.16",),
        code=ROW_REFUSED,
        wording=(
            r"input (labels|annotations|pairs)-\d+: expected ",
            r"never synced: .*failed to insert (label|annotation) .*context deadline exceeded",
        ),
        impact="Each is a statement of its own: 20,000 take 12 s on a quiet server, 30 s on a slow or distant "
        "one. Each attempt holds up all other objects of its kind as long.",
        workaround="Keep labels and annotations of an object to some hundreds.",
        fix="Insert them with one statement of many rows, as far as max_allowed_packet goes.",
        need_not_show="it depends on how fast the server is",
    ),
    KnownIssue(
        id="no-room-for-the-pinned-key",
        title="An object is never synced if its annotations leave no room for the one that pins its key",
        sections=("7.8",),
        code=ROW_REFUSED,
        wording=(
            r"input (annotation-262143-one|annotations-262144): expected ",
            r"never synced: .*metadata\.annotations: Too long",
        ),
        impact="An object that the API server takes is retried for ever; it has no row.",
        workaround="Keep all annotations of an object some 100 bytes below 256 KB.",
        fix="Go on with the uid as the key where the annotation is refused.",
        need_not_show="the longest annotations are tried with some kinds only",
        features=(f"{features.PRIMARY_KEY}={features.ANNOTATION}",),
    ),
    KnownIssue(
        id="key-longer-than-255",
        title="An object is never synced if the key of a label or annotation is longer than 255 characters",
        sections=("7.8", "7.9"),
        code=ROW_REFUSED,
        wording=(
            r"input (label|annotation)-key-(256|317): expected ",
            r"never synced: (Error )?1406 \(22001\): [^']*'key'",
        ),
        impact="Kubernetes allows 317: a prefix of 253 and a name of 63.",
        workaround="Keep prefixes below 192 characters.",
        fix="VARCHAR(317) for the key columns of the labels and annotations tables.",
    ),
    KnownIssue(
        id="json-nested-too-deep",
        title="A PipelineRun is never synced if its input is nested deeper than the database's JSON may be",
        sections=("7.12",),
        kinds=("PipelineRun",),
        code=ROW_REFUSED,
        wording=(
            r"input depth-120: expected ",
            r"never synced: (Error )?(4025 \(23000\): [^`]*`pipeline_?run\.json`|3157 \(22032\))",
        ),
        impact="MySQL takes 100 levels, MariaDB 32, of the whole object; the API server takes thousands.",
        workaround="Give nested input as text.",
        fix="Keep the json column NULL, or without spec.input, where the database can't take it: proto is whole.",
    ),
    KnownIssue(
        id="free-integers-lose-digits",
        title="Whole numbers above 2^53 in a PipelineRun's input reach MySQL rounded",
        sections=("7.11",),
        kinds=("PipelineRun",),
        code=codes.ROW_JSON,
        wording=(
            r"input free-integer-(2-53-plus-1|2-63-less-1|minus-2-63), column json, spec\.input\.number: ",
            r"expected (9007199254740993, got 9007199254740992|-?92233720368547758\d+, got -?92233720368547760+)$",
        ),
        impact="Identifiers of 64 bits in the input change; Kubernetes has them whole.",
        workaround="Give such numbers as text.",
        fix="A google.protobuf.Struct knows doubles only: refuse what is not one, or use another type.",
        need_not_show=_GO_TYPES,
    ),
    KnownIssue(
        id="times-lose-their-zone",
        title="A TriggerRun's times reach MySQL in UTC, whatever zone they were given in",
        sections=("7.11",),
        kinds=("TriggerRun",),
        code=codes.ROW_JSON,
        wording=(r"input time-other-zone, column json, spec\.start.*: .*05:30:00\+05:30\", got .*T00:00:00Z",),
        impact="The moment is the same; the zone that somebody thought in is only in Kubernetes.",
        workaround="None needed.",
        fix="None needed: protobuf's times have no zone.",
        need_not_show=_GO_TYPES,
    ),
    KnownIssue(
        id="undecodable-object-stops-its-kind",
        title="One object that the CRD accepts and Go can't decode stops every controller of its kind",
        sections=("7.14",),
        kinds=("TriggerRun", "Deployment", "RayCluster"),
        code=KIND_BLOCKED,
        wording=(
            r"input (interval-in-words|duration-in-words|integer-of-19-digits): expected an object that is ",
            r"no row for as long as it is there: .*(bad Duration: |cannot unmarshal number 9{19} into Go )",
        ),
        impact="No object of the kind, in any namespace, is synced or reconciled until that one is deleted.",
        workaround="Find the object by the bad value that the log names (a mere typing error), and delete it.",
        fix="Give these fields a pattern in the CRDs; or watch unstructured objects, and decode each by itself.",
        need_not_show=_GO_TYPES,
    ),
)
