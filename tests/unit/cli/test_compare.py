"""The command `compare`: what its two sides may be."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import pytest

from harness.__main__ import main
from harness.cli.compare import read_side
from harness.core.errors import SettingsError


def _options(**given: str | None) -> argparse.Namespace:
    return argparse.Namespace(**{"michelangelo": None, "controllermgr": "reference", **given})


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a repository with one commit, tagged v1."""
    for words in (
        ("init", "-q"),
        ("-c", "user.name=x", "-c", "user.email=x", "commit", "-q", "--allow-empty", "-m", "one"),
        ("tag", "v1"),
    ):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    return tmp_path


def test_a_side_is_an_executable_a_folder_or_a_url(tmp_path: Path) -> None:
    """Each is what the run's own option for it takes."""
    sides = {"reference": "controllermgr", sys.executable: "controllermgr", str(tmp_path): "michelangelo"}
    for word, option in {**sides, "https://x.example/m@main": "michelangelo"}.items():
        assert getattr(read_side(_options(control=word), "control"), option) == word
    given = _options(control=sys.executable, michelangelo=str(tmp_path))
    assert read_side(given, "control").michelangelo is None


def test_a_ref_is_one_of_the_checkout(checkout: Path) -> None:
    """It is fetched by its commit, so that the checkout's own files stay as they are."""
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=checkout, check=True, capture_output=True, text=True
    ).stdout.strip()
    side = read_side(_options(target="v1", michelangelo=str(checkout)), "target")
    assert side.michelangelo == f"file://{checkout}@{commit}"
    with pytest.raises(SettingsError, match=r"--target: 'v2' in .*no such ref"):
        read_side(_options(target="v2", michelangelo=str(checkout)), "target")


def test_what_is_none_of_these_is_refused() -> None:
    """A ref without a checkout can't be found; the error says what is needed."""
    with pytest.raises(SettingsError, match=r"(?s)--control: 'main' is no file.*--michelangelo"):
        read_side(_options(control="main"), "control")


@pytest.mark.parametrize("words", ["--samples 0", "--sandbox existing"])
def test_wrong_options_end_it_before_anything_starts(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The error names the option."""
    assert main(["compare", "--control", "reference", "--target", "reference", *words.split()]) == 4
    assert words.partition(" ")[0] in capsys.readouterr().err
