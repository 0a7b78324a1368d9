"""`harness.report.contents`: the record says what the report consists of."""

from __future__ import annotations

import pytest

from harness.core.record import ChapterContents, Check, ColumnContents, Record, SectionContents
from harness.report.contents import Contents, list_columns, list_groups, order_kinds
from tests.unit.report.sample_contents import CHAPTERS, CHAPTERS_BY_KEY, KINDS, make_record


@pytest.mark.parametrize(
    ("section", "expected"), [("5.1", "5"), ("7.12", "7"), ("1.6", "seed"), ("3", "seed"), ("9.1", ""), ("", "")]
)
def test_a_section_belongs_to_the_chapter_that_lists_it(section: str, expected: str) -> None:
    """The contents decide, not the number; what is no section of theirs belongs to no chapter."""
    chapter = Contents(make_record()).find_chapter(section)
    assert (chapter.key if chapter else "") == expected


def test_sections_are_sorted_as_the_contents_list_them() -> None:
    """Their order is the contents'; what these don't have follows, by number."""
    chapter = ChapterContents("x", "X", sections=[SectionContents("9.2"), SectionContents("2.1")])
    record = Record(chapters=[chapter])
    sections = ["5.10", "2.1", "5.9", "9.2", "4"]
    assert sorted(sections, key=Contents(record).rank) == ["9.2", "2.1", "4", "5.9", "5.10"]


def test_every_section_of_the_sample_is_in_its_chapter() -> None:
    """The sample's sections are listed once, in the order of their numbers."""
    contents = Contents(make_record())
    for chapter in CHAPTERS:
        numbers = [section.number for section in chapter.sections]
        assert [contents.find_chapter(number) for number in numbers] == [chapter] * len(numbers)
        assert sorted(numbers, key=contents.rank) == numbers


def test_a_section_is_a_column_where_it_has_checks() -> None:
    """Columns come in the contents' order; a section without checks of a kind has none, a group always."""
    checks = [Check("5.10", "t", "Model"), Check("5.9", "t", "Model"), Check("5.1", "t")]
    assert [column.name for column in list_columns(CHAPTERS_BY_KEY["5"], checks)] == [
        "5.9 Immutable annotation",
        "5.10 Re-created",
    ]
    assert [column.name for column in list_columns(CHAPTERS_BY_KEY["seed"], [])] == [
        "Created",
        "Synced to MySQL",
        "Updated",
        "Update in MySQL",
    ]
    assert list_columns(CHAPTERS_BY_KEY["8"], [Check("8.1", "t", "Model")]) == ()


def test_a_column_that_is_its_section_is_no_group() -> None:
    """A chapter may list its sections as columns; that is as if it listed none."""
    columns = [ColumnContents("9.1", "First", ["9.1"]), ColumnContents("rest", "Rest", ["9.2"])]
    sections = [SectionContents("9.1"), SectionContents("9.2")]
    chapter = ChapterContents("9", "Nine", sections=sections, columns=columns)
    assert [column.name for column in list_groups(chapter)] == ["Rest"]
    assert [column.name for column in list_columns(chapter, [Check("9.1", "t", "Model")])] == ["9.1 First", "Rest"]


def test_kinds_come_in_the_contents_order() -> None:
    """Each is named once; those that the contents lack follow by name."""
    kinds = ["Widget", "SparkJob", "Project", "Gadget", "Project"]
    assert order_kinds(KINDS, kinds) == ["Project", "SparkJob", "Gadget", "Widget"]
