"""What is found of an object that can't be written, and of its neighbours."""

from __future__ import annotations

from typing import cast

from harness.chapters.hostile_input.poison import Poisoning, describe_facts, judge_kept
from harness.spec.model import JsonObject

from .builders import make_row, make_submission

ERROR = "failed to insert annotation a=xxx: Error 1406 (22001): Data too long for column 'value' at row 1"


def test_a_row_that_stays_as_it_was_is_kept() -> None:
    """The row of an object whose update can't be written equals the object as it was before, whole."""
    before, update = make_submission(name="before"), make_submission(name="poisoned-update")
    stored = cast(JsonObject, update.stored)
    update.answer = {**stored, "metadata": {**stored["metadata"], "resourceVersion": "8"}}
    assert judge_kept(before, update) == []


def test_a_row_that_is_half_of_the_update_is_not_kept() -> None:
    """A row that lost its labels, or holds a value of the update, is a finding that names the update."""
    before, update = make_submission(name="before"), make_submission(name="poisoned-update")
    before.row = make_row(cast(JsonObject, before.obj), owner="other")
    (finding,) = judge_kept(before, update)
    assert finding.where == "Pipeline, input poisoned-update"
    assert "column owner" in finding.actual


def test_a_row_at_the_update_s_version_is_not_kept() -> None:
    """A row that claims the version of an update which can't be written is a finding."""
    before, update = make_submission(name="before"), make_submission(name="poisoned-update")
    (finding,) = judge_kept(before, update)
    assert finding.expected == "a row at a version before 7"


def test_a_lost_row_is_not_kept() -> None:
    """A row that is gone after the update is a finding."""
    before = make_submission(name="before", row=None, obj=None)
    (finding,) = judge_kept(before, make_submission(name="poisoned-update"))
    assert "no row" in finding.actual


def test_facts_tell_the_error_and_how_soon_the_others_came() -> None:
    """The facts are the database's error, the attempts, and the time of each that had to arrive."""
    poison = make_submission(name="poison", row=None, obj=None, errors=[ERROR] * 5)
    after = make_submission(name="after", arrived_s=0.0123)
    repaired = [make_submission(name="repaired-poison")]
    assert describe_facts(Poisoning(poison, after, repaired=repaired)) == {
        "poison": "Error 1406 (22001): Data too long for column 'value' at row 1",
        "attempts": "5",
        "good one after it": "12 ms",
        "repaired-poison": "never",
    }
