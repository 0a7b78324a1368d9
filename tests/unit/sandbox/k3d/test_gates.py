"""Promises of `harness.sandbox.k3d.gates`."""

from __future__ import annotations

import pytest
import yaml

from harness.core.errors import HarnessError
from harness.sandbox.k3d.gates import resolve_default, switch_on

_ACCOUNT = {"host": "mysql", "port": 3306, "user": "root", "password": "root", "database": "michelangelo"}
_OPEN = """controllermgr:
  metricsBindAddress: ${METRICS_ADDRESS::8091}   # kept

# Which storage.
metadataStorage:
  enableMetadataStorage: true
  deletionDelay: 10s

mysql:
  host: mysql
  port: 3306
  user: root
  password: secret
  database: other
"""


def test_leaves_open_gates_untouched() -> None:
    """Where both gates are on, not a byte changes, and the account that is there is kept."""
    assert switch_on(_OPEN, _ACCOUNT) == _OPEN


def test_switches_the_storage_on_and_keeps_the_rest() -> None:
    """The switch turns on; other keys of its stanza and all other lines, comments too, stay as they are."""
    closed = _OPEN.replace("enableMetadataStorage: true", "enableMetadataStorage: false")
    assert switch_on(closed, _ACCOUNT) == _OPEN


def test_adds_both_stanzas_where_there_are_none() -> None:
    """A `base.yaml` without either stanza gets them at its end; what it had stays in front, byte for byte."""
    before = "workflowClient:\n  host: cadence:7833  # here"
    after = switch_on(before, _ACCOUNT)
    assert after.startswith(before + "\n")
    assert yaml.safe_load(after) == {
        "workflowClient": {"host": "cadence:7833"},
        "metadataStorage": {"enableMetadataStorage": True},
        "mysql": _ACCOUNT,
    }


def test_completes_a_mysql_stanza() -> None:
    """What the stanza lacks is filled in, what it has is not overruled."""
    after = switch_on("metadataStorage:\n  enableMetadataStorage: true\nmysql:\n  host: db\nminio: {}\n", _ACCOUNT)
    assert yaml.safe_load(after)["mysql"] == {**_ACCOUNT, "host": "db"}
    assert after.endswith("minio: {}\n")


def test_takes_a_stanza_with_gaps_as_a_whole() -> None:
    """Blank lines and comments within a stanza don't end it; those before the next one belong to that."""
    before = "metadataStorage:\n  a: 1\n\n  # b\n# c\n  d: 2\n\n# about minio\nminio: {}\n"
    after = switch_on(before, _ACCOUNT)
    stanza = "metadataStorage:\n  a: 1\n  d: 2\n  enableMetadataStorage: true\n"
    assert after.startswith(f"{stanza}\n# about minio\nminio: {{}}")


def test_switches_on_in_a_stanza_on_one_line() -> None:
    """A stanza in flow style, and one without a value, are rewritten as well."""
    after = switch_on("metadataStorage: {enableMetadataStorage: false}\nmysql:\n", _ACCOUNT)
    assert yaml.safe_load(after) == {"metadataStorage": {"enableMetadataStorage": True}, "mysql": _ACCOUNT}


@pytest.mark.parametrize("text", ["- a\n", "a: [\n"])
def test_refuses_what_is_no_mapping(text: str) -> None:
    """Text that is no YAML mapping is an error that names where it is from."""
    with pytest.raises(HarnessError, match="the ConfigMap"):
        switch_on(text, _ACCOUNT, "the ConfigMap")


def test_refuses_a_layout_that_it_can_not_keep() -> None:
    """A document in braces has no lines of its own to change; the error says what to do by hand."""
    with pytest.raises(HarnessError, match="by hand"):
        switch_on('{"mysql": {"host": "db"},\n"minio": {}}\n', _ACCOUNT)


@pytest.mark.parametrize(
    ("value", "resolved"), [("root", "root"), (3306, "3306"), ("${PW:se:cret}", "se:cret"), ("$x", "$x")]
)
def test_resolves_defaults(value: object, resolved: str) -> None:
    """Of `${NAME:default}` the default counts, anything else stands for itself."""
    assert resolve_default(value) == resolved
