"""The Ingester's SQL schema in a checkout: which file it is, and the tables and columns that it makes.

The file is found by what it creates, not by its name. Only CREATE TABLE statements are read; the server reads
the rest.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.core.errors import HarnessError
from harness.provision.checkout.sources import read_texts

FOLDER = "scripts/ingester"

_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_TABLE = re.compile(r"CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?`?(\w+)`?\s*\(", re.IGNORECASE)
_COLUMN = re.compile(r"\s*(?:`(\w+)`|(\w+))\s+(\w+(?:\s*\([^)]*\))?(?:\s+UNSIGNED)?)", re.IGNORECASE)
_NO_COLUMNS = {"PRIMARY", "KEY", "UNIQUE", "INDEX", "CONSTRAINT", "FOREIGN", "FULLTEXT", "SPATIAL", "CHECK"}


@dataclass(frozen=True)
class Schema:
    """An SQL file and its tables: by name, each column's type in capitals by the column's name."""

    path: Path
    tables: Mapping[str, Mapping[str, str]]
    digest: str
    others: tuple[Path, ...] = ()   # files that would do as well and say something else


def find_schema(root: Path, wanted: Iterable[str]) -> Schema:
    """Return the file with most of the `wanted` tables; HarnessError where there is no SQL at all.

    The Ingester's own folder is searched first, then all of `scripts/`. Of several that are equally complete
    the first by name is taken.
    """
    texts = read_texts(root / FOLDER, "*.sql") or read_texts(root / "scripts", "**/*.sql")
    parsed = {path: parse_tables(text) for path, text in texts.items()}
    names = set(wanted)
    complete = {path: len(names & tables.keys()) for path, tables in parsed.items()}
    best = max(complete.values(), default=0)
    if best == 0:
        raise HarnessError(
            f"{root} has no SQL file with the Ingester's tables, neither in {FOLDER} nor elsewhere in scripts",
            hint="Name one with --schema",
        )
    path, *rest = [path for path, count in complete.items() if count == best]
    others = tuple(other for other in rest if parsed[other] != parsed[path])
    return Schema(path, parsed[path], hashlib.sha256(path.read_bytes()).hexdigest(), others)


def parse_tables(text: str) -> dict[str, dict[str, str]]:
    """Return the tables that the SQL creates, each with its columns' types by name."""
    code = _COMMENT.sub("", text)
    tables = {}
    for found in _TABLE.finditer(code):
        columns = {}
        for part in _split(code, found.end()):
            column = _COLUMN.match(part)
            if column and (column[1] or column[2].upper() not in _NO_COLUMNS):
                columns[column[1] or column[2]] = re.sub(r"\s+", " ", column[3].replace(" (", "(")).upper()
        tables[found[1]] = columns
    return tables


def _split(code: str, start: int) -> list[str]:
    """Return what stands between commas, from `start` to the parenthesis that closes the table."""
    parts, depth, begin = [], 0, start
    for end in range(start, len(code)):
        character = code[end]
        if character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
        if depth < 0 or (character == "," and depth == 0):
            parts.append(code[begin:end])
            begin = end + 1
        if depth < 0:
            break
    return parts
