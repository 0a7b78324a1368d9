"""One hostile input: what is changed in a kind's plain object, under a name that the report and MySQL show."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.chapters.hostile_input.places import NAME, Path, join, put
from harness.spec.manifest import as_applied
from harness.spec.model import JsonObject

_SHOWN = 80
_PLACES_SHOWN = 3


@dataclass(frozen=True)
class Input:
    """A change of the plain object.

    `object_name` where the name is the input; `applied` where the object is sent as `kubectl apply` does;
    `textual` where the values are texts for the Ingester, too, so that protobuf writes them as they are.
    """

    name: str
    changes: Mapping[Path, Any]
    object_name: str = ""
    applied: bool = False
    textual: bool = True
    parts: int = 1   # how many inputs it is: texts that stand beside each other

    def build(self, plain: JsonObject, prefix: str) -> JsonObject:
        """Return the object to be sent, called `prefix` and the input's name unless the input says otherwise."""
        obj = put(plain, {NAME: self.object_name or f"{prefix}-{self.name}", **self.changes})
        return as_applied(obj) if self.applied else obj

    def describe(self) -> str:
        """Return what is sent and where, in one line of printable characters."""
        if self.object_name:
            return f"metadata.name = {escape(self.object_name, _SHOWN)}"
        if not self.changes:
            return "as the template makes it"
        more = len(self.changes) - _PLACES_SHOWN
        shown = list(self.changes.items())[:_PLACES_SHOWN]
        where = ", ".join(escape(join(path), _SHOWN) for path, _ in shown)
        where += f" and {more} more" if more > 0 else ""
        values = dict.fromkeys(escape(json.dumps(value, ensure_ascii=False), _SHOWN) for _, value in shown)
        what = " or ".join(values)
        return f"{where} = {what}" + ("; sent as kubectl apply does" if self.applied else "")


def escape(text: str, length: int = sys.maxsize) -> str:
    """Return the text with what can't be printed, or would steer a terminal, as escapes.

    One that is longer than `length` loses its middle, and says how long it was.
    """
    if len(text) > length:
        half = length // 2
        return f"{escape(text[:half])}…{escape(text[-half:])} ({len(text)} characters)"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
