"""`harness.report.formatting`: times and counts as people read them."""

from __future__ import annotations

import pytest

from harness.report.formatting import (
    count,
    format_duration,
    format_moment,
    format_offset,
    join_names,
    parse_time,
    split_difference,
)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.0, "0.00 ms"),
        (0.00048, "0.48 ms"),
        (0.0123, "12.3 ms"),
        (0.4204, "420 ms"),
        (0.9994, "999 ms"),
        (0.9996, "1.0 s"),
        (31.44, "31.4 s"),
        (59.96, "1 min 00 s"),
        (125.4, "2 min 05 s"),
    ],
)
def test_a_duration_has_the_unit_that_fits(seconds: float, expected: str) -> None:
    """A duration is in milliseconds, seconds or minutes, whichever reads best."""
    assert format_duration(seconds) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-09T20:50:00+00:00", "2026-03-09 20:50:00 UTC"),
        ("2026-03-09T21:50:00.75+01:00", "2026-03-09 20:50:00 UTC"),
        ("2026-03-09T20:50:00", "2026-03-09 20:50:00 UTC"),
        ("2026-03-09", "2026-03-09"),
        ("", ""),
        ("yesterday", "yesterday"),
    ],
)
def test_a_moment_is_shown_in_utc(text: str, expected: str) -> None:
    """A time is shown in UTC, a mere date as a date, anything else as it is."""
    assert format_moment(text) == expected


def test_an_offset_is_relative_to_the_start() -> None:
    """Evidence is dated from the start of the run, before it with a minus; without either time it is not."""
    start = parse_time("2026-03-09T20:50:00Z")
    assert start is not None
    assert format_offset(start + 1.5, start) == "+1.500 s"
    assert format_offset(start - 0.25, start) == "-0.250 s"
    assert format_offset(start, None) == ""
    assert format_offset(0.0, start) == ""


@pytest.mark.parametrize(
    ("number", "noun", "expected"), [(0, "row", "0 rows"), (1, "row", "1 row"), (13, "cell", "13 cells")]
)
def test_a_count_agrees_with_its_noun(number: int, noun: str, expected: str) -> None:
    """One thing is in the singular, any other number in the plural."""
    assert count(number, noun) == expected


@pytest.mark.parametrize(
    ("names", "expected"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_names_are_joined_as_in_a_sentence(names: list[str], expected: str) -> None:
    """A list of names reads as one in a sentence."""
    assert join_names(names) == expected


@pytest.mark.parametrize(
    ("expected", "actual", "parts"),
    [
        ("xgboost", "xgboots", ("xgboo", "st", "ts", "")),
        ("342", "317", ("3", "42", "17", "")),
        ("aba", "aa", ("a", "b", "", "a")),
        ("aa", "aaa", ("aa", "", "a", "")),
        ("same", "same", ("same", "", "", "")),
    ],
)
def test_the_difference_of_two_texts_is_split_off(
    expected: str, actual: str, parts: tuple[str, str, str, str]
) -> None:
    """What two texts share at both ends is separated from what differs, and both can be put together again."""
    head, wanted, found, tail = split_difference(expected, actual)
    assert (head, wanted, found, tail) == parts
    assert (head + wanted + tail, head + found + tail) == (expected, actual)
