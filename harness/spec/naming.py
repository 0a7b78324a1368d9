"""How tables are named after kinds: which ways there are, and which the tables of a version follow. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum


class Naming(StrEnum):
    """How the main table of a kind is named."""

    LOWER = "lower case"                 # pipelinerun
    SNAKE = "snake case"                 # pipeline_run
    LOWER_PLURAL = "lower case, plural"  # pipelineruns
    SNAKE_PLURAL = "snake case, plural"  # pipeline_runs


_SIDES = (("labels", "label"), ("annotations", "annotation"))


@dataclass(frozen=True)
class KindTables:
    """The tables of one kind: the main one's name, and the suffixes of those of labels and annotations."""

    main: str
    labels_suffix: str = "_labels"
    annotations_suffix: str = "_annotations"

    @property
    def all(self) -> tuple[str, str, str]:
        """All three names."""
        return self.main, f"{self.main}{self.labels_suffix}", f"{self.main}{self.annotations_suffix}"


def snake_case(kind: str) -> str:
    """Return the kind in lower case, its words with underscores between them: `pipeline_run`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", kind).lower()


def name_table(kind: str, naming: Naming, plural: str = "") -> str:
    """Return the name of the kind's main table; `plural` is its resource's name, by default an s more."""
    snake = snake_case(kind)
    match naming:
        case Naming.LOWER:
            return kind.lower()
        case Naming.SNAKE:
            return snake
        case Naming.LOWER_PLURAL:
            return plural or f"{kind.lower()}s"
        case Naming.SNAKE_PLURAL:
            ending = plural.removeprefix(kind.lower()) if plural.startswith(kind.lower()) else "s"
            return f"{snake}{ending}"


def find_tables(kind: str, plural: str, tables: Collection[str]) -> KindTables | None:
    """Return the kind's tables among those that exist; None where no way of naming leads to its main table."""
    for naming in Naming:
        main = name_table(kind, naming, plural)
        if main in tables:
            labels, annotations = (_find_suffix(main, words, tables) for words in _SIDES)
            return KindTables(main, labels, annotations)
    return None


def find_naming(kinds: Iterable[tuple[str, str]], tables: Collection[str]) -> Naming | None:
    """Return how most of the kinds, each with its plural, name their tables; None where no kind has one.

    A kind of one word has the same name in several ways, and so decides nothing between them.
    """
    fits: Counter[Naming] = Counter()
    for kind, plural in kinds:
        fits.update(naming for naming in Naming if name_table(kind, naming, plural) in tables)
    return max(Naming, key=lambda naming: fits[naming]) if fits else None


def list_foreign_tables(own: Iterable[KindTables], tables: Iterable[str]) -> list[str]:
    """Return the tables that belong to no kind: a main table alone, since those of its labels follow it."""
    known = {name for each in own for name in each.all}
    foreign = [table for table in tables if table not in known]
    sides = {f"{table}_{word}" for table in foreign for words in _SIDES for word in words}
    return [table for table in foreign if table not in sides]


def _find_suffix(main: str, words: tuple[str, ...], tables: Collection[str]) -> str:
    """Return the suffix of the table of labels or annotations; the usual one where there is none."""
    return next((f"_{word}" for word in words if f"{main}_{word}" in tables), f"_{words[0]}")
