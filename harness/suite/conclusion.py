"""What the checks of a run add up to: the cells of the first matrix, the known issues, the headline."""

from __future__ import annotations

from harness.core.record import Cell, Check, Column, IssueStatus, Record, Status, combine
from harness.spec.cases import CASES
from harness.spec.profiles import Profile
from harness.suite.known_issues import conclude_issues

SECTIONS: dict[Column, tuple[str, ...]] = {
    Column.CREATED: ("1.4",),
    Column.SYNCED: ("1.5", "1.6"),
    Column.UPDATED: ("2.1",),
    Column.UPDATE_SYNCED: ("2.2", "2.3", "2.4"),
}
"""The checks that a cell of each column consists of. A cell whose checks did not all run is NOT RUN."""


def conclude(record: Record, profile: Profile) -> None:
    """Complete the record from its checks, once all of them have ended; a headline that it has stays."""
    record.cells = build_cells(record.checks)
    record.known_issues += conclude_issues(profile, record.checks)
    record.headline = record.headline or summarise(record)


def build_cells(checks: list[Check]) -> list[Cell]:
    """Return the first matrix that the checks add up to, none where no check of it was selected.

    The checks' evidence moves into it.
    """
    cells: list[Cell] = []
    if not any(check.column for check in checks):
        return cells
    for case in CASES:
        for column, sections in SECTIONS.items():
            own = [check for check in checks if check.kind == case.name and check.column == column]
            missing = [section for section in sections if section not in {check.section for check in own}]
            statuses = [check.status for check in own] + [Status.NOT_RUN] * len(missing)
            status = combine(statuses)
            details = [check.detail for check in own if check.status == status and check.detail]
            if status is Status.NOT_RUN and missing:
                details.append(f"not selected: {', '.join(missing)}")
            cell = Cell(case.name, column, status, "; ".join(dict.fromkeys(details)))
            for check in own:
                cell.evidence += check.evidence
                check.evidence = []
            cells.append(cell)
    return cells


def summarise(record: Record) -> str:
    """Return the run's verdict in one line."""
    failed = [check for check in record.checks if check.status is Status.FAIL]
    errors = [check for check in record.checks if check.status is Status.ERROR]
    invalid = [check for check in record.checks if check.status is Status.INVALID]
    open_checks = [check for check in record.checks if check.status is Status.NOT_RUN]
    if failed:
        return f"{_count(len(failed), 'check')} failed, first {_quote(failed[0])}"
    if errors:
        return f"{_count(len(errors), 'check')} could not be judged, first {_quote(errors[0])}"
    if invalid:
        return f"{_count(len(invalid), 'check')} proved nothing, first {_quote(invalid[0])}"
    if record.interrupted:
        return f"Interrupted: {len(open_checks)} of {len(record.checks)} checks did not run"
    if open_checks:
        return f"{len(open_checks)} of {len(record.checks)} checks did not run: {open_checks[0].detail}"
    synced = sum(cell.status is Status.PASS for cell in record.cells if cell.column is Column.SYNCED)
    kinds = len({check.kind for check in record.checks if check.column is Column.SYNCED})
    known = sum(issue.status is IssueStatus.REPRODUCED for issue in record.known_issues)
    rest = f"nothing failed in {_count(len(record.checks), 'check')}; {_count(known, 'known issue')}"
    return f"{synced} of {kinds} kinds synced; {rest}" if kinds else f"{rest[0].upper()}{rest[1:]}"


def belongs_to_report(check: Check) -> bool:
    """Whether the check is of the seed report's chapters, those of the API server included."""
    return check.section.partition(".")[0] in ("1", "2", "3", "4")


def summarise_report(checks: list[Check], seconds: float) -> str:
    """Return in one line how the seed report's chapters ended, '' where none of their checks was selected."""
    own = [check for check in checks if belongs_to_report(check)]
    if not own:
        return ""
    rows = [check for check in own if check.section == "1.6"]
    synced = sum(check.status is Status.PASS for check in rows)
    short = sum(not check.status.succeeds for check in own)
    total = _count(len(own), "check")
    rest = f"{short} of {total} did not pass" if short else f"nothing failed in {total}"
    return f"Chapters 1 to 4, after {seconds:.1f} s: {synced} of {len(rows)} kinds synced; {rest}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _quote(check: Check) -> str:
    """Return a check's section, kind and detail, which may begin with the kind as well."""
    return f"{check.section} {check.kind or check.title}: {check.detail.removeprefix(f'{check.kind}: ')}"
