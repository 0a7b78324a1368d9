"""Renders a record as a page without outside references, in the report's styles."""

from __future__ import annotations

from pathlib import Path

from harness.load.output.plot import draw
from harness.load.output.table import (
    describe_verdict,
    list_backfill_plots,
    list_backfills,
    list_changes,
    list_components,
    list_facts,
    list_latencies,
    list_limits,
    list_plots,
    list_spread,
    list_windows,
)
from harness.load.record import LoadRecord
from harness.report.html import render_template

TEMPLATES = Path(__file__).with_name("templates")


def render_page(record: LoadRecord) -> str:
    """Return the record as an HTML document."""
    tone, word, headline = describe_verdict(record)
    return render_template(
        "load.html.j2",
        folder=TEMPLATES,
        styles=("report.css", "load.css"),
        record=record,
        tone=tone,
        word=word,
        headline=headline,
        judged=[table for table in (list_limits(record), list_changes(record), list_spread(record)) if table],
        loads=[
            (
                load,
                [table for table in (list_latencies(load), list_windows(load), list_components(load)) if table],
                [(plot, drawn) for plot in list_plots(load) if (drawn := draw(plot.series, plot.x, plot.y))],
                list(list_facts(load)),
            )
            for load in record.loads
        ],
        backfills=list_backfills(record),
        backfill_plots=[
            (plot, drawn) for plot in list_backfill_plots(record) if (drawn := draw(plot.series, plot.x, plot.y))
        ],
    )
