"""The command `history`: which records it finds, and what it does with those it can't read."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.__main__ import main
from harness.cli.history import find_records
from harness.core.record import Check, Status
from tests.unit.report.sample_contents import make_record


def _write(folder: Path, started_at: str) -> Path:
    record = make_record(Check("1.4", "c", "Model", status=Status.PASS))
    record.started_at = started_at
    folder.mkdir(parents=True)
    path = folder / "report.json"
    path.write_text(record.to_json(), encoding="utf-8")
    return path


def test_each_record_is_found_once(tmp_path: Path) -> None:
    """`latest`, and a record given beside its folder, are no second runs."""
    path = _write(tmp_path / "reports" / "one", "2026-03-01T00:00:00+00:00")
    (tmp_path / "reports" / "latest").symlink_to("one", target_is_directory=True)
    assert find_records([tmp_path / "reports", path, tmp_path / "reports" / "latest" / "report.json"]) == [path]


def test_a_broken_record_costs_no_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What can't be read is named and left out; the page has the rest."""
    _write(tmp_path / "one", "2026-03-01T00:00:00+00:00")
    broken = _write(tmp_path / "two", "2026-03-02T00:00:00+00:00")
    broken.write_text("{", encoding="utf-8")
    page = tmp_path / "page.html"
    assert main(["history", str(tmp_path), "--output", str(page)]) == 0
    printed = capsys.readouterr()
    assert str(broken) in printed.err
    assert printed.out.startswith("1 run, from 2026-03-01")
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_nothing_to_show_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that is missing or holds no record is a wrong word; records of which none can be read are not."""
    page = str(tmp_path / "page.html")
    assert main(["history", str(tmp_path / "none"), "--output", page]) == 4
    assert main(["history", str(tmp_path), "--output", page]) == 4
    _write(tmp_path / "one", "").write_text("{", encoding="utf-8")
    assert main(["history", str(tmp_path), "--output", page]) == 2
    assert "no record can be read" in capsys.readouterr().err
    assert not Path(page).exists()
