"""What a task does with its round, whose process is a stand-in here."""

from __future__ import annotations

import dataclasses
import io
import pickle
import tarfile
from pathlib import Path

import pytest

from harness.campaign import worker
from harness.campaign.one_round import Order
from harness.campaign.record import Attempt
from harness.campaign.worker import Task, run_task
from harness.core.record import Check, Component, Finding, Record, Status
from harness.provision.assets.cache import CACHE_VARIABLE
from harness.suite.session import RunSettings
from tests.unit.campaign.sample import make_plan

ROUND = make_plan()[0]
_WRITE = """
import pathlib, pickle, sys
order = pickle.load(sys.stdin.buffer)
folder = pathlib.Path(sys.argv[1])
(folder / "report.json").write_text(pathlib.Path(__file__).with_name("record.json").read_text())
(folder / "seed.txt").write_text(str(order.round.seed))
"""
_HANG = """
import os, pathlib, sys
sys.stdin.buffer.read()
pathlib.Path(__file__).with_name("ended").touch()
"""


@pytest.fixture
def use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Use the script `round.py` in place of the program, and a cache of the test's own."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(worker, "_PROGRAM", (str(tmp_path / "round.py"),))
    return monkeypatch


def run(tmp_path: Path, script: str, record: Record | None = None, **changes: object) -> tuple[Attempt, bytes]:
    """Run the task's round by a script, which may leave a record."""
    (tmp_path / "round.py").write_text(script)
    (tmp_path / "record.json").write_text((record or Record()).to_json())
    task = Task(Attempt(ROUND, 2), pickle.dumps(Order(ROUND, RunSettings())), None, 20.0)
    return run_task(dataclasses.replace(task, **changes), {})  # type: ignore[arg-type]


def make_check(status: Status, **fields: object) -> Check:
    """Return the check of a round."""
    return Check("8.1", "mysql is killed", status=status, **fields)  # type: ignore[arg-type]


def test_a_round_that_passed_has_a_verdict_and_leaves_nothing(use: object, tmp_path: Path) -> None:
    """What was proven and measured is told; no file is sent."""
    check = make_check(Status.PASS, facts={"injected": "killed by SIGKILL"})
    record = Record(checks=[check], components=[Component("mysql", "Running", version="10.11")])
    attempt, kept = run(tmp_path, _WRITE, record)
    assert (attempt.status, attempt.server, kept) == (Status.PASS, "10.11", b"")
    assert attempt.injected == "killed by SIGKILL"
    assert (attempt.round, attempt.number, attempt.is_verdict) == (ROUND, 2, True)
    assert attempt.duration_s > 0


def test_a_round_that_failed_is_kept_whole(use: object, tmp_path: Path) -> None:
    """Some of its findings are told, all that it wrote is sent."""
    findings = [Finding("row.missing", f"object {number}", "a live row", "none") for number in range(9)]
    check = make_check(Status.FAIL, findings=findings, detail="lost")
    attempt, kept = run(tmp_path, _WRITE, Record(checks=[check]))
    assert (attempt.status, attempt.detail, attempt.found) == (Status.FAIL, "lost", 9)
    assert attempt.findings[0] == "object 0: expected a live row, got none"
    with tarfile.open(fileobj=io.BytesIO(kept)) as archive:
        assert {"./report.json", "./seed.txt", "./round.log"} <= set(archive.getnames())


def test_a_sandbox_that_does_not_come_up_is_no_verdict(use: object, tmp_path: Path) -> None:
    """It says why."""
    attempt, _ = run(tmp_path, _WRITE, Record(headline="MySQL has no room"))
    assert (attempt.is_verdict, attempt.status, attempt.detail) == (False, Status.NOT_RUN, "MySQL has no room")


def test_a_process_that_dies_is_no_verdict(use: object, tmp_path: Path) -> None:
    """Its last words are told."""
    attempt, kept = run(tmp_path, "import sys; print('no memory'); sys.exit(7)")
    assert (attempt.status, kept) == (Status.ERROR, b"")
    assert attempt.detail == "it ended with exit code 7, without a record: no memory"


def test_a_round_that_takes_too_long_is_ended(use: object, tmp_path: Path) -> None:
    """By closing its standard input, so that it stops its sandbox."""
    attempt, _ = run(tmp_path, _HANG, timeout_s=0.5)
    assert attempt.detail == "it took longer than 0.5 s, without a record: it said nothing"
    assert (tmp_path / "ended").exists()


def test_an_interruption_ends_the_process(use: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Ctrl-C where the campaign is, which Ray hands on: the round's process is gone when the task is."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    use.setattr(worker, "_await", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, _HANG)
    assert (tmp_path / "ended").exists()


def test_another_version_of_the_harness_runs_nothing(use: object, tmp_path: Path) -> None:
    """Its verdict would be that of something else."""
    attempt, _ = run(tmp_path, _WRITE, harness_version="9.9")
    assert attempt.status is Status.ERROR
    assert attempt.detail.endswith("of the harness, not 9.9")


def test_nothing_stays_behind(use: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither of a round that passed nor of one that failed."""
    place = tmp_path / "temporary"
    place.mkdir()
    use.setattr("tempfile.tempdir", str(place))
    run(tmp_path, _WRITE, Record(checks=[make_check(Status.FAIL)]))
    assert list(place.iterdir()) == []
