"""Promises of `harness.provision.assets.data_folder`, with made-up servers."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.core.errors import HarnessError
from harness.provision.assets.data_folder import initialise_data_folder, make_server_command
from harness.provision.assets.mysqld import MySQLServerFiles

WriteProgram = Callable[[str, str], Path]

# A server or install script that writes its arguments down and makes the system tables' folder.
INITIALISE = r"""
for argument; do echo "$argument" >> "$RECORD"; done
for argument; do case "$argument" in --datadir=*) mkdir -p "${argument#--datadir=}/mysql";; esac; done
"""


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file to which the made-up programs write their arguments."""
    monkeypatch.setenv("RECORD", str(tmp_path / "record"))
    return tmp_path / "record"


@pytest.fixture
def mysql(write_program: WriteProgram) -> MySQLServerFiles:
    """A MySQL that the system has."""
    return MySQLServerFiles("mysql", write_program("mysqld", INITIALISE), "8.0.36", "here")


@pytest.fixture
def mariadb(write_program: WriteProgram, tmp_path: Path) -> MySQLServerFiles:
    """A MariaDB that was unpacked into a folder."""
    install_db = write_program("mariadb-install-db", INITIALISE)
    return MySQLServerFiles(
        "mariadb", tmp_path / "sbin/mariadbd", "10.11.19", "packages", tmp_path, None, install_db
    )


def test_mysql_makes_its_folder_itself(mysql: MySQLServerFiles, record: Path, tmp_path: Path) -> None:
    """MySQL is asked to initialise the folder, which nobody else can read."""
    initialise_data_folder(mysql, tmp_path / "data")
    arguments = record.read_text().splitlines()
    assert {"--no-defaults", "--initialize-insecure", f"--datadir={tmp_path}/data"} <= set(arguments)
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_mariadb_s_script_makes_the_folder(mariadb: MySQLServerFiles, record: Path, tmp_path: Path) -> None:
    """MariaDB's own script is used, with the unpacked files, and without a name service."""
    initialise_data_folder(mariadb, tmp_path / "data")
    arguments = record.read_text().splitlines()
    assert arguments[0] == "--no-defaults"
    assert {f"--basedir={tmp_path}", f"--datadir={tmp_path}/data", "--force", "--skip-test-db"} <= set(arguments)


@pytest.fixture(params=[0, 1000], ids=["root", "not root"])
def user_options(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a server must be told of its user, for each kind of user."""
    monkeypatch.setattr(os, "geteuid", lambda: request.param)
    return ["-uroot"] if request.param == 0 else []


def test_root_is_named_to_the_server(
    mysql: MySQLServerFiles, mariadb: MySQLServerFiles, record: Path, tmp_path: Path, user_options: list[str]
) -> None:
    """As root, and only then, the user option is given, in the form that leaves the system's files alone."""
    initialise_data_folder(mysql, tmp_path / "one")
    initialise_data_folder(mariadb, tmp_path / "two")
    command = make_server_command(
        mysql, tmp_path, port=1, init_file=tmp_path / "init.sql", temporary_folder=tmp_path
    )
    given = [*record.read_text().splitlines(), *command]
    assert [argument for argument in given if argument.startswith(("-u", "--user"))] == user_options * 3


def test_white_space_in_paths(mariadb: MySQLServerFiles, record: Path, tmp_path: Path) -> None:
    """MariaDB's script, which fails on white space, is given other paths; the data end up where they should."""
    initialise_data_folder(mariadb, tmp_path / "my data")
    given = [line for line in record.read_text().splitlines() if line.startswith("--datadir=")]
    assert len(given) == 1
    assert " " not in given[0]
    assert (tmp_path / "my data/mysql").is_dir()


def test_failure_is_quoted(mysql: MySQLServerFiles, tmp_path: Path, write_program: WriteProgram) -> None:
    """A failing initialisation gives the server's last words and the folder."""
    write_program("mysqld", "echo '[ERROR] No space left' >&2; exit 1")
    with pytest.raises(HarnessError) as caught:
        initialise_data_folder(mysql, tmp_path / "data")
    assert caught.value.problem == (
        f"{mysql.server} could not make the data folder {tmp_path}/data (exit code 1):\n    [ERROR] No space left"
    )


def test_success_is_checked(mysql: MySQLServerFiles, tmp_path: Path, write_program: WriteProgram) -> None:
    """An exit code of 0 without system tables is no success."""
    write_program("mysqld", "exit 0")
    with pytest.raises(HarnessError, match="could not make the data folder"):
        initialise_data_folder(mysql, tmp_path / "data")


@pytest.mark.parametrize("flavor", ["mysql", "mariadb"])
def test_server_is_private_and_strict(flavor: str, mysql: MySQLServerFiles, tmp_path: Path) -> None:
    """The server listens on loopback only, keeps its files in its folders and is as strict as MySQL 8."""
    files = MySQLServerFiles(flavor, mysql.server, "1", "here")
    command = make_server_command(
        files, tmp_path / "data", port=4711, init_file=tmp_path / "init.sql", temporary_folder=tmp_path / "other"
    )
    assert command[:2] == [str(mysql.server), "--no-defaults"]
    assert {
        "--port=4711", "--bind-address=127.0.0.1", f"--datadir={tmp_path}/data", f"--tmpdir={tmp_path}/other",
        f"--init-file={tmp_path}/init.sql", "--socket=mysql.sock", "--default-time-zone=+00:00",
    } <= set(command)  # fmt: skip
    sql_mode = next(option for option in command if option.startswith("--sql-mode="))
    assert {"STRICT_TRANS_TABLES", "NO_ZERO_DATE"} <= set(sql_mode.removeprefix("--sql-mode=").split(","))
    for option in ("--mysqlx=OFF", "--secure-file-priv=NULL"):
        assert (option in command) == (flavor == "mysql")


def test_unpacked_server_is_told_where_its_files_are(mariadb: MySQLServerFiles, tmp_path: Path) -> None:
    """A server that was not installed where it was built for gets the folder that it is in."""
    command = make_server_command(
        mariadb, tmp_path / "data", port=1, init_file=tmp_path / "init.sql", temporary_folder=tmp_path
    )
    assert f"--basedir={tmp_path}" in command


def test_server_for_faults_withstands_them(mysql: MySQLServerFiles, tmp_path: Path) -> None:
    """What was acknowledged survives SIGKILL on every server; one for faults keeps torn pages from it too."""

    def make(*, faults: bool) -> list[str]:
        return make_server_command(
            mysql, tmp_path, port=1, init_file=None, temporary_folder=tmp_path, faults=faults
        )

    usual, struck = make(faults=False), make(faults=True)
    assert "--innodb-flush-log-at-trx-commit=2" in usual
    assert [option for option in usual if option not in struck] == ["--loose-innodb-doublewrite=0"]
    assert [option for option in struck if option not in usual] == ["--innodb-file-per-table=OFF"]
    assert not any(option.startswith("--init-file") for option in usual)
