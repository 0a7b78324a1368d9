"""A chapter's record says all that the rest needs to know of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from harness.core.record import ChapterContents, ColumnContents, Layout, SectionContents
from harness.suite.chapter import Chapter, Section, Selection, Topic, each_case, whole_run
from harness.suite.expectations import Expectations
from tests.fakes.contract import CONTRACT

WHOLE = Section("9.1", "Up", "It is up", "It is up.", print, topics=whole_run)
BY_KIND = Section("9.2", "Kept", "It is kept", "It is kept.", print)
CHAPTER = Chapter("toy", "Toys", "About toys.", "toys", ("toy",), print, (WHOLE, BY_KIND))


def describe(sections: Sequence[Section] = CHAPTER.sections, **fields: object) -> ChapterContents:
    """Return the contents of a chapter with these sections."""
    changed: Chapter = dataclasses.replace(CHAPTER, sections=tuple(sections), **fields)  # type: ignore[arg-type]
    return changed.describe()


def test_a_chapter_describes_itself() -> None:
    """All of its sections, selected or not; its columns are then its sections with kinds."""
    assert describe() == ChapterContents(
        "toy",
        "Toys",
        "About toys.",
        Layout.MATRIX,
        [SectionContents("9.1", "Up"), SectionContents("9.2", "Kept")],
        [],
    )


def test_sections_may_share_a_number() -> None:
    """Such as a check of the run and one of each kind: the contents name it once, in a matrix as well."""
    again = dataclasses.replace(BY_KIND, title="It is still kept")
    contents = describe([WHOLE, BY_KIND, again])
    assert [section.number for section in contents.sections] == ["9.1", "9.2"]


def test_columns_may_group_sections() -> None:
    """Those that the chapter names are taken as they are."""
    columns = (ColumnContents("all", "All", ["9.1", "9.2"]),)
    assert describe(columns=columns).columns == list(columns)


def test_a_table_has_no_columns_of_sections() -> None:
    """Its columns are what its checks measure."""
    contents = describe(layout=Layout.TABLE)
    assert (contents.layout, contents.columns) == (Layout.TABLE, [])


def test_a_section_may_say_what_it_is_about_where_it_stands_alone() -> None:
    """Such as one that is about another chapter's objects."""
    section = dataclasses.replace(BY_KIND, alone=("Others", "Not toys."))
    assert describe([section]).sections == [SectionContents("9.2", "Kept", "Others", "Not toys.")]


def test_topics_of_kinds_and_of_the_run() -> None:
    """A check of a kind is named in lower case; one of the run has no name besides its section's."""
    model = CONTRACT.get_case("Model")
    selection = Selection([model], Expectations())
    assert each_case(selection) == [Topic("model", model, "Model")]
    assert whole_run(selection) == [Topic("")]
