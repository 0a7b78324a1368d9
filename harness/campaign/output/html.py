"""Renders a record as a page without outside references, in the report's styles."""

from __future__ import annotations

from pathlib import Path

from harness.campaign.output.table import (
    describe_verdict,
    list_attempts,
    list_facts,
    list_failures,
    list_faults,
    list_issues,
    list_missing,
    list_rates,
    list_rows,
    list_subjects,
)
from harness.campaign.record import CampaignRecord
from harness.core.record import Status
from harness.report.html import render_template
from harness.report.view import GLYPHS

TEMPLATES = Path(__file__).with_name("templates")


def render_page(record: CampaignRecord) -> str:
    """Return the record as an HTML document."""
    tone, word, headline = describe_verdict(record)
    shown = dict.fromkeys(each.status for each in record.rounds)
    return render_template(
        "campaign.html.j2",
        folder=TEMPLATES,
        styles=("report.css", "campaign.css"),
        record=record,
        tone=tone,
        word=word,
        headline=headline,
        facts=list(list_facts(record)),
        failures=list_failures(record),
        rates=list_rates(record),
        coverage=[table for table in (list_faults(record), list_subjects(record), list_issues(record)) if table],
        unjudged=[table for table in (list_missing(record), list_attempts(record)) if table],
        rows=list_rows(record),
        glyphs=GLYPHS,
        legend=[status for status in Status if status in shown],
    )
