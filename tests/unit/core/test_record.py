"""`harness.core.record`: the record survives JSON, and a cell is only as good as its worst check."""

from __future__ import annotations

import json

import pytest

from harness.core.errors import HarnessError
from harness.core.record import (
    ChapterContents,
    Check,
    ColumnContents,
    Component,
    Evidence,
    Finding,
    IssueResult,
    IssueStatus,
    KindContents,
    Latency,
    Layout,
    Record,
    SectionContents,
    Status,
    combine,
)


def test_a_record_survives_json() -> None:
    """A record that was written and read again is equal to the first, its contents and its evidence's data too."""
    evidence = [Evidence("row", "a row", "body ü", 1.5), Evidence("row", "data", "", 2.0, {"columns": {"a": [1]}})]
    finding = Finding("row.column", "a", "b", "c")
    record = Record(
        profile="p",
        components=[Component("mysql", "Running")],
        chapters=[
            ChapterContents(
                "9",
                "Nine",
                "what it is about",
                Layout.TABLE,
                [SectionContents("9.1", "first"), SectionContents("9.2")],
                [ColumnContents("both", "Both", ["9.1", "9.2"])],
            )
        ],
        kinds=[KindContents("Model", ["model"])],
        checks=[Check("1.6", "t", "Model", "topic", Status.FAIL, findings=[finding], evidence=evidence)],
        known_issues=[IssueResult("id", "title", IssueStatus.STALE, evidence=evidence)],
        latencies=[Latency("Model", "create", 0.01)],
        row_counts={"model": 1},
    )
    assert Record.from_json(record.to_json()) == record


@pytest.mark.parametrize(("text", "message"), [("{", "not a record"), ("{}", "schema version None")])
def test_what_is_no_record_is_refused(text: str, message: str) -> None:
    """A file that is no record, or one of another layout, is an error."""
    with pytest.raises(HarnessError, match=message):
        Record.from_json(text)


def test_a_newer_schema_is_refused() -> None:
    """A record of a later layout is not half understood."""
    data = json.loads(Record().to_json()) | {"schema_version": 99}
    with pytest.raises(HarnessError, match="schema version 99, this harness reads 3"):
        Record.from_json(json.dumps(data))


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([], Status.NOT_RUN),
        ([Status.PASS, Status.PASS], Status.PASS),
        ([Status.PASS, Status.FAIL, Status.ERROR], Status.FAIL),
        ([Status.PASS, Status.ERROR], Status.ERROR),
        ([Status.PASS, Status.NOT_RUN], Status.NOT_RUN),
        ([Status.KNOWN, Status.NOT_RUN], Status.NOT_RUN),
        ([Status.PASS, Status.KNOWN], Status.KNOWN),
    ],
)
def test_the_worst_check_decides(statuses: list[Status], expected: Status) -> None:
    """No check that is missing or wrong hides behind one that passed."""
    assert combine(statuses) == expected


def test_every_status_has_words_beside_its_symbol() -> None:
    """A reader who can't see the symbols still knows the status."""
    assert {status.label for status in Status} == {
        "PASS",
        "FAIL",
        "KNOWN",
        "NOT APPLICABLE",
        "NOT RUN",
        "ERROR",
        "INVALID",
    }
    assert all(status.symbol for status in Status)
