"""What the report consists of beside its matrices: sections, failures, known issues, last rows, latencies, counts.

It selects from a record and orders; it judges nothing (`harness.report.verdict`) and writes no markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from harness.core.record import Cell, Check, Column, IssueResult, IssueStatus, Record, Status
from harness.report.chapters import find_chapter, rank_section
from harness.report.matrix import ROW_ORDER, order_kinds
from harness.report.places import find_checks, find_column, list_evidence, name_check, number_section
from harness.spec.catalogue import KINDS

SECTIONS: dict[str, str] = {   # of the seed report; those of later chapters are named by their checks
    "1.1": "Commands and components",
    "1.2": "MySQL tables",
    "1.3": "Ingester controllers registered",
    "1.4": "Custom resources created",
    "1.5": "Reconcile log lines after creation",
    "1.6": "Rows in MySQL after creation",
    "2.1": "Patches sent",
    "2.2": "Reconcile log lines after the patches",
    "2.3": "Rows in MySQL after the patches",
    "2.4": "Rows that no patch was for",
    "3": "Known issues",
}

KNOWN_ISSUES = "3"
OTHER_SECTION = "Other checks"

_COLUMN_LINE = re.compile(r"^(?P<column>[a-z_]+): (?P<value>.*)$", re.MULTILINE)


@dataclass(frozen=True)
class LatencyRow:
    """The median seconds from one kind's writes to their rows; None where nothing was measured."""

    kind: str
    create_s: float | None
    patch_s: float | None


def group_other_checks(record: Record) -> list[list[Check]]:
    """Return the seed report's checks of no cell, such as the tables'; those that differ by kind as a group.

    The known issues' checks are left out where the record has the issues: these say the same and more.
    """
    groups: dict[tuple[str, str], list[Check]] = {}
    for check in record.checks:
        shown = find_section(check) == KNOWN_ISSUES and record.known_issues
        if find_column(check) is None and find_chapter(check.section) is None and not shown:
            groups.setdefault((check.section, name_check(check)), []).append(check)
    return list(groups.values())


def list_failures(record: Record) -> list[Check]:
    """Return the checks that failed, then those that could not be judged, then those that proved nothing."""
    return [
        check
        for status in (Status.FAIL, Status.ERROR, Status.INVALID)
        for check in record.checks
        if check.status == status
    ]


def find_section(check: Check) -> str:
    """Return the number of the section that `check` belongs to, or '' for one outside the report's sections."""
    number = number_section(check)
    return number if number in SECTIONS or find_chapter(number) else ""


def group_by_section(record: Record) -> Iterator[tuple[str, list[Check]]]:
    """Yield the heading and the checks of each section that has checks, in the report's order."""
    groups: dict[str, list[Check]] = {}
    for check in record.checks:
        groups.setdefault(find_section(check), []).append(check)
    for number in sorted(groups, key=lambda number: (not number, rank_section(number))):
        yield f"{number} {_head(number, groups[number])}".strip(), groups[number]


def _head(number: str, checks: list[Check]) -> str:
    """Return the title of a section: its own, the one that its checks share, or its chapter's."""
    chapter = find_chapter(number)
    if chapter is None:
        return SECTIONS.get(number, OTHER_SECTION)
    names = {name_check(check) for check in checks}
    return names.pop() if len(names) == 1 else chapter.headings.get(number, chapter.title)


def list_explained(record: Record, issue: IssueResult) -> list[Check]:
    """Return the checks in which a known issue of the later chapters showed, in the report's order."""
    checks = [check for check in record.checks if issue.id in check.issues]
    kinds = order_kinds(check.kind or "" for check in checks)
    return sorted(checks, key=lambda check: (rank_section(check.section), kinds.index(check.kind or "")))


def split_issues(record: Record) -> tuple[list[IssueResult], list[IssueResult]]:
    """Return the known issues that the run looked for, and those of whose sections it carried out nothing."""
    selected = {number_section(check) for check in record.checks}
    passed_by = [
        issue
        for issue in record.known_issues
        if issue.sections and issue.status is IssueStatus.NOT_CHECKED and selected.isdisjoint(issue.sections)
    ]
    return [issue for issue in record.known_issues if issue not in passed_by], passed_by


def find_last_row(record: Record, kind: str, column: Column) -> dict[str, str]:
    """Return the MySQL row that a cell's checks saw last, by column; {} where the evidence holds none."""
    checks = [Check("", "", kind, column), *find_checks(record, Cell(kind, column))]
    rows = [item for check in checks for item in list_evidence(record, check) if item.kind == "row"]
    for item in reversed(rows):   # evidence stands in the order in which it was gathered
        row = _parse_row(item.body)
        if row:
            return row
    return {}


def _parse_row(body: str) -> dict[str, str]:
    """Return the row in `body`, which has a line `column: value` each; {} where it is no row."""
    row: dict[str, str] = {}
    for line in _COLUMN_LINE.finditer(body):
        row.setdefault(line["column"], line["value"])
    return row if "res_version" in row else {}


def list_latencies(record: Record) -> list[LatencyRow]:
    """Return the measured kinds in the report's order, with the median of each operation."""
    return [
        LatencyRow(kind, _median(record, kind, "create"), _median(record, kind, "patch"))
        for kind in order_kinds(latency.kind for latency in record.latencies)
    ]


def _median(record: Record, kind: str, operation: str) -> float | None:
    found = [item.seconds for item in record.latencies if (item.kind, item.operation) == (kind, operation)]
    return median(found) if found else None


def list_row_counts(record: Record) -> tuple[list[tuple[str, list[int | None]]], dict[str, int]]:
    """Return per kind the rows of its main, labels and annotations table, and the tables of no known kind."""
    counts = dict(record.row_counts)
    kinds = sorted(KINDS, key=lambda kind: ROW_ORDER.index(kind.name))
    rows = [
        (kind.name, [counts.pop(table, None) for table in kind.tables])
        for kind in kinds
        if any(table in counts for table in kind.tables)
    ]
    return rows, counts
