"""Renders a record as Markdown in the seed report's own shape, so that both can be read side by side.

Every command, version, log line, count and row is this run's; nothing is stated that no check looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from harness.core.record import Check, Column, IssueResult, IssueStatus, Record, Status, combine
from harness.report.diff import Area, compare_records, render_diff
from harness.report.markup import escape, fence, fold, quote, tabulate
from harness.report.matrix import Matrix, MatrixCell, build_matrix, list_matrices
from harness.report.outline import (
    SECTIONS,
    find_last_row,
    find_section,
    list_explained,
    list_failures,
    list_latencies,
    list_row_counts,
    split_issues,
)
from harness.report.places import list_evidence, name_check, name_place, name_row, number_check
from harness.report.verdict import judge, summarise
from harness.report.wording import count, format_duration, format_milliseconds, format_moment

_VALUE_LIMIT = 500   # characters of a value that differs

_ISSUE_WORDS = {
    IssueStatus.REPRODUCED: "⚠️ reproduced in this run",
    IssueStatus.STALE: "❌ stale: it did not show in this run",
    IssueStatus.NOT_CHECKED: "— not checked in this run",
}


def render_markdown(record: Record, baseline: Record | None = None) -> str:
    """Return `record` as a Markdown document; with a `baseline`, also what differs from it."""
    parts: list[str] = [
        "# Ingester validation report",
        *_write_summary(record),
        *(part for matrix in list_matrices(record) for part in _write_matrix(matrix)),
        *_write_failures(record),
        *_write_differences(record, baseline),
        *_write_sections(record, "1.", "Section 1: Sandbox and creation"),
        *_write_sections(record, "2.", "Section 2: Patches and their rows"),
        *_write_issues(record),
        *_write_confirmed(record),
        *_write_latencies(record),
        *_write_environment(record),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _write_summary(record: Record) -> Iterator[str]:
    yield "## Summary"
    yield f"**{judge(record).word}.** {escape(record.headline)}".rstrip()
    yield (
        f"The Ingester of {quote(record.system_under_test or 'unknown')} was validated end to end in a sandbox "
        f"({quote(record.backend or 'unknown')}), by profile {quote(record.profile or 'unknown')}: "
        "components, MySQL schema, creation of each custom resource, its row, a patch, and the patched row. "
        f"{summarise(record)}"
    )
    started = format_moment(record.started_at) or "unknown"
    yield f"Started {started}, took {format_duration(record.duration_s)}."
    if record.warnings:
        yield "\n".join(f"- Warning: {escape(warning)}" for warning in record.warnings)


def _write_failures(record: Record) -> Iterator[str]:
    failures = list_failures(record)
    if failures:
        yield "## What failed"
    for check in failures:
        place = name_place(check)
        yield f"### {check.status.symbol} {escape(number_check(check))}{f' ({place})' if place else ''}"
        yield escape(check.detail)
        yield "\n".join(f"- {escape(name)}: {escape(value)}" for name, value in check.facts.items())
        if check.findings:
            rows = [(quote(m.where), quote(_cut(m.expected)), quote(_cut(m.actual))) for m in check.findings]
            yield tabulate(("Where", "Expected", "Found"), rows)
        if check.reproduce:
            yield fence(check.reproduce, "sh")


def _write_matrix(matrix: Matrix) -> Iterator[str]:
    """Yield a chapter's matrix, its reasons, and the checks of the chapter that have no kind."""
    yield f"## {matrix.title}"
    yield matrix.explanation
    rows = [(row.kind, *(_write_cell(cell, matrix) for cell in row.cells)) for row in matrix.rows]
    if rows:
        yield tabulate(("CRD", *(escape(column.name) for column in matrix.columns)), rows)
    elif not matrix.statuses:
        yield "No cell was looked at."
    for status, remark in matrix.remarks:
        yield f"{status.symbol} {escape(remark)}"
    if matrix.others:
        yield _write_others(matrix)


def _write_others(matrix: Matrix) -> str:
    """Return a table of a row per check, with its facts as columns or in one."""
    names = [escape(name) for name in matrix.facts]
    measured = not names and any(check.facts for check in matrix.others)
    rows = []
    for check in matrix.others:
        word = check.status.symbol if check.status is Status.NOT_APPLICABLE else _word(check.status)
        facts = [escape(check.facts.get(name, "—")) for name in matrix.facts]
        if measured:
            facts.append("; ".join(f"{escape(name)}: {escape(value)}" for name, value in check.facts.items()))
        result = f"{word} ({escape(check.detail)})" if check.detail else word
        rows.append((escape(name_row(check)), result, *facts))
    return tabulate(("Check", "Result", *names, *(["Measured"] if measured else [])), rows)


def _write_cell(cell: MatrixCell, matrix: Matrix) -> str:
    word = cell.status.symbol if cell.status is Status.NOT_APPLICABLE else _word(cell.status)
    detail = "" if matrix.is_wide else matrix.explain(cell)
    return f"{word} ({escape(detail)})" if detail else word


def _word(status: Status) -> str:
    return status.symbol if status is Status.PASS else f"{status.symbol} {status.label.lower()}"


def _cut(value: str) -> str:
    return value if len(value) <= _VALUE_LIMIT else f"{value[:_VALUE_LIMIT]} … and more in report.json"


def _write_differences(record: Record, baseline: Record | None) -> Iterator[str]:
    if baseline is None:
        return
    yield "## Where this run differs from the baseline"
    yield f"The baseline is `{baseline.profile}`, of {format_moment(baseline.started_at)}."
    differences = compare_records(baseline, record)
    if all(difference.area != Area.CELL for difference in differences):
        yield "Every cell that the baseline has is as it was."
    yield render_diff(differences, before="baseline", markdown=True).strip()


def _write_sections(record: Record, prefix: str, title: str) -> Iterator[str]:
    """Yield one of the seed report's sections; a run of later chapters alone has none."""
    if any(find_section(check) for check in record.checks) and not any(
        find_section(check).startswith(prefix) for check in record.checks
    ):
        return
    yield f"## {title}"
    bodies: dict[str, Callable[[Record, list[Check]], Iterable[str]]] = {
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
    for number, heading in SECTIONS.items():
        if number.startswith(prefix):
            checks = [check for check in record.checks if find_section(check) == number]
            yield f"### {number} {heading}"
            yield _summarise_checks(checks)
            yield from bodies[number](record, checks)


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


def _write_requests(record: Record, checks: list[Check]) -> Iterator[str]:
    """Yield what was sent, folded per check: request and response as they went over the wire."""
    for check in checks:
        sent = [item for item in list_evidence(record, check) if item.kind in {"request", "response"}]
        if sent:
            yield fold(_name(check), sent)


def _write_logs(record: Record, checks: list[Check]) -> Iterator[str]:
    """Yield the log lines of all checks in one block, each once: several pieces may quote it."""
    bodies = [item.body for check in checks for item in list_evidence(record, check) if item.kind == "log"]
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
    for row in build_matrix(record).rows:
        before = find_last_row(record, row.kind, Column.SYNCED)
        after = find_last_row(record, row.kind, Column.UPDATE_SYNCED)
        if after:
            rows.append(
                (
                    row.kind,
                    quote(after.get("name", "")),
                    f"{before.get('res_version', '—')} → {after['res_version']}",
                    f"{before.get('update_time', '—')} → {after.get('update_time', '—')}",
                )
            )
    if rows:
        yield tabulate(("Kind", "Name", "res_version", "update_time"), rows)
    for check in checks:
        compared = [item for item in list_evidence(record, check) if item.kind == "comparison"]
        if compared:
            yield fold(_name(check), compared)


def _write_issues(record: Record) -> Iterator[str]:
    yield "## Known issues"
    if not record.known_issues:
        yield "The profile expects none."
    looked_for, passed_by = split_issues(record)
    for number, issue in enumerate(looked_for, start=1):
        yield f"### Issue {number}: {escape(issue.title)}"
        yield "\n".join(_describe_issue(record, issue))
        if issue.evidence:
            yield fold("Evidence", issue.evidence)
    if passed_by:
        yield f"Of parts that were not selected: {', '.join(quote(issue.id) for issue in passed_by)}."


def _describe_issue(record: Record, issue: IssueResult) -> Iterator[str]:
    yield f"- **Status:** {_ISSUE_WORDS[issue.status]} (`{issue.id}`)"
    cells = [f"{check.section} {check.kind or name_check(check)}" for check in list_explained(record, issue)]
    for word, text in (
        ("Seen", issue.detail),
        ("Cells", ", ".join(cells)),
        ("Impact on the Ingester", issue.impact),
        ("Workaround", issue.workaround),
        ("Suggested fix", issue.fix),
        ("Link", issue.link),
    ):
        if text:
            yield f"- **{word}:** {escape(text)}"


def _write_confirmed(record: Record) -> Iterator[str]:
    """Yield what the run's own checks say of the Ingester: a claim per group, with how many of them hold."""
    yield "## Ingester behaviour confirmed"
    claims: list[tuple[str, list[Status]]] = [
        ("An ingester controller is registered per kind", _statuses(record, section="1.3")),
        ("A created object reaches MySQL", _statuses(record, column=Column.SYNCED)),
        ("Each reconcile leaves its log lines", _statuses(record, section="1.5")),
        (
            "A row equals its object: whole JSON, indexed columns, labels, annotations",
            _statuses(record, section="1.6"),
        ),
        ("A patch reaches MySQL, at the version that it returned", _statuses(record, column=Column.UPDATE_SYNCED)),
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


def _statuses(record: Record, *, section: str = "", column: Column | None = None) -> list[Status]:
    if column is not None:
        return [cell.status for cell in record.cells if cell.column == column]
    return [check.status for check in record.checks if find_section(check) == section]


def _write_latencies(record: Record) -> Iterator[str]:
    latencies = list_latencies(record)
    if latencies:
        yield "## Latency"
        yield "From the API server's answer to the row in MySQL, in milliseconds."
        rows = [(row.kind, _milliseconds(row.create_s), _milliseconds(row.patch_s)) for row in latencies]
        yield tabulate(("Kind", "Create → row", "Patch → row"), rows)


def _milliseconds(seconds: float | None) -> str:
    return "—" if seconds is None else format_milliseconds(seconds)


def _write_environment(record: Record) -> Iterator[str]:
    yield "## Environment"
    facts = {"namespace": record.namespace, "harness": record.harness_version, **record.environment}
    rows = [(escape(name), quote(value)) for name, value in facts.items() if value]
    rows += [(f"digest of {escape(name)}", quote(value)) for name, value in record.digests.items()]
    rows += [(f"{item.name}, path", quote(item.path)) for item in record.components if item.path]
    rows += [(f"{item.name}, SHA-256", quote(item.sha256)) for item in record.components if item.sha256]
    rows += [(f"stage: {escape(name)}", format_duration(value)) for name, value in record.stages_s.items()]
    if rows:
        yield tabulate(("What", "Value"), rows)


def _name(check: Check) -> str:
    return escape(f"{check.kind}: {name_check(check)}" if check.kind else check.title)


def _after(detail: str) -> str:
    return f": {escape(detail)}" if detail else ""
