"""`harness.report.verdict`: no run looks better than it was."""

from __future__ import annotations

import pytest

from harness.report.verdict import Verdict, judge, summarise
from harness.results import Cell, Check, Column, IssueResult, IssueStatus, Record, Status
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
