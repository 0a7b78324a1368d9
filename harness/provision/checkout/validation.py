"""An object against a CRD's structural schema: what the API server would refuse, and what it would drop.

It knows the words that Michelangelo's CRDs use (types, enums, formats of integers, patterns, required fields,
maps, fields that keep unknown ones), and judges nothing by words that it doesn't know.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from harness.spec.model import JsonObject

_OF_THE_API = ("apiVersion", "kind", "metadata")   # which every object has, whatever its schema


class Fate(StrEnum):
    """What becomes of a value that the schema does not allow."""

    PRUNED = "dropped"
    REFUSED = "refused"


@dataclass(frozen=True)
class Problem:
    """A value that would not arrive. `path` is its JSON path, `words` say why."""

    path: str
    fate: Fate
    words: str


def find_problems(obj: JsonObject, schema: JsonObject, *, partial: bool = False) -> list[Problem]:
    """Return what would become of the object's fields beside its metadata.

    `partial`: it is a merge patch, in which null removes a field and required ones may be missing.
    """
    content = {name: value for name, value in obj.items() if name not in _OF_THE_API}
    return list(_check(content, schema, "", partial))


def find_field(schema: JsonObject, path: str) -> JsonObject | None:
    """Return the schema of the field at a JSON path; None where the schema has no such field."""
    found: Any = schema
    for name in path.split("."):
        found = found.get("properties", {}).get(name)
        if not isinstance(found, dict):
            return None
    return dict(found)


def _check(value: Any, schema: JsonObject, path: str, partial: bool) -> Iterator[Problem]:
    if value is None:
        if not partial and not schema.get("nullable"):
            yield Problem(path, Fate.PRUNED, "null where no null is allowed")
        return
    if schema.get("x-kubernetes-int-or-string"):
        if not isinstance(value, str) and not _is_integer(value):
            yield Problem(path, Fate.REFUSED, f"{_name(value)} where an integer or a text is due")
        return
    expected = schema.get("type")
    if expected in _TYPES and not _TYPES[expected](value):
        yield Problem(path, Fate.REFUSED, f"{_name(value)} where {expected} is due")
        return
    allowed = schema.get("enum")
    if allowed is not None and value not in allowed:
        yield Problem(path, Fate.REFUSED, f"{value!r} is none of {', '.join(map(str, allowed))}")
    if isinstance(value, dict):
        yield from _check_fields(value, schema, path, partial)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _check(item, schema.get("items", {}), f"{path}[{index}]", partial=False)
    else:
        yield from _check_scalar(value, schema, path)


def _check_fields(value: JsonObject, schema: JsonObject, path: str, partial: bool) -> Iterator[Problem]:
    fields = schema.get("properties", {})
    others = schema.get("additionalProperties")
    keeps = bool(others) or schema.get("x-kubernetes-preserve-unknown-fields", False)
    for name, inner in value.items():
        where = f"{path}.{name}" if path else name
        if name in fields:
            yield from _check(inner, fields[name], where, partial)
        elif isinstance(others, dict):
            yield from _check(inner, others, where, partial)
        elif not keeps:
            yield Problem(where, Fate.PRUNED, "the schema has no such field")
    if not partial:
        for name in schema.get("required", ()):
            if name not in value:
                yield Problem(f"{path}.{name}" if path else name, Fate.REFUSED, "required, and missing")


def _check_scalar(value: Any, schema: JsonObject, path: str) -> Iterator[Problem]:
    if schema.get("format") == "int32" and _is_integer(value) and not -(2**31) <= value < 2**31:
        yield Problem(path, Fate.REFUSED, f"{value} does not fit into 32 bits")
    pattern = schema.get("pattern")
    if pattern is not None and isinstance(value, str) and not re.search(pattern, value):
        yield Problem(path, Fate.REFUSED, f"{value!r} does not match {pattern}")


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _name(value: Any) -> str:
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return f"{names.get(type(value), type(value).__name__)} {value!r}"


_TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": _is_integer,
    "number": lambda value: isinstance(value, float) or _is_integer(value),
}
