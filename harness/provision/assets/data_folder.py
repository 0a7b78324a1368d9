"""Makes the data folder of a throw-away MySQL server and says with which command it is served.

Speed goes before durability: a crash of the machine may lose everything, a crash of the server nothing that
it has acknowledged.
What the system under test can see (SQL mode, time zone, character set, packet size) is as in MySQL 8 in a
container, whatever the server. Starts no server and makes no accounts: that is the sandbox's business.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from harness.core.errors import HarnessError
from harness.provision.assets.command import run
from harness.provision.assets.mysqld import MARIADB, MYSQL, MySQLServerFiles

SOCKET_NAME = "mysql.sock"

_TIMEOUT_S = 120.0
_SQL_MODE = (
    "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,"
    "NO_ENGINE_SUBSTITUTION"
)
# 'loose': a version that does not know the option goes on without it
_STORAGE = (
    "--loose-innodb-flush-method=nosync",
    "--innodb-buffer-pool-size=64M",
)
_UNHARMED = ("--loose-innodb-doublewrite=0",)
_HARMED = (
    "--innodb-file-per-table=OFF",   # one file that is not allowed to grow makes every table full
)
_STORAGE_OF = {
    MYSQL: ("--loose-innodb-redo-log-capacity=16M",),
    MARIADB: ("--innodb-log-file-size=16M",),
}
_BEHAVIOUR = (
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--skip-log-bin",
    "--loose-performance-schema=OFF",
    "--innodb-flush-log-at-trx-commit=2",  # written at each commit; 0 would lose a second when it is killed
    "--innodb-fast-shutdown=2",
    "--loose-innodb-buffer-pool-dump-at-shutdown=OFF",
    "--loose-innodb-buffer-pool-load-at-startup=OFF",
    f"--sql-mode={_SQL_MODE}",
    "--default-time-zone=+00:00",
    "--character-set-server=utf8mb4",
    "--max-allowed-packet=64M",
    "--explicit-defaults-for-timestamp=ON",
)
_BEHAVIOUR_OF = {
    MYSQL: (
        "--collation-server=utf8mb4_0900_ai_ci",
        "--mysqlx=OFF",  # it would open a second port
        "--secure-file-priv=NULL",  # distributions name a folder that need not be there, nor be readable
    ),
    MARIADB: ("--collation-server=utf8mb4_unicode_520_nopad_ci",),  # the nearest that it has
}


def initialise_data_folder(files: MySQLServerFiles, folder: Path) -> None:
    """Fill `folder`, which must be absent or empty, with the system tables; root has no password.

    Takes about 0.5 s. The caller's init file is to remove root, or to give it a password. Raises `HarnessError`
    with the server's last words where that fails.
    """
    storage = (*_STORAGE, *_STORAGE_OF[files.flavor], *_UNHARMED)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    if files.install_db is None:
        options = ["--no-defaults", "--initialize-insecure", *_run_as(), *_locate(files, folder), *storage]
        _initialise(files, folder, files.server, options)
        return
    with tempfile.TemporaryDirectory(prefix="ingester-acceptance-") as temporary:
        base = _spell_without_spaces(files.basedir, Path(temporary, "base")) if files.basedir else None
        data = _spell_without_spaces(folder, Path(temporary, "data"))
        program = files.install_db if base is None else base / "bin" / files.install_db.name
        options = [
            "--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db",
            "--force",  # works without a name service
            *([f"--basedir={base}"] if base else []), f"--datadir={data}", *_run_as(), *storage,
        ]  # fmt: skip
        _initialise(files, folder, program, options)


def make_server_command(
    files: MySQLServerFiles,
    folder: Path,
    *,
    port: int,
    init_file: Path | None,
    temporary_folder: Path,
    faults: bool = False,
) -> list[str]:
    """Return the command that serves an initialised `folder` on 127.0.0.1:`port`, in the foreground.

    The log goes to standard error, the socket into the data folder under a relative name, since the path
    of a socket may have little more than 100 characters. `init_file` holds SQL, one statement a line, that
    runs before the server accepts connections. `faults` says that it will be killed in the middle of writes and
    its disk be full. To be run with `files.make_environment()`.
    """
    return [
        str(files.server), "--no-defaults", *_run_as(), *_locate(files, folder),
        f"--port={port}", f"--socket={SOCKET_NAME}", "--pid-file=mysqld.pid",
        f"--tmpdir={temporary_folder}", *([f"--init-file={init_file}"] if init_file else []),
        *_BEHAVIOUR, *_BEHAVIOUR_OF[files.flavor], *_STORAGE, *_STORAGE_OF[files.flavor],
        *(_HARMED if faults else _UNHARMED),
    ]  # fmt: skip


def _locate(files: MySQLServerFiles, folder: Path) -> list[str]:
    return [f"--datadir={folder}", *([f"--basedir={files.basedir}"] if files.basedir else [])]


def _run_as() -> list[str]:
    """Return the option without which no server starts as root.

    The short form, which mariadb-install-db hands on: at the long one it changes owners in the system's
    plugin folder.
    """
    return ["-uroot"] if os.geteuid() == 0 else []


def _spell_without_spaces(path: Path, link: Path) -> Path:
    """Return `path`, or where it has white space, on which mariadb-install-db fails, a link to it."""
    if not any(character.isspace() for character in str(path)):
        return path
    link.symlink_to(path, target_is_directory=True)
    return link


def _initialise(files: MySQLServerFiles, folder: Path, program: Path, options: list[str]) -> None:
    finished = run([program, *options], timeout_s=_TIMEOUT_S, environment=files.make_environment())
    if finished.exit_code == 0 and (folder / "mysql").is_dir():
        return
    hint = "Is the disk full, or the folder on a file system without the usual permissions?"
    if Path("/etc/apparmor.d/usr.sbin.mysqld").exists() and str(files.server).startswith("/usr/sbin/"):
        hint = (
            f"AppArmor keeps {files.server} out of folders that its profile does not name. Put a copy of it first"
            " on PATH, or name a server that runs already with --mysql-url"
        )
    raise HarnessError(
        f"{program} could not make the data folder {folder} (exit code {finished.exit_code}):\n"
        f"{finished.last_words()}",
        hint=hint,
    )
