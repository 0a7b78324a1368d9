"""Writes all formats of a record into the campaign's folder; the record itself comes first."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from harness.campaign.output.console import print_record
from harness.campaign.output.html import render_page
from harness.campaign.output.markdown import render_markdown
from harness.campaign.record import RECORD, CampaignRecord
from harness.report.record import write_text

PAGE, MARKDOWN = "campaign.html", "campaign.md"


def publish(record: CampaignRecord, folder: Path, console: Console) -> None:
    """Write the files, and print what they say. Raises OSError."""
    write_text(folder / RECORD, record.to_json())
    write_text(folder / MARKDOWN, render_markdown(record))
    write_text(folder / PAGE, render_page(record))
    print_record(record, console, folder / PAGE)
