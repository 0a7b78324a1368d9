"""A record is read as it was written, and nothing else is taken for one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.core.errors import SettingsError
from harness.load.record import RECORD, LoadRecord, read_record
from tests.unit.load.sample import make_record


def write(folder: Path, text: str) -> Path:
    """Write a file as a record, and return its path."""
    path = folder / RECORD
    path.write_text(text, encoding="utf-8")
    return path


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    """By its file or its folder; all of it, to the microsecond."""
    written = make_record().to_json()
    path = write(tmp_path, written)
    assert read_record(path, "--baseline") == read_record(tmp_path, "--baseline")
    assert read_record(path, "--baseline").to_json() == written


def test_an_empty_record_is_one(tmp_path: Path) -> None:
    """What was interrupted before anything was measured can be read as well."""
    assert read_record(write(tmp_path, LoadRecord().to_json()), "--baseline") == LoadRecord()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "is no record of a load"),
        ("[]", "is no record of a load"),
        (json.dumps({"schema_version": 99}), "is of version 99, not of 1"),
        (json.dumps({"checks": []}), "is of version None"),
        (json.dumps({"schema_version": 1, "loads": 7}), "is no record of a load"),
    ],
)
def test_what_is_no_record_is_refused(text: str, problem: str, tmp_path: Path) -> None:
    """The option that named it is told."""
    with pytest.raises(SettingsError, match=f"--baseline: .*{problem}"):
        read_record(write(tmp_path, text), "--baseline")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """With the system's reason."""
    with pytest.raises(SettingsError, match=r"--baseline: '.*load.json' can't be read: No such file"):
        read_record(tmp_path, "--baseline")
