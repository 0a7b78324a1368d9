"""The command that passes the tests finds all of them."""

from __future__ import annotations

import configparser
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def read_words() -> list[str]:
    """Return what tox tests where it is given nothing else: folders, and pytest's options."""
    tox = configparser.ConfigParser()
    tox.read(ROOT / "tox.ini", encoding="utf-8")
    command = tox["testenv"]["commands"]
    return shlex.split(command[command.index("{posargs:") + len("{posargs:") : command.index("}")])


def collect(words: list[str]) -> str:
    """Return what pytest collects with these words, in a process of its own."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--collect-only", "-q", *words]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert finished.returncode == pytest.ExitCode.OK, finished.stdout[-4000:] + finished.stderr
    return finished.stdout


def test_the_test_command_collects_all_folders_together(request: pytest.FixtureRequest) -> None:
    """Options, hooks and fixtures of one folder bear the tests of the others."""
    words, config = read_words(), request.config
    folders = [word for word in words if word.startswith("tests/")]
    assert folders
    # where this run is that command, it has come as far as this
    markers = words[words.index("-m") + 1]
    is_it = set(folders) <= set(config.args) and not config.option.keyword and config.option.markexpr == markers
    collected = "\n".join(item.nodeid for item in request.session.items) if is_it else collect(words)
    for folder in folders:
        assert f"\n{folder}/" in f"\n{collected}"
