"""Numbers and times at their limits, and enum values that no schema knows, for the fields that a kind has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.chapters.hostile_input.input import Input
from harness.chapters.hostile_input.places import Path, split
from harness.spec.model import Case

_EXACT = 2**53
"""Up to here every integer is a double."""


def list_numbers(case: Case) -> list[Input]:
    """Return the kind's numbers, times and enums; none where it has no such field."""
    places, inputs = case.inputs, list[Input]()
    if places.integer:
        limits = {"max": 2**31 - 1, "min": -(2**31), "over": 2**31, "under": -(2**31) - 1}
        inputs += _vary("int32-{}", split(places.integer), {**limits, "text": "7", "half": 0.5})
    if places.double:
        inputs += _vary("double-{}", split(places.double), _list_doubles())
    if places.enum is not None:
        path, prefix = split(places.enum.path), places.enum.prefix
        values = {"unknown": f"{prefix}MADE_UP", "lower": f"{prefix}INVALID".lower(), "empty": "", "number": 1}
        inputs += _vary("enum-{}", path, values)
    if places.free:
        path = (*split(places.free), "number")
        inputs += _vary("free-{}", path, _list_doubles())
        inputs += _vary(
            "free-integer-{}",
            path,
            {"2-53": _EXACT, "2-53-plus-1": _EXACT + 1, "2-63-less-1": 2**63 - 1, "minus-2-63": -(2**63)},
        )
        inputs += _vary("free-{}", path, {"null": None, "mixed": [None, True, 0, "", {}, [], -1, "0", [[None]]]})
    if places.time:
        inputs += _vary(
            "time-{}",
            split(places.time),
            {
                "first": "0001-01-01T00:00:00Z",
                "last": "9999-12-31T23:59:59Z",
                "before-1970": "1969-12-31T23:59:59Z",
                "nanoseconds": "2026-02-28T23:59:59.123456789Z",
                "no-day": "2026-02-30T00:00:00Z",
                "no-zone": "2026-02-28T00:00:00",
                "other-zone": "2026-03-01T05:30:00+05:30",
            },
        )
    return inputs


def _vary(name: str, path: Path, values: Mapping[str, Any]) -> list[Input]:
    return [Input(name.format(word), {path: value}, textual=False) for word, value in values.items()]


def _list_doubles() -> dict[str, Any]:
    return {
        "largest": 1.7976931348623157e308,
        "smallest": 5e-324,
        "tenth": 0.1,
        "many-digits": 0.30000000000000004,
        "third": 1 / 3,
        "negative": -2.5e-7,
        "large-whole": 1e22,
    }
