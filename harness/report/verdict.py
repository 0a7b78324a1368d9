"""What a whole run amounts to, in one word and one colour: the report's first line.

Red is for a product that is wrong, amber for a run that could not tell or did not look at everything, and
green only for a complete run without either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.report.matrix import AnyCell, list_matrices
from harness.report.wording import count
from harness.results import IssueStatus, Record, Status


@dataclass(frozen=True)
class Verdict:
    """The outcome of a run. `tone` is `pass`, `warn` or `fail`; `word` says the same in capitals."""

    tone: str
    word: str


def judge(record: Record) -> Verdict:
    """Return the verdict on `record`, from its checks and both matrices as much as from its exit code."""
    cells: list[AnyCell] = [*record.cells, *record.api_cells]
    statuses = {check.status for check in record.checks} | {cell.status for cell in cells}
    if Status.FAIL in statuses or record.exit_code == 1:
        return Verdict("fail", "FAILED, INTERRUPTED" if record.interrupted else "FAILED")
    if record.interrupted:
        return Verdict("warn", "INTERRUPTED")
    if record.exit_code is None:
        return Verdict("warn", "INCOMPLETE")
    if Status.ERROR in statuses or record.exit_code != 0:
        return Verdict("warn", "COULD NOT TEST")
    if not record.cells or Status.NOT_RUN in statuses:
        return Verdict("warn", "PARTIAL")
    return Verdict("pass", "PASSED")


def count_statuses(cells: Sequence[AnyCell]) -> list[tuple[Status, int]]:
    """Return how many of `cells` have each status, without those that none has."""
    counts = [(status, sum(cell.status == status for cell in cells)) for status in Status]
    return [(status, number) for status, number in counts if number]


def summarise(record: Record) -> str:
    """Return one sentence on the cells of each matrix and one on the known issues."""
    first, *others = list_matrices(record)
    sentence = _count_cells(first.cells) or "No cell was looked at."
    for matrix in others:
        sentence += f" {matrix.title}: {_count_cells(matrix.cells)}"
    seen = sum(issue.status == IssueStatus.REPRODUCED for issue in record.known_issues)
    if record.known_issues:
        sentence += f" Known issues seen: {seen} of {len(record.known_issues)}."
    return sentence


def _count_cells(cells: Sequence[AnyCell]) -> str:
    counts = ", ".join(f"{number} {status.label.lower()}" for status, number in count_statuses(cells))
    return f"{count(len(cells), 'cell')}: {counts}." if cells else ""
