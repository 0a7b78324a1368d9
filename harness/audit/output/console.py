"""Prints a result: the verdict, the table, what could not be told."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from harness.audit.classes import AuditClass
from harness.audit.output.table import describe_lags, list_classes, list_problems, make_cell
from harness.audit.result import AuditResult, KindResult
from harness.report.tables import plain, print_table

_TONES = {0: "bold green", 1: "bold red", 2: "bold yellow"}


def print_result(result: AuditResult, console: Console, page: Path | None = None) -> None:
    """Print the whole on one screen."""
    classes = list_classes(result)
    console.print()
    console.print(result.verdict, style=_TONES[result.exit_code], soft_wrap=True)
    rows = [[(kind.name, ""), (f"{kind.objects:,}", "")] for kind in result.kinds]
    for row, kind in zip(rows, result.kinds, strict=True):
        row += [_make_cell(result, kind, each) for each in classes]
    total = [("all kinds", "bold"), (f"{result.objects:,}", "bold")]
    total += [(f"{result.counts[each]:,}" if result.counts[each] else "-", "bold") for each in classes]
    print_table(console, ["Kind", "objects", *classes], [*rows, total])
    if lags := describe_lags(result):
        console.print(lags, style="dim", soft_wrap=True)
    for words, hint in list_problems(result):
        console.print(f"not told: {plain(words)}", style="yellow", soft_wrap=True)
        if hint:
            console.print(f"          {plain(hint)}", soft_wrap=True)
    if page is not None:
        console.print(f"Page: {page}", soft_wrap=True)


def describe_round(number: int, result: AuditResult) -> str:
    """Return a round of a watch in one line."""
    found = ", ".join(
        f"{result.counts[each]:,} {each}" for each in AuditClass if result.counts[each] and each.is_finding
    )
    late = result.counts[AuditClass.LATE]
    words = [f"{result.objects:,} objects", found or "no finding", f"{late:,} late" if late else ""]
    words += [f"{result.count_problems()} not told" if result.problems else "", f"{result.duration_s:.1f} s"]
    return f"round {number}: {', '.join(filter(None, words))}"


def _make_cell(result: AuditResult, kind: KindResult, audit_class: AuditClass) -> tuple[str, str]:
    cell = make_cell(result, kind, audit_class)
    style = "red" if cell.number and audit_class.is_finding else "" if cell.number else "dim"
    return str(cell), style
