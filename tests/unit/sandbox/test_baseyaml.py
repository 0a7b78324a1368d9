"""Promises of `harness.sandbox.baseyaml`."""

from __future__ import annotations

from typing import Any

import yaml

from harness.sandbox.baseyaml import render_base_yaml
from harness.settings import MySQLEndpoint


def _render(password: str, *, expands_variables: bool = False) -> str:
    endpoint = MySQLEndpoint("127.0.0.1", 3306, "me", "michelangelo", password)
    return render_base_yaml(endpoint, metrics_port=1001, health_port=1002, expands_variables=expands_variables)


def _read(text: str) -> Any:
    return yaml.safe_load(text)


def test_both_gates_are_open() -> None:
    """The controller manager gets what it needs to mirror: the switch and the server."""
    data = _read(_render("pw"))
    assert data["metadataStorage"] == {"enableMetadataStorage": True}
    assert data["mysql"] == {
        "host": "127.0.0.1",
        "port": 3306,
        "user": "me",
        "password": "pw",
        "database": "michelangelo",
    }


def test_it_listens_on_loopback_only() -> None:
    """Metrics and health probes are served to this machine alone."""
    manager = _read(_render("pw"))["controllermgr"]
    addresses = (manager["metricsBindAddress"], manager["healthProbeBindAddress"])
    assert addresses == ("127.0.0.1:1001", "127.0.0.1:1002")


def test_password_stays_the_text_that_it_is() -> None:
    """A password that looks like a number, or has characters of YAML in it, arrives unchanged."""
    for password in ("12e34567", "0123", "true", 'a"b: #c', "pä\\ss"):
        assert _read(_render(password))["mysql"]["password"] == password


def test_dollar_signs_are_doubled_for_who_expands_variables() -> None:
    """Who replaces $NAME gets each dollar sign of a password doubled, who doesn't gets it as it is."""
    texts = (_render("a$b"), _render("a$b", expands_variables=True))
    assert [_read(text)["mysql"]["password"] for text in texts] == ["a$b", "a$$b"]
