"""The known limits of hostile input: each explains the findings that it was written for, and no others."""

from __future__ import annotations

import pytest

from harness.chapters.hostile_input.input_sets import INPUT_SETS_BY_SECTION
from harness.chapters.hostile_input.issues import ISSUES
from harness.chapters.hostile_input.judgement import ROW_REFUSED, WHOLE
from harness.chapters.hostile_input.undecodable import KIND_BLOCKED
from harness.core import codes
from harness.core.known_issue import KnownIssue
from harness.core.record import Finding
from harness.spec.profiles import load_profile
from tests.fakes.contract import CONTRACT

SHOWN = {
    "text-longer-than-its-column": Finding(
        ROW_REFUSED, "Model, input over-description", WHOLE,
        "never synced: Error 1406 (22001): Data too long for column 'description' at row 1",
    ),
    "spaces-beyond-the-column-are-cut": Finding(
        codes.ROW_COLUMN, "Model, input over-by-spaces, column owner",
        f'"{"x" * 159}… (259 characters)', f'"{"x" * 159}… (257 characters)',
    ),
    "annotation-longer-than-64k": Finding(
        ROW_REFUSED, "Model, input annotation-65536-four-bytes", WHOLE,
        r"never synced: Error 1366 (22007): Incorrect string value: '\xF0\x9F\x98\x80' for column `m`.`a`.`value`",
    ),
    "many-pairs-outlast-a-reconcile": Finding(
        ROW_REFUSED, "Project, input labels-20000", WHOLE,
        "never synced: failed to insert label n7983=7983: context deadline exceeded",
    ),
    "no-room-for-the-pinned-key": Finding(
        ROW_REFUSED, "Model, input annotations-262144", WHOLE,
        'never synced: Model "a" is invalid: metadata.annotations: Too long: may not be more than 262144 bytes',
    ),
    "key-longer-than-255": Finding(
        ROW_REFUSED, "Model, input label-key-317", WHOLE,
        "never synced: 1406 (22001): Data too long for column 'key' at row 1"
    ),
    "json-nested-too-deep": Finding(
        ROW_REFUSED, "PipelineRun, input depth-120", WHOLE,
        "never synced: Error 4025 (23000): CONSTRAINT `pipelinerun.json` failed for `m`.`pipelinerun`",
    ),
    "free-integers-lose-digits": Finding(
        codes.ROW_JSON, "PipelineRun, input free-integer-2-63-less-1, column json, spec.input.number",
        "9223372036854775807", "9223372036854776000",
    ),
    "times-lose-their-zone": Finding(
        codes.ROW_JSON, "TriggerRun, input time-other-zone, column json, spec.startTimestamp",
        '"2026-03-01T05:30:00+05:30"', '"2026-03-01T00:00:00Z"',
    ),
    "undecodable-object-stops-its-kind": Finding(
        KIND_BLOCKED, "TriggerRun, input interval-in-words", "an object that is created after it to reach MySQL",
        "no row for as long as it is there: W1124 failed to list *v2.TriggerRun: bad Duration: time: invalid",
    ),
}
"""What each of them was found by, against the real Ingester."""
FOREIGN = [
    Finding(
        ROW_REFUSED,
        "Model, input quote-single", WHOLE, "never synced: 1406 (22001): Data too long for column 'owner'",
    ),
    Finding(codes.ROW_COLUMN, "Model, input over-owner, column owner", '"xxxx"', '"xxx"'),
    Finding(codes.ROW_MISSING, "Model, input over-owner", WHOLE, "no row, and no error in the log"),
    Finding(codes.ROW_JSON, "Model, input over-by-spaces, column json, spec.owner.name", '"x  "', '"x"'),
    Finding(
        ROW_REFUSED,
        "Model, input annotation-65535", WHOLE, "never synced: 1406 (22001): Data too long for column 'value'"
    ),
    Finding(
        codes.ROW_ANNOTATIONS,
        "Model, input annotation-65536, table model_annotations, key a", '"x"', "no row",
    ),
    Finding(
        ROW_REFUSED,
        "Model, input label-key-255", WHOLE, "never synced: 1406 (22001): Data too long for column 'key'",
    ),
    Finding(
        ROW_REFUSED,
        "PipelineRun, input depth-20", WHOLE, "never synced: 4025 (23000): CONSTRAINT `pipelinerun.json`",
    ),
    Finding(
        codes.ROW_JSON,
        "PipelineRun, input free-integer-2-53, column json, spec.input.number", "9007199254740992", "9e15",
    ),
    Finding(
        KIND_BLOCKED,
        "TriggerRun, input interval-in-words", "the kind to recover once it is removed", "no row 60 s later",
    ),
    Finding(
        KIND_BLOCKED,
        "TriggerRun, input after", "an object that is created after it to reach MySQL", "bad Duration: ",
    ),
]


@pytest.mark.parametrize("issue", ISSUES, ids=lambda issue: issue.id)
def test_issue_explains_its_own_finding_alone(issue: KnownIssue) -> None:
    """An issue explains what it was found by, and neither another issue's finding nor one beside it."""
    assert [name for name, finding in SHOWN.items() if issue.explains(finding)] == [issue.id]
    assert [str(finding) for finding in FOREIGN if issue.explains(finding)] == []


def test_every_profile_expects_every_limit() -> None:
    """Both profiles have the same schema, and so the same limits."""
    for name in ("upstream-main", "report-2026-03"):
        assert {issue.id for issue in ISSUES} <= set(load_profile(name).issue_ids)


def test_kinds_of_an_issue_have_its_input() -> None:
    """A limit that is expected of every kind shows in each that its section judges, whatever kinds there are."""
    by_id = {issue.id: issue for issue in ISSUES}
    assert by_id["text-longer-than-its-column"].kinds == ()
    assert by_id["spaces-beyond-the-column-are-cut"].kinds == ()
    for case in CONTRACT.cases:
        inputs = {given.name for given in INPUT_SETS_BY_SECTION["7.6"].list_inputs(case)}
        assert not inputs or "over-by-spaces" in inputs
        assert not inputs or any(name.startswith("over-") and name != "over-by-spaces" for name in inputs)
    for section, name in (("7.8", "annotation-65536"), ("7.8", "annotation-key-256"), ("7.9", "label-key-317")):
        for case in CONTRACT.cases:
            assert name in {given.name for given in INPUT_SETS_BY_SECTION[section].list_inputs(case)}
