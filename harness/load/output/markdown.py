"""Renders a record as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from harness.load.output.table import (
    describe_verdict,
    list_backfills,
    list_changes,
    list_components,
    list_facts,
    list_latencies,
    list_limits,
    list_spread,
    list_windows,
)
from harness.load.record import LoadRecord
from harness.report.formatting import format_moment
from harness.report.markdown_syntax import escape, quote
from harness.report.plain_table import write_markdown


def render_markdown(record: LoadRecord) -> str:
    """Return the record as a Markdown document."""
    return "\n".join(_list_lines(record))


def _list_lines(record: LoadRecord) -> Iterator[str]:
    _, word, headline = describe_verdict(record)
    yield "# How much can the Ingester take?\n"
    yield f"**{word}**: {escape(headline)}.\n"
    yield f"{escape(record.system_under_test)}, {format_moment(record.started_at)}.\n"
    yield from write_markdown(list_limits(record), list_changes(record), list_spread(record))
    for number, load in enumerate(record.loads, start=1):
        yield f"## Load {number}\n" if len(record.loads) > 1 else "## Load\n"
        yield from (f"- {escape(name)}: {escape(value)}" for name, value in list_facts(load))
        yield ""
        yield from write_markdown(list_latencies(load), list_windows(load), list_components(load))
    yield from write_markdown(list_backfills(record))
    yield "## What was measured\n"
    yield f"- command: {quote(record.command)}"
    if record.problem:
        yield f"- problem: {escape(record.problem)}"
    yield from (f"- warning: {escape(warning)}" for warning in record.warnings)
    yield from (f"- {escape(name)}: {escape(value)}" for name, value in record.environment.items())
    yield ""
