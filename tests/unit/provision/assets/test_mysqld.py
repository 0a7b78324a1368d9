"""Promises of `harness.provision.assets.mysqld`: the order of its sources, and what it refuses."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from harness.core.errors import HarnessError
from harness.core.progress import SILENT, Progress
from harness.provision.assets import mysqld
from harness.provision.assets.cache import Cache
from harness.provision.assets.mysqld import MySQLServerFiles, find_mysql_server

WriteProgram = Callable[[str, str], Path]

MYSQL = "echo '/usr/sbin/mysqld  Ver 8.0.36-0ubuntu0.22.04.1 for Linux on x86_64 ((Ubuntu))'"
MARIADB = "echo 'mariadbd  Ver 10.11.19-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Debian 12)'"


class _Apt:
    """An apt that unpacks a made-up MariaDB, and counts."""

    unpacked: Sequence[Sequence[str]] = ()
    server = MARIADB

    def __init__(self, workspace: Path, progress: Progress) -> None:
        pass

    def update(self) -> None:
        pass

    def find_names(self, prefix: str) -> list[str]:
        return [prefix]

    def unpack(self, names: Sequence[str], folder: Path) -> None:
        type(self).unpacked = (*self.unpacked, names)
        for path, content in {
            "usr/sbin/mariadbd": f"#!/bin/sh\necho $LD_LIBRARY_PATH > {folder.parent}/libraries\n{self.server}\n",
            "usr/lib/x86_64-linux-gnu/libaio.so.1": "",
        }.items():
            (folder / path).parent.mkdir(parents=True)
            (folder / path).write_text(content)
            (folder / path).chmod(0o755)


@pytest.fixture(autouse=True)
def _no_usual_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mysqld, "_FOLDERS", ())


@pytest.fixture
def apt(monkeypatch: pytest.MonkeyPatch) -> type[_Apt]:
    """A Debian whose packages can be had."""

    class Fresh(_Apt):
        pass

    monkeypatch.setattr(mysqld, "is_apt_system", lambda: True)
    monkeypatch.setattr(mysqld, "Apt", Fresh)
    release = {"ID": "debian", "VERSION_ID": "12", "VERSION_CODENAME": "bookworm"}
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: release)
    return Fresh


def test_finds_mysql_on_path(write_program: WriteProgram, apt: type[_Apt]) -> None:
    """An installed MySQL is used as it is; it makes its data folder itself."""
    server, client = write_program("mysqld", MYSQL), write_program("mysql", "")
    assert find_mysql_server(SILENT) == MySQLServerFiles("mysql", server, "8.0.36", str(server), client=client)
    assert apt.unpacked == ()


def test_finds_mariadb_on_path(write_program: WriteProgram) -> None:
    """An installed MariaDB is recognised by what it says, not by its name, and its install script is found."""
    server, install_db = write_program("mysqld", MARIADB), write_program("mariadb-install-db", "")
    assert find_mysql_server(SILENT) == MySQLServerFiles(
        "mariadb", server, "10.11.19", str(server), install_db=install_db
    )


def test_finds_a_server_off_path(
    write_program: WriteProgram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server in one of the folders that are seldom on PATH is found too."""
    folder = tmp_path / "sbin"
    folder.mkdir()
    server = write_program("mysqld", MYSQL).rename(folder / "mysqld")
    monkeypatch.setattr(mysqld, "_FOLDERS", (str(folder),))
    assert find_mysql_server(SILENT).server == server


@pytest.mark.usefixtures("apt")
@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo 'mysqld  Ver 5.7.44 for Linux'", "is mysql 5.7.44, older than 8.0"),
        ("echo 'libaio.so.1: cannot open shared object file' >&2; exit 127", "does not start (exit code 127)"),
        (MARIADB, "has no mariadb-install-db beside it"),
    ],
    ids=["too old", "broken", "incomplete"],
)
def test_useless_server_is_passed_over(
    write_program: WriteProgram, progress: Progress, events: list[str], script: str, reason: str
) -> None:
    """A server that can't be used is passed over, and progress says why."""
    server = write_program("mysqld", script)
    assert find_mysql_server(progress).source == "packages of debian 12 bookworm"
    assert events[1].startswith(f"end MySQL server of this machine: not used: {server} {reason}")


def test_unpacks_the_distribution_s_packages(apt: type[_Apt]) -> None:
    """Without a server MariaDB's packages are unpacked into the cache, once, and run with their own libraries."""
    first = find_mysql_server(SILENT)
    folder = next(Cache().root.glob("mariadb-*[0-9a-f]"))
    usr = folder / "usr"
    assert first == MySQLServerFiles(
        "mariadb", usr / "sbin/mariadbd", "10.11.19", "packages of debian 12 bookworm", usr,
        str(usr / "lib/x86_64-linux-gnu"), usr / "bin/mariadb-install-db", usr / "bin/mariadb", first.sha256,
    )  # fmt: skip
    assert len(first.sha256) == 64
    assert (Cache().root / "libraries").read_text() == f"{first.library_path}\n"
    assert find_mysql_server(SILENT) == first
    assert apt.unpacked == (["mariadb-server-core", "mariadb-client-core"],)


def test_unpacked_server_that_no_longer_starts_is_replaced(
    apt: type[_Apt], tmp_path: Path, progress: Progress, events: list[str]
) -> None:
    """Where a library of the system vanished under a cached server, its packages are unpacked again."""
    gone = tmp_path / "gone"
    apt.server = f"[ -e {gone} ] && {{ echo 'libssl.so.3: not found' >&2; exit 127; }}; {MARIADB}"
    find_mysql_server(SILENT)
    gone.touch()
    apt.server = MARIADB
    assert find_mysql_server(progress).version == "10.11.19"
    assert len(apt.unpacked) == 2
    assert "does not start (exit code 127):\n    libssl.so.3: not found" in events[1]


def test_unpacked_server_that_never_starts_is_not_kept(apt: type[_Apt]) -> None:
    """Packages that don't work here are an error with the ways out, and do not enter the cache."""
    apt.server = "exit 1"
    with pytest.raises(HarnessError, match="does not start") as caught:
        find_mysql_server(SILENT)
    assert caught.value.hint == mysqld.WAYS_OUT
    assert list(Cache().root.glob("mariadb-*[0-9a-f]")) == []


def test_failing_apt_is_quoted(apt: type[_Apt], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without network the error has apt's words, and what to do instead."""

    def fail(self: _Apt, names: Sequence[str], folder: Path) -> None:
        raise HarnessError("apt could not download it:\n    E: Unable to locate package")

    monkeypatch.setattr(apt, "unpack", fail)
    with pytest.raises(HarnessError) as caught:
        find_mysql_server(SILENT)
    assert caught.value.problem == (
        "There is no mysqld or mariadbd on PATH or in the usual folders."
        " apt could not download it:\n    E: Unable to locate package"
    )
    assert caught.value.hint == mysqld.WAYS_OUT


def test_offline_fetches_nothing(apt: type[_Apt], monkeypatch: pytest.MonkeyPatch) -> None:
    """INGESTER_ACCEPTANCE_OFFLINE asks apt for nothing."""
    monkeypatch.setenv("INGESTER_ACCEPTANCE_OFFLINE", "1")
    with pytest.raises(HarnessError, match="INGESTER_ACCEPTANCE_OFFLINE forbids to fetch MariaDB's packages"):
        find_mysql_server(SILENT)
    assert apt.unpacked == ()


@pytest.mark.parametrize("way_out", ["--mysql-url", "apt-get install", "dnf install", "apk add", "brew install"])
def test_other_systems_are_told_what_to_install(monkeypatch: pytest.MonkeyPatch, way_out: str) -> None:
    """Where no packages can be fetched the error says what to install on each kind of system."""
    monkeypatch.setattr(mysqld, "is_apt_system", lambda: False)
    with pytest.raises(HarnessError, match="only the packages of apt systems can be fetched") as caught:
        find_mysql_server(SILENT)
    assert way_out in caught.value.hint


@pytest.mark.parametrize(
    ("available", "chosen"),
    [
        (["mariadb-server-core", "mariadb-server-core-10.6"], ["mariadb-server-core", "mariadb-client-core"]),
        (
            ["mariadb-server-core-10.6", "mariadb-server-core-10.11", "mariadb-server-core-10.6-dbgsym"],
            ["mariadb-server-core-10.11", "mariadb-client-core-10.11"],
        ),
        ([], ["mariadb-server-core", "mariadb-client-core"]),
    ],
    ids=["current", "older distribution", "unknown to apt"],
)
def test_chooses_packages(available: list[str], chosen: list[str]) -> None:
    """The package without a version is preferred; an older distribution's newest is found."""
    assert mysqld._choose_packages(available) == chosen


def test_environment_keeps_the_user_s_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's own libraries come before those that the user set, and nothing is set where it has none."""
    monkeypatch.setenv("LD_LIBRARY_PATH", "/mine")
    files = MySQLServerFiles("mariadb", Path("/m"), "10.11.19", "here", library_path="/own")
    assert files.make_environment()["LD_LIBRARY_PATH"] == "/own:/mine"
    monkeypatch.delenv("LD_LIBRARY_PATH")
    assert files.make_environment()["LD_LIBRARY_PATH"] == "/own"
    plain = MySQLServerFiles("mysql", Path("/m"), "8.0.36", "here")
    assert plain.make_environment() == dict(os.environ)
