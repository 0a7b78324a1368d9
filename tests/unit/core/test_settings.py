"""`harness.core.settings` and `harness.core.errors`: wrong input is named, with the way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.core.errors import SettingsError
from harness.core.settings import parse_mysql_url


def test_a_mysql_url_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Host, port, user, database and TLS come from the URL, the password from the environment."""
    monkeypatch.delenv("MYSQL_PASSWORD_FILE", raising=False)
    monkeypatch.setenv("MYSQL_PASSWORD", "secret")
    server = parse_mysql_url("mysql://me%40x@db.example:3307/michelangelo?ssl_ca=/ca.pem")
    assert (server.host, server.port, server.user, server.database) == ("db.example", 3307, "me@x", "michelangelo")
    assert server.tls == {"ssl_ca": "/ca.pem"}
    assert server.password == "secret"
    assert "secret" not in repr(server)


def test_the_password_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """MYSQL_PASSWORD_FILE names a file whose content, without its line end, is the password."""
    (tmp_path / "password").write_text("from file\n")
    monkeypatch.setenv("MYSQL_PASSWORD_FILE", str(tmp_path / "password"))
    assert parse_mysql_url("mysql://root@localhost/michelangelo").password == "from file"


def test_names_with_signs_of_a_url_are_escaped_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The user and the database alike; the password, which is no part of it, stands as it is."""
    monkeypatch.setenv("MYSQL_PASSWORD", "@:/?%#-")
    server = parse_mysql_url("mysql://%40%3A%2F%3F%25%23-@db/%40%3A%2F%3F%25%23-")
    assert (server.user, server.database, server.password) == ("@:/?%#-",) * 3


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgres://root@localhost/x", "is no MySQL URL"),
        ("mysql://root@localhost", "is no MySQL URL"),
        ("mysql://localhost/x", "is no MySQL URL"),
        ("mysql://root@localhost:port/x", "has no valid port"),
        ("mysql://root@localhost/x?sslca=1", "unknown value 'sslca'\ndid you mean ssl_ca"),
    ],
)
def test_a_wrong_mysql_url_is_explained(url: str, message: str) -> None:
    """A URL of another form is answered with the right form."""
    with pytest.raises(SettingsError, match=message):
        parse_mysql_url(url)


def test_a_password_on_the_command_line_is_refused_and_not_repeated() -> None:
    """A password in the URL is refused without being printed."""
    with pytest.raises(SettingsError, match="must not stand in the URL") as caught:
        parse_mysql_url("mysql://root:hunter2@localhost/x")
    assert "hunter2" not in str(caught.value)
