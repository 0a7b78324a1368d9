"""Promises of `harness.provision.assets.host`."""

from __future__ import annotations

import platform
import sys

import pytest

from harness.core.errors import HarnessError
from harness.provision.assets.host import Host, get_host


@pytest.mark.parametrize(
    ("system", "machine", "host"),
    [
        ("linux", "x86_64", Host("linux", "amd64")),
        ("linux", "aarch64", Host("linux", "arm64")),
        ("darwin", "arm64", Host("darwin", "arm64")),
        ("darwin", "x86_64", Host("darwin", "amd64")),
    ],
)
def test_names_this_machine(monkeypatch: pytest.MonkeyPatch, system: str, machine: str, host: Host) -> None:
    """Python's names are translated into Go's."""
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert get_host() == host


@pytest.mark.parametrize(("system", "machine"), [("win32", "AMD64"), ("linux", "riscv64")])
def test_refuses_unknown_machines(monkeypatch: pytest.MonkeyPatch, system: str, machine: str) -> None:
    """A machine for which there are no executables is named."""
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    with pytest.raises(HarnessError, match=f"can't run on {system} with a {machine} processor"):
        get_host()
