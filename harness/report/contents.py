"""The record's own table of contents: the chapter of a section, its place, its heading, the kinds' order.

All of it is read from `Record.chapters` and `Record.kinds`; nothing here knows a chapter, a section or a kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from harness.core.record import ChapterContents, Check, KindContents, Layout, Record, SectionContents


@dataclass(frozen=True)
class Column:
    """A column of a matrix: a section, or several under a heading of their own."""

    key: str
    text: str
    sections: tuple[str, ...]

    @property
    def section(self) -> str:
        """The section that the column is, '' where it is a group."""
        return self.key if self.sections == (self.key,) else ""

    @property
    def name(self) -> str:
        """The heading with its section."""
        return f"{self.section} {self.text}".strip()


class Contents:
    """The chapters of one record, by section."""

    def __init__(self, record: Record) -> None:
        self._chapters: dict[str, ChapterContents] = {}
        self._sections: dict[str, SectionContents] = {}
        for chapter in record.chapters:
            for section in chapter.sections:
                self._chapters.setdefault(section.number, chapter)
                self._sections.setdefault(section.number, section)
        self._places = {number: place for place, number in enumerate(self._sections)}

    def find_chapter(self, section: str) -> ChapterContents | None:
        """Return the chapter that has `section`, None where none has."""
        return self._chapters.get(section)

    def find_section(self, section: str) -> SectionContents | None:
        """Return what the contents say of `section`, None where they don't have it."""
        return self._sections.get(section)

    def rank(self, section: str) -> tuple[int, ...]:
        """Return what sections are sorted by: their place in the contents; others follow, 5.10 behind 5.9."""
        if section in self._places:
            return (0, self._places[section])
        return (1, *(int(number) for number in re.findall(r"\d+", section)))

    def list_checks(self, record: Record, chapter: ChapterContents) -> list[Check]:
        """Return the checks of `record` that belong to `chapter`, in the record's order."""
        return [check for check in record.checks if self.find_chapter(check.section) is chapter]

    def find_group(self, check: Check) -> Column | None:
        """Return the group of sections that `check` counts towards, None where its section says it all."""
        chapter = self.find_chapter(check.section)
        if chapter is None or check.kind is None:
            return None
        return next((c for c in list_groups(chapter) if check.section in c.sections), None)


def list_groups(chapter: ChapterContents) -> list[Column]:
    """Return the columns of `chapter` that are no plain sections."""
    return [column for column in _read_columns(chapter) if not column.section]


def list_columns(chapter: ChapterContents, checks: Iterable[Check]) -> tuple[Column, ...]:
    """Return the columns of the chapter's matrix, given its checks; none for a table.

    A group of sections is always one; a section only where a check of a kind was selected. One without a heading
    has the title of its checks.
    """
    titles = {check.section: check.title for check in checks if check.kind}
    return tuple(
        column if column.text else Column(column.key, titles[column.key], column.sections)
        for column in _read_columns(chapter)
        if not column.section or column.section in titles
    )


def _read_columns(chapter: ChapterContents) -> Iterator[Column]:
    if chapter.layout is Layout.TABLE:
        return
    for column in chapter.columns:
        yield Column(column.key, column.heading, tuple(column.sections))
    if not chapter.columns:
        for section in chapter.sections:
            yield Column(section.number, section.heading, (section.number,))


def order_kinds(known: Sequence[KindContents], kinds: Iterable[str]) -> list[str]:
    """Return each of `kinds` once: those of the contents first, in their order, others after them by name."""
    found = set(kinds)
    names = dict.fromkeys(kind.name for kind in known)
    return [name for name in names if name in found] + sorted(found.difference(names))
