"""A table of texts that every format shows as it can: title, heads, rows, and which of them should not be so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.report.markdown_syntax import escape, tabulate


@dataclass(frozen=True)
class Table:
    """A table; the first column says what each row is of. `bad` are numbers of rows that should not be so.

    The other columns are of numbers, unless it `is_text`.
    """

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    hint: str = ""
    bad: frozenset[int] = frozenset()
    is_text: bool = False


def write_markdown(*tables: Table | None) -> Iterator[str]:
    """Yield the tables as blocks of Markdown; None is none."""
    for table in tables:
        if table is not None:
            yield f"### {table.title}\n"
            yield tabulate(table.heads, table.rows) + "\n"
            if table.hint:
                yield f"{escape(table.hint)}\n"
