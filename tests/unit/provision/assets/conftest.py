"""What these tests share: a machine on which nothing is installed, and made-up programs."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.core.progress import Progress

WriteProgram = Callable[[str, str], Path]


class _Recorder:
    def __init__(self, events: list[str]) -> None:
        self._events = events

    def begin(self, stage: str, total: int | None = None, unit: str = "") -> None:
        self._events.append(f"begin {stage} [{total} {unit}]".replace("[None ]", "").strip())

    def advance(self, stage: str, done: int, note: str = "") -> None:
        self._events.append(f"{stage}: {done} {note}".strip())

    def end(self, stage: str, note: str = "") -> None:
        self._events.append(f"end {stage}: {note}")


@pytest.fixture
def events() -> list[str]:
    """What was reported as progress, one string per call."""
    return []


@pytest.fixture
def progress(events: list[str]) -> Progress:
    """A progress that writes to `events`."""
    return _Recorder(events)


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    """The folder of made-up programs: first on PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    return folder


@pytest.fixture
def write_program(bin_folder: Path) -> WriteProgram:
    """Write a shell script onto PATH."""

    def write(name: str, script: str) -> Path:
        path = bin_folder / name
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
        return path

    return write


@pytest.fixture(autouse=True)
def _bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, bin_folder: Path) -> None:
    settings = ("GO", "INGESTER_ACCEPTANCE_", "KUBEBUILDER_", "PIP_")
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith(settings):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:1/nobody")
    system = tmp_path / "system"  # only what the scripts themselves need
    system.mkdir()
    for program in ("sh", "cat", "cp", "echo", "env", "mkdir", "ls", "sleep", "chmod", "touch", "dirname"):
        (system / program).symlink_to(next(p for f in ("/bin", "/usr/bin") if (p := Path(f, program)).exists()))
    monkeypatch.setenv("PATH", f"{bin_folder}{os.pathsep}{system}")
    monkeypatch.setenv("INGESTER_ACCEPTANCE_CACHE", str(tmp_path / "cache"))
