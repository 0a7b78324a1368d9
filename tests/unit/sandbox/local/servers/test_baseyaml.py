"""Promises of `harness.sandbox.local.servers.baseyaml`."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from harness.core.errors import SettingsError
from harness.core.settings import MySQLEndpoint
from harness.sandbox.capabilities import Overrides
from harness.sandbox.local.servers.baseyaml import (
    check_change,
    check_overrides,
    parse_override,
    render_base_yaml,
)


def _render(
    password: str, *, expands_variables: bool = False, overrides: Overrides = (), without: tuple[str, ...] = ()
) -> str:
    endpoint = MySQLEndpoint("127.0.0.1", 3306, "me", "michelangelo", password)
    return render_base_yaml(
        endpoint,
        metrics_port=1001,
        health_port=1002,
        grpc_port=1003,
        expands_variables=expands_variables,
        overrides=overrides,
        without=without,
    )


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


def test_api_server_has_its_section() -> None:
    """The same template tells the API server where to listen, and to install its CRDs."""
    section = _read(_render("pw"))["apiserver"]
    assert section["yarpc"] == {"host": "127.0.0.1", "port": 1003}
    assert section["crdSync"]["enableCRDUpdate"] is True


def test_any_key_can_be_set() -> None:
    """A key is replaced where it is, and made, with its sections, where it is not; its neighbours stay."""
    words = (
        "metadataStorage.enableMetadataStorage=false",
        "mysql.maxOpenConns=3",
        "ingester.requeuePeriodMap.Model=30s",
        "minio.awsRegion='12'",
    )
    data = _read(_render("pw", overrides=[parse_override(word) for word in words]))
    assert data["metadataStorage"] == {"enableMetadataStorage": False}
    assert (data["mysql"]["maxOpenConns"], data["mysql"]["host"]) == (3, "127.0.0.1")
    assert data["ingester"] == {"requeuePeriodMap": {"Model": "30s"}}
    assert data["minio"]["awsRegion"] == "12"


@pytest.mark.parametrize(
    ("word", "problem"),
    [
        ("mysql.host", "'mysql.host' is no KEY=VALUE"),
        ("=1", "'=1' is no KEY=VALUE"),
        ("mysql..host=1", "is no KEY=VALUE"),
        ("mysql.host=[", "the value of 'mysql.host=[' is no YAML"),
        ("mysql.date=2026-01-01", "is no YAML"),
        ("apiserver.yarpc.port=15566", "apiserver.yarpc.port is chosen by the sandbox"),
    ],
)
def test_words_that_set_nothing_are_refused(word: str, problem: str) -> None:
    """A word that is no assignment, or sets what the sandbox relies on, is refused by its option's name."""
    with pytest.raises(SettingsError) as caught:
        parse_override(word)
    assert caught.value.problem.startswith("--set: ")
    assert problem in caught.value.problem


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("mysql.host.name", "--set: mysql.host.name: host is a value, not a section"),
        ("mysql", "--set: mysql is a section, not a value"),
    ],
)
def test_sections_and_values_are_not_mixed_up(key: str, problem: str) -> None:
    """A key below a value, and a value in place of a section, are refused before anything starts."""
    with pytest.raises(SettingsError) as caught:
        check_overrides([(key, 1)])
    assert caught.value.problem == problem


def test_sections_are_left_out() -> None:
    """A section that is to be left out is gone, whatever was set in it; the others stay."""
    data = _read(_render("pw", overrides=[("mysql.maxOpenConns", 3)], without=("mysql", "ingester")))
    assert "mysql" not in data
    assert {"metadataStorage", "controllermgr"} <= set(data)


@pytest.mark.parametrize(
    ("overrides", "without", "problem"),
    [
        ([("controllermgr.healthProbeBindAddress", ":1")], (), "overrides: controllermgr.health"),
        ([("mysql", 1)], (), "overrides: mysql is a section, not a value"),
        ([], ("mysqll",), "without: unknown value 'mysqll'"),
        ([], ("controllermgr",), "without: unknown value 'controllermgr'"),
    ],
)
def test_changes_that_can_not_be_made_are_refused(
    overrides: list[tuple[str, object]], without: tuple[str, ...], problem: str
) -> None:
    """A change that the sandbox relies on not being made, or that means nothing, is refused by name."""
    with pytest.raises(SettingsError) as caught:
        check_change(overrides, without)
    assert caught.value.problem.startswith(problem)


def test_changes_that_can_be_made_are_taken() -> None:
    """A section that the overrides make can be left out as well as one of the sandbox's."""
    check_change(iter([("ingester.requeuePeriod", "1s")]), ("ingester", "mysql", "metadataStorage"))
