"""Promises of `harness.sandbox.local.servers.fulldisk`; what needs a server is for the integration tests."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness.core.errors import HarnessError
from harness.core.settings import MySQLEndpoint
from harness.sandbox.local.servers.fulldisk import FullDisk


def test_other_systems_are_told_that_they_can_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where the files of a running process can't be limited, that is said before anything is done."""
    monkeypatch.setattr(sys, "platform", "darwin")
    disk = FullDisk(tmp_path, MySQLEndpoint("127.0.0.1", 1, "me", "michelangelo", "pw"))
    for action in (disk.fill, disk.free):
        with pytest.raises(HarnessError, match="The disk can't be made full on this system"):
            action(1)
