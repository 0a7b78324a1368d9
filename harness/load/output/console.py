"""Prints a record: the verdict, the tables that fit, and where the page is."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.text import Text

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
from harness.report.tables import print_plain_table

_TONES = {"pass": "bold green", "warn": "bold yellow", "fail": "bold red"}
_SHOWN = ("done", "failed", "from the last write to the last row", "the controller manager's own count", "audit")


def print_record(record: LoadRecord, console: Console, page: Path) -> None:
    """Print the record."""
    tone, word, headline = describe_verdict(record)
    console.print()
    console.print(Text.assemble((word, _TONES[tone]), f" {headline}"), soft_wrap=True)
    for load in record.loads:
        for name, value in list_facts(load):
            if name in _SHOWN:
                console.print(Text.assemble(("  " + name + ": ", "dim"), value), soft_wrap=True)
        for table in (list_latencies(load), list_windows(load), list_components(load)):
            print_plain_table(table, console)
    for table in (list_backfills(record), list_spread(record), list_limits(record), list_changes(record)):
        print_plain_table(table, console)
    if record.problem:
        console.print(Text(f"problem: {record.problem}", "yellow"), soft_wrap=True)
    console.print(Text.assemble(("Page: ", "bold"), str(page)), soft_wrap=True)
