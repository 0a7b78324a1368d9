"""Promises of `harness.provision.checkout.coverage`: what is counted, and how Go's profile is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.core.errors import HarnessError
from harness.core.progress import SILENT
from harness.core.record import FileCoverage
from harness.provision.checkout.coverage import list_packages, parse_profile, read_coverage

MODULE = "example.com/m/go"
PROFILE = f"""mode: set
{MODULE}/components/ingester/controller.go:10.2,12.20 3 1
{MODULE}/components/ingester/controller.go:12.20,14.3 2 0
{MODULE}/components/ingester/controller.go:15.2,15.30 1 0
{MODULE}/components/ingester/controller.go:20.2,20.9 1 0
{MODULE}/storage/mysql/mysql.go:5.1,6.2 4 0
{MODULE}/storage/mysql/mysql.go:5.1,6.2 4 1
"""


def test_files_are_told_with_what_never_ran() -> None:
    """Blocks that touch are one range; a block counts as run where any part of the profile says so."""
    assert parse_profile(PROFILE) == [
        FileCoverage("components/ingester/controller.go", 7, 3, ["12-15", "20"]),
        FileCoverage("storage/mysql/mysql.go", 4, 4, []),
    ]


def test_files_of_one_folder_keep_their_names() -> None:
    """What all paths have in common is left out, but for the file itself."""
    (file,) = parse_profile(f"mode: set\n{MODULE}/storage/mysql.go:5.1,6.2 4 1\n")
    assert file.path == "mysql.go"
    assert parse_profile("mode: set\n") == []


def test_packages_are_those_that_the_checkout_has(tmp_path: Path) -> None:
    """The program, the Ingester and the storage, where they are."""
    (tmp_path / "go/cmd/controllermgr").mkdir(parents=True)
    assert list_packages(tmp_path) == ("./cmd/controllermgr/...",)
    (tmp_path / "go/storage").mkdir()
    assert list_packages(tmp_path) == ("./cmd/controllermgr/...", "./storage/...")


def test_a_controller_manager_that_was_killed_left_nothing(tmp_path: Path) -> None:
    """It is said that nothing is known, not that nothing ran."""
    (tmp_path / "covmeta.1").touch()
    with pytest.raises(HarnessError, match="came to its end"):
        read_coverage(tmp_path, tmp_path, SILENT)
