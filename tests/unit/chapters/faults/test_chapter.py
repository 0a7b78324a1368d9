"""`harness.chapters.faults.chapter` and `.issues`: sections, checks, and what is known to go wrong."""

from __future__ import annotations

from itertools import chain

import pytest

from harness.chapters.faults.catalogue import FAULTS
from harness.chapters.faults.chapter import CHAPTER
from harness.chapters.faults.checkers import RoundHistory, describe_stuck
from harness.chapters.faults.issues import ISSUES
from harness.core.record import Finding
from harness.suite.chapter import Selection
from harness.suite.expectations import Expectations, explain_all
from tests.unit.chapters.faults.builders import make_obj, make_record

SELECTION = Selection((), Expectations())


ENDURANCE = "8.8"   # which injects nothing


def test_every_fault_is_one_check_of_its_family() -> None:
    """The families' topics are the faults, each once and in order, under its own title."""
    families = [section for section in CHAPTER.sections if section.number != ENDURANCE]
    topics = list(chain.from_iterable(section.topics(SELECTION) for section in families))
    assert [topic.value for topic in topics] == sorted(FAULTS, key=lambda fault: fault.section)
    assert [(t.name, t.section, t.title, t.kind) for t in topics] == [
        (t.value.name, t.value.section, t.value.title, None) for t in topics
    ]


def test_the_table_of_contents_has_the_families() -> None:
    """A section is a family of faults, but the last; the chapter is a table, whose checks have no kind."""
    contents = CHAPTER.describe()
    assert [section.number for section in contents.sections] == [*(f"8.{n}" for n in range(1, 8)), ENDURANCE]
    assert contents.columns == []


@pytest.mark.parametrize(
    ("at", "live", "error", "issue"),
    [
        (15.0, None, "object not found or already deleted", "faulted-creation-sticks"),
        (5.0, None, "object not found or already deleted", ""),
        (15.0, False, "Operation cannot be fulfilled on projects", "faulted-deletion-sticks"),
        (15.0, False, "no route to host", ""),
        (15.0, True, "object not found or already deleted", ""),
    ],
)
def test_a_stuck_object_is_known_by_its_row_and_its_error(
    at: float, live: bool | None, error: str, issue: str
) -> None:
    """What sticks is known only where the Ingester's own words say that it can't find what it has to delete."""
    record = make_record(make_obj(), deleted=True, at=at)
    history = RoundHistory({}, injected_at=10.0, recovered_at=20.0, errors={record.name: error})
    shown, unexplained = explain_all([describe_stuck(history, record, live)], ISSUES)
    assert (list(shown), len(unexplained)) == ([issue] if issue else [], 0 if issue else 1)


@pytest.mark.parametrize(("silence", "is_known"), [("29", False), ("30", True), ("1000", True)])
def test_a_late_retry_is_known_beyond_the_documented_interval(silence: str, is_known: bool) -> None:
    """Only what was left alone for at least half a minute has outlived the retry interval."""
    actual = f"still 7; 9 failures in a row, not tried again for {silence} s"
    (issue,) = [issue for issue in ISSUES if issue.id == "retry-interval-ignored"]
    assert issue.explains(Finding("row.behind", "Project p", "its row at 9", actual)) is is_known
