"""What a whole run amounts to, in one word and one colour: the report's first line.

Red is for a product that is wrong, amber for a run that could not tell or did not look at everything, and
green only for a complete run without either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.core.record import IssueStatus, Record, Status
from harness.report.matrix import Matrix, list_matrices


@dataclass(frozen=True)
class Verdict:
    """The outcome of a run. `tone` is `pass`, `warn` or `fail`; `word` says the same in capitals."""

    tone: str
    word: str


def judge(record: Record) -> Verdict:
    """Return the verdict on `record`, from its checks and cells as much as from its exit code."""
    matrices = list_matrices(record)
    statuses = {check.status for check in record.checks}.union(*(matrix.statuses for matrix in matrices))
    if Status.FAIL in statuses or (record.exit_code == 1 and Status.INVALID not in statuses):
        return Verdict("fail", "FAILED, INTERRUPTED" if record.interrupted else "FAILED")
    if record.interrupted:
        return Verdict("warn", "INTERRUPTED")
    shortfalls = {
        "INCOMPLETE": record.exit_code is None,
        "COULD NOT TEST": Status.ERROR in statuses or record.exit_code not in (0, 1),
        "PROVED TOO LITTLE": Status.INVALID in statuses,
        "PARTIAL": Status.NOT_RUN in statuses or not any(matrix.statuses for matrix in matrices),
    }
    word = next((word for word, holds in shortfalls.items() if holds), "")
    return Verdict("warn", word) if word else Verdict("pass", "PASSED")


def count_statuses(statuses: Sequence[Status]) -> list[tuple[Status, int]]:
    """Return how often each status occurs, without those that don't."""
    counts = [(status, statuses.count(status)) for status in Status]
    return [(status, number) for status, number in counts if number]


def summarise(record: Record) -> str:
    """Return one sentence on the cells of each matrix and one on the known issues."""
    counts = [_count_cells(matrix) for matrix in list_matrices(record)]
    sentence = " ".join(filter(None, counts)) or "No cell was looked at."
    seen = sum(issue.status == IssueStatus.REPRODUCED for issue in record.known_issues)
    if record.known_issues:
        sentence += f" Known issues seen: {seen} of {len(record.known_issues)}."
    if gone := sum(issue.status is IssueStatus.GONE for issue in record.known_issues):
        sentence += f" Looked for in vain, and perhaps mended: {gone}."
    return sentence


def _count_cells(matrix: Matrix) -> str:
    counts = ", ".join(f"{number} {status.label.lower()}" for status, number in count_statuses(matrix.statuses))
    title = "" if matrix.leads else f"{matrix.title}: "
    return f"{title}{matrix.size}: {counts}." if counts else ""
