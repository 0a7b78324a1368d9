"""The Ingester's SQL schema in a checkout: which of its files it is, and the tables and columns that it makes.

Several files of a version may make the tables, and say different things. The one that makes them for most kinds is
taken, of equals the one in the newest place; where they contradict each other is told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.core.errors import HarnessError
from harness.provision.checkout.sources import read_texts
from harness.spec.naming import find_tables
from harness.spec.sql import extract_sql, parse_tables

Tables = Mapping[str, Mapping[str, str]]

PLACES = (   # the newest first: where later versions keep their schema
    ("helm", "**/*.sql"),
    ("python/michelangelo/cli/sandbox/resources", "*mysql*"),
    ("scripts/ingester", "*.sql"),
    ("scripts", "**/*.sql"),
)
ANYWHERE = ((".", "**/*.sql"), ("python", "**/*mysql*.yaml"))   # where none of these places has it
_SUFFIXES = (".sql", ".yaml", ".yml")


@dataclass(frozen=True)
class Schema:
    """A file with SQL and its tables: by name, each column's type in capitals by the column's name.

    `contradictions` say in what other files that make these tables differ.
    """

    path: Path
    tables: Mapping[str, Mapping[str, str]]
    digest: str
    contradictions: tuple[str, ...] = ()


def find_schema(root: Path, kinds: Iterable[tuple[str, str]]) -> Schema:
    """Return the file that makes tables for most of the `kinds`, each a name and a plural.

    A version that has moved them somewhere else is looked through. Raises HarnessError where no file makes any.
    """
    wanted = list(kinds)
    parsed = dict(_parse_files(root, PLACES))
    counts = _count(parsed, wanted)
    if 2 * max(counts.values(), default=0) < len(wanted):   # fragments
        parsed = dict(_parse_files(root, (*PLACES, *ANYWHERE)))
        counts = _count(parsed, wanted)
    best = max(counts.values(), default=0)
    if best == 0:
        places = ", ".join(dict.fromkeys(folder for folder, _ in PLACES))
        raise HarnessError(
            f"{root} has no SQL with the Ingester's tables: none in {places}", hint="Name a file with --schema"
        )
    chosen = next(path for path, count in counts.items() if count == best)
    others = [path for path, count in counts.items() if path != chosen and 2 * count >= best]   # no fragments
    return Schema(
        chosen,
        parsed[chosen],
        hashlib.sha256(chosen.read_bytes()).hexdigest(),
        tuple(text for other in others if (text := _contradict(root, other, parsed[other], parsed[chosen]))),
    )


def _count(parsed: Mapping[Path, Tables], kinds: Sequence[tuple[str, str]]) -> dict[Path, int]:
    """Return for how many of the kinds each file makes tables."""
    return {
        path: sum(find_tables(kind, plural, tables) is not None for kind, plural in kinds)
        for path, tables in parsed.items()
    }


def _parse_files(root: Path, places: Iterable[tuple[str, str]]) -> Iterator[tuple[Path, Tables]]:
    """Yield the files with tables, those in the newest place first."""
    seen: set[Path] = set()
    for folder, pattern in places:
        for path, text in read_texts(root / folder, pattern).items():
            if path not in seen and path.suffix in _SUFFIXES:
                seen.add(path)
                if tables := parse_tables(extract_sql(text, path.name)):
                    yield path, tables


def _contradict(
    root: Path, path: Path, other: Mapping[str, Mapping[str, str]], tables: Mapping[str, Mapping[str, str]]
) -> str:
    """Return in what another file's tables differ from those of the chosen one; '' where in nothing."""
    lacks = [table for table in tables if table not in other]
    more = [table for table in other if table not in tables]
    differ = [table for table in tables if table in other and other[table] != tables[table]]
    parts = [
        f"{words} {_shorten(names)}"
        for words, names in (("it lacks", lacks), ("it has beside them", more), ("other columns in", differ))
        if names
    ]
    return f"{path.relative_to(root).as_posix()} makes other tables: {'; '.join(parts)}" if parts else ""


def _shorten(names: list[str], shown: int = 4) -> str:
    rest = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {rest} more" if rest > 0 else "")
