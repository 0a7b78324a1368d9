"""Whether an API server's refusal is the input's own fault: only such a one shows that it guards MySQL from it.

A login that ran out, a policy that denies whatever comes, a server that fails refuse as well, and prove nothing.
"""

from __future__ import annotations

import json
import re

from harness.chapters.hostile_input.input import Input
from harness.chapters.hostile_input.places import NAME, Path
from harness.core.errors import Refusal
from harness.spec.model import JsonObject

_INVALID, _BAD_REQUEST = 422, 400
_TOO_LARGE = re.compile(r"too large|larger than max|ResourceExhausted|limit is \d+", re.IGNORECASE)
_UNREADABLE = re.compile(r"decoding error|error decoding|exceeded max depth|invalid character", re.IGNORECASE)
_DENIED = re.compile(r"denied (the )?request|denied by ", re.IGNORECASE)
_LARGE = 1 << 20
"""Bytes: what is smaller no server of Kubernetes finds too large."""


def is_deserved(given: Input, sent: JsonObject, refusal: Refusal) -> bool:
    """Whether the refusal is due to what the input changed: it names such a place, its size, or its encoding."""
    message = refusal.message
    if _DENIED.search(message):
        return False
    if _TOO_LARGE.search(message):
        return len(json.dumps(sent)) >= _LARGE
    if refusal.status == _BAD_REQUEST and _UNREADABLE.search(message):
        return bool(given.changes)
    changed = [*given.changes, *([NAME] if given.object_name else [])]
    return refusal.status == _INVALID and any(_get_place(path) in message for path in changed)


def _get_place(path: Path) -> str:
    """Return the part of a path that a message names, whatever it says of the rest: `metadata.labels`."""
    return ".".join(map(str, path[:2]))
