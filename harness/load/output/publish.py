"""Writes all formats of a record into the load's folder; the record itself comes first."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from harness.load.output.console import print_record
from harness.load.output.html import render_page
from harness.load.output.markdown import render_markdown
from harness.load.record import RECORD, LoadRecord
from harness.report.record import write_text

PAGE, MARKDOWN = "load.html", "load.md"


def publish(record: LoadRecord, folder: Path, console: Console) -> None:
    """Write the files, and print what they say. Raises OSError."""
    write_text(folder / RECORD, record.to_json())
    write_text(folder / MARKDOWN, render_markdown(record))
    write_text(folder / PAGE, render_page(record))
    print_record(record, console, folder / PAGE)
