"""Objects that are made of a schema alone."""

from __future__ import annotations

import re
from typing import Any

import pytest

from harness.spec.schema.leaves import Leaf, find_suspects, list_leaves, resolve, unfold
from harness.spec.schema.objects import Filler, make_patch
from harness.spec.schema.patterns import make_matching
from harness.spec.schema.values import make_value

TEXT = {"type": "string"}
QUANTITY = r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?([0-9]+)))?$"


def make_object(**properties: Any) -> dict[str, Any]:
    """Return the schema of a message."""
    return {"type": "object", "properties": properties}


SCHEMA = make_object(
    name=TEXT,
    state={"type": "string", "enum": ["INVALID", "ON", "OFF", "HALF"]},
    steps={"type": "array", "items": make_object(name=TEXT, args={"type": "array", "items": TEXT})},
    labels={"type": "object", "additionalProperties": TEXT},
    flag={"type": "boolean"},
    free={"type": "object", "x-kubernetes-preserve-unknown-fields": True},
    cpu={"x-kubernetes-int-or-string": True, "pattern": QUANTITY},
    empty={"type": "object"},
)


def test_leaves_are_those_that_hold_a_value() -> None:
    """Items and values of lists and maps are leaves by their paths; a message without fields is none."""
    paths = [leaf.path for leaf in list_leaves(SCHEMA, "spec")]
    assert paths == [
        "spec.name",
        "spec.state",
        "spec.steps[].name",
        "spec.steps[].args[]",
        "spec.labels{}",
        "spec.flag",
        "spec.free",
        "spec.cpu",
    ]


def test_every_leaf_is_set_to_a_value_of_its_own() -> None:
    """No two places of an object hold the same text or number, lists and maps hold two."""
    filled = Filler(SCHEMA, "spec").fill()
    assert set(filled.leaves.values()) == {leaf.path for leaf in list_leaves(SCHEMA, "spec")}
    values = [repr(filled.get(place)) for place in filled.leaves]
    assert len(values) == len(set(values))
    assert [len(step["args"]) for step in filled.value["steps"]] == [2, 1]
    assert len(filled.value["labels"]) == 2
    assert filled.value["flag"] is True


def test_half_of_the_leaves_hold_what_the_whole_held() -> None:
    """A value depends on its place, not on what else is set."""
    filler = Filler(SCHEMA, "spec")
    whole, half = filler.fill(), filler.fill(wanted={"spec.cpu", "spec.steps[].name"}.__contains__)
    assert set(half.leaves.values()) == {"spec.cpu", "spec.steps[].name"}
    assert all(half.get(place) == whole.get(place) for place in half.leaves)


def test_a_second_round_changes_every_leaf_but_some_booleans() -> None:
    """The changed object differs at each place that is no boolean."""
    filler = Filler(make_object(**{k: v for k, v in SCHEMA["properties"].items() if k != "labels"}), "spec")
    before, after = filler.fill(), filler.fill(round_=1)
    same = [leaf for place, leaf in before.leaves.items() if before.get(place) == after.get(place)]
    assert set(same) <= {"spec.flag"}


@pytest.mark.parametrize(
    ("rule", "repeats"),
    [
        ({}, True),
        ({"x-kubernetes-list-type": "atomic"}, True),
        ({"x-kubernetes-list-type": "set"}, False),
        ({"uniqueItems": True}, False),
        ({"maxItems": 2}, False),
        ({"maxItems": 3}, True),
    ],
)
def test_in_a_second_round_a_list_has_an_item_twice(rule: dict[str, Any], repeats: bool) -> None:
    """Where its schema takes that; so whoever drops it, or sorts, is seen."""
    filler = Filler(make_object(names={"type": "array", "items": TEXT, **rule}), "spec")
    assert len(filler.fill().value["names"]) == 2
    first, second, *more = filler.fill(round_=1).value["names"]
    assert more == ([first] if repeats else [])
    assert first != second


def test_all_values_of_an_enum_but_its_zero_are_set_in_as_many_variants() -> None:
    """The first value is the type's default, which proto3 can't tell from nothing."""
    filler = Filler(SCHEMA, "spec")
    seen = [filler.fill(variant=variant).value["state"] for variant in range(filler.count_variants())]
    assert sorted(seen) == ["HALF", "OFF", "ON"]


@pytest.mark.parametrize(
    "rule",
    [
        {"oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
        {"oneOf": [{"not": {"anyOf": [{"required": ["a"]}]}}, {"required": ["a"]}, {"required": ["b"]}]},
        {"not": {"required": ["a", "b"]}},
        {"allOf": [{"not": {"required": ["a", "b"]}}]},
    ],
)
def test_of_a_choice_each_branch_is_set_in_a_variant_of_its_own(rule: dict[str, Any]) -> None:
    """Only one branch at a time, all of them over the variants, and other fields in each."""
    filler = Filler({**make_object(a=make_object(x=TEXT), b=TEXT, c=TEXT), **rule}, "spec")
    objects = [filler.fill(variant=variant).value for variant in range(filler.count_variants())]
    assert sorted("".join(each) for each in objects) == ["ac", "bc"]
    assert [path for path in ("spec.a.x", "spec.b", "spec.c") if path in filler.choices] == ["spec.a.x", "spec.b"]


def test_what_is_required_is_set_beside_what_is_wanted() -> None:
    """A message with one wanted field has those that its schema requires, one without has none."""
    inner = {**make_object(key=TEXT, operator=TEXT, other=TEXT), "required": ["key"]}
    filler = Filler(make_object(rule=inner, name=TEXT), "spec")
    assert list(filler.fill(wanted="spec.rule.other".__eq__).value["rule"]) == ["other", "key"]
    assert filler.fill(wanted="spec.name".__eq__).value.keys() == {"name"}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string", "format": "int64", "pattern": r"^[-]?\d{1,19}$"}, "9007199254741000"),
        ({"type": "string", "format": "byte"}, "d2FpdGVyLTc="),
        ({"type": "string", "format": "date-time"}, "2001-02-10T11:12:13Z"),
        ({"type": "string", "format": "duration"}, "7s"),
        ({"type": "string", "maxLength": 3}, "7"),
        ({"type": "string", "minLength": 12}, "waiter-7xxxx"),
        ({"type": "integer", "maximum": 5, "minimum": 1}, 2),
        ({"type": "integer", "format": "int64"}, 2**40 + 7),
        ({"type": "number"}, 7.5),
        ({"type": "boolean", "default": True}, False),
        ({"x-kubernetes-int-or-string": True, "pattern": QUANTITY}, "15m"),
        ({"x-kubernetes-int-or-string": True}, 7),
        ({"type": "string", "enum": ["A", "B", None]}, "B"),
    ],
)
def test_values_are_what_their_schema_takes(schema: dict[str, Any], expected: Any) -> None:
    """Formats, patterns and limits are kept, and no value is the default."""
    assert make_value(Leaf("spec.waiter", schema), 7) == expected


@pytest.mark.parametrize(("name", "expected"), [("pollInterval", "7s"), ("endTime", "2001-02-10T11:12:13Z")])
def test_names_tell_what_a_text_means(name: str, expected: str) -> None:
    """Durations and times are plain strings in many schemas."""
    assert make_value(Leaf(f"spec.{name}", TEXT), 7) == expected


@pytest.mark.parametrize("pattern", [QUANTITY, r"^[a-z]([-a-z0-9]*[a-z0-9])?$", r"^(x|y){3}Z$", r"^\d+\.\d+s$"])
def test_a_text_matches_its_pattern(pattern: str) -> None:
    """Common patterns are known, others made up."""
    assert re.search(pattern, make_matching(pattern, "name", 11))


def test_references_are_put_in_and_end() -> None:
    """A schema that leads to itself is put in twice."""
    node = make_object(name=TEXT, next={"$ref": "#/components/schemas/Node"})
    resolved = resolve({"$ref": "#/components/schemas/Node"}, {"Node": node})
    assert [leaf.path for leaf in list_leaves(resolved, "spec")] == ["spec.name", "spec.next.name"]


def test_a_message_within_its_own_kind_is_unfolded_once() -> None:
    """Of `steps[].subSteps[]` a structural schema says only that all is kept."""
    free = {"type": "array", "items": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    schema = unfold(make_object(steps={"type": "array", "items": make_object(name=TEXT, subSteps=free)}))
    paths = [leaf.path for leaf in list_leaves(schema, "status")]
    assert paths == ["status.steps[].name", "status.steps[].subSteps[].name"]


def test_messages_that_are_one_value_in_kubernetes_are_suspects() -> None:
    """They are known by their fields."""
    schema = make_object(at=make_object(seconds=TEXT, nanos=TEXT), name=TEXT)
    assert find_suspects(list_leaves(schema, "status")) == ([], ["status.at.seconds", "status.at.nanos"])


def test_a_patch_makes_one_object_of_another() -> None:
    """What is gone is null, what is the same is absent."""
    before = {"a": 1, "b": {"c": 1, "d": 2}, "e": [1]}
    assert make_patch(before, {"b": {"c": 1, "d": 3}, "e": [2]}) == {"a": None, "b": {"d": 3}, "e": [2]}
