"""Renders a result as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from harness.audit.classes import EXPLANATIONS
from harness.audit.output.table import describe_lags, group_findings, list_classes, list_problems, make_cell
from harness.audit.result import FINDINGS, AuditResult
from harness.report.formatting import format_duration, format_moment
from harness.report.markdown_syntax import escape, quote, tabulate


def render_markdown(result: AuditResult) -> str:
    """Return the result as a Markdown document."""
    return "\n".join(_list_lines(result))


def _list_lines(result: AuditResult) -> Iterator[str]:
    classes = list_classes(result)
    yield "# Does MySQL equal Kubernetes?\n"
    yield f"**{escape(result.verdict)}.**\n"
    yield f"{format_moment(result.started_at)}, in {format_duration(result.duration_s)}.\n"
    rows = [
        [kind.name, f"{kind.objects:,}", *(str(make_cell(result, kind, each)) for each in classes)]
        for kind in result.kinds
    ]
    yield tabulate(["Kind", "objects", *classes], rows) + "\n"
    if lags := describe_lags(result):
        yield f"{lags}.\n"
    if result.problems:
        yield "## What could not be told\n"
        for words, hint in list_problems(result):
            yield f"- {escape(words)} ({escape(hint)})" if hint else f"- {escape(words)}"
        yield ""
    for found in group_findings(result):
        yield f"## {found.audit_class.capitalize()}: {found.number:,}\n"
        yield f"{EXPLANATIONS[found.audit_class].meaning}\n"
        for example in found.examples:
            subject = example.subject
            yield f"- {subject.kind} {quote(f'{subject.namespace}/{subject.name}')}, key {quote(subject.key)}"
            yield from (
                f"  - {escape(each.where)}: expected {quote(each.expected)}, found {quote(each.actual)}"
                for each in example.differences
            )
        yield ""
    if result.found:
        yield f"All findings: {quote(FINDINGS)}.\n"
    yield "## What was audited\n"
    yield from (f"- {escape(name)}: {escape(value)}" for name, value in result.facts.items())
    yield ""
