"""A MySQL server of a test's own: its options, its accounts, on a free port."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from harness.clients.mysql import Database
from harness.core.errors import HarnessError
from harness.core.polling import wait_for
from harness.core.progress import SILENT
from harness.core.settings import MySQLEndpoint
from harness.provision.assets.data_folder import initialise_data_folder, make_server_command
from harness.provision.assets.mysqld import find_mysql_server
from harness.sandbox.ports import choose_port

_START_S = _STOP_S = 30.0


@contextlib.contextmanager
def run_mysql_server(
    accounts: str, database: str = "", options: Sequence[str] = ()
) -> Iterator[MySQLEndpoint]:
    """Run one until the context ends; `accounts` is SQL that makes 'user', of password 'secret', among others."""
    folder = Path(tempfile.mkdtemp(prefix="mysql-", dir="/tmp"))   # where its socket's path is short enough
    files = find_mysql_server(SILENT)
    try:
        initialise_data_folder(files, folder / "data")
        init, temporary = folder / "init.sql", folder / "temporary"
        temporary.mkdir()
        init.write_text(accounts)
        endpoint = MySQLEndpoint("127.0.0.1", choose_port(), "user", database, "secret")
        command = make_server_command(
            files, folder / "data", port=endpoint.port, init_file=init, temporary_folder=temporary
        )
        with (folder / "log").open("w") as log:
            server = subprocess.Popen([*command, *options], stdout=log, stderr=log, env=files.make_environment())
        try:
            is_up = wait_for(answers(endpoint), bool, timeout_s=_START_S).satisfied
            assert is_up, (folder / "log").read_text()
            yield endpoint
        finally:
            server.terminate()
            server.wait(_STOP_S)
    finally:
        shutil.rmtree(folder)


def answers(endpoint: MySQLEndpoint) -> Callable[[], bool]:
    """Return what says whether the server lets the account in by now."""
    def look() -> bool:
        try:
            Database(endpoint).close()
        except HarnessError:
            return False
        return True

    return look
