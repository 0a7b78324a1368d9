"""Prints a result: the verdict, the table, what could not be told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from harness.audit.classes import AuditClass
from harness.audit.output.table import describe_lags, list_classes, list_problems, make_cell
from harness.audit.result import AuditResult, KindResult
from harness.report.tables import plain, print_table

_GAP = 2   # between two columns
_TONES = {0: "bold green", 1: "bold red", 2: "bold yellow"}


def print_result(result: AuditResult, console: Console, page: Path | None = None) -> None:
    """Print the whole on one screen; where the classes don't fit side by side, those of findings as words."""
    classes = list_classes(result)
    console.print()
    console.print(result.verdict, style=_TONES[result.exit_code], soft_wrap=True)
    rows = [[kind.name, f"{kind.objects:,}"] for kind in result.kinds]
    total = ["all kinds", f"{result.objects:,}"]
    is_wide = _measure(result, classes) > console.width
    if is_wide:
        right = [each for each in classes if not each.is_finding]
        found = [each for each in classes if each.is_finding]
        cells = [[make_cell(result, kind, each) for each in right] for kind in result.kinds]
        told = [_tell(result, kind, found) for kind in result.kinds]
        heads = ["Kind", "objects", *right, "findings"]
        whole = [*(f"{result.counts[each]:,}" for each in right), f"{result.found:,}"]
        columns = [[*map(str, each), text] for each, text in zip(cells, told, strict=True)]
    else:
        heads = ["Kind", "objects", *classes]
        whole = [f"{result.counts[each]:,}" for each in classes]
        columns = [[str(make_cell(result, kind, each)) for each in classes] for kind in result.kinds]
    lines = [[(text, "") for text in [*row, *more]] for row, more in zip(rows, columns, strict=True)]
    print_table(console, heads, [*lines, [(text, "bold") for text in [*total, *whole]]], words=is_wide)
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


def _measure(result: AuditResult, classes: Sequence[AuditClass]) -> int:
    """Return how wide the table is with a column for each class, whose heading may be broken between words."""
    width = max((len(kind.name) for kind in result.kinds), default=0) + len("objects") + _GAP
    for each in classes:
        cells = (str(make_cell(result, kind, each)) for kind in result.kinds)
        width += max(map(len, (*cells, *each.split()))) + _GAP
    return width


def _tell(result: AuditResult, kind: KindResult, classes: Sequence[AuditClass]) -> str:
    """Return the findings of a kind in words: '1 missing (8 s), 2 orphan'."""
    found = ((each, make_cell(result, kind, each)) for each in classes)
    ages = ((each, cell.number, f" ({cell.oldest})" if cell.oldest else "") for each, cell in found if cell.number)
    return ", ".join(f"{number:,} {each}{age}" for each, number, age in ages)
