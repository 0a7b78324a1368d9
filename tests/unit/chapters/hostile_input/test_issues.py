"""The known limits of hostile input: each explains the findings that it was written for, and no others."""

from __future__ import annotations

import pytest

from harness.chapters.hostile_input.places import list_text_columns
from harness.chapters.hostile_input.sections import SECTIONS_BY_NUMBER
from harness.core.record import Finding
from harness.spec.catalogue import KINDS
from harness.spec.contract_issues import CONTRACT_ISSUES, CONTRACT_ISSUES_BY_ID, ContractIssue
from harness.spec.profiles import load_profile
from harness.suite.findings import explains

WHOLE = "a row equal to the object, or a refusal"
ISSUES = [issue for issue in CONTRACT_ISSUES if any(section.startswith("7.") for section in issue.sections)]
SHOWN = {
    "text-longer-than-its-column": Finding(
        "Model, input over-description", WHOLE,
        "never synced: Error 1406 (22001): Data too long for column 'description' at row 1",
    ),
    "spaces-beyond-the-column-are-cut": Finding(
        "Model, input over-by-spaces, column owner",
        f'"{"x" * 159}… (259 characters)', f'"{"x" * 159}… (257 characters)',
    ),
    "annotation-longer-than-64k": Finding(
        "Model, input annotation-65536-four-bytes", WHOLE,
        r"never synced: Error 1366 (22007): Incorrect string value: '\xF0\x9F\x98\x80' for column `m`.`a`.`value`",
    ),
    "key-longer-than-255": Finding(
        "Model, input label-key-317", WHOLE, "never synced: 1406 (22001): Data too long for column 'key' at row 1"
    ),
    "json-nested-too-deep": Finding(
        "PipelineRun, input depth-120", WHOLE,
        "never synced: Error 4025 (23000): CONSTRAINT `pipelinerun.json` failed for `m`.`pipelinerun`",
    ),
    "free-integers-lose-digits": Finding(
        "PipelineRun, input free-integer-2-63-less-1, column json, spec.input.number",
        "9223372036854775807", "9223372036854776000",
    ),
    "times-lose-their-zone": Finding(
        "TriggerRun, input time-other-zone, column json, spec.startTimestamp",
        '"2026-03-01T05:30:00+05:30"', '"2026-03-01T00:00:00Z"',
    ),
    "undecodable-object-stops-its-kind": Finding(
        "TriggerRun, input interval-in-words", "an object that is created after it to reach MySQL",
        "no row for as long as it is there: W1124 failed to list *v2.TriggerRun: bad Duration: time: invalid",
    ),
}
"""What each of them was found by, against the real Ingester."""
FOREIGN = [
    Finding("Model, input quote-single", WHOLE, "never synced: 1406 (22001): Data too long for column 'owner'"),
    Finding("Model, input over-owner, column owner", '"xxxx"', '"xxx"'),
    Finding("Model, input over-owner", WHOLE, "no row, and no error in the log"),
    Finding("Model, input over-by-spaces, column json, spec.owner.name", '"x  "', '"x"'),
    Finding(
        "Model, input annotation-65535", WHOLE, "never synced: 1406 (22001): Data too long for column 'value'"
    ),
    Finding("Model, input annotation-65536, table model_annotations, key a", '"x"', "no row"),
    Finding("Model, input label-key-255", WHOLE, "never synced: 1406 (22001): Data too long for column 'key'"),
    Finding("PipelineRun, input depth-20", WHOLE, "never synced: 4025 (23000): CONSTRAINT `pipelinerun.json`"),
    Finding("PipelineRun, input free-integer-2-53, column json, spec.input.number", "9007199254740992", "9e15"),
    Finding("TriggerRun, input interval-in-words", "the kind to recover once it is removed", "no row 60 s later"),
    Finding("TriggerRun, input after", "an object that is created after it to reach MySQL", "bad Duration: "),
]


@pytest.mark.parametrize("issue", ISSUES, ids=lambda issue: issue.id)
def test_issue_explains_its_own_finding_alone(issue: ContractIssue) -> None:
    """An issue explains what it was found by, and neither another issue's finding nor one beside it."""
    assert [name for name, finding in SHOWN.items() if explains(issue, finding)] == [issue.id]
    assert [str(finding) for finding in FOREIGN if explains(issue, finding)] == []


def test_every_profile_expects_every_limit() -> None:
    """Both profiles have the same schema, and so the same limits."""
    for name in ("upstream-main", "report-2026-03"):
        expected = {issue.id for issue in load_profile(name).contract_known_issues}
        assert {issue.id for issue in ISSUES} <= expected


def test_kinds_of_an_issue_have_its_input() -> None:
    """A limit is expected of exactly the kinds that get the input which shows it."""
    with_columns = {kind.name for kind in KINDS if list_text_columns(kind)}
    assert CONTRACT_ISSUES_BY_ID["text-longer-than-its-column"].kinds == with_columns
    assert CONTRACT_ISSUES_BY_ID["spaces-beyond-the-column-are-cut"].kinds == with_columns
    for section, name in (("7.8", "annotation-65536"), ("7.8", "annotation-key-256"), ("7.9", "label-key-317")):
        for kind in KINDS:
            assert name in {given.name for given in SECTIONS_BY_NUMBER[section].list_inputs(kind)}
