"""Fixtures: a PATH that holds stand-ins and nothing else."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.sandbox.k3d.kubectl import Kubectl
from tests.unit.sandbox.k3d.standins import StandIns


@pytest.fixture
def standins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIns:
    """All stand-ins, alone on PATH; the home folder is one of the test's own."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    made = StandIns(folder)
    made.install()
    made.configure(cluster={"server": "https://127.0.0.1:1"}, user={"token": "t"})
    return made


@pytest.fixture
def log() -> io.StringIO:
    """Where the sandbox writes what it does."""
    return io.StringIO()


@pytest.fixture
def kubectl(standins: StandIns, tmp_path: Path, log: io.StringIO) -> Iterator[Kubectl]:
    """The stand-in kubectl; no file of what it was sent may stay behind."""
    folder = tmp_path / "private"
    folder.mkdir()
    yield Kubectl(folder / "kubeconfig", log)
    assert list(folder.iterdir()) == []
