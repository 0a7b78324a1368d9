"""One hostile input: what is changed in a kind's plain object, under a name that the report and MySQL show."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.inputs.places import Path, name, put
from harness.model import JsonObject
from harness.scenario.run import as_applied

_SHOWN = 80
_PLACES_SHOWN = 3


@dataclass(frozen=True)
class Input:
    """A change of the plain object. `object_name` where the name is the input; `applied` as kubectl sends."""

    name: str
    changes: Mapping[Path, Any]
    object_name: str = ""
    applied: bool = False

    def build(self, plain: JsonObject, prefix: str) -> JsonObject:
        """Return the object to be sent, called `prefix` and the input's name unless the input says otherwise."""
        obj = put(plain, {("metadata", "name"): self.object_name or f"{prefix}-{self.name}", **self.changes})
        return as_applied(obj) if self.applied else obj

    def describe(self) -> str:
        """Return what is sent and where, in one line of printable characters."""
        places = [escape(name(path)) for path in self.changes]
        more = f" and {len(places) - _PLACES_SHOWN} more" if len(places) > _PLACES_SHOWN else ""
        values = {shorten(escape(json.dumps(value, ensure_ascii=False))): None for value in self.changes.values()}
        where = ", ".join(shorten(place) for place in places[:_PLACES_SHOWN]) + more
        what = " or ".join(list(values)[:_PLACES_SHOWN])
        if self.object_name:
            return f"metadata.name = {shorten(self.object_name)} ({len(self.object_name)} characters)"
        return f"{where} = {what}" + ("; sent as kubectl apply does" if self.applied else "")


def escape(text: str) -> str:
    """Return the text with what can't be printed, or would steer a terminal, as escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def shorten(text: str, length: int = _SHOWN) -> str:
    """Return the text, a long one without its middle, and with its length."""
    if len(text) <= length:
        return text
    half = length // 2
    return f"{text[:half]}…{text[-half:]} ({len(text)} characters)"
