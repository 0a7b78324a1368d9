"""A chapter on a console: its matrix, as wide as the terminal allows, its reasons, its checks of no kind.

Colour is never alone: each status has its word, and where a terminal can't show the symbols the words remain. A
matrix of many columns names them by section, and is all symbols, explained below it, where words don't fit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from harness.core.record import Check, Status
from harness.report.matrix import Matrix, MatrixCell
from harness.report.plain_table import Table as PlainTable
from harness.report.view import GLYPHS, name_row

_MARKS = {   # symbol, what stands for it in ASCII, colour
    Status.PASS: (GLYPHS[Status.PASS], ".", "green"),
    Status.FAIL: (GLYPHS[Status.FAIL], "F", "bold red"),
    Status.KNOWN: (GLYPHS[Status.KNOWN], "!", "yellow"),
    Status.NOT_APPLICABLE: (GLYPHS[Status.NOT_APPLICABLE], "/", "dim"),
    Status.NOT_RUN: (GLYPHS[Status.NOT_RUN], "-", "dim"),
    Status.ERROR: (GLYPHS[Status.ERROR], "?", "bold magenta"),
    Status.INVALID: (GLYPHS[Status.INVALID], "0", "bold cyan"),
}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")   # a log's escape sequences must not reach the terminal
_COLUMN_WIDTH = 26
_GAPS = (2, 1)   # between the columns of a wide matrix, the first that the terminal has room for
_EDGES = 2   # a character each
_TOLD_BELOW = {Status.FAIL, Status.ERROR, Status.INVALID}   # with all that was found
_DETAIL = 200   # characters


def print_chapter(matrix: Matrix, console: Console) -> None:
    """Print all of a chapter; one that does not apply is a line."""
    if matrix.is_idle:
        for status, remark in matrix.remarks:
            line = f" {matrix.title}: {plain(remark)}"
            console.print(mark(status, console).append(line), soft_wrap=True)
    else:
        if matrix.explanation:
            console.print(Text.assemble("\n", (matrix.title, "bold"), f"\n{matrix.explanation}"), soft_wrap=True)
        if matrix.columns:
            console.print(build_table(matrix, console))
            _print_reasons(matrix, console)
    for check in matrix.others:
        _print_row(check, console)


def print_plain_table(table: PlainTable | None, console: Console) -> None:
    """Print a table of texts with its title and its hint; None is none."""
    if table is None:
        return
    console.print()
    console.print(Text(plain(table.title), "bold"))
    shown = Table(box=None, pad_edge=False, header_style="dim")
    for number, head in enumerate(table.heads):
        shown.add_column(head, justify="right" if number and not table.is_text else "left")
    for number, row in enumerate(table.rows):
        cells = [Text(plain(cell)) for cell in row]
        shown.add_row(*cells, style="bold red" if number in table.bad else "")
    console.print(shown)
    if table.hint:
        console.print(Text(plain(table.hint), "dim"), soft_wrap=True)


def build_table(matrix: Matrix, console: Console) -> Table:
    """Return the matrix as a table: with headings, words and details, or what of them fits many columns."""
    if matrix.is_wide:
        return _build_wide_table(matrix, console)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", expand=False)
    table.add_column("Kind", no_wrap=True)
    for column in matrix.columns:
        table.add_column(column.text, max_width=_COLUMN_WIDTH, overflow="fold")
    for row in matrix.rows:
        table.add_row(row.kind, *(_describe_cell(cell, matrix, console) for cell in row.cells))
    return table


def print_table(
    console: Console, heads: Sequence[str], rows: Sequence[Sequence[tuple[str, str]]], *, words: bool = False
) -> None:
    """Print a table of plain cells, each a text and its style.

    All columns but the first are of numbers; the last one is not where it is of `words`.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", expand=False)
    for number, head in enumerate(heads):
        is_text = not number or (words and number == len(heads) - 1)
        table.add_column(head, no_wrap=not number, overflow="fold", justify="left" if is_text else "right")
    for row in rows:
        table.add_row(*(Text(plain(text), style) for text, style in row))
    console.print(table)


def mark(status: Status, console: Console, word: str = "") -> Text:
    """Return the symbol and the word of a status, or what of them the terminal can show."""
    symbol, _, style = _MARKS[status]
    label = word or _name(status)
    return Text.assemble((f"{symbol} {label}" if _knows_symbols(console) else label, style))


def print_facts(check: Check, console: Console) -> None:
    """Print what a check measured, in one paragraph."""
    facts = "; ".join(f"{name}: {value}" for name, value in check.facts.items())
    if facts:
        console.print(Padding(Text(plain(facts), "dim"), (0, 0, 0, 2)))


def plain(text: str) -> str:
    """Return `text` without control characters (but line ends and tabs), written as escapes instead."""
    return _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", text)


def _build_wide_table(matrix: Matrix, console: Console) -> Table:
    has_words = _has_room(matrix, console)
    gap = next((gap for gap in _GAPS if _measure(matrix, gap) <= console.width), _GAPS[-1])
    padding = (0, (_GAPS[0] if has_words else gap) - 1, 0, 0)
    table = Table(box=box.SIMPLE_HEAD, padding=padding, pad_edge=False, header_style="bold", expand=False)
    table.add_column("Kind", no_wrap=True)
    for column in matrix.columns:
        table.add_column(column.key, no_wrap=True)
    for row in matrix.rows:
        cells = [mark(c.status, console) if has_words else _mark_only(c.status, console) for c in row.cells]
        table.add_row(row.kind, *cells)
    return table


def _has_room(matrix: Matrix, console: Console) -> bool:
    """Return whether a wide matrix can have its words on this terminal."""
    words = [[mark(cell.status, console).plain for cell in row.cells] for row in matrix.rows]
    return _measure(matrix, _GAPS[0], words) <= console.width


def _measure(matrix: Matrix, gap: int, words: Sequence[Sequence[str]] = ()) -> int:
    """Return the width of a wide matrix with that gap, and with those words or none in its cells."""
    kinds = max((len(row.kind) for row in matrix.rows), default=0)
    columns = [max([len(column.key), *(len(row[n]) for row in words)]) for n, column in enumerate(matrix.columns)]
    return _EDGES + kinds + sum(gap + width for width in columns)


def _mark_only(status: Status, console: Console) -> Text:
    symbol, letter, style = _MARKS[status]
    return Text(symbol if _knows_symbols(console) else letter, style)


def _name(status: Status) -> str:
    return "N/A" if status == Status.NOT_APPLICABLE else status.label.lower()


def _knows_symbols(console: Console) -> bool:
    return console.encoding.startswith("utf")


def _print_reasons(matrix: Matrix, console: Console) -> None:
    """Print what a wide matrix's sections and lone symbols mean, and each reason that cells share."""
    if matrix.is_wide:
        if not _has_room(matrix, console):
            found = dict.fromkeys(cell.status for row in matrix.rows for cell in row.cells)
            marks = [Text.assemble(_mark_only(status, console), f" {_name(status)}") for status in found]
            console.print(Text("; ").join(marks))
        console.print(Text(plain("; ".join(column.name for column in matrix.columns)), "dim"))
    for item in matrix.shared:
        line = f" {item.cells}: {plain(item.reason)}".removesuffix(": ")
        console.print(mark(item.status, console).append(line), soft_wrap=True)


def _describe_cell(cell: MatrixCell, matrix: Matrix, console: Console) -> Text:
    """Return a cell's mark and word, and its detail where the lists below the matrix don't repeat it."""
    text = mark(cell.status, console)
    detail = matrix.explain(cell)
    if detail and cell.status not in _TOLD_BELOW:
        text.append(f"\n{plain(detail)}", "dim")
    return text


def _print_row(check: Check, console: Console) -> None:
    """Print a check of no kind: its result, its reason unless that is told below, what it measured."""
    detail = "" if check.status in _TOLD_BELOW or not check.detail else f": {plain(check.detail)[:_DETAIL]}"
    console.print(mark(check.status, console).append(f" {plain(name_row(check))}{detail}"), soft_wrap=True)
    if check.status not in _TOLD_BELOW:
        print_facts(check, console)
