"""How the report writes times, counts and quoted text, the same in every format.

Only text from values: it knows no record and no markup.
"""

from __future__ import annotations

import datetime


def format_duration(seconds: float) -> str:
    """Return `seconds` as people say it: '8 ms', '3.1 s', '2 min 05 s'."""
    if seconds < 0.9995:
        return f"{format_milliseconds(seconds)} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"


def format_milliseconds(seconds: float) -> str:
    """Return `seconds` in milliseconds with three significant digits, without the unit."""
    milliseconds = seconds * 1000
    if milliseconds >= 99.95:
        return f"{milliseconds:.0f}"
    return f"{milliseconds:.1f}" if milliseconds >= 9.995 else f"{milliseconds:.2f}"


def parse_time(text: str) -> float | None:
    """Return the seconds since the epoch of the ISO 8601 time `text` (UTC unless it says otherwise), or None."""
    try:
        time = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    if time.tzinfo is None:
        time = time.replace(tzinfo=datetime.UTC)
    return time.timestamp()


def format_moment(text: str) -> str:
    """Return the ISO 8601 time `text` as '2026-03-09 20:51:07 UTC'; a mere date or other text as it is."""
    seconds = parse_time(text)
    if seconds is None or len(text) <= len("2026-03-09"):
        return text
    return f"{datetime.datetime.fromtimestamp(seconds, datetime.UTC):%Y-%m-%d %H:%M:%S} UTC"


def format_offset(at: float, start: float | None) -> str:
    """Return when `at` was, in seconds after `start` (both since the epoch), or '' where either is unknown."""
    if start is None or at <= 0:
        return ""
    return f"{at - start:+.3f} s"


def count(number: int, noun: str, plural: str = "") -> str:
    """Return `number` with `noun`, in the plural where it takes one: '1 row', '13 rows'."""
    return f"{number} {noun}" if number == 1 else f"{number} {plural or f'{noun}s'}"


def join_names(names: list[str]) -> str:
    """Return `names` as a list in a sentence: 'a, b and c'."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def split_difference(expected: str, actual: str) -> tuple[str, str, str, str]:
    """Return what both texts begin with, the part in which each differs, and what both end with."""
    shortest = min(len(expected), len(actual))
    start = 0
    while start < shortest and expected[start] == actual[start]:
        start += 1
    end = 0
    while end < shortest - start and expected[-1 - end] == actual[-1 - end]:
        end += 1
    return (
        expected[:start],
        expected[start : len(expected) - end],
        actual[start : len(actual) - end],
        expected[len(expected) - end :],
    )
