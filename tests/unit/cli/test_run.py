"""The command `run`, several times or again: what is run, what is gathered, how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from harness.__main__ import main
from harness.cli import run as command
from harness.cli.activation import ACCEPTANCE, build_arguments
from harness.cli.repeat import PAGE, repeat
from harness.cli.rerun import read_rerun
from harness.core.errors import SettingsError
from harness.core.polling import wait_for
from harness.core.record import Check, Status
from harness.core.resources import find_resource
from tests.unit.report.sample_contents import make_record

_COMMAND = "ingester-acceptance run --crd model --sync-timeout 3.5 --set a.b=c"


def _write(folder: Path, *checks: Check) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "report.json"
    record = make_record(*checks)
    record.started_at = f"2026-03-01T00:00:{len(list(folder.parent.iterdir())):02d}+00:00"
    path.write_text(record.to_json(), encoding="utf-8")
    return path


def _check(section: str, kind: str, status: Status) -> Check:
    reproduce = f"{_COMMAND} -k {section}-{kind.lower()}"
    return Check(section, "t", kind, status=status, reproduce=reproduce)


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], list[str]]]:
    """Return the words and ids of each run that was asked for; none is carried out."""
    calls: list[tuple[list[str], list[str]]] = []

    def run_tests(words: Sequence[str], ids: Sequence[str] = ()) -> int:
        calls.append((list(words), list(ids)))
        return 0

    monkeypatch.setattr(command, "run_tests", run_tests)
    return calls


def test_what_is_pytests_goes_there_untouched(called: list[tuple[list[str], list[str]]]) -> None:
    """Without options of its own the command changes no word."""
    words = ["-m", "report", "--crd", "model", "-x", "-k", "a b"]
    assert main(["run", *words]) == 0
    assert called == [(words, [])]


def test_only_what_did_not_succeed_is_run_again(
    tmp_path: Path, called: list[tuple[list[str], list[str]]]
) -> None:
    """Failed, invalid and not run are; with the options of the record's run, and others behind them."""
    path = _write(
        tmp_path / "one",
        _check("1.4", "Model", Status.PASS),
        _check("1.6", "Model", Status.FAIL),
        _check("2.3", "Model", Status.NOT_RUN),
        _check("2.1", "Model", Status.KNOWN),
    )
    assert main(["run", "--rerun-failed", str(path), "--sync-timeout", "9", "-x"]) == 0
    options = ["--set", "a.b=c", "--sync-timeout", "3.5"]
    assert called == [([*options, "--sync-timeout", "9", "-x"], ["1.6-model", "2.3-model"])]


def test_a_record_without_failures_runs_nothing(
    tmp_path: Path, called: list[tuple[list[str], list[str]]], capsys: pytest.CaptureFixture[str]
) -> None:
    """It says so, and that is a success."""
    assert main(["run", "--rerun-failed", str(_write(tmp_path / "one", _check("1.4", "Model", Status.PASS)))]) == 0
    assert called == []
    assert "everything succeeded" in capsys.readouterr().out


def test_a_round_of_a_soak_is_not_run_again(tmp_path: Path) -> None:
    """It is no acceptance test; the error has the command that repeats it."""
    check = Check("8.1", "t", status=Status.FAIL, reproduce="ingester-acceptance soak --fault mysql-kill")
    with pytest.raises(SettingsError, match=r"(?s)--rerun-failed: .*soak --fault mysql-kill"):
        read_rerun(_write(tmp_path / "one", check))


@pytest.mark.parametrize("words", ["--repeat 0", "--repeat two", "--rerun-failed none.json"])
def test_wrong_values_are_refused(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A number of runs that is none, and a record that is not there, are named."""
    try:
        code = main(["run", *words.split()])
    except SystemExit as ended:   # of argparse
        code = int(str(ended.code))
    assert code in (2, 4)
    assert words.rsplit(maxsplit=1)[-1] in capsys.readouterr().err


class _Runs:
    """Stands for the runs: each writes a record with the next status, and ends with the next code."""

    def __init__(self, reports: Path, *ends: tuple[Status, int]) -> None:
        self.reports = reports
        self._ends = list(ends)
        self.number = 0

    def __call__(self, _words: Sequence[str]) -> int:
        status, code = self._ends[self.number]
        self.number += 1
        path = _write(self.reports / f"run-{self.number}", _check("4.2", "Model", status))
        latest = self.reports / "latest"
        latest.unlink(missing_ok=True)
        latest.symlink_to(path.parent.name)
        if code < 0:
            raise KeyboardInterrupt
        return code


@pytest.mark.parametrize(
    ("codes", "expected", "runs"),
    [
        ((0, 0), 0, 2),
        ((0, 1), 1, 2),
        ((2, 0), 2, 2),
        ((2, 1), 1, 2),
        ((4, 0), 4, 1),
        ((-1, 0), 2, 1),
        ((1, -1), 1, 2),
    ],
)
def test_the_worst_run_counts(codes: tuple[int, ...], expected: int, runs: int, tmp_path: Path) -> None:
    """A failure is never taken back; a wrong option or an interruption ends it."""
    fake = _Runs(tmp_path, *((Status.PASS, code) for code in codes))
    assert (repeat(len(codes), [], tmp_path, fake), fake.number) == (expected, runs)


def test_each_cell_has_its_rate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """How often it ended how is printed after each run, and the page has all runs, also after an interruption."""
    ends = [(Status.PASS, 0), (Status.FAIL, 1), (Status.PASS, -1)]
    assert repeat(4, [], tmp_path, _Runs(tmp_path, *ends)) == 1
    assert "Model, 4.2 Created: pass 2 of 3, fail 1 of 3" in capsys.readouterr().out
    assert (tmp_path / PAGE).read_text(encoding="utf-8").count("<b>Runs</b> 3") == 1


def test_an_interrupted_repeat_ends_its_run(tmp_path: Path) -> None:
    """SIGTERM reaches the run that is under way, once, and nothing stays behind."""
    child = tmp_path / "harness"
    child.mkdir()
    (child / "__init__.py").write_text("", encoding="utf-8")
    (child / "__main__.py").write_text(
        "import os, pathlib, signal\n"
        "signal.signal(signal.SIGTERM, lambda *_: (pathlib.Path('ended').write_text('x'), os._exit(2)))\n"
        "pathlib.Path('begun').write_text(str(os.getpid()))\n"
        "signal.pause()\n",
        encoding="utf-8",
    )
    root = str(find_resource())
    script = (
        f"import sys; sys.path.insert(0, {root!r})\n"
        "from harness.cli.repeat import repeat, run_apart; from pathlib import Path\n"
        "sys.exit(repeat(2, [], Path('reports'), run_apart))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path)}
    )
    wait_for((tmp_path / "begun").exists, bool, timeout_s=30.0)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 2
    assert (tmp_path / "ended").exists()


def test_ids_are_tests_of_the_suite() -> None:
    """What is run again is named as pytest names it."""
    arguments = build_arguments(["-x"], ["1.6-model"])
    assert arguments[0] == f"{find_resource(*ACCEPTANCE.split('/'))}/test_chapters.py::test_section[1.6-model]"
