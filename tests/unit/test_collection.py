"""The command that passes the tests finds all of them."""

from __future__ import annotations

import configparser
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def read_folders() -> list[str]:
    """Return the folders that tox tests where it is given no others."""
    tox = configparser.ConfigParser()
    tox.read(ROOT / "tox.ini", encoding="utf-8")
    command = tox["testenv"]["commands"]
    words = shlex.split(command[command.index("{posargs:") + len("{posargs:") : command.index("}")])
    return [word for word in words if (ROOT / word).is_dir()]


def collect(folders: list[str]) -> str:
    """Return what pytest collects in these folders, in a process of its own."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--collect-only", "-q", *folders]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert finished.returncode == pytest.ExitCode.OK, finished.stdout[-4000:] + finished.stderr
    return finished.stdout


def test_the_test_command_collects_all_folders_together(request: pytest.FixtureRequest) -> None:
    """Options, hooks and fixtures of one folder bear the tests of the others."""
    folders, config = read_folders(), request.config
    # where this run is that command, it has come as far as this
    is_it = set(folders) <= set(config.args) and not config.option.keyword and not config.option.markexpr
    collected = "\n".join(item.nodeid for item in request.session.items) if is_it else collect(folders)
    for folder in folders:
        assert f"\n{folder}/" in f"\n{collected}"
