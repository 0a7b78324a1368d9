"""Compares the proto column with the json column and with the object: copies of the truth that must agree.

Pure functions over a row and the classes of its version. An empty list means that all agree.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from harness.clients.michelangelo.classes import MessageClasses, find_classes
from harness.clients.michelangelo.proto import UndecodableError, Unknown, decode
from harness.core import codes
from harness.core.record import Finding
from harness.spec.equality import compare_objects, compare_row, show
from harness.spec.model import JsonObject, Kind
from harness.spec.read import Descriptors
from harness.spec.row import Row


@dataclass
class ProtoComparison:
    """The differences that count, and those that may only mean that the classes are older than the product."""

    findings: list[Finding] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)


def compare_decoded(
    kind: Kind, row: Row, obj: JsonObject | None, classes: MessageClasses
) -> list[Finding]:
    """Return where the row's proto column differs from its json column, and from `obj` where given.

    `obj` is the object at the row's own resourceVersion.
    """
    return examine_decoded(kind, row, obj, classes).findings


def compare_row_and_proto(
    descriptors: Descriptors | None, kind: Kind, obj: JsonObject, row: Row
) -> list[Finding]:
    """Return where the row differs from `obj` as `compare_row` does, and its decoded proto column as well."""
    return [*compare_row(kind, obj, row), *compare_decoded(kind, row, obj, find_classes(descriptors))]


def examine_decoded(
    kind: Kind, row: Row, obj: JsonObject | None, classes: MessageClasses
) -> ProtoComparison:
    """Return the differences as `compare_decoded` does, and the fields that the classes don't know.

    A difference in a field that a class doesn't know, in a message that holds unknown fields, says nothing
    about the product: it is left out, and the message is among the unknown.
    """
    data = row.columns.get("proto")
    if not isinstance(data, bytes) or not data:
        return ProtoComparison([Finding(codes.ROW_PROTO, "column proto", "the serialized object", show(data))])
    try:
        decoded = decode(kind, data, classes)
    except UndecodableError as error:
        expected, seen = f"a serialized {kind.name}", f"{show(data)}: {error}"
        return ProtoComparison([Finding(codes.ROW_PROTO, "column proto", expected, seen)])
    comparison = ProtoComparison(unknown=decoded.unknown)
    for name, truth in (("column json", _read_json(row)), ("the object", obj)):
        if truth is not None:
            comparison.findings += [
                each.within(f"column proto against {name}, ")
                for each in compare_objects(kind, truth, decoded.object, code=codes.ROW_PROTO)
                if not _is_explained(each.where, decoded.unknown) and not _is_spelling(each)
            ]
    return comparison


def _read_json(row: Row) -> JsonObject | None:
    """Return the json column; what is wrong with it otherwise is `compare_row`'s to say."""
    try:
        stored = json.loads(str(row.columns.get("json")))
    except json.JSONDecodeError:
        return None
    return stored if isinstance(stored, dict) else None


def _is_spelling(finding: Finding) -> bool:
    """Whether one side is an integer and the other its text.

    Proto3's mapping writes 64 bits as text, Go as a number, and metadata inside another message is written by the
    former; in the bytes they are the same.
    """
    left, right = (side.strip('"') for side in (finding.expected, finding.actual))
    return left == right and left.removeprefix("-").isdecimal()


def _is_explained(where: str, unknown: list[Unknown]) -> bool:
    """Whether the difference lies in a field that the class doesn't know and the bytes may still hold."""
    for message in unknown:
        inside = where if not message.path else where.removeprefix(f"{message.path}.")
        if (not message.path or inside != where) and inside.split(".")[0].split("[")[0] not in (
            message.names | {"apiVersion", "kind"}
        ):
            return True
    return False
