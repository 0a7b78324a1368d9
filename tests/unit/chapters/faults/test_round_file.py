"""`harness.chapters.faults.round_file`: a round's record survives its file, whole."""

from __future__ import annotations

import dataclasses
import json

import pytest

from harness.chapters.faults.errorlog import Trouble
from harness.chapters.faults.round_file import FORMAT, VERSION, decode, encode
from harness.chapters.faults.round_record import Look, RoundRecord
from harness.clients.mysql.tables import RowVersion
from harness.core.errors import HarnessError
from tests.unit.chapters.faults.builders import make_round


def test_every_field_survives() -> None:
    """What is read is what was written: rows with bytes and times, looks, a final state, all of it."""
    record = make_round()
    again = decode(encode(record))
    for field in dataclasses.fields(RoundRecord):
        assert getattr(again, field.name) == getattr(record, field.name), field.name


def test_what_is_gone_from_one_look_to_the_next_is_gone() -> None:
    """Looks are written as changes, of which some take away."""
    record = make_round()
    (before, *_) = record.settled.looks
    row = {"Project": {"a": RowVersion("a", 1, live=True)}}
    record.settled.looks = [before, Look(24.0, {}, row, {"p": Trouble("no", 2, 1.5)}), Look(25.0, {}, {}, {})]
    assert decode(encode(record)).settled == record.settled


def test_a_round_that_ended_early_is_a_record_too() -> None:
    """What did not come about is none."""
    assert decode(encode(RoundRecord(epoch=1.0))) == RoundRecord(epoch=1.0)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "not a round: Expecting"),
        ("[]", "not a round: it does not say"),
        ('{"format": "other"}', "not a round: it does not say"),
        (json.dumps({"format": FORMAT, "version": VERSION + 1}), "this harness knows 1"),
        (json.dumps({"format": FORMAT, "version": VERSION, "seed": "x"}), r"invalid value .* @ \$.seed"),
    ],
)
def test_what_is_no_round_is_refused(text: str, problem: str) -> None:
    """A file that is none, or of a later format, is named and not guessed at."""
    with pytest.raises(HarnessError, match=problem):
        decode(text)
