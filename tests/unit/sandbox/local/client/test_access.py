"""Promises of `harness.sandbox.local.client.access`."""

from __future__ import annotations

import pytest

from harness.core.settings import MySQLEndpoint, parse_mysql_url
from harness.sandbox.local.client.access import describe_access, list_variables
from harness.sandbox.local.wire.folder import SandboxFolder
from harness.sandbox.local.wire.state import State

_MYSQL = MySQLEndpoint("127.0.0.1", 3307, "me@home", "michelangelo", "s3cret")


def test_what_is_printed_leads_there_without_the_password(folder: SandboxFolder) -> None:
    """Kubeconfig and MySQL's client are ready to be pasted, and the password stays in its file."""
    text = describe_access(folder, State(mysql=_MYSQL, mysql_client="mariadb"))
    first, second, _ = text.splitlines()
    assert first == f"export KUBECONFIG={folder.kubeconfig}"
    assert second == f"mariadb --defaults-file={folder.mysql_options}"
    assert "s3cret" not in text


def test_variables_lead_this_harness_to_the_server(
    folder: SandboxFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the variables set, `--mysql-url "$MYSQL_URL"` reaches the sandbox's server."""
    folder.mysql_password.write_text(_MYSQL.password)
    variables = list_variables(folder, State(mysql=_MYSQL))
    monkeypatch.setenv("MYSQL_PASSWORD_FILE", variables["MYSQL_PASSWORD_FILE"])
    assert parse_mysql_url(variables["MYSQL_URL"]) == _MYSQL
    assert variables["KUBECONFIG"] == str(folder.kubeconfig)
    assert not any(_MYSQL.password in value for value in variables.values())


def test_the_api_server_is_named_where_there_is_one(folder: SandboxFolder) -> None:
    """Whoever looks around is told where Michelangelo's API server takes gRPC, if the sandbox has it."""
    state = State(mysql=_MYSQL, mysql_client="mariadb", apiserver_address="127.0.0.1:15566")
    assert "# Michelangelo's API server, gRPC: 127.0.0.1:15566" in describe_access(folder, state).splitlines()
