"""`harness.report.verdict`: no run looks better than it was."""

from __future__ import annotations

import pytest

from harness.report.verdict import Verdict, judge, summarise
from harness.results import ApiCell, ApiColumn, Cell, Check, Column, IssueResult, IssueStatus, Record, Status
from tests.unit.report.sample import build_clean_record, build_record


def _run(status: Status, exit_code: int | None, interrupted: bool = False) -> Record:
    cell = Cell("Model", Column.SYNCED, status)
    return Record(exit_code=exit_code, interrupted=interrupted, cells=[cell])


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (_run(Status.PASS, 0), Verdict("pass", "PASSED")),
        (_run(Status.KNOWN, 0), Verdict("pass", "PASSED")),
        (_run(Status.NOT_APPLICABLE, 0), Verdict("pass", "PASSED")),
        (_run(Status.FAIL, 0), Verdict("fail", "FAILED")),
        (_run(Status.PASS, 1), Verdict("fail", "FAILED")),
        (_run(Status.ERROR, 0), Verdict("warn", "COULD NOT TEST")),
        (_run(Status.PASS, 2), Verdict("warn", "COULD NOT TEST")),
        (_run(Status.NOT_RUN, 0), Verdict("warn", "PARTIAL")),
        (_run(Status.PASS, None), Verdict("warn", "INCOMPLETE")),
        (_run(Status.PASS, 2, interrupted=True), Verdict("warn", "INTERRUPTED")),
        (_run(Status.FAIL, 2, interrupted=True), Verdict("fail", "FAILED, INTERRUPTED")),
        (Record(exit_code=0), Verdict("warn", "PARTIAL")),
        (Record(), Verdict("warn", "INCOMPLETE")),
    ],
)
def test_the_verdict_is_the_worst_that_is_known(record: Record, expected: Verdict) -> None:
    """Green needs a complete run with exit code 0; a failure outweighs an interruption."""
    assert judge(record) == expected


def test_a_failed_check_outside_the_matrix_counts() -> None:
    """A check that belongs to no cell turns the verdict red as well."""
    record = _run(Status.PASS, 0)
    record.checks = [Check("1.3", "controllers registered", status=Status.FAIL)]
    assert judge(record) == Verdict("fail", "FAILED")


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (Status.FAIL, "FAILED"),
        (Status.ERROR, "COULD NOT TEST"),
        (Status.NOT_RUN, "PARTIAL"),
        (Status.NOT_APPLICABLE, "PASSED"),
    ],
)
def test_the_second_matrix_counts(status: Status, word: str) -> None:
    """What is wrong or missing through the API server keeps a run from green; what can't apply does not."""
    record = _run(Status.PASS, 0)
    record.api_cells = [ApiCell("Model", ApiColumn.DELETED, status)]
    assert judge(record).word == word


def test_the_samples_are_judged_as_they_are_meant() -> None:
    """The sample with failures is red, the clean one green."""
    assert (judge(build_record()).word, judge(build_clean_record()).word) == ("FAILED", "PASSED")


def test_the_summary_counts_cells_and_issues() -> None:
    """The summary names each status that occurs, and the known issues that were seen."""
    record = _run(Status.PASS, 0)
    record.cells.append(Cell("Model", Column.CREATED, Status.NOT_RUN))
    record.known_issues = [
        IssueResult("a", "A", IssueStatus.REPRODUCED),
        IssueResult("b", "B", IssueStatus.STALE),
    ]
    assert summarise(record) == "2 cells: 1 pass, 1 not run. Known issues seen: 1 of 2."
    assert summarise(Record()) == "No cell was looked at."


def test_the_summary_counts_each_matrix() -> None:
    """The cells through the API server are not mixed into the count of the others."""
    record = _run(Status.PASS, 0)
    record.api_cells = [ApiCell("Model", column, Status.KNOWN) for column in ApiColumn]
    assert summarise(record) == "1 cell: 1 pass. Through Michelangelo's API server: 6 cells: 6 known."
