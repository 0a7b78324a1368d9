"""The command that passes the tests finds all of them."""

from __future__ import annotations

import configparser
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
    return command[command.index("{posargs:") + len("{posargs:") : command.index("}")].split()


def test_the_test_command_collects_all_folders_together() -> None:
    """Options, hooks and fixtures of one folder bear the tests of the others."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--collect-only", "-q", *read_folders()]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert finished.returncode == pytest.ExitCode.OK, finished.stdout[-4000:] + finished.stderr
    for folder in read_folders():
        assert f"\n{folder}/" in f"\n{finished.stdout}"
