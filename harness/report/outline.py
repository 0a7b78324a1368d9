"""What the report consists of beside its matrices: sections, failures, known rows, latencies, counts.

It selects from a record and orders; it judges nothing (`harness.report.verdict`) and writes no markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from harness.catalogue import KINDS
from harness.report.matrix import ROW_ORDER, find_checks, find_column, list_evidence, name_check, order_kinds
from harness.results import Cell, Check, Column, Record, Status

SECTIONS: dict[str, str] = {
    "1.1": "Commands and components",
    "1.2": "MySQL tables",
    "1.3": "Ingester controllers registered",
    "1.4": "Custom resources created",
    "1.5": "Reconcile log lines after creation",
    "1.6": "Rows in MySQL after creation",
    "2.1": "Patches sent",
    "2.2": "Reconcile log lines after the patches",
    "2.3": "Rows in MySQL after the patches",
    "3": "Known issues",
    "4.1": "Proto column agrees",
    "4.2": "Created through the API server",
    "4.3": "Rows of what the API server created",
    "4.4": "Updated through the API server",
    "4.5": "Rows of what the API server updated",
    "4.6": "Deleted through the API server",
    "4.7": "Known issues of the API server",
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
    """Return the checks of no cell, such as those of the tables; those that differ by kind only in one group.

    The known issues' checks are left out where the record has the issues: these say the same and more.
    """
    groups: dict[tuple[str, str], list[Check]] = {}
    for check in record.checks:
        shown = number_section(check) == KNOWN_ISSUES and record.known_issues
        if find_column(check) is None and not shown:
            groups.setdefault((check.section, name_check(check)), []).append(check)
    return list(groups.values())


def list_failures(record: Record) -> list[Check]:
    """Return the checks that failed or could not be judged, failures first."""
    failed = [check for check in record.checks if check.status == Status.FAIL]
    return failed + [check for check in record.checks if check.status == Status.ERROR]


def number_section(check: Check) -> str:
    """Return the number of the section that `check` belongs to, or '' for one outside the report's sections."""
    number = check.section.split(maxsplit=1)[0] if check.section.strip() else ""
    return number if number in SECTIONS else ""


def group_by_section(record: Record) -> Iterator[tuple[str, list[Check]]]:
    """Yield the heading and the checks of each section that has checks, in the report's order."""
    for number, title in (*SECTIONS.items(), ("", OTHER_SECTION)):
        checks = [check for check in record.checks if number_section(check) == number]
        if checks:
            yield f"{number} {title}".strip(), checks


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
