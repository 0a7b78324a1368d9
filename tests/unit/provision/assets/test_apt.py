"""Promises of `harness.provision.assets.apt`, with made-up programs in apt's place."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.core.errors import HarnessError
from harness.core.progress import SILENT, Progress
from harness.provision.assets.apt import Apt, is_apt_system

WriteProgram = Callable[[str, str], Path]

APT_GET = r"""
echo "$*" >> "$RECORD"
case "$3" in
update) echo 'dlstatus:1:50.5:Retrieving file 1 of 2' >&2; echo 'W: Failed to fetch x' >&2;;
install)
    echo 'dlstatus:1:100.0:Retrieving file 2 of 2' >&2
    for package in server client; do echo $package > "$WORK/cache/archives/${package}_1_all.deb"; done;;
esac
"""
DPKG_DEB = r"""
name=$(cat "$2")
mkdir -p "$3/usr/sbin" "$3/usr/share/doc/$name" "$3/usr/share/man"
echo "$name" > "$3/usr/sbin/$name"
"""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write_program: WriteProgram) -> Path:
    """A workspace, and an apt that has two packages."""
    folder = tmp_path / "work space"
    folder.mkdir()
    monkeypatch.setenv("WORK", str(folder))
    monkeypatch.setenv("RECORD", str(tmp_path / "record"))
    write_program("apt-get", APT_GET)
    write_program("apt-cache", "echo mariadb-server-core-10.6; echo mariadb-server-core")
    write_program("dpkg-deb", DPKG_DEB)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the packages are unpacked."""
    target = tmp_path / "unpacked"
    target.mkdir()
    return target


def test_knows_apt_systems(workspace: Path, bin_folder: Path) -> None:
    """A system with all of apt's programs is one of apt; with one missing it is not."""
    assert is_apt_system()
    (bin_folder / "dpkg-deb").unlink()
    assert not is_apt_system()


def test_unpacks_packages(workspace: Path, folder: Path, tmp_path: Path) -> None:
    """Downloaded packages are unpacked into the folder, without what only people read."""
    apt = Apt(workspace, SILENT)
    apt.update()
    apt.unpack(["server", "client"], folder)
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()) == [
        "usr/sbin/client", "usr/sbin/server",
    ]  # fmt: skip
    assert not (folder / "usr/share/doc").exists()
    assert (tmp_path / "record").read_text().splitlines() == [
        f"-c {workspace}/apt.conf update",
        f"-c {workspace}/apt.conf install --download-only --no-install-recommends --reinstall --yes server client",
    ]


def test_shows_how_far_it_is(workspace: Path, folder: Path, progress: Progress, events: list[str]) -> None:
    """Progress shows the percentages that apt itself gives."""
    apt = Apt(workspace, progress)
    apt.update()
    apt.unpack(["server", "client"], folder)
    assert events == [
        "begin fetch package lists [100 %]",
        "fetch package lists: 50 Retrieving file 1 of 2",
        "end fetch package lists: ",
        "begin download server [100 %]",
        "download server: 100 Retrieving file 2 of 2",
        "end download server: ",
        "begin unpack packages [2 packages]",
        "unpack packages: 1 client",
        "unpack packages: 2 server",
        "end unpack packages: ",
    ]


@pytest.mark.parametrize(("user", "asks_for_root"), [(0, True), (1000, False)])
def test_uses_nothing_of_the_system_but_its_sources(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, user: int, asks_for_root: bool
) -> None:
    """State and cache are private, locks and hooks of the system are left alone, signatures are still checked."""
    monkeypatch.setattr(os, "geteuid", lambda: user)
    Apt(workspace, SILENT)
    lines = (workspace / "apt.conf").read_text().splitlines()
    assert f'Dir::State "{workspace}/state";' in lines
    assert f'Dir::Cache "{workspace}/cache";' in lines
    assert 'Debug::NoLocking "true";' in lines
    assert "#clear APT::Update::Post-Invoke;" in lines
    assert ('APT::Sandbox::User "root";' in lines) == asks_for_root
    assert [line for line in lines if "nauthenticated" in line or "nsecure" in line] == []


def test_packages_of_an_earlier_attempt_are_not_mixed_in(workspace: Path, folder: Path) -> None:
    """Archives that an interrupted run left, perhaps of another version, are not unpacked."""
    (workspace / "cache/archives").mkdir(parents=True)
    (workspace / "cache/archives/old_0_all.deb").write_text("old")
    apt = Apt(workspace, SILENT)
    apt.unpack(["server"], folder)
    assert not (folder / "usr/sbin/old").exists()


def test_failing_download_is_quoted(workspace: Path, folder: Path, write_program: WriteProgram) -> None:
    """The error has apt's complaints, those of the update too, and nothing else of what it printed."""
    write_program("apt-get", APT_GET.replace("install)", "install) echo 'E: Unable to locate it' >&2; exit 100"))
    apt = Apt(workspace, SILENT)
    apt.update()
    with pytest.raises(HarnessError) as caught:
        apt.unpack(["server", "client"], folder)
    assert caught.value.problem == (
        "apt could not download server, client:\n    W: Failed to fetch x\n    E: Unable to locate it"
    )


def test_damaged_package_is_named(workspace: Path, folder: Path, write_program: WriteProgram) -> None:
    """A package that can't be unpacked is an error that names it."""
    write_program("dpkg-deb", "echo 'unexpected end of file' >&2; exit 2")
    with pytest.raises(HarnessError, match=r"client_1_all\.deb can't be unpacked:\n    unexpected end of file"):
        Apt(workspace, SILENT).unpack(["server"], folder)


def test_finds_names(workspace: Path) -> None:
    """Names of packages come sorted."""
    names = Apt(workspace, SILENT).find_names("mariadb-server-core")
    assert names == ["mariadb-server-core", "mariadb-server-core-10.6"]
