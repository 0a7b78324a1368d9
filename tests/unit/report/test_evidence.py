"""`harness.report.evidence`: structure becomes text, once, and the same in every format."""

from __future__ import annotations

import pytest

from harness.core.record import Evidence
from harness.report.evidence import describe_evidence, find_columns, list_findings

FINDING = {"code": "row.column", "where": "column tier", "expected": "3", "actual": "1"}
LINE = "column tier: expected 3, got 1"
ROW = {
    "columns": {"name": "m", "res_version": 12, "delete_time": None, "proto": "123 bytes", "json": {"kind": "Ü"}},
    "labels": [["team", "größe"]],
    "annotations": [["note", "a b"]],
}


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (Evidence("request", "t", "", 1.0, {"a": ["ü"]}), '{\n  "a": [\n    "ü"\n  ]\n}'),
        (Evidence("response", "t", "old text", 1.0), "old text"),
        (Evidence("row", "t", "no row", 1.0), "no row"),
        (
            Evidence("row", "t", "", 1.0, ROW),
            "name: m\nres_version: 12\ndelete_time: NULL\nproto: 123 bytes\n"
            'json: {\n  "kind": "Ü"\n}\nlabel team: größe\nannotation note: a b',
        ),
        (Evidence("row", "t", "", 1.0, {"columns": {"json": "no JSON"}}), "json: no JSON"),
        (Evidence("comparison", "t", "", 1.0, [FINDING, FINDING]), f"{LINE}\n{LINE}"),
        (Evidence("comparison", "t", "", 1.0, []), "no difference"),
        (Evidence("comparison", "t", "uid: equal", 1.0), "uid: equal"),
        (Evidence("log", "t", "a line", 1.0), "a line"),
    ],
)
def test_evidence_is_readable(item: Evidence, expected: str) -> None:
    """What has data is shown from it, what has none by its text, as records of earlier versions have it."""
    assert describe_evidence(item) == expected


def test_only_a_row_has_columns_and_only_a_comparison_findings() -> None:
    """The data of other evidence may look alike and is none."""
    assert find_columns(Evidence("row", "t", "", 1.0, ROW))["res_version"] == 12
    assert find_columns(Evidence("response", "t", "", 1.0, ROW)) == {}
    assert find_columns(Evidence("row", "t", "no row", 1.0)) == {}
    assert list_findings(Evidence("comparison", "t", "", 1.0, [FINDING])) == [LINE]
    assert list_findings(Evidence("comparison", "t", LINE, 1.0)) == []
