"""Makes evidence readable: text from its data, where it has any, and from its body where it has none.

The record carries structure (`Evidence.data`); every format shows the text that is made here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from harness.core.record import Evidence, Finding
from harness.report.timeline import describe_timeline

NO_DIFFERENCE = "no difference"


def describe_evidence(item: Evidence) -> str:
    """Return what `item` shows, as text: pretty JSON, a row's columns line by line, a finding per line."""
    if item.data is None:
        return item.body
    if item.kind == "comparison":
        return "\n".join(list_findings(item)) or item.body or NO_DIFFERENCE
    if item.kind == "timeline":
        return describe_timeline(item.data)
    columns = find_columns(item)
    if columns:
        return "\n".join([*_describe_columns(columns), *_describe_marks(item.data)])
    return _format_json(item.data)


def list_findings(item: Evidence) -> list[str]:
    """Return each finding of a comparison as text; [] of any other evidence, and of one without data."""
    if item.kind != "comparison" or not isinstance(item.data, list):
        return []
    return [str(Finding(**finding)) for finding in item.data]


def find_columns(item: Evidence) -> dict[str, Any]:
    """Return the columns of the MySQL row in `item` by name; {} where it holds none."""
    if item.kind != "row" or not isinstance(item.data, Mapping):
        return {}
    columns: dict[str, Any] = dict(item.data.get("columns", {}))
    return columns


def format_value(value: object) -> str:
    """Return a column's value as text: NULL for None, pretty JSON for an object or a list."""
    if value is None:
        return "NULL"
    return _format_json(value) if isinstance(value, Mapping | list) else str(value)


def _describe_columns(columns: Mapping[str, Any]) -> list[str]:
    return [f"{name}: {format_value(value)}" for name, value in columns.items()]


def _describe_marks(row: Mapping[str, Any]) -> list[str]:
    """Return a line per label and per annotation of a row."""
    return [
        f"{word} {key}: {format_value(value)}"
        for word, marks in (("label", "labels"), ("annotation", "annotations"))
        for key, value in row.get(marks, [])
    ]


def _format_json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
