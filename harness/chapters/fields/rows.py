"""Compares a row with its object in all that was set: columns, json, and the proto column. Reads nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from harness.chapters.fields.places import Places
from harness.clients.michelangelo.classes import MessageClasses
from harness.clients.michelangelo.comparison import compare_decoded
from harness.core import codes
from harness.core.record import Finding
from harness.spec.equality import compare_json, compare_proto, show
from harness.spec.schema.leaves import get_name
from harness.spec.schema.objects import Filled, find, join
from harness.subject.examination import examine_row
from harness.subject.steps import Sync

_NOTHING = ("nothing", "NULL")


def examine(sync: Sync, filled: Filled, classes: MessageClasses | None) -> list[Finding]:
    """Return what is wrong with an awaited row, with what was set of its object in mind.

    Its proto column is decoded by the `classes`, and must hold what the json column does; without them it must
    have the texts that were set.
    """
    findings = examine_row(sync)
    if sync.row is None or sync.obj is None or not sync.arrived:
        return findings
    stored = sync.row.columns.get("proto")
    if isinstance(stored, bytes) and stored.startswith(b"{"):   # an ingester that keeps JSON there
        return findings + _compare_json_proto(sync.obj, stored)
    if classes is not None:
        return findings + compare_decoded(sync.write.subject.case.kind, sync.row, None, classes)
    lost = Places(finding.where for finding in findings)
    texts = [
        value
        for place, leaf in filled.leaves.items()
        if _is_text(value := filled.get(place), leaf)
        and find(sync.obj, place) == value
        and not lost.concern(join(place))
    ]
    return findings + compare_proto(dict.fromkeys(texts), sync.row)


def list_lost(findings: Iterable[Finding], filled: Filled) -> list[str]:
    """Return the leaves of which the json column has nothing."""
    missing = Places(f.where for f in findings if f.code == codes.ROW_JSON and f.actual in _NOTHING)
    return list(dict.fromkeys(leaf for place, leaf in filled.leaves.items() if missing.concern(join(place))))


def _compare_json_proto(obj: Any, stored: bytes) -> list[Finding]:
    try:
        found = compare_json(obj, json.loads(stored), code=codes.ROW_PROTO)
    except ValueError as error:
        return [Finding(codes.ROW_PROTO, "column proto", "JSON, as it begins like some", show(str(error)))]
    return [each.within("column proto, ") for each in found]


def _is_text(value: Any, leaf: str) -> bool:
    """Whether the value is a text of the harness's own making, which protobuf writes as it is."""
    return isinstance(value, str) and re.fullmatch(rf"{re.escape(get_name(leaf))}-\d+", value) is not None
