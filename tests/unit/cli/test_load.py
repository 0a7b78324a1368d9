"""`harness.cli.load`: what is asked for, and how it ends."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

import harness.cli.load
from harness.__main__ import main
from harness.cli.load import declare, read_load
from harness.core.errors import HarnessError, SettingsError
from harness.load.limits import EXCEEDED, OK, UNTOLD
from harness.load.loading import LoadSettings
from harness.load.plan import Shape
from harness.load.record import LoadRecord, read_record
from harness.suite.session import RunSettings
from tests.unit.load.sample import make_backfill, make_load, make_record


def parse(*words: str) -> argparse.Namespace:
    """Return the options of a command line."""
    parser = argparse.ArgumentParser()
    declare(parser)
    return parser.parse_args(words)


def test_without_options_it_is_a_steady_load() -> None:
    """What the help says is usual."""
    settings, shape, backfills = read_load(parse())
    assert (settings, shape, backfills) == (LoadSettings(), Shape.STEADY, [])


def test_a_load_is_what_the_options_say() -> None:
    """Each option has its effect."""
    settings, shape, _ = read_load(
        parse(
            "--shape", "ramp", "--rate", "250.5", "--duration", "30", "--workers", "3",
            "--mix", "create=1,delete=1", "--size", "5000", "--labels", "7", "--max-catch-up", "9",
            "--max-p99", "0.2", "--metrics-url", "http://m",
        )
    )  # fmt: skip
    assert shape == "ramp"
    assert settings == LoadSettings(
        Shape.RAMP, 250.5, 30.0, 3, {"create": 1.0, "delete": 1.0}, 5000, 7, 9.0, 0.2, "http://m"
    )


def test_a_backfill_is_in_place_of_a_load() -> None:
    """Unless a shape asks for one as well; there may be several."""
    assert read_load(parse("--backfill", "10", "--backfill", "20"))[1:] == (None, [10, 20])
    assert read_load(parse("--backfill", "10", "--shape", "burst"))[1:] == ("burst", [10])


def test_the_highest_rate_has_no_end() -> None:
    """`max` is as fast as the answers come."""
    assert read_load(parse("--rate", "max"))[0].rate is None


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--rate", "0"], "--rate: '0' is no rate\nValid: writes a second"),
        (["--rate", "fast"], "--rate: 'fast' is no rate"),
        (["--rate", "inf"], "--rate: 'inf' is no rate"),
        (["--rate", "max", "--shape", "ramp"], "--rate: max has no shape but steady"),
        (["--shape", "stedy"], "(?s)--shape: unknown value 'stedy'.*did you mean steady"),
        (["--mix", "patch=1"], "--mix: nothing is created"),
        (["--workers", "0"], "--workers: 0 is out of range\nValid: 1 to"),
        (["--size", "900000"], "--size: 900000 is out of range"),
        (["--labels", "-1"], "--labels: -1 is out of range"),
        (["--backfill", "many"], "--backfill: 'many' is no number of objects"),
        (["--max-p99", "0"], "--max-p99: 0 is no time"),
        (["--min-rate-below-p99", "5"], "--min-rate-below-p99: of which p99"),
    ],
)
def test_wrong_values_are_named(words: list[str], problem: str) -> None:
    """The option, what was given, and what is valid."""
    with pytest.raises(SettingsError, match=problem):
        read_load(parse(*words))


class Loads:
    """Stands in for the sandbox and for what is carried out in it: loads and backfills that are just there."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.load = make_load()
        self.error: BaseException | None = None
        self.settings: list[RunSettings] = []
        self.steps: list[LoadSettings | int] = []
        monkeypatch.setattr(harness.cli.load, "_in_session", self._in_session)
        monkeypatch.setattr(harness.cli.load, "_take", self._take)

    @contextlib.contextmanager
    def _in_session(self, _record: LoadRecord, settings: RunSettings, _progress: object) -> Iterator[None]:
        self.settings.append(settings)
        yield

    def _take(self, record: LoadRecord, _session: None, *others: object) -> None:
        _, step, *_ = others
        assert isinstance(step, LoadSettings | int)
        self.steps.append(step)
        if self.error is not None:
            raise self.error
        if isinstance(step, int):
            record.backfills.append(make_backfill(step))
        else:
            record.loads.append(dataclasses.replace(self.load))


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> Loads:
    """What is carried out."""
    return Loads(monkeypatch)


def run(folder: Path, *words: str) -> tuple[int, LoadRecord]:
    """Carry the command out; return its exit code and its record."""
    exit_code = main(["load", "--output", str(folder), *words])
    return exit_code, read_record(folder, "--output")


def test_each_step_has_a_sandbox_of_its_own(loads: Loads, tmp_path: Path) -> None:
    """Loads come first, then backfills; each sandbox notes when writes were answered."""
    exit_code, record = run(tmp_path, "--runs", "2", "--shape", "steady", "--backfill", "1000")
    assert (exit_code, len(record.loads), len(record.backfills)) == (OK, 2, 1)
    assert [settings.target.sandbox.notes_writes for settings in loads.settings] == [True] * 3
    assert loads.steps == [LoadSettings(), LoadSettings(), 1000]


@pytest.mark.parametrize(
    ("words", "exit_code"),
    [
        (["--max-p99", "0.5"], OK),
        (["--max-p99", "0.01"], EXCEEDED),
        (["--max-backlog", "5"], EXCEEDED),
        (["--min-rate", "5000"], EXCEEDED),
        (["--max-growth", "1.5"], EXCEEDED),
        (["--backfill", "1000", "--max-backfill", "1"], EXCEEDED),
    ],
)
def test_a_limit_has_an_exit_code_of_its_own(
    words: list[str], exit_code: int, loads: Loads, tmp_path: Path
) -> None:
    """What is beyond it ends with 3, and the record says which limit it was."""
    ended, record = run(tmp_path, *words)
    assert ended == record.exit_code == exit_code
    assert any(limit.exceeded for limit in record.limits) == (exit_code == EXCEEDED)


def test_catching_up_is_always_limited(loads: Loads, tmp_path: Path) -> None:
    """An ingester that never catches up is beyond a limit that nobody has to give."""
    loads.load.caught_up_s = None
    assert run(tmp_path)[0] == EXCEEDED


def test_what_is_worse_than_before_is_beyond_a_limit(loads: Loads, tmp_path: Path) -> None:
    """With a baseline the record says what changed."""
    (tmp_path / "earlier.json").write_text(make_record(make_load()).to_json())
    words = ["--baseline", str(tmp_path / "earlier.json")]
    assert run(tmp_path, *words)[0] == OK
    loads.load = make_load(slower=4.0)
    exit_code, record = run(tmp_path, *words)
    assert exit_code == EXCEEDED
    assert any(change.worse for change in record.changes)


def test_what_could_not_be_told_ends_with_2(loads: Loads, tmp_path: Path) -> None:
    """The record has the reason, and the page is written."""
    loads.error = HarnessError("Locust's master ended with exit code 1")
    exit_code, record = run(tmp_path)
    assert (exit_code, record.problem) == (UNTOLD, "Locust's master ended with exit code 1")
    assert (tmp_path / "load.html").exists()


def test_an_interruption_is_written_down(loads: Loads, tmp_path: Path) -> None:
    """Ctrl-C between two loads keeps the first."""
    loads.error = KeyboardInterrupt()
    exit_code, record = run(tmp_path)
    assert (exit_code, record.problem) == (UNTOLD, "interrupted")


def test_after_an_interrupted_load_no_other_begins(loads: Loads, tmp_path: Path) -> None:
    """Who interrupts one wants no other."""
    loads.load.interrupted = True
    exit_code, record = run(tmp_path, "--runs", "3")
    assert (exit_code, len(record.loads)) == (UNTOLD, 1)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--baseline", "no/such"], "--baseline: 'no/such' can't be read"),
        (["--backfill", "5", "--sandbox", "existing"], "--backfill: only --sandbox local can stop"),
    ],
)
def test_wrong_usage_starts_nothing(
    words: list[str], problem: str, loads: Loads, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 4, in a sentence."""
    assert main(["load", "--output", str(tmp_path), *words]) == 4
    assert problem in capsys.readouterr().err
    assert loads.steps == []


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without the extra the way to it is told."""
    monkeypatch.setattr(harness.cli.load, "find_missing", lambda: "locust must be installed: pip install x")
    assert main(["load"]) == 4
    assert "load: locust must be installed" in capsys.readouterr().err
