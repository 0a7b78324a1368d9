"""Renders a record as Markdown in the seed report's own shape, so that both can be read side by side.

Every command, version, log line, count and row is this run's; nothing is stated that no check looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from harness.report.diff import Area, compare_records, render_diff
from harness.report.outline import (
    SECTIONS,
    find_last_row,
    list_evidence,
    list_failures,
    list_latencies,
    list_row_counts,
    list_rows,
    list_shared_reasons,
    number_section,
)
from harness.report.verdict import judge, summarise
from harness.report.wording import count, format_duration, format_milliseconds, format_moment
from harness.results import Cell, Check, Column, Evidence, IssueResult, IssueStatus, Record, Status, combine

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
        *_write_matrix(record),
        *_write_failures(record),
        *_write_differences(record, baseline),
        "## Section 1: Sandbox and creation",
        *_write_sections(record, "1."),
        "## Section 2: Patches and their rows",
        *_write_sections(record, "2."),
        *_write_issues(record),
        *_write_confirmed(record),
        *_write_latencies(record),
        *_write_environment(record),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _write_summary(record: Record) -> Iterator[str]:
    yield "## Summary"
    yield f"**{judge(record).word}.** {_inline(record.headline)}".rstrip()
    yield (
        f"The Ingester of {_code(record.system_under_test or 'unknown')} was validated end to end in a sandbox "
        f"({_code(record.backend or 'unknown')}), by profile {_code(record.profile or 'unknown')}: "
        "components, MySQL schema, creation of each custom resource, its row, a patch, and the patched row. "
        f"{summarise(record)}"
    )
    started = format_moment(record.started_at) or "unknown"
    yield f"Started {started}, took {format_duration(record.duration_s)}."
    if record.warnings:
        yield "\n".join(f"- Warning: {_inline(warning)}" for warning in record.warnings)


def _write_failures(record: Record) -> Iterator[str]:
    failures = list_failures(record)
    if failures:
        yield "## What failed"
    for check in failures:
        place = ", ".join(filter(None, (check.kind, check.column and check.column.heading)))
        yield f"### {check.status.symbol} {_inline(check.title)}{f' ({place})' if place else ''}"
        yield _inline(check.detail)
        if check.mismatches:
            rows = [(_code(m.where), _code(m.expected), _code(m.actual)) for m in check.mismatches]
            yield _table(("Where", "Expected", "Found"), rows)
        if check.reproduce:
            yield _fence(check.reproduce, "sh")


def _write_matrix(record: Record) -> Iterator[str]:
    yield "## Results at a glance"
    shared = list_shared_reasons(record)
    rows = [(row.kind, *(_write_cell(cell, shared) for cell in row.cells)) for row in list_rows(record)]
    yield _table(("CRD", *(column.heading for column in Column)), rows) if rows else "No cell was looked at."
    for reason, number in shared.items():
        yield f"{Status.NOT_RUN.symbol} {count(number, 'cell')} did not run: {_inline(reason)}"


def _write_cell(cell: Cell, shared: Mapping[str, int]) -> str:
    if cell.status == Status.NOT_APPLICABLE:
        word = cell.status.symbol
    elif cell.status == Status.PASS:
        word = "✅"
    else:
        word = f"{cell.status.symbol} {cell.status.label.lower()}"
    return word if not cell.detail or cell.detail in shared else f"{word} ({_inline(cell.detail)})"


def _write_differences(record: Record, baseline: Record | None) -> Iterator[str]:
    if baseline is None:
        return
    yield "## Where this run differs from the baseline"
    yield f"The baseline is `{baseline.profile}`, of {format_moment(baseline.started_at)}."
    differences = compare_records(baseline, record)
    if all(difference.area != Area.CELL for difference in differences):
        yield "Every cell of the matrix is as it was."
    yield render_diff(differences, before="baseline", markdown=True).strip()


def _write_sections(record: Record, prefix: str) -> Iterator[str]:
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
    }
    for number, heading in SECTIONS.items():
        if number.startswith(prefix):
            checks = [check for check in record.checks if number_section(check) == number]
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
        yield _fence(record.command, "sh")
    if record.components:
        rows = [
            (_code(item.name), _inline(item.phase), str(item.restarts), _inline(item.reason), _code(item.version))
            for item in record.components
        ]
        yield _table(("Component", "State", "Restarts", "Reason", "Version"), rows)


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
        yield ", ".join(_code(name) for name in main)


def _write_requests(record: Record, checks: list[Check]) -> Iterator[str]:
    """Yield what was sent, folded per check: request and response as they went over the wire."""
    for check in checks:
        sent = [item for item in list_evidence(record, check) if item.kind in {"request", "response"}]
        if sent:
            yield _fold(_name(check), sent)


def _write_logs(record: Record, checks: list[Check]) -> Iterator[str]:
    """Yield the log lines of all checks in one block, each once: several pieces may quote it."""
    bodies = [item.body for check in checks for item in list_evidence(record, check) if item.kind == "log"]
    lines = list(dict.fromkeys(line for body in bodies for line in body.splitlines() if line.strip()))
    if lines:
        yield _fence("\n".join(lines), "json" if all(line.startswith("{") for line in lines) else "")


def _write_counts(record: Record, _: list[Check]) -> Iterator[str]:
    counts, others = list_row_counts(record)
    if counts:
        rows = [(kind, *map(_number, numbers)) for kind, numbers in counts]
        yield _table(("Kind", "Rows", "Rows of labels", "Rows of annotations"), rows)
    if others:
        yield _table(("Other table", "Rows"), [(_code(name), str(number)) for name, number in others.items()])


def _number(number: int | None) -> str:
    return "—" if number is None else str(number)


def _write_updated_rows(record: Record, checks: list[Check]) -> Iterator[str]:
    rows = []
    for row in list_rows(record):
        before = find_last_row(record, row.kind, Column.SYNCED)
        after = find_last_row(record, row.kind, Column.UPDATE_SYNCED)
        if after:
            rows.append(
                (
                    row.kind,
                    _code(after.get("name", "")),
                    f"{before.get('res_version', '—')} → {after['res_version']}",
                    f"{before.get('update_time', '—')} → {after.get('update_time', '—')}",
                )
            )
    if rows:
        yield _table(("Kind", "Name", "res_version", "update_time"), rows)
    for check in checks:
        compared = [item for item in list_evidence(record, check) if item.kind == "comparison"]
        if compared:
            yield _fold(_name(check), compared)


def _write_issues(record: Record) -> Iterator[str]:
    yield "## Known issues"
    if not record.known_issues:
        yield "The profile expects none."
    for number, issue in enumerate(record.known_issues, start=1):
        yield f"### Issue {number}: {_inline(issue.title)}"
        yield "\n".join(_describe_issue(issue))
        if issue.evidence:
            yield _fold("Evidence", issue.evidence)


def _describe_issue(issue: IssueResult) -> Iterator[str]:
    yield f"- **Status:** {_ISSUE_WORDS[issue.status]} (`{issue.id}`)"
    for word, text in (
        ("Seen", issue.detail),
        ("Impact on the Ingester", issue.impact),
        ("Workaround", issue.workaround),
        ("Link", issue.link),
    ):
        if text:
            yield f"- **{word}:** {_inline(text)}"


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
            lines.append(f"{len(lines) + 1}. ⚠️ {_inline(issue.title)}: {_inline(issue.impact)}")
    yield "\n".join(lines) or "Nothing: no check ran."


def _statuses(record: Record, *, section: str = "", column: Column | None = None) -> list[Status]:
    if column is not None:
        return [cell.status for cell in record.cells if cell.column == column]
    return [check.status for check in record.checks if number_section(check) == section]


def _write_latencies(record: Record) -> Iterator[str]:
    latencies = list_latencies(record)
    if latencies:
        yield "## Latency"
        yield "From the API server's answer to the row in MySQL, in milliseconds."
        rows = [(row.kind, _milliseconds(row.create_s), _milliseconds(row.patch_s)) for row in latencies]
        yield _table(("Kind", "Create → row", "Patch → row"), rows)


def _milliseconds(seconds: float | None) -> str:
    return "—" if seconds is None else format_milliseconds(seconds)


def _write_environment(record: Record) -> Iterator[str]:
    yield "## Environment"
    facts = {"namespace": record.namespace, "harness": record.harness_version, **record.environment}
    rows = [(_inline(name), _code(value)) for name, value in facts.items() if value]
    rows += [(f"digest of {_inline(name)}", _code(value)) for name, value in record.digests.items()]
    rows += [(f"{item.name}, path", _code(item.path)) for item in record.components if item.path]
    rows += [(f"{item.name}, SHA-256", _code(item.sha256)) for item in record.components if item.sha256]
    rows += [(f"stage: {_inline(name)}", format_duration(value)) for name, value in record.stages_s.items()]
    if rows:
        yield _table(("What", "Value"), rows)


def _name(check: Check) -> str:
    return _inline(f"{check.kind}: {check.title}" if check.kind else check.title)


def _after(detail: str) -> str:
    return f": {_inline(detail)}" if detail else ""


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def _inline(text: str) -> str:
    """Return `text` on one line, without anything that Markdown or HTML would take as markup."""
    flat = " ".join(text.split())
    marked = re.sub(r"([\\`*\[\]]|(?<![^\W_])_|_(?![^\W_]))", r"\\\1", flat)
    return marked.replace("&", "&amp;").replace("<", "&lt;")


def _code(text: str) -> str:
    """Return `text` on one line as code, or nothing for nothing."""
    flat = " ".join(text.split())
    if not flat:
        return ""
    ticks = "`" * (_longest_run("`", flat) + 1)
    pad = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{ticks}{pad}{flat}{pad}{ticks}"


def _fence(body: str, language: str = "") -> str:
    """Return `body` as a block of code, with a fence that it can't close."""
    ticks = "`" * max(3, _longest_run("`", body) + 1)
    return f"{ticks}{language}\n{body.rstrip()}\n{ticks}"


def _longest_run(character: str, text: str) -> int:
    return max(map(len, re.findall(f"{re.escape(character)}+", text)), default=0)


def _fold(summary: str, items: list[Evidence]) -> str:
    blocks = "\n\n".join(f"{_inline(item.title)}\n\n{_fence(item.body)}" for item in items)
    return f"<details><summary>{summary}</summary>\n\n{blocks}\n\n</details>"
