"""Values that mean nothing to a typed field, and are data where the schema leaves a field free, or has a map.

The places come from the kind's schema alone, so that kinds that nobody wrote down have them as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.chapters.hostile_input.input import Input
from harness.chapters.hostile_input.places import Path
from harness.spec.model import Case
from harness.spec.schema.leaves import Schema, get_values, keeps_anything

EMPTY: dict[str, Any] = {"null": None, "false": False, "zero": 0, "text": "", "object": {}, "list": []}
_FREE: dict[str, Any] = {"values": EMPTY, "nested": {"inner": EMPTY}, "listed": {"all": [*EMPTY.values(), EMPTY]}}
_TEXTS = {"empty": "", "full": "x"}
_KEY = "presence"   # of a map on the way
_DEEPEST_FREE, _DEEPEST_MAP = 6, 4   # steps: what lies deeper is of another system's types
_MOST = 3   # places of each kind


def list_presence(case: Case) -> list[Input]:
    """Return the kind's inputs; none where its schema has neither a free field nor a map of texts."""
    spec = case.kind.schema.get("properties", {}).get("spec", {})
    free, maps = [], []
    for path, schema in sorted(_walk(spec, ("spec",)), key=lambda found: len(found[0])):
        if keeps_anything(schema):
            if len(path) <= _DEEPEST_FREE:
                free.append(path)
        elif (get_values(schema) or {}).get("type") == "string" and len(path) <= _DEEPEST_MAP:
            maps.append(path)
    inputs = [
        Input(f"free-{name}-{number}", {path: value}, textual=False)   # alone: two of them may exclude each other
        for number, path in enumerate(free[:_MOST], start=1)
        for name, value in _FREE.items()
    ]
    texts = [
        Input(f"map-empty-text-{number}", {path: _TEXTS}, textual=False)
        for number, path in enumerate(maps[:_MOST], start=1)
    ]
    return [*inputs, *texts]


def _walk(schema: Schema, path: Path) -> Iterator[tuple[Path, Schema]]:
    """Yield the free fields and the maps that can be reached without a list."""
    properties = schema.get("properties") or {}
    for name, inner in properties.items():
        yield from _walk(inner, (*path, name))
    if properties:
        return
    values = get_values(schema)
    if keeps_anything(schema) or values is not None:
        yield path, schema
    if values is not None:
        yield from _walk(values, (*path, _KEY))
