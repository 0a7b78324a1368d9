"""`harness.core.migrations`: what earlier versions wrote stays readable, and says what it said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.core.migrations import migrate
from harness.core.record import Check, Layout, Record, Status
from harness.report.html import render_page
from harness.report.junit import render_junit
from harness.report.markdown import render_markdown
from harness.report.matrix import build_matrix

RECORDS = Path(__file__).with_name("records")

STATUSES = {
    1: {"created": "pass", "synced": "not_run", "updated": "pass", "update_synced": "fail"},
    2: {"created": "pass", "synced": "fail", "updated": "pass", "update_synced": "not_run"},
}
"""The cells of one kind, as the old harness drew them."""


def _load(version: int) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((RECORDS / f"version-{version}.json").read_text(encoding="utf-8"))
    assert data["schema_version"] == version
    return data


def _read(version: int) -> Record:
    return Record.from_json((RECORDS / f"version-{version}.json").read_text(encoding="utf-8"))


def _find(record: Record, section: str, kind: str | None) -> Check:
    return next(check for check in record.checks if (check.section, check.kind) == (section, kind))


@pytest.mark.parametrize("version", [1, 2])
def test_an_old_record_can_be_read(version: int) -> None:
    """A record of an earlier version is one of today's, with its checks and their results."""
    old, new = _load(version), _read(version)
    assert new.schema_version == 3
    assert [(check.section, check.kind, check.status.value) for check in new.checks] == [
        (check["section"], check["kind"], check["status"]) for check in old["checks"]
    ]
    assert [issue.id for issue in new.known_issues] == [issue["id"] for issue in old["known_issues"]]


@pytest.mark.parametrize(("version", "kind"), [(1, "Revision"), (2, "Model")])
def test_the_first_matrix_is_as_it_was(version: int, kind: str) -> None:
    """Each cell of the old record has its status, drawn from the checks by the contents."""
    cells = {(cell["kind"], cell["column"]): cell for cell in _load(version)["cells"]}
    record = _read(version)
    matrix = build_matrix(record, record.chapters[0])
    assert matrix is not None
    drawn = {(cell.kind, cell.column.key): cell for cell in matrix.cells}
    assert {place: drawn[place].status.value for place in cells} == {p: c["status"] for p, c in cells.items()}
    assert {place: drawn[place].detail for place in cells} == {p: c["detail"] for p, c in cells.items()}
    assert {column: cells[kind, column]["status"] for column in STATUSES[version]} == STATUSES[version]


@pytest.mark.parametrize("version", [1, 2])
def test_no_evidence_is_lost(version: int) -> None:
    """What had moved into the cells is back at the checks, each piece once."""
    old = _load(version)
    owners = [*old["checks"], *old["cells"], *old.get("api_cells", [])]
    before = [(item["title"], item["at"]) for owner in owners for item in owner["evidence"]]
    after = [(item.title, item.at) for check in _read(version).checks for item in check.evidence]
    assert sorted(before) == sorted(after)


def test_evidence_of_a_cell_goes_to_its_first_check() -> None:
    """The check that the cell began with holds it, in its order; one of the API server is a cell by itself."""
    record = _read(2)
    assert [item.kind for item in _find(record, "1.4", "Model").evidence] == ["request", "response"]
    assert [item.title for item in _find(_read(1), "4.1", "Revision").evidence] == ["the proto column, decoded"]


def test_titles_name_neither_kind_nor_issue() -> None:
    """The kind and the known issue that titles ended with stand beside them."""
    record = _read(2)
    assert _find(record, "4.1", "Model").title == "Proto column agrees"
    issue = _find(record, "3", None)
    assert (issue.title, issue.topic) == ("Known issue shows", "sparkjob-double-panic")


def test_mismatches_are_findings_without_a_code() -> None:
    """What was found is kept; what kind of difference it was nobody said."""
    finding = _find(_read(1), "4.1", "Revision").findings[0]
    assert (finding.code, finding.where, finding.expected, finding.actual) == (
        "unknown",
        "proto spec.owner.name",
        '"ingester-test"',
        '"tester"',
    )


def test_it_gets_the_contents_of_its_time() -> None:
    """Chapters, headings, kinds and tables are those of the old reports; sections without a heading are found."""
    record = _read(2)
    assert [chapter.key for chapter in record.chapters] == ["seed", "4", "5", "6", "7", "8"]
    assert [chapter.layout for chapter in record.chapters[-2:]] == [Layout.MATRIX, Layout.TABLE]
    assert [section.number for section in record.chapters[4].sections] == ["7.6"]
    assert [kind.name for kind in record.kinds][-2:] == ["Deployment", "SparkJob"]
    assert record.kinds[2].tables == ["model", "model_labels", "model_annotations"]


def test_a_cell_without_checks_becomes_checks() -> None:
    """A matrix that somebody wrote down without checks has one per section, with its status and its reason."""
    cell = {"kind": "SparkJob", "column": "synced", "status": "known", "detail": "it crashes", "evidence": []}
    gap = {"kind": "SparkJob", "column": "updated", "status": "not_run", "detail": "not selected: 2.1"}
    record = Record.from_json(json.dumps({"schema_version": 2, "checks": [], "cells": [cell, gap]}))
    assert [(check.section, check.kind, check.status, check.detail) for check in record.checks] == [
        (section, "SparkJob", Status.KNOWN, "it crashes") for section in ("1.5", "1.6")
    ]


@pytest.mark.parametrize(("version", "body"), [(1, "etcd: Running"), (2, "name: model-5.7")])
def test_an_old_record_is_shown_in_each_format(version: int, body: str) -> None:
    """Its evidence, which is text without data, is shown as it was."""
    record = _read(version)
    assert body in render_page(record)
    assert "## Results at a glance" in render_markdown(record)
    assert 'name="4.1 Proto agrees"' in render_junit(record)


def test_the_old_data_is_left_alone() -> None:
    """A migration writes nothing into what it was given."""
    data = _load(1)
    before = json.dumps(data)
    migrate(data)
    assert json.dumps(data) == before
