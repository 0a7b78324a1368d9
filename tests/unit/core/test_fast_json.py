"""`harness.core.fast_json`: as fast as it is, it says what the standard library says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.core.fast_json import read_json, write_canonical


@pytest.mark.parametrize(
    "text",
    ['{"b": [1, 1.0, true], "a": "ü"}', '"\\ud800"', "NaN", "9223372036854775807", "1e3", '{"a": 1, "a": 2}'],
)
def test_it_reads_what_the_standard_library_reads(text: str) -> None:
    """Also what is no JSON to the letter, which orjson refuses."""
    assert repr(read_json(text)) == repr(json.loads(text))
    assert repr(read_json(text.encode())) == repr(json.loads(text))


@pytest.mark.parametrize("text", ["", "{", '{"a": }', "[1,]"])
def test_what_is_no_json_is_refused_in_the_same_words(text: str) -> None:
    """The error is the standard library's."""
    with pytest.raises(json.JSONDecodeError) as expected:
        json.loads(text)
    with pytest.raises(json.JSONDecodeError) as found:
        read_json(text)
    assert str(found.value) == str(expected.value)


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ({"a": 1, "b": [2]}, {"b": [2], "a": 1}, True),
        (1, True, False),
        (1, 1.0, False),
        ("1", 1, False),
        ([1, 2], [2, 1], False),
        ({"a": None}, {}, False),
        ("\ud800", "\ud800", True),
        ("\ud800", "\ud801", False),
    ],
)
def test_only_what_is_the_same_is_written_equally(left: Any, right: Any, same: bool) -> None:
    """The order of keys is no difference; types are."""
    assert (write_canonical(left) == write_canonical(right)) is same
