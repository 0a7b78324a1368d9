"""Which rounds there are."""

from __future__ import annotations

import pytest

from harness.campaign.plan import parse_seeds
from tests.unit.campaign.sample import make_plan


def test_seeds_are_ranges_and_numbers() -> None:
    """Each counts once, in the order in which they are named."""
    assert parse_seeds("3-5, 1,4") == [3, 4, 5, 1]


@pytest.mark.parametrize(
    ("word", "problem"),
    [("", "neither"), ("a", "neither"), ("3-1", "ends before"), ("-3", "neither"), ("0-99999999", "more than")],
)
def test_other_words_are_no_seeds(word: str, problem: str) -> None:
    """The part that is wrong is named."""
    with pytest.raises(ValueError, match=problem):
        parse_seeds(word)


def test_a_plan_has_each_round_once() -> None:
    """Of every seed, fault, version and database; the first seed of all faults goes before the second."""
    plan = make_plan(2, ("good", "lossy"))
    assert len(set(plan)) == len(plan) == 8
    assert {one.seed for one in plan[:4]} == {1}
    assert plan[1].command == "soak lossy --fault mysql-kill --seed 1 --outage 1.5"


def test_what_is_kept_of_rounds_has_folders_of_its_own() -> None:
    """Whatever their database is called, a folder can be."""
    folders = {one.folder for one in make_plan(2, ("good", "lossy"))}
    assert len(folders) == 8
    assert "good-own-mysql-kill-1" in folders
