"""`harness.report.places`: where a check stands, what it is called there, and what evidence belongs to it."""

from __future__ import annotations

import pytest

from harness.core.record import Cell, Check, Column, Evidence, Record
from harness.report.chapters import CHAPTERS, find_chapter, rank_section
from harness.report.places import find_checks, find_column, list_evidence, list_own_evidence, name_place


def test_a_cells_own_evidence_is_what_no_check_shows() -> None:
    """Evidence that a cell repeats from its checks is not shown twice."""
    shared, own = Evidence("row", "shared", "", 1.0), Evidence("row", "own", "", 2.0)
    cell = Cell("Model", Column.SYNCED, evidence=[shared, own])
    record = Record(cells=[cell], checks=[Check("1.6", "row", "Model", Column.SYNCED, evidence=[shared])])
    assert list_own_evidence(record, cell) == [own]


def test_checks_of_a_cell_share_its_evidence() -> None:
    """Evidence that stands in a cell belongs to each of its checks, beside their own; others have theirs only."""
    own, shared, other = (Evidence("log", title, "", 1.0) for title in ("own", "shared", "other"))
    check = Check("1.5", "log", "Model", Column.SYNCED, evidence=[own])
    alone = Check("1.2", "tables", "Model", evidence=[other])
    of_chapter = Check("5.1", "labels", "Model", evidence=[other])
    record = Record(cells=[Cell("Model", Column.SYNCED, evidence=[own, shared])], checks=[check, alone])
    assert list_evidence(record, check) == [own, shared]
    assert list_evidence(record, alone) == list_evidence(record, of_chapter) == [other]


def test_a_check_counts_towards_one_matrix_only() -> None:
    """A check of a chapter is none of the first matrix's, though a column there has the same heading."""
    by_kubectl, through_api = Check("1.4", "created", "Model", Column.CREATED), Check("4.2", "created", "Model")
    record = Record(checks=[by_kubectl, through_api])
    assert find_checks(record, Cell("Model", Column.CREATED)) == [by_kubectl]
    columns = [find_column(check) for check in (by_kubectl, through_api, Check("4.7", "issues"))]
    assert [column and (column.key, column.text, column.name) for column in columns] == [
        ("created", "Created", "Created"),
        ("4.2", "Created", "4.2 Created"),
        None,
    ]


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        (Check("1.6", "row", "Model", Column.SYNCED), "Model, Synced to MySQL"),
        (Check("4.3", "row", "Model"), "Model"),
        (Check("1.2", "tables", "Model"), "Model"),
        (Check("4.7", "issues"), ""),
    ],
)
def test_a_place_says_what_the_section_does_not(check: Check, expected: str) -> None:
    """The first matrix's column is named; that of a chapter is the section, which stands beside it."""
    assert name_place(check) == expected


@pytest.mark.parametrize(
    ("section", "expected"), [("5.1", "5"), ("7.12", "7"), ("1.6", ""), ("3", ""), ("9.1", ""), ("", "")]
)
def test_a_section_belongs_to_the_chapter_of_its_number(section: str, expected: str) -> None:
    """The sections of the seed report belong to no chapter, nor does what is no section."""
    chapter = find_chapter(section)
    assert (chapter.number if chapter else "") == expected


def test_headings_stand_in_their_own_chapter() -> None:
    """Every heading is one of its chapter's sections, and the sections are sorted as numbers."""
    for chapter in CHAPTERS:
        assert [find_chapter(section) for section in chapter.headings] == [chapter] * len(chapter.headings)
        assert sorted(chapter.headings, key=rank_section) == list(chapter.headings)
