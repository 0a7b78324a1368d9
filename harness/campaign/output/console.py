"""Prints a record: the verdict, the tables that fit, the commands of what failed, and where the page is."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.text import Text

from harness.campaign.output.table import (
    describe_verdict,
    list_facts,
    list_failures,
    list_faults,
    list_missing,
    list_rates,
)
from harness.campaign.record import CampaignRecord
from harness.report.tables import plain, print_plain_table

_TONES = {"pass": "bold green", "warn": "bold yellow", "fail": "bold red"}
_FAILURES = 20


def print_record(record: CampaignRecord, console: Console, page: Path) -> None:
    """Print the record."""
    tone, word, headline = describe_verdict(record)
    console.print()
    console.print(Text.assemble((word, _TONES[tone]), f" {plain(headline)}"), soft_wrap=True)
    for name, value in list_facts(record):
        console.print(Text.assemble((f"  {name}: ", "dim"), plain(value)), soft_wrap=True)
    for table in (list_faults(record), list_rates(record), list_missing(record)):
        print_plain_table(table, console)
    failures = list_failures(record)
    for failure in failures[:_FAILURES]:
        console.print()
        console.print(Text(f"FAIL {failure.round}: {plain(failure.detail)}", "bold red"), soft_wrap=True)
        console.print(Text.assemble("  repeat it: ", (failure.round.command, "bold")), soft_wrap=True)
    if len(failures) > _FAILURES:
        console.print(Text(f"and {len(failures) - _FAILURES} more in the page"))
    console.print(Text.assemble(("Page: ", "bold"), str(page)), soft_wrap=True)
