"""Fixtures that several folders share: a sandbox's folder with a short path, stand-ins for its programs."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.cli.configuration import CONFIG_VARIABLE, VARIABLE_PREFIX
from harness.sandbox.local.wire.folder import SandboxFolder, make_folder
from harness.sandbox.storage import ROOT_VARIABLE, get_root
from tests.fakes.sandbox import FakeSandbox

MakeProgram = Callable[[str, str], Path]


@pytest.fixture(autouse=True)
def unconfigured(monkeypatch: pytest.MonkeyPatch) -> None:
    """No file and no variable of whoever runs the tests stands in place of an option."""
    monkeypatch.setenv(CONFIG_VARIABLE, "")
    for name in os.environ:
        if name.startswith(VARIABLE_PREFIX):
            monkeypatch.delenv(name)


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A root of its own for sandboxes, whose path leaves room for those of sockets."""
    with tempfile.TemporaryDirectory(prefix="sb-", dir="/tmp") as path:
        monkeypatch.setenv(ROOT_VARIABLE, path)
        yield get_root()


@pytest.fixture
def folder(root: Path) -> Iterator[SandboxFolder]:
    """The folder of a sandbox whose supervisor lives, which is this process."""
    made, lock = make_folder(root)
    yield made
    os.close(lock)
    shutil.rmtree(made.path, ignore_errors=True)


@pytest.fixture
def make_program(tmp_path: Path) -> MakeProgram:
    """Writes an executable Python script of a given name and body, and returns its path."""

    def make(name: str, body: str) -> Path:
        path = tmp_path / name
        path.write_text(f"#!{sys.executable} -S\n{body}\n", encoding="utf-8")
        path.chmod(0o755)
        return path

    return make


@pytest.fixture
def sandbox() -> FakeSandbox:
    """Return a sandbox whose controller manager runs and has written nothing."""
    return FakeSandbox()
