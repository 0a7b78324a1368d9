"""What the words of servers say of fields."""

from __future__ import annotations

from typing import Any

import pytest

from harness.chapters.fields.watch import shorten
from harness.chapters.fields.words import find_form, find_refused, find_undecodable, find_unknown
from harness.spec.schema.objects import Filled, Filler

TEXT = {"type": "string"}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "hold": TEXT,
        "size": {"type": "string", "format": "int64"},
        "steps": {"type": "array", "items": {"type": "object", "properties": {"name": TEXT, "hold": TEXT}}},
        "at": {"type": "object", "properties": {"seconds": TEXT, "nanos": TEXT}},
    },
}


@pytest.fixture
def filled() -> Filled:
    """Return a full spec."""
    return Filler(SCHEMA, "spec").fill()


def test_a_refusal_names_its_fields(filled: Filled) -> None:
    """Each with its own part of the words."""
    words = '422 Invalid: X is invalid: [spec.steps[1].name: Invalid value: "y": bad, spec.hold: Required value]'
    assert list(find_refused(words, filled)) == ["spec.steps[].name", "spec.hold"]


def test_a_value_names_its_field_and_its_namesakes(filled: Filled) -> None:
    """Fields of one name have one type, as a rule."""
    words = 'bad Duration: time: invalid duration "hold-11"'
    assert find_undecodable(words, filled) == ["spec.hold", "spec.steps[].hold"]
    assert find_form(words) == "duration"


def test_an_unknown_field_means_its_whole_message(filled: Filled) -> None:
    """What Go has one value for."""
    words = 'unknown field "nanos" in v1.Time'
    assert find_undecodable(words, filled) == ["spec.at.seconds", "spec.at.nanos"]


def test_a_text_for_a_number_means_all_long_numbers(filled: Filled) -> None:
    """The words name no field of theirs."""
    words = "json: cannot unmarshal string into Go struct field RayCluster.spec of type int64"
    assert find_undecodable(words, filled) == ["spec.size"]


def test_the_words_of_event_and_list_are_the_same() -> None:
    """So that those that come late are known."""
    event = 'watch of *v2.X ended with: an error ("unable to decode watch event: bad \\"y\\"") has prevented it'
    listed = 'reflector.go:561] failed to list *v2.X: bad "y"'
    assert shorten(event) == shorten(listed) == 'bad "y"'


def test_an_unknown_field_is_found_among_any_leaves() -> None:
    """Whatever else stands in its message, or below it; another error means none."""
    leaves = ["spec.at.seconds", "spec.at.nanos", "spec.name", "spec.common.args[]"]
    assert find_unknown('unknown field "nanos" in v1.Time', leaves) == leaves[:2]
    assert find_unknown('unknown field "common" in v1.Container', leaves) == leaves[3:]
    assert find_unknown("bad value", leaves) == []
