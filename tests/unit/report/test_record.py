"""`harness.report.record`: records in files, whole or not at all, and the baselines."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.core.errors import HarnessError, SettingsError
from harness.core.record import Evidence, IssueStatus, Record, Status
from harness.report.matrix import MatrixCell, list_matrices
from harness.report.record import load_baseline, read_record, write_record, write_text
from tests.unit.report.sample import build_record
from tests.unit.report.sample_contents import COLUMNS, KINDS


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    """A record read from its file, or from the folder of that file, equals the one that was written."""
    record = build_record()
    path = write_record(record, tmp_path)
    assert path == tmp_path / "report.json"
    assert read_record(path) == record
    assert read_record(tmp_path) == record


def test_a_record_holds_what_was_no_utf8(tmp_path: Path) -> None:
    """A log line with bytes that are no UTF-8 is kept, and can be read again."""
    record = Record(warnings=[b"caf\xe9".decode("utf-8", "surrogateescape")])
    write_record(record, tmp_path)
    assert read_record(tmp_path) == record


def test_an_interrupted_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a write does not reach its end, the file is as it was, and nothing is left beside it."""
    path = tmp_path / "report.json"
    write_text(path, "old")

    def interrupt(self: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_text(path, "new")
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {"report.json": "old"}


def test_a_written_file_can_be_read_by_others(tmp_path: Path) -> None:
    """A report is readable for everybody, as a file that was not written through a temporary one."""
    write_text(tmp_path / "report.md", "text")
    assert oct((tmp_path / "report.md").stat().st_mode & 0o777) == "0o644"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "not a record"),
        ("[]", "not a record"),
        ('{"schema_version": 99}', "record has schema version 99"),
        ('{"schema_version": 3, "colour": "red"}', "not a record"),
        ('{"schema_version": 3, "checks": [{"section": "1.1", "title": "t", "status": "moved"}]}', "not a record"),
        ('{"schema_version": 2, "cells": [{"kind": "Model", "column": "moved"}]}', "not a record"),
    ],
)
def test_what_is_no_record_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    """A file that is no record, or one of another schema, is refused by name and with the reason."""
    path = tmp_path / "report.json"
    path.write_text(text)
    with pytest.raises(HarnessError) as raised:
        read_record(path)
    assert raised.value.problem.startswith(str(path))
    assert problem in raised.value.problem


def test_a_missing_record_is_refused(tmp_path: Path) -> None:
    """A record that does not exist is named, with what can be given instead."""
    with pytest.raises(HarnessError) as raised:
        read_record(tmp_path / "nothing.json")
    assert str(raised.value) == (
        f"can't read the record {tmp_path}/nothing.json: No such file or directory\n"
        "Name a report folder or its report.json, such as reports/latest."
    )


def test_a_missing_baseline_means_no_comparison(tmp_path: Path) -> None:
    """Without a baseline of the name there is nothing to compare with, and no error."""
    assert load_baseline("unheard-of", folder=tmp_path) is None
    assert load_baseline("unheard-of", folder=tmp_path / "missing") is None


def test_a_missing_baseline_that_was_asked_for_is_an_error(tmp_path: Path) -> None:
    """A baseline that the user named must exist; the error says which there are."""
    write_text(tmp_path / "report-2026-03.json", Record().to_json())
    with pytest.raises(SettingsError) as raised:
        load_baseline("report-2026-3", required=True, folder=tmp_path)
    assert str(raised.value) == (
        "--baseline: unknown value 'report-2026-3'\ndid you mean report-2026-03? Valid: report-2026-03"
    )


def test_the_seed_baseline_is_the_seed_reports_matrix() -> None:
    """The baseline in the repository holds the seed report's 52 cells and its four known issues."""
    baseline = load_baseline()
    assert baseline is not None
    expected = {(kind.name, column): Status.PASS for kind in KINDS for column in COLUMNS}
    expected |= {
        ("TriggerRun", "updated"): Status.KNOWN,
        ("SparkJob", "synced"): Status.KNOWN,
        ("SparkJob", "updated"): Status.NOT_APPLICABLE,
        ("SparkJob", "update_synced"): Status.NOT_APPLICABLE,
    }
    assert {(cell.kind, cell.column.key): cell.status for cell in _list_cells(baseline)} == expected
    assert {issue.id: issue.status for issue in baseline.known_issues} == dict.fromkeys(
        ("sparkjob-double-panic", "triggerrun-deleted", "cluster-outside-ma-system", "sparkjob-driver-fields"),
        IssueStatus.REPRODUCED,
    )


def test_the_seed_baseline_has_the_seed_reports_remarks() -> None:
    """The cells that the seed report qualifies say so in the baseline."""
    baseline = load_baseline()
    assert baseline is not None
    remarks = {(cell.kind, cell.column.key): cell.detail for cell in _list_cells(baseline) if cell.detail}
    assert remarks == {
        ("Cluster", "updated"): "label update",
        ("TriggerRun", "synced"): "after restart",
        ("TriggerRun", "updated"): "deleted by business controller",
        ("TriggerRun", "update_synced"): "on re-create",
        ("SparkJob", "synced"): "controller manager crashes",
    }


def _list_cells(record: Record) -> list[MatrixCell]:
    return [cell for matrix in list_matrices(record) for cell in matrix.cells]


def test_evidence_keeps_its_type(tmp_path: Path) -> None:
    """Evidence nested in a record is a record again after it was read, not a mapping."""
    write_record(build_record(), tmp_path)
    evidence = [item for check in read_record(tmp_path).checks for item in check.evidence]
    assert {type(item) for item in evidence} == {Evidence}
