"""What the report consists of beside its matrices: sections, failures, known issues, last rows, latencies, counts.

It selects from a record and orders; it judges nothing (`harness.report.verdict`) and writes no markup.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

from harness.core.record import Check, IssueResult, IssueStatus, Record, Status
from harness.report.contents import Contents, order_kinds
from harness.report.evidence import find_columns
from harness.report.matrix import list_matrices

OTHER_SECTION = "Other checks"

ISSUE_TONES = {
    IssueStatus.REPRODUCED: Status.KNOWN,
    IssueStatus.STALE: Status.FAIL,
    IssueStatus.GONE: Status.PASS,
    IssueStatus.NOT_CHECKED: Status.NOT_RUN,
}
"""The status whose symbol and colour an issue has."""


@dataclass(frozen=True)
class LatencyRow:
    """The median seconds from one kind's writes to their rows; None where nothing was measured."""

    kind: str
    create_s: float | None
    patch_s: float | None


def group_other_checks(record: Record) -> list[list[Check]]:
    """Return the checks that stand in no chapter's matrix, such as the tables'; those of one title as a group.

    A check whose topic is one of the record's known issues is left out: the issues' list says the same and more.
    """
    placed = {id(check) for matrix in list_matrices(record) for check in matrix.list_checks()}
    issues = {issue.id for issue in record.known_issues}
    groups: dict[tuple[str, str], list[Check]] = {}
    for check in record.checks:
        if id(check) not in placed and check.topic not in issues:
            groups.setdefault((check.section, check.title), []).append(check)
    return list(groups.values())


def list_failures(record: Record) -> list[Check]:
    """Return the checks that failed, then those that could not be judged, then those that proved nothing."""
    return [
        check
        for status in (Status.FAIL, Status.ERROR, Status.INVALID)
        for check in record.checks
        if check.status == status
    ]


def group_by_section(record: Record) -> Iterator[tuple[str, list[Check]]]:
    """Yield the heading and the checks of each section that has checks, in the contents' order, others last."""
    contents = Contents(record)
    groups: dict[str, list[Check]] = {}
    for check in record.checks:
        groups.setdefault(check.section if contents.find_chapter(check.section) else "", []).append(check)
    for number in sorted(groups, key=lambda number: (not number, contents.rank(number))):
        yield f"{number} {_head(contents, number, groups[number])}".strip(), groups[number]


def _head(contents: Contents, number: str, checks: list[Check]) -> str:
    """Return the heading of a section: that of the contents, the title that its checks share, or its chapter's."""
    section, chapter = contents.find_section(number), contents.find_chapter(number)
    if section is None or chapter is None:
        return OTHER_SECTION
    titles = {check.title for check in checks}
    return section.heading or (titles.pop() if len(titles) == 1 else chapter.title)


def list_explained(record: Record, issue: IssueResult) -> list[Check]:
    """Return the checks in which a known issue showed, in the report's order, but for one about the issue."""
    contents = Contents(record)
    checks = [check for check in record.checks if issue.id in check.issues and check.topic != issue.id]
    kinds = order_kinds(record.kinds, (check.kind or "" for check in checks))
    return sorted(checks, key=lambda check: (contents.rank(check.section), kinds.index(check.kind or "")))


def split_issues(record: Record) -> tuple[list[IssueResult], list[IssueResult]]:
    """Return the known issues that the run looked for, and those of whose sections it carried out nothing."""
    selected = {check.section for check in record.checks}
    passed_by = [
        issue
        for issue in record.known_issues
        if issue.sections and issue.status is IssueStatus.NOT_CHECKED and selected.isdisjoint(issue.sections)
    ]
    return [issue for issue in record.known_issues if issue not in passed_by], passed_by


def find_last_row(record: Record, kind: str, sections: Collection[str]) -> dict[str, Any]:
    """Return the MySQL row that the kind's checks of `sections` saw last, by column; {} where they saw none."""
    rows = [
        find_columns(item)
        for check in record.checks
        if check.kind == kind and check.section in sections
        for item in check.evidence   # which stands in the order in which it was gathered
    ]
    return next(filter(None, reversed(rows)), {})


def list_latencies(record: Record) -> list[LatencyRow]:
    """Return the measured kinds in the report's order, with the median of each operation."""
    return [
        LatencyRow(kind, _median(record, kind, "create"), _median(record, kind, "patch"))
        for kind in order_kinds(record.kinds, (latency.kind for latency in record.latencies))
    ]


def _median(record: Record, kind: str, operation: str) -> float | None:
    found = [item.seconds for item in record.latencies if (item.kind, item.operation) == (kind, operation)]
    return median(found) if found else None


def list_row_counts(record: Record) -> tuple[list[tuple[str, list[int | None]]], dict[str, int]]:
    """Return per kind the rows of its main, labels and annotations table, and the tables of no known kind."""
    counts = dict(record.row_counts)
    rows = [
        (kind.name, [counts.pop(table, None) for table in kind.tables])
        for kind in record.kinds
        if any(table in counts for table in kind.tables)
    ]
    return rows, counts
