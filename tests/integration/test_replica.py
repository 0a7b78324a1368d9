"""Two real servers, one of which replicates the other: it is told as a replica, and nothing is held there."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from harness.clients.mysql import Database
from harness.clients.mysql.connection import execute
from harness.core.polling import wait_for
from harness.core.progress import SILENT
from harness.core.settings import MySQLEndpoint
from harness.provision.assets.mysqld import MARIADB, find_mysql_server
from harness.sandbox.local.servers import mysqlserver
from harness.spec.model import Kind
from tests.integration.mysql_server import answers, run_mysql_server

KIND = Kind("Gadget", "gadgets")
ACCOUNTS = """\
SET sql_log_bin = 0;
CREATE USER 'user'@'127.0.0.1' IDENTIFIED BY 'secret';
GRANT ALL PRIVILEGES ON *.* TO 'user'@'127.0.0.1';
CREATE USER 'reader'@'127.0.0.1' IDENTIFIED BY 'secret';
GRANT SELECT ON *.* TO 'reader'@'127.0.0.1';
"""
MIRRORED = """\
CREATE DATABASE michelangelo
CREATE TABLE michelangelo.gadget (uid VARCHAR(255) PRIMARY KEY, res_version BIGINT)
INSERT INTO michelangelo.gadget VALUES ('u1', 1)
"""


@dataclass(frozen=True)
class Pair:
    """Two servers, by the account that may do everything."""

    source: MySQLEndpoint
    replica: MySQLEndpoint


def _do(endpoint: MySQLEndpoint, *statements: str) -> None:
    with contextlib.closing(mysqlserver.connect(endpoint)) as connection:
        for statement in statements:
            execute(connection, statement)


def _run_server(number: int) -> contextlib.AbstractContextManager[MySQLEndpoint]:
    log = ["--log-bin=binlog"] if number == 1 else []
    return run_mysql_server(ACCOUNTS, options=[f"--server-id={number}", "--binlog-format=ROW", *log])


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    """Yield a server, and one that has its rows from it."""
    if find_mysql_server(SILENT).flavor != MARIADB:
        pytest.skip("a replica is set up in MariaDB's words")
    with _run_server(1) as source, _run_server(2) as replica:
        _do(
            replica,
            f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={source.port}, MASTER_USER='user',"
            " MASTER_PASSWORD='secret', MASTER_LOG_FILE='binlog.000001', MASTER_LOG_POS=4",
            "START SLAVE",
            "SET GLOBAL read_only = ON",
        )
        _do(source, *MIRRORED.splitlines())
        yield Pair(source, replica)


@pytest.mark.parametrize("user", ["user", "reader"])
def test_a_replica_is_told_as_one(pair: Pair, user: str) -> None:
    """Also to an account that may not ask; its rows are read, and none of them is held."""
    endpoint = MySQLEndpoint("127.0.0.1", pair.replica.port, user, "michelangelo", "secret")
    assert wait_for(answers(endpoint), bool, timeout_s=30).satisfied
    with contextlib.closing(Database(endpoint)) as database:
        assert database.is_replica
        assert wait_for(lambda: database.get_version(KIND, "u1"), lambda found: found == 1, timeout_s=30).satisfied
        with database.hold_row(KIND, "u1") as held, database.overtake_row(KIND, "u1") as overtaken:
            assert (held, overtaken) == (None, None)
        assert "is a replica" in database.explain_no_lock()


@pytest.mark.parametrize("user", ["user", "reader"])
def test_its_source_is_none(pair: Pair, user: str) -> None:
    """A row can be held there."""
    endpoint = MySQLEndpoint("127.0.0.1", pair.source.port, user, "michelangelo", "secret")
    with contextlib.closing(Database(endpoint)) as database:
        assert not database.is_replica
        if user == "user":
            with database.hold_row(KIND, "u1") as held:
                assert held is not None
