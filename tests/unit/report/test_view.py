"""`harness.report.view`: what a check is called, and what it is about."""

from __future__ import annotations

import pytest

from harness.core.record import Check
from harness.report.view import name_check, name_place, name_row, number_check
from tests.unit.report.sample_contents import make_record


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        (Check("1.6", "row", "Model"), "Model, Synced to MySQL"),
        (Check("4.3", "row", "Model"), "Model"),
        (Check("1.2", "tables", "Model"), "Model"),
        (Check("3", "known issue shows", topic="row-orphaned"), "row-orphaned"),
        (Check("4.7", "issues"), ""),
        (Check("1.6", "row"), ""),
        (Check("12.1", "of no chapter", "Model"), "Model"),
    ],
)
def test_a_place_says_what_the_section_does_not(check: Check, expected: str) -> None:
    """A group of sections is named; the column of a chapter is the section, which stands beside it."""
    assert name_place(make_record(), check) == expected


@pytest.mark.parametrize(
    ("check", "names"),
    [
        (Check("8.1", "killed"), ("8.1 killed", "killed", "8.1 killed")),
        (Check("8.1", "killed", topic="sigkill"), ("8.1 killed", "killed: sigkill", "8.1 killed: sigkill")),
        (Check("5.1", "labels", "Model"), ("5.1 labels", "labels: Model", "5.1 labels: Model")),
        (Check("", "labels", "Model", "long"), ("labels", "labels: Model, long", "labels: Model, long")),
    ],
)
def test_kind_and_topic_stand_beside_the_title(check: Check, names: tuple[str, str, str]) -> None:
    """A title is the same for all kinds; where a check stands alone, what it is about follows."""
    assert (number_check(check), name_check(check), name_row(check)) == names
