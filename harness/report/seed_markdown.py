"""The seed report's own sections in Markdown, and the behaviour that it confirms.

The only part of the report that knows sections by number: what each shows beside its checks is the hand-written
report's shape. A record whose contents lack these sections has none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from harness.core.record import Check, IssueStatus, Record, Status, combine
from harness.report.contents import Contents, order_kinds
from harness.report.evidence import describe_evidence, format_value
from harness.report.formatting import count
from harness.report.markdown_syntax import escape, fence, fold, quote, tabulate
from harness.report.matrix import list_matrices
from harness.report.sections import find_last_row, list_row_counts
from harness.report.view import name_subject

_PARTS = {"1.": "Section 1: Sandbox and creation", "2.": "Section 2: Patches and their rows"}
_CREATED_ROW, _PATCHED_ROW = "1.6", "2.3"


def write_sections(record: Record) -> Iterator[str]:
    """Yield the seed report's sections; a run of other chapters alone has none."""
    contents = Contents(record)
    selected = {check.section for check in record.checks if contents.find_chapter(check.section)}
    for prefix, title in _PARTS.items():
        numbers = [number for number in BODIES if number.startswith(prefix) and contents.find_section(number)]
        if not numbers or (selected and selected.isdisjoint(numbers)):
            continue
        yield f"## {title}"
        for number in numbers:
            checks = [check for check in record.checks if check.section == number]
            section = contents.find_section(number)
            yield f"### {number} {section.heading if section else ''}".rstrip()
            yield _summarise_checks(checks)
            yield from BODIES[number](record, checks)


def _summarise_checks(checks: list[Check]) -> str:
    if not checks:
        return "No check of this section ran."
    lines = [f"- {check.status.symbol} {_name(check)}{_after(check.detail)}" for check in checks]
    return "\n".join(lines)


def _write_components(record: Record, _: list[Check]) -> Iterator[str]:
    if record.command:
        yield fence(record.command, "sh")
    if record.components:
        rows = [
            (quote(item.name), escape(item.phase), str(item.restarts), escape(item.reason), quote(item.version))
            for item in record.components
        ]
        yield tabulate(("Component", "State", "Restarts", "Reason", "Version"), rows)


def _write_tables(record: Record, _: list[Check]) -> Iterator[str]:
    names = sorted(record.row_counts)
    if names:
        labels = [name for name in names if name.endswith("_labels")]
        annotations = [name for name in names if name.endswith("_annotations")]
        main = [name for name in names if name not in {*labels, *annotations}]
        yield (
            f"{count(len(names), 'table')}: {len(main)} main, {len(labels)} for labels, "
            f"{len(annotations)} for annotations."
        )
        yield ", ".join(quote(name) for name in main)


def _write_requests(_: Record, checks: list[Check]) -> Iterator[str]:
    """Yield what was sent, folded per check: request and response as they went over the wire."""
    for check in checks:
        sent = [item for item in check.evidence if item.kind in {"request", "response"}]
        if sent:
            yield fold(_name(check), sent)


def _write_logs(_: Record, checks: list[Check]) -> Iterator[str]:
    """Yield the log lines of all checks in one block, each once: several pieces may quote it."""
    bodies = [describe_evidence(item) for check in checks for item in check.evidence if item.kind == "log"]
    lines = list(dict.fromkeys(line for body in bodies for line in body.splitlines() if line.strip()))
    if lines:
        yield fence("\n".join(lines), "json" if all(line.startswith("{") for line in lines) else "")


def _write_counts(record: Record, _: list[Check]) -> Iterator[str]:
    counts, others = list_row_counts(record)
    if counts:
        rows = [(kind, *map(_number, numbers)) for kind, numbers in counts]
        yield tabulate(("Kind", "Rows", "Rows of labels", "Rows of annotations"), rows)
    if others:
        yield tabulate(("Other table", "Rows"), [(quote(name), str(number)) for name, number in others.items()])


def _number(number: int | None) -> str:
    return "—" if number is None else str(number)


def _write_updated_rows(record: Record, checks: list[Check]) -> Iterator[str]:
    rows = []
    for kind in order_kinds(record.kinds, (check.kind for check in checks if check.kind)):
        before = find_last_row(record, kind, {_CREATED_ROW})
        after = find_last_row(record, kind, {_PATCHED_ROW})
        if after:
            versions, times = (
                " → ".join(format_value(row[name]) if name in row else "—" for row in (before, after))
                for name in ("res_version", "update_time")
            )
            rows.append((kind, quote(format_value(after.get("name", ""))), versions, times))
    if rows:
        yield tabulate(("Kind", "Name", "res_version", "update_time"), rows)
    for check in checks:
        compared = [item for item in check.evidence if item.kind == "comparison"]
        if compared:
            yield fold(_name(check), compared)


def write_confirmed(record: Record) -> Iterator[str]:
    """Yield what the run's own checks say of the Ingester: a claim per group, with how many of them hold."""
    yield "## Ingester behaviour confirmed"
    claims: list[tuple[str, list[Status]]] = [
        ("An ingester controller is registered per kind", _statuses(record, section="1.3")),
        ("A created object reaches MySQL", _statuses(record, cell_of=_CREATED_ROW)),
        ("Each reconcile leaves its log lines", _statuses(record, section="1.5")),
        (
            "A row equals its object: whole JSON, indexed columns, labels, annotations",
            _statuses(record, section="1.6"),
        ),
        ("A patch reaches MySQL, at the version that it returned", _statuses(record, cell_of=_PATCHED_ROW)),
    ]
    lines: list[str] = []
    for claim, statuses in claims:
        if statuses:
            held = statuses.count(Status.PASS)
            worst = combine(statuses)
            rest = "" if worst == Status.PASS else f" (worst: {worst.label.lower()})"
            lines.append(f"{len(lines) + 1}. {worst.symbol} {claim}: {held} of {len(statuses)}{rest}")
    for issue in record.known_issues:
        if issue.status == IssueStatus.REPRODUCED and issue.impact:
            lines.append(f"{len(lines) + 1}. ⚠️ {escape(issue.title)}: {escape(issue.impact)}")
    yield "\n".join(lines) or "Nothing: no check ran."


def _statuses(record: Record, *, section: str = "", cell_of: str = "") -> list[Status]:
    """Return the status of each check of `section`, or of each cell that the section counts towards."""
    if cell_of:
        cells = (cell for matrix in list_matrices(record) for cell in matrix.cells)
        return [cell.status for cell in cells if cell_of in cell.column.sections]
    return [check.status for check in record.checks if check.section == section]


def _name(check: Check) -> str:
    return escape(": ".join(filter(None, (name_subject(check), check.title))))


def _after(detail: str) -> str:
    return f": {escape(detail)}" if detail else ""


BODIES: dict[str, Callable[[Record, list[Check]], Iterable[str]]] = {
    "1.1": _write_components,
    "1.2": _write_tables,
    "1.3": _write_logs,
    "1.4": _write_requests,
    "1.5": _write_logs,
    "1.6": _write_counts,
    "2.1": _write_requests,
    "2.2": _write_logs,
    "2.3": _write_updated_rows,
    "2.4": lambda *_: (),
}
"""What each of the seed report's sections shows beside its checks."""
