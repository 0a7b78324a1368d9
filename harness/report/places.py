"""Where a check stands in the report, what it is called there, and what evidence belongs to it.

A check with a column of the first matrix counts towards one of the record's cells, which holds the evidence of
all of its checks; one with a kind in a later chapter is a cell by itself; any other stands outside the matrices.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.core.record import Cell, Check, Evidence, Record
from harness.report.chapters import find_chapter


@dataclass(frozen=True)
class Heading:
    """A column. `key` is the record's name for it, or the section; `name` can't be taken for another matrix's."""

    key: str
    text: str

    @property
    def section(self) -> str:
        """The section that the column is, '' in the first matrix, whose columns consist of several."""
        return self.key if find_chapter(self.key) else ""

    @property
    def name(self) -> str:
        """The heading with its section."""
        return f"{self.section} {self.text}".strip()


def find_column(check: Check) -> Heading | None:
    """Return the column of any matrix that `check` counts towards, None for a check of no cell."""
    if check.kind is None:
        return None
    if check.column:
        return Heading(check.column.value, check.column.heading)
    chapter = find_chapter(check.section)
    return head_section(check) if chapter and not chapter.is_table else None


def head_section(check: Check) -> Heading:
    """Return the heading of the section of `check`: its chapter's, or else the check's own title."""
    section = number_section(check)
    chapter = find_chapter(section)
    return Heading(section, (chapter.headings.get(section) if chapter else None) or name_check(check))


def number_section(check: Check) -> str:
    """Return the number of the section of `check`, '' for one without."""
    return check.section.strip().partition(" ")[0]


def name_place(check: Check) -> str:
    """Return the kind of `check`, and its column where its section does not say that: 'Model, Updated', or ''."""
    return ", ".join(filter(None, (check.kind, check.column and check.column.heading)))


def name_check(check: Check) -> str:
    """Return the title of `check` without its kind, which a run's titles end with and the report has beside it."""
    return check.title.removesuffix(f": {check.kind}")


def number_check(check: Check) -> str:
    """Return the section and the title of `check`, without its kind."""
    return f"{check.section} {name_check(check)}".strip()


def name_row(check: Check) -> str:
    """Return the section and the title of a check that has a row of its own, with its kind if it has one."""
    return f"{check.section} {check.title}".strip()


def find_checks(record: Record, cell: Cell) -> list[Check]:
    """Return the checks that add up to a `cell` of the first matrix."""
    return [check for check in record.checks if check.kind == cell.kind and check.column is cell.column]


def list_evidence(record: Record, check: Check) -> list[Evidence]:
    """Return a check's evidence, and that of its cell, which the checks of one cell share."""
    cells = [cell for cell in record.cells if check.kind == cell.kind and check.column is cell.column]
    return check.evidence + [item for cell in cells for item in list_own_evidence(record, cell)]


def list_own_evidence(record: Record, cell: Cell) -> list[Evidence]:
    """Return the evidence of `cell` that none of its checks already shows."""
    shown = [item for check in find_checks(record, cell) for item in check.evidence]
    return [item for item in cell.evidence if item not in shown]
