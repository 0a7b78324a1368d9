"""Writes text, code, tables and folded evidence as Markdown that nothing quoted in it can break out of.

Only the syntax: it knows evidence and no record.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from harness.core.record import Evidence
from harness.report.evidence import describe_evidence


def tabulate(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; a pipe in a cell does not split it."""
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def escape(text: str) -> str:
    """Return `text` on one line, without anything that Markdown or HTML would take as markup."""
    flat = " ".join(text.split())
    marked = re.sub(r"([\\`*\[\]]|(?<![^\W_])_|_(?![^\W_]))", r"\\\1", flat)
    return marked.replace("&", "&amp;").replace("<", "&lt;")


def quote(text: str) -> str:
    """Return `text` on one line as code, or nothing for nothing."""
    flat = " ".join(text.split())
    if not flat:
        return ""
    ticks = "`" * (_longest_run("`", flat) + 1)
    pad = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{ticks}{pad}{flat}{pad}{ticks}"


def fence(body: str, language: str = "") -> str:
    """Return `body` as a block of code, with a fence that it can't close."""
    ticks = "`" * max(3, _longest_run("`", body) + 1)
    return f"{ticks}{language}\n{body.rstrip()}\n{ticks}"


def _longest_run(character: str, text: str) -> int:
    return max(map(len, re.findall(f"{re.escape(character)}+", text)), default=0)


def fold(summary: str, items: list[Evidence]) -> str:
    """Return `items` with their titles, folded under `summary`, which must be Markdown already."""
    blocks = "\n\n".join(f"{escape(item.title)}\n\n{fence(describe_evidence(item))}" for item in items)
    return f"<details><summary>{summary}</summary>\n\n{blocks}\n\n</details>"
