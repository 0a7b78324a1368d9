"""Ways into an object, and how text of any content is put everywhere that a kind has a place for it."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Mapping
from typing import Any

from harness.spec.model import Case, IndexedColumn, JsonObject

Path = tuple[str | int, ...]
"""The way to a value, by keys and positions; a key may hold anything."""


def annotate(name: str) -> Path:
    """Return the way to an annotation of the chapter's own."""
    return "metadata", "annotations", f"inputs.example.com/{name}"


NAME: Path = ("metadata", "name")
ANNOTATION: Path = annotate("text")


def get_width(column: IndexedColumn) -> int:
    """Return how many characters a VARCHAR column holds."""
    return int(column.sql_type.partition("(")[2].rstrip(")"))


def split(path: str) -> Path:
    """Return a dotted JSON path as a way."""
    return tuple(path.split("."))


def fill(case: Case, texts: Mapping[str, str]) -> dict[Path, Any]:
    """Return the changes that put some named texts everywhere, and no place without one.

    Each stands in every list, in every map (as a key, too) and in an annotation of its name; they take turns in
    the indexed columns and the other plain fields, in every other kind the other way round.
    """
    places, values = case.inputs.text, list(texts.values())
    changes: dict[Path, Any] = {
        split(path): values[(case.turn + i) % len(values)] for i, path in enumerate(case.texts)
    }
    changes |= {split(path): values for path in places.lists}
    for path in places.maps:
        changes |= {(*split(path), text): text for text in values}
    return changes | {annotate(name): text for name, text in texts.items()}


def find_long_field(case: Case) -> Path | None:
    """Return the way to a field without an indexed column, for text of any length; None where none is known."""
    places = case.inputs.text
    if places.fields:
        return split(places.fields[0])
    return (*split(places.lists[0]), 0) if places.lists else None


def put(obj: JsonObject, changes: Mapping[Path, Any]) -> JsonObject:
    """Return the object with the values at their places."""
    changed = copy.deepcopy(obj)
    for path, value in changes.items():
        target: Any = changed
        for key, following in itertools.pairwise(path):
            if isinstance(target, dict):
                target = target.setdefault(key, [] if isinstance(following, int) else {})
            else:
                target = target[key]
        if isinstance(target, list):
            target[len(target):] = [value]
        else:
            target[path[-1]] = value
    return changed


def find(obj: JsonObject, path: Path) -> Any:
    """Return the value at the place, None where there is none."""
    value: Any = obj
    for key in path:
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and key < len(value):
            value = value[key]
        else:
            return None
    return value


def join(path: Path) -> str:
    """Return the way as a dotted path."""
    return ".".join(map(str, path))
