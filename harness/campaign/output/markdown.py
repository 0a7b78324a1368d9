"""Renders a record as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from harness.campaign.output.table import describe_verdict, list_facts, list_failures, list_rows, list_tables
from harness.campaign.record import CampaignRecord
from harness.report.formatting import format_moment
from harness.report.markdown_syntax import escape, quote
from harness.report.plain_table import write_markdown
from harness.report.view import GLYPHS


def render_markdown(record: CampaignRecord) -> str:
    """Return the record as a Markdown document."""
    return "\n".join(_list_lines(record))


def _list_lines(record: CampaignRecord) -> Iterator[str]:
    _, word, headline = describe_verdict(record)
    yield "# Rounds of faults\n"
    yield f"**{word}**: {escape(headline)}.\n"
    yield from (f"- {escape(name)}: {escape(value)}" for name, value in list_facts(record))
    yield ""
    failures = list_failures(record)
    if failures:
        yield "## What failed\n"
        for failure in failures:
            yield f"- {escape(str(failure.round))}: {escape(failure.detail)}"
            yield f"  - repeat it: {quote(failure.round.command)}"
            yield from (f"  - {escape(finding)}" for finding in failure.findings)
            if failure.found > len(failure.findings):
                yield f"  - and {failure.found - len(failure.findings)} more"
        yield ""
    yield from write_markdown(*list_tables(record))
    yield "## Every round\n"
    for row in list_rows(record):
        cells = " ".join(f"{GLYPHS[each.status]}{each.round.seed}" for each in row.results)
        yield f"- {escape(row.title)}: {cells}"
    yield ""
    yield "## What was run\n"
    yield f"- command: {quote(record.command)}"
    yield f"- from {format_moment(record.started_at)} to {format_moment(record.finished_at)}"
    yield from (f"- {escape(name)}: {escape(value)}" for name, value in record.environment.items())
    yield ""
