"""An input in the object, and in the report's words."""

from __future__ import annotations

import json

from harness.chapters.hostile_input.input import Input, escape
from harness.chapters.hostile_input.places import split

PLAIN = {"kind": "Pipeline", "metadata": {"name": "plain", "namespace": "n"}, "spec": {}}


def test_object_is_named_after_its_input() -> None:
    """The object's name begins with the section's prefix, unless the name is the input."""
    assert Input("quote", {}).build(PLAIN, "in-7-1")["metadata"]["name"] == "in-7-1-quote"
    assert Input("quote", {}, object_name="x").build(PLAIN, "in-7-1")["metadata"]["name"] == "x"


def test_applied_object_carries_its_configuration() -> None:
    """An input that is sent as kubectl apply does has all of itself in the annotation."""
    obj = Input("a", {split("spec.x"): "y"}, applied=True).build(PLAIN, "in")
    (configuration,) = obj["metadata"]["annotations"].values()
    assert json.loads(configuration)["spec"] == {"x": "y"}


def test_description_is_one_printable_line() -> None:
    """What was sent is told in one line, long values without their middle, whatever they hold."""
    given = Input("a", {split("spec.x"): "\x1b\u202e\n" + "y" * 500, split("spec.z"): "\ud83d"})
    words = given.describe()
    assert words.isprintable()
    assert words.startswith("spec.x, spec.z = ")
    assert "characters)" in words
    assert len(words) < 300
    words.encode()   # lone surrogates could not be written


def test_description_counts_the_places() -> None:
    """Many places are counted, not listed."""
    changes = {split(f"spec.f{i}"): "v" for i in range(9)}
    assert Input("a", changes).describe() == 'spec.f0, spec.f1, spec.f2 and 6 more = "v"'
    assert Input("a", {}).describe() == "as the template makes it"


def test_escaped_text_keeps_what_can_be_read() -> None:
    """Letters of any script stay; what can't be printed becomes an escape."""
    assert escape("\u00fc\U0001f600 \x00\u200f") == "\u00fc\U0001f600 \\x00\\u200f"
