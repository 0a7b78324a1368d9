"""Promises of `harness.sandbox.local.servers.mysqlserver`; what needs a server is for the integration tests."""

from __future__ import annotations

import configparser
import stat

import pytest

from harness.core.errors import HarnessError
from harness.core.settings import MySQLEndpoint
from harness.provision.assets.mysqld import MySQLServerFiles
from harness.sandbox.local.servers.mysqlserver import (
    MySQLFolder,
    connect,
    make_endpoint,
    make_limited_endpoint,
    write_accounts,
    write_client_files,
)
from harness.sandbox.local.wire.folder import SandboxFolder
from harness.sandbox.ports import choose_port


def test_each_server_has_a_password_of_its_own() -> None:
    """No two sandboxes share a password, and none is empty."""
    passwords = {make_endpoint(3306).password for _ in range(3)}
    assert (len(passwords), "" in passwords) == (3, False)


def test_client_finds_the_server_by_a_private_file(folder: SandboxFolder) -> None:
    """The options file leads to server and database, and nobody else can read the password in it."""
    endpoint = MySQLEndpoint("db.example", 3307, "me", "mirror", 'a"b\\c', {"ssl_ca": "/ca.pem"})
    write_client_files(folder, endpoint)
    options = configparser.ConfigParser(interpolation=None)
    options.read(folder.mysql_options)
    assert dict(options["client"]) == {
        "host": "db.example",
        "port": "3307",
        "user": "me",
        "password": '"a\\"b\\\\c"',
        "protocol": "tcp",
        "ssl-ca": "/ca.pem",
    }
    assert dict(options["mysql"]) == {"database": "mirror"}
    assert folder.mysql_password.read_text() == 'a"b\\c'
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (folder.mysql_options, folder.mysql_password)}
    assert modes == {0o600}


def test_unreachable_server_is_named_without_its_password() -> None:
    """A server that can't be reached is named by host and port, and never by its password."""
    endpoint = MySQLEndpoint("127.0.0.1", choose_port(), "me", "michelangelo", "s3cret")
    with pytest.raises(HarnessError) as caught:
        connect(endpoint)
    assert f"MySQL at 127.0.0.1:{endpoint.port} does not answer" in caught.value.problem
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("flavor", ["mysql", "mariadb"])
def test_limited_account_has_its_database_and_no_more(folder: SandboxFolder, flavor: str) -> None:
    """The controller manager's account is made only where asked for, and has rights on its database alone."""
    files = MySQLServerFiles(flavor, folder.path, "1", "here")
    place = MySQLFolder(folder.path)
    endpoint = make_endpoint(3306)
    limited = make_limited_endpoint(endpoint)
    write_accounts(files, place, endpoint, None)
    alone = place.init_file.read_text()
    write_accounts(files, place, endpoint, limited)
    both = place.init_file.read_text()
    assert [line for line in both.splitlines() if line not in alone.splitlines()] == [
        f"CREATE USER 'controllermgr'@'127.0.0.1' IDENTIFIED BY '{limited.password}';",
        "GRANT ALL PRIVILEGES ON `michelangelo`.* TO 'controllermgr'@'127.0.0.1';",
    ]
    assert limited.password != endpoint.password
    assert stat.S_IMODE(place.init_file.stat().st_mode) == 0o600
