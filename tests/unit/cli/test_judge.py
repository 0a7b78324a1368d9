"""`report judge`: a kept round ends as it did by the same checkers, and otherwise by stricter ones."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from harness.__main__ import main
from harness.chapters import CHAPTERS
from harness.chapters.faults.chapter import CHAPTER
from harness.chapters.faults.judgement import judge
from harness.chapters.faults.round_file import encode
from harness.core.record import Check, Evidence, Finding, Record, Status
from harness.report.record import read_record
from tests.unit.chapters.faults.builders import make_round

FILE = "rounds/0001-mysql-stop.json.gz"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of a report of one round, which passed, and of a check whose known issue showed."""
    kept = make_round()
    path = tmp_path / FILE
    path.parent.mkdir()
    path.write_bytes(gzip.compress(encode(kept).encode()))
    round_check = Check("8.2", kept.title, status=Status.PASS, evidence=[Evidence("file", "t", FILE, 1.0)])
    round_check.facts = judge(kept, lambda _: False).facts
    issue = next(each for chapter in CHAPTERS for each in chapter.issues if each.id == "cluster-outside-ma-system")
    known = Check("3", issue.title, topic=issue.id, status=Status.PASS, issues=[issue.id])
    record = Record(profile="report-2026-03", checks=[round_check, known], chapters=[CHAPTER.describe()])
    (tmp_path / "report.json").write_text(record.to_json(), encoding="utf-8")
    return tmp_path


def test_the_same_checkers_end_the_same(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The round is judged from its file, the other check from its findings, and nothing is other than before."""
    assert main(["report", "judge", str(folder)]) == 0
    assert capsys.readouterr().out == (
        "8.2 mysql is stopped for a while: PASS, as before, from its file\n"
        "2 checks: 1 from its file, 1 from its findings; none judged otherwise than before\n"
    )


@pytest.mark.parametrize("words", [("--converge-within", "2.5"), ("--sync-timeout", "0.2")])
def test_a_stricter_checker_ends_otherwise(
    words: tuple[str, str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What converged too late by the stricter limit is a finding, in the record that is written as well."""
    output = folder / "judged.json"
    assert main(["report", "judge", str(folder / "report.json"), *words, "--output", str(output)]) == 1
    said = capsys.readouterr().out
    assert "8.2 mysql is stopped for a while: PASS → FAIL, from its file\n  Project project-0" in said
    assert "1 judged otherwise than before" in said
    judged = read_record(output)
    assert [check.status for check in judged.checks] == [Status.FAIL, Status.PASS]
    assert (judged.exit_code, judged.headline[:14]) == (1, "1 check failed")


def test_another_profile_has_other_known_issues(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the run's profile explains, one in which it is fixed does not, and has nothing to look for."""
    profile = folder / "ours.toml"
    profile.write_text(
        'title = "t"\nextends = "report-2026-03"\nfixed = ["cluster-outside-ma-system"]\n', encoding="utf-8"
    )
    assert main(["report", "judge", str(folder), "--profile", str(profile)]) == 0
    assert "PASS → NOT APPLICABLE, from its findings" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "ends_with"), [((), 0), (("--profile", "report-2026-03"), 1), (("--allow-stale-known-issues",), 0)]
)
def test_what_a_run_tolerated_is_tolerated_again(words: tuple[str, ...], ends_with: int, folder: Path) -> None:
    """A known issue that did not show, unless the version is named now."""
    file = folder / "report.json"
    record = read_record(file)
    (check,) = (check for check in record.checks if check.topic == "cluster-outside-ma-system")
    check.stale, check.issues, check.status = [check.topic], [], Status.PASS
    file.write_text(record.to_json(), encoding="utf-8")
    assert main(["report", "judge", str(folder), *words]) == ends_with


def test_a_file_that_is_gone_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The round can't be judged then, which is no success."""
    (folder / FILE).unlink()
    assert main(["report", "judge", str(folder)]) == 1
    assert "PASS → ERROR, from its file\n  can't read" in capsys.readouterr().out


def test_more_findings_than_fit_are_counted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The first ones stand for all; the record that is written has each."""
    record = read_record(folder)
    findings = [Finding("row.live", f"row {number}", "deleted", "live") for number in range(7)]
    record.checks = [Check("1.6", "Row", "Model", status=Status.KNOWN, issues=["gone"], findings=findings)]
    (folder / "report.json").write_text(record.to_json(), encoding="utf-8")
    assert main(["report", "judge", str(folder)]) == 1
    assert "1.6 Row" in (said := capsys.readouterr().out)
    assert "1 judged otherwise" in said
