"""A value for a leaf: never its type's default, and another one for each number, so that swapped fields show.

Each is written as protobuf's and Kubernetes' JSON write it, so that nobody has a reason to write it differently:
a time in whole seconds and UTC, a duration in whole seconds, a quantity that no bigger unit can hold.
"""

from __future__ import annotations

import base64
import datetime as dt
import re
from typing import Any

from harness.spec.schema.leaves import Leaf, Schema, keeps_anything
from harness.spec.schema.patterns import make_matching

_EPOCH = dt.datetime(2001, 2, 3, 4, 5, 6, tzinfo=dt.UTC)
_STEP = dt.timedelta(seconds=90_061)   # a day, an hour, a minute and a second: another one in each of them
_BEYOND_DOUBLES = 2**53 + 1
_LONG = 2**40
_DURATION = re.compile(r"(duration|interval|timeout|ttl|wait|delay|backoff)$", re.IGNORECASE)
_TIME = re.compile(r"(Time|Timestamp|Date|^time|^timestamp|^date)$")
_ANY_TYPE = "type.googleapis.com/google.protobuf.Struct"
_PACKED_TYPE = "type.googleapis.com/google.protobuf.BytesValue"   # its JSON is a base64 text called `value`
_INT_OR_STRING = "1"
_LONGS = ("int64", "uint64", "sint64", "fixed64", "sfixed64")


def make_value(leaf: Leaf, number: int, choice: int = 0) -> Any:  # noqa: PLR0911  a case each
    """Return the leaf's value of that number, a whole one from 1 on; of an enum, its value number `choice`.

    None where no value is known that its schema takes.
    """
    schema = leaf.schema
    if leaf.choices:
        return leaf.choices[choice % len(leaf.choices)]
    if schema.get("x-kubernetes-int-or-string"):
        return _make_int_or_string(leaf, number)
    if keeps_anything(schema):
        return _make_anything(leaf, number)
    match schema.get("type"):
        case "boolean":
            return not schema.get("default", False)
        case "integer":
            is_long = schema.get("format") in _LONGS
            return int(_bound(schema, number + (_LONG if is_long else 0)))
        case "number":
            return _bound(schema, number + 0.5)
        case "string":
            return _make_text(leaf, number)
    return None


def _make_int_or_string(leaf: Leaf, number: int) -> Any:
    pattern = leaf.schema.get("pattern")
    if pattern:
        return make_matching(pattern, leaf.name, number) or number
    return number if number % 2 else f"{number}%"


def _make_anything(leaf: Leaf, number: int) -> Any:
    """Return an object that is a free one as well as a packed message."""
    return {
        "@type": _ANY_TYPE,
        "value": {
            "text": f"{leaf.name}-{number}",
            "number": number + 0.5,
            "flag": True,
            "list": [number, f"item-{number}"],
            "nested": {"text": f"inner-{number}"},
        },
    }


def _make_text(leaf: Leaf, number: int) -> str | None:  # noqa: PLR0911  a case each
    schema = leaf.schema
    if leaf.name == "@type":
        return _PACKED_TYPE
    shortest, longest = int(schema.get("minLength", 0)), schema.get("maxLength")
    form = schema.get("format")
    if form in _LONGS and leaf.name == "type":
        return _INT_OR_STRING   # of Kubernetes' IntOrString, whose other number is zero
    if form in _LONGS:
        return str(number + _BEYOND_DOUBLES)
    if pattern := schema.get("pattern"):
        return make_matching(pattern, leaf.name, number, shortest=shortest, longest=longest) or None
    if form is not None and (made := _make_formatted(form, leaf, number)):
        return made
    if _DURATION.search(leaf.name):
        return f"{number}s"
    if _TIME.search(leaf.name):
        return _make_time(number)
    text = f"{leaf.name}-{number}".ljust(shortest, "x")
    return text if longest is None or len(text) <= longest else str(number).rjust(shortest, "0")[-longest:]


def _make_formatted(form: str, leaf: Leaf, number: int) -> str:  # noqa: PLR0911  a case each
    low, high = divmod(number % 65_536, 256)
    match form:
        case "date-time" | "datetime":
            return _make_time(number)
        case "date":
            return _make_time(number)[:10]
        case "duration":
            return f"{number}s"
        case "byte":
            return base64.b64encode(f"{leaf.name}-{number}".encode()).decode()
        case "uuid":
            return f"00000000-0000-4000-8000-{number:012d}"
        case "email":
            return f"n{number}@example.org"
        case "uri":
            return f"https://example.org/{number}"
        case "hostname":
            return f"n{number}.example.org"
        case "ipv4":
            return f"10.0.{low}.{high}"
        case "ipv6":
            return f"2001:db8::{number % 65_536:x}"
        case "cidr":
            return f"10.{low}.{high}.0/24"
    return ""


def _make_time(number: int) -> str:
    return (_EPOCH + number % 9_000 * _STEP).strftime("%Y-%m-%dT%H:%M:%SZ")


def _bound(schema: Schema, value: float) -> float:
    """Return the value, or one between the schema's limits."""
    least, most = schema.get("minimum"), schema.get("maximum")
    if step := schema.get("multipleOf"):
        value = value // step * step or step
    if most is not None and value > most:
        span = int(most - (least or 0))
        value = most - (value % span if span > 0 else 0)
    if least is not None and value < least:
        value = least + (value % int(most - least) if most is not None and most - least >= 1 else 1)
    return value
