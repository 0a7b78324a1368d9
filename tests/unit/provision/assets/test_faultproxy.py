"""Promises of `harness.provision.assets.faultproxy`: built once, from the project's module, and named."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.core.errors import HarnessError
from harness.core.progress import SILENT
from harness.provision.assets import faultproxy
from harness.provision.assets.faultproxy import find_fault_proxy

WriteProgram = Callable[[str, str], Path]
_GO = """
[ "$1" = env ] && [ "$2" = GOVERSION ] && echo go1.26.8
[ "$1" = list ] && echo faultproxy
[ "$1" = build ] && {{ echo "$*" >> "{log}"; cp "{program}" "$7"; }}
exit 0
"""


@pytest.fixture
def builds(tmp_path: Path, write_program: WriteProgram) -> Path:
    """A log of what a made-up `go` was told to build; its product tells what stands in `tmp_path/version`."""
    log, program = tmp_path / "builds", tmp_path / "program"
    (tmp_path / "version").write_text("Toxiproxy 2.5.0\n")
    program.write_text(f"#!/bin/sh\ncat {tmp_path}/version\n")
    program.chmod(0o755)
    write_program("go", _GO.format(log=log, program=program))
    return log


def test_it_is_built_once(builds: Path) -> None:
    """The second run takes it from the cache, with version and SHA-256; the build carries the version."""
    first = find_fault_proxy(SILENT)
    assert find_fault_proxy(SILENT) == first
    assert (first.version, first.source) == ("2.5.0", "built from faultproxy/ with Go 1.26.8")
    assert first.sha256 == hashlib.sha256(first.path.read_bytes()).hexdigest()
    (line,) = builds.read_text().splitlines()
    assert "-X github.com/Shopify/toxiproxy/v2.Version=2.5.0" in line


def test_changed_module_is_built_again(builds: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A change to any file of faultproxy/ leads to another build."""
    copy = tmp_path / "faultproxy"
    copy.mkdir()
    for name in ("go.mod", "go.sum", "main.go"):
        (copy / name).write_bytes((faultproxy._MODULE / name).read_bytes())
    monkeypatch.setattr(faultproxy, "_MODULE", copy)
    first = find_fault_proxy(SILENT)
    (copy / "main.go").write_text("package main // changed\n")
    assert find_fault_proxy(SILENT).path != first.path


def test_program_that_is_another_version_is_refused(builds: Path, tmp_path: Path) -> None:
    """A build that does not answer with the version that go.mod names is not used."""
    (tmp_path / "version").write_text("Toxiproxy git\n")
    with pytest.raises(HarnessError, match=r"(?s)faultproxy --version failed:\n    Toxiproxy git"):
        find_fault_proxy(SILENT)


def test_missing_module_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An installation without faultproxy/ is an error that names the folder and the way out."""
    monkeypatch.setattr(faultproxy, "_MODULE", tmp_path / "faultproxy")
    with pytest.raises(HarnessError, match=f"The Go module {tmp_path}/faultproxy can't be read") as caught:
        find_fault_proxy(SILENT)
    assert "pip install -e ." in caught.value.hint
