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
    for name, text in (("go/main.go", "package main"), ("data/large.csv", "1")):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text, encoding="utf-8")
    for words in (
        ("init", "-q"),
        ("add", "."),
        ("-c", "user.name=x", "-c", "user.email=x", "commit", "-q", "-m", "one"),
        ("tag", "v1"),
    ):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    return tmp_path


def test_a_side_is_an_executable_a_folder_or_a_url(tmp_path: Path) -> None:
    """Each is what the run's own option for it takes."""
    sides = {"reference": "controllermgr", sys.executable: "controllermgr", str(tmp_path): "michelangelo"}
    for word, option in {**sides, "https://x.example/m@main": "michelangelo"}.items():
        assert getattr(read_side(_options(control=word), "control", tmp_path), option) == word
    given = _options(control=sys.executable, michelangelo=str(tmp_path))
    assert read_side(given, "control", tmp_path).michelangelo is None


def test_a_ref_is_one_of_the_checkout(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """It gets a working tree of its own, so that the checkout's own files stay as they are."""
    trees = tmp_path_factory.mktemp("trees")
    (checkout / "go" / "main.go").write_text("changed", encoding="utf-8")
    side = read_side(_options(target="v1", michelangelo=str(checkout)), "target", trees)
    assert side.michelangelo == str(trees / "target")
    assert (trees / "target" / "go" / "main.go").read_text(encoding="utf-8") == "package main"
    assert not (trees / "target" / "data").exists()
    assert (checkout / "go" / "main.go").read_text(encoding="utf-8") == "changed"
    with pytest.raises(SettingsError, match=r"--target: 'v2' in .*no such ref"):
        read_side(_options(target="v2", michelangelo=str(checkout)), "target", trees)


def test_what_is_none_of_these_is_refused() -> None:
    """A ref without a checkout can't be found; the error says what is needed."""
    with pytest.raises(SettingsError, match=r"(?s)--control: 'main' is no file.*--michelangelo"):
        read_side(_options(control="main"), "control", Path())


@pytest.mark.parametrize("words", ["--samples 0", "--sandbox existing"])
def test_wrong_options_end_it_before_anything_starts(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The error names the option."""
    assert main(["compare", "--control", "reference", "--target", "reference", *words.split()]) == 4
    assert words.partition(" ")[0] in capsys.readouterr().err
