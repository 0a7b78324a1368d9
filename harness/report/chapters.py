"""The chapters beyond the seed report's: their titles, what each is about, the short headings of their sections.

Data only. A check belongs to the chapter of its section's number ("5.3" to chapter 5). In a chapter with a matrix
one check is one cell: its kind is the row, its section the column. A section without a heading here gets the title
of its checks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_SECTION = re.compile(r"(?P<chapter>\d+)\.\d+")


@dataclass(frozen=True)
class Aside:
    """A section that is about the first matrix's objects: alone, it has a title and explanation of its own."""

    section: str
    title: str
    explanation: str


@dataclass(frozen=True)
class Chapter:
    """A part of the report.

    `headings` are by section. With `is_table` it has no matrix but a row per check, with the facts as columns.
    """

    number: str
    title: str
    explanation: str
    headings: Mapping[str, str] = field(default_factory=dict)
    is_table: bool = False
    aside: Aside | None = None


CHAPTERS: tuple[Chapter, ...] = (
    Chapter(
        "4",
        "Through Michelangelo's API server",
        "The same objects, written through Michelangelo's own API server instead of kubectl.",
        {
            "4.1": "Proto agrees",
            "4.2": "Created",
            "4.3": "Synced to MySQL",
            "4.4": "Updated",
            "4.5": "Update in MySQL",
            "4.6": "Deleted",
        },
        aside=Aside(
            "4.1",
            "Proto column",
            "The rows of the first matrix: their proto column, decoded and compared with the object.",
        ),
    ),
    Chapter(
        "5",
        "The rest of the contract",
        "What the Ingester's contract says beyond creation and one patch, with objects of these checks alone.",
        {
            "5.1": "Labels & annotations",
            "5.2": "No-op & status writes",
            "5.3": "Rapid updates",
            "5.4": "Update during reconcile",
            "5.5": "Ignored annotation values",
            "5.6": "Deleted with finalizer",
            "5.7": "Deleted without finalizer",
            "5.8": "Deleting annotation",
            "5.9": "Immutable annotation",
            "5.10": "Re-created",
            "5.11": "Successor of a live row",
        },
    ),
    Chapter(
        "6",
        "Gates and backfill",
        "The Ingester's settings, and how it catches up with what happened while it was switched off or down.",
        {
            "6.1": "Ingester disabled",
            "6.2": "Gate 1 only",
            "6.3": "Settings accepted",
            "6.4": "Created while down",
            "6.5": "Patched while down",
            "6.6": "Deleted while down",
            "6.7": "Came and went while down",
            "6.8": "1,000 objects",
        },
    ),
    Chapter(
        "7",
        "Hostile input",
        "Each input is refused by the API or reaches MySQL byte for byte; limits are known issues.",
    ),
    Chapter(
        "8",
        "Faults under load",
        "A workload, a fault in its middle, and checkers at its end: nothing acknowledged may be lost.",
        is_table=True,
    ),
)

CHAPTERS_BY_NUMBER: dict[str, Chapter] = {chapter.number: chapter for chapter in CHAPTERS}


def find_chapter(section: str) -> Chapter | None:
    """Return the chapter of a check's `section`, None for those of the seed report and for no section."""
    number = _SECTION.match(section)
    return CHAPTERS_BY_NUMBER.get(number["chapter"]) if number else None


def rank_section(section: str) -> tuple[int, ...]:
    """Return what sections are sorted by, so that 5.10 follows 5.9."""
    return tuple(int(number) for number in re.findall(r"\d+", section.partition(" ")[0]))
