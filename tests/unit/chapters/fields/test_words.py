"""What the words of servers say of fields."""

from __future__ import annotations

from typing import Any

import pytest

from harness.chapters.fields.watch import shorten
from harness.chapters.fields.words import find_form, find_free, find_refused, find_undecodable, find_unknown
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


def test_a_field_of_a_free_value_means_the_one_that_is_called_as_its_type() -> None:
    """A message within itself is a free object to a structural schema, whatever it is to Go."""
    free = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    filled = Filler({"type": "object", "properties": {"input": free, "stepInfo": free}}, "status").fill()
    words = 'unknown field "@type" in v2.PipelineRunStepInfo'
    assert find_free(words, filled) == ["status.stepInfo"]
    assert find_free(words.replace("StepInfo", ""), filled) == ["status.input", "status.stepInfo"]
    assert find_free('unknown field "nanos" in v1.Time', filled) == []


def test_a_place_that_was_not_set_means_the_message_around_it(filled: Filled) -> None:
    """Whoever writes the whole object back may put something there itself; never the whole spec."""
    assert list(find_refused("spec.at.zone: Invalid value: 0", filled)) == ["spec.at.seconds", "spec.at.nanos"]
    assert find_refused("spec.zone: Invalid value: 0", filled) == {}


def test_words_that_name_no_place_mean_none(filled: Filled) -> None:
    """Such as those of a driver."""
    assert find_refused("sql: converting argument $18 type: unsupported type types.Timestamp", filled) == {}
