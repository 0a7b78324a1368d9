"""Renders a record as Markdown in the seed report's own shape, so that both can be read side by side.

Every command, version, log line, count and row is this run's; nothing is stated that no check looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.core.record import Check, IssueResult, IssueStatus, Record, Status
from harness.report import coverage
from harness.report.contract import EXPLANATION, TITLE, group_facts
from harness.report.diff import Area, compare_records
from harness.report.diff_formats import render_diff
from harness.report.formatting import format_duration, format_milliseconds, format_moment
from harness.report.markdown_syntax import escape, fence, fold, quote, tabulate
from harness.report.matrix import Matrix, MatrixCell, list_matrices
from harness.report.sections import (
    OTHER_SECTION,
    group_other_checks,
    list_explained,
    list_failures,
    list_latencies,
    split_issues,
)
from harness.report.seed_markdown import BODIES, write_confirmed, write_sections
from harness.report.verdict import judge, summarise
from harness.report.view import name_place, name_row, name_subject, number_check

_VALUE_LIMIT = 500   # characters of a value that differs

_ISSUE_WORDS = {
    IssueStatus.REPRODUCED: "⚠️ reproduced in this run",
    IssueStatus.STALE: "❌ stale: it did not show in this run",
    IssueStatus.GONE: "✅ gone: it did not show in this run, whose version may have mended it",
    IssueStatus.NOT_CHECKED: "— not checked in this run",
}


def render_markdown(record: Record, baseline: Record | None = None) -> str:
    """Return `record` as a Markdown document; with a `baseline`, also what differs from it."""
    parts: list[str] = [
        "# Ingester validation report",
        *_write_summary(record),
        *(part for matrix in list_matrices(record) for part in write_matrix(matrix)),
        *_write_failures(record),
        *_write_differences(record, baseline),
        *write_sections(record),
        *_write_other_checks(record),
        *_write_issues(record),
        *write_confirmed(record),
        *_write_contract(record),
        *_write_coverage(record),
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
        place = name_place(record, check)
        yield f"### {check.status.symbol} {escape(number_check(check))}{f' ({place})' if place else ''}"
        yield escape(check.detail)
        yield "\n".join(f"- {escape(name)}: {escape(value)}" for name, value in check.facts.items())
        if check.findings:
            rows = [(quote(f.where), quote(_cut(f.expected)), quote(_cut(f.actual))) for f in check.findings]
            yield tabulate(("Where", "Expected", "Found"), rows)
        if check.reproduce:
            yield fence(check.reproduce, "sh")


def write_matrix(matrix: Matrix) -> Iterator[str]:
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
        yield _write_rows(matrix.others, matrix.facts)


def _write_other_checks(record: Record) -> Iterator[str]:
    """Yield the checks that neither a matrix nor one of the seed report's sections shows."""
    checks = [check for group in group_other_checks(record) for check in group if check.section not in BODIES]
    if checks:
        yield f"## {OTHER_SECTION}"
        yield _write_rows(checks)


def _write_rows(checks: Sequence[Check], facts: Sequence[str] = ()) -> str:
    """Return a table of a row per check, with its facts as columns or in one."""
    names = [escape(name) for name in facts]
    measured = not names and any(check.facts for check in checks)
    rows = []
    for check in checks:
        word = check.status.symbol if check.status is Status.NOT_APPLICABLE else _word(check.status)
        values = [escape(check.facts.get(name, "—")) for name in facts]
        if measured:
            values.append("; ".join(f"{escape(name)}: {escape(value)}" for name, value in check.facts.items()))
        result = f"{word} ({escape(check.detail)})" if check.detail else word
        rows.append((escape(name_row(check)), result, *values))
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
    cells = [f"{check.section} {name_subject(check) or check.title}" for check in list_explained(record, issue)]
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


def _write_contract(record: Record) -> Iterator[str]:
    """Yield what was expected of this version, a table per group of facts."""
    groups = group_facts(record)
    if groups:
        yield f"## {TITLE}"
        yield EXPLANATION
    for group, facts in groups:
        yield f"### {group}"
        rows = [(escape(f.name), escape(f.value), escape(f.seed) or "the same", quote(f.source)) for f in facts]
        if not any(fact.seed for fact in facts):
            yield tabulate(("Fact", "Value", "Read from"), [(row[0], row[1], row[3]) for row in rows])
        else:
            yield tabulate(("Fact", "Value", "In the seed report's version", "Read from"), rows)


def _write_coverage(record: Record) -> Iterator[str]:
    """Yield what of the Ingester's sources ran, a row per file."""
    if record.coverage:
        yield f"## {coverage.TITLE}"
        yield f"{coverage.describe_total(record)}. {coverage.EXPLANATION}"
        rows = [
            (quote(file.path), f"{file.ran} of {file.statements}", ", ".join(file.never) or "none")
            for file in record.coverage
        ]
        yield tabulate(("File", "Statements that ran", "Lines that never did"), rows)


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
