"""Promises of the command line as a whole: `harness.__main__`, its parser and completion."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness.__main__ import main
from harness.cli.completion import SHELLS, render_script
from harness.cli.options import Group
from harness.cli.program import build_parser
from harness.cli.run import list_hints
from harness.core.errors import HarnessError


def test_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    """`--version` says what is installed."""
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert (ended.value.code, capsys.readouterr().out.split()[0]) == (0, "ingester-acceptance")


@pytest.mark.parametrize("words", ["nonsense", "crs render --sett a=b", "sandbox up --prof x"])
def test_unknown_words_are_wrong_usage(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown command or option, a shortened one too, is named; the exit code is 4."""
    with pytest.raises(SystemExit) as ended:
        main(words.split())
    assert ended.value.code == 4
    assert words.split()[-2:][0] in capsys.readouterr().err


def test_errors_have_their_exit_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong value is 4, what can't be done is 2; the message goes to standard error."""
    assert main(["crs", "render", "modle"]) == 4
    assert "did you mean Model" in capsys.readouterr().err
    assert main(["report", "html", str(tmp_path / "none.json")]) in (2, 4)
    assert "none.json" in capsys.readouterr().err


def test_crs_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """`crs render` prints the kinds that are asked for, with the values that are."""
    assert main(["crs", "render", "model", "--set", "algorithm=lightgbm"]) == 0
    printed = capsys.readouterr().out
    assert "kind: Model" in printed
    assert "lightgbm" in printed


def test_words_of_run_stay_as_they_are() -> None:
    """What follows `run` is pytest's: also options that the parser knows, and short ones."""
    words = ["-m", "report", "--crd", "model", "-xq", "--k3d-exclude=ui"]
    assert build_parser().parse_args(["run", *words]).words == words


def test_run_helps_with_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    """`run --help` has the options in groups, and says that pytest's can be given too."""
    with pytest.raises(SystemExit):
        main(["run", "-x", "--help"])
    text = capsys.readouterr().out
    headings = [line for line in text.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert headings == ["options:", *(f"{group}:" for group in Group if group is not Group.LIMIT), "again:"]
    assert "pytest --help" in text


def test_a_near_miss_gets_a_suggestion() -> None:
    """Unknown words are refused by pytest; what was meant is said where it is near."""
    assert list_hints(["--crdd", "model", "--sync-timout=3", "--durations=3", "--crd"]) == [
        "--crdd: did you mean --crd?",
        "--sync-timout: did you mean --sync-timeout?",
    ]


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_knows_commands_options_and_values(shell: str) -> None:
    """The script has commands, options, and the values that can be listed."""
    pytest.importorskip("shtab")
    script = render_script(build_parser(), shell)
    for word in ("doctor", "keep-sandbox", "upstream-main", "mysql-kill"):
        assert word in script


def test_completion_without_its_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library is of an extra."""
    monkeypatch.setitem(sys.modules, "shtab", None)
    with pytest.raises(HarnessError, match=r"pip install 'ingester-acceptance\[completion\]'"):
        render_script(build_parser(), "bash")
