"""Renders `base.yaml`, the configuration of Michelangelo's controller manager and of its API server.

One template serves both, each of which reads its own sections. What the sandbox doesn't have, a workflow
engine and an object store, is named at a closed port: both start without them, and what needs them fails
fast. Refuses to override what the sandbox itself relies on.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import yaml

from harness.core.errors import SettingsError
from harness.core.settings import MySQLEndpoint
from harness.sandbox.capabilities import Overrides
from harness.sandbox.ports import LOOPBACK

OPTION = "--set"
ABSENT = {
    "Cadence or Temporal": "no workflow engine runs here: pipelines and triggers never start",
    "MinIO": "no object store runs here: nothing is uploaded or downloaded",
}
"""What a whole Michelangelo sandbox has and the local one does not; the Ingester needs neither."""

_CLOSED = f"{LOOPBACK}:1"
_WATCHED = "controllermgr"   # the section with the port of the health probe
_OURS = ("controllermgr.healthProbeBindAddress", "apiserver.yarpc.host", "apiserver.yarpc.port")


def parse_override(word: str, option: str = OPTION) -> tuple[str, Any]:
    """Return key and value of `KEY=VALUE`: the value is YAML. Raises `SettingsError` for anything else."""
    key, equals, text = word.partition("=")
    if not equals or not all(key.split(".")):
        raise SettingsError(f"{option}: {word!r} is no KEY=VALUE", hint="Such as ingester.concurrentReconciles=3")
    _refuse_ours(key, option)
    try:
        value = yaml.safe_load(text)
        json.dumps(value)
    except (yaml.YAMLError, TypeError) as error:
        raise SettingsError(f"{option}: the value of {word!r} is no YAML ({error})", hint="Quote it") from error
    return key, value


def check_overrides(overrides: Overrides, option: str = OPTION) -> None:
    """Raise `SettingsError` where a key leads through a value that is no section, or would replace a section."""
    _override(_make_configuration(None, 0, 0, 0), overrides, option)


def check_change(overrides: Overrides, without: Sequence[str]) -> None:
    """Raise `SettingsError` for overrides as above or a section that is not there or can't be left out."""
    configuration = _make_configuration(None, 0, 0, 0)
    pairs = tuple(overrides)
    for key, _ in pairs:
        _refuse_ours(key, "overrides")
    _override(configuration, pairs, "overrides")
    valid = [name for name in configuration if name != _WATCHED]
    for name in without:
        if name not in valid:
            raise SettingsError.unknown("without", name, valid)


def _refuse_ours(key: str, option: str) -> None:
    if key in _OURS:
        raise SettingsError(
            f"{option}: {key} is chosen by the sandbox, which watches its programs there",
            hint=f"All keys but {', '.join(_OURS)} can be set",
        )


def _override(configuration: dict[str, Any], overrides: Overrides, option: str = OPTION) -> None:
    """Set keys of a configuration, sections that are missing included; errors as in `check_overrides`."""
    for key, value in overrides:
        *sections, last = key.split(".")
        place = configuration
        for name in sections:
            place = place.setdefault(name, {})
            if not isinstance(place, dict):
                raise SettingsError(f"{option}: {key}: {name} is a value, not a section")
        if isinstance(place.get(last), dict) and not isinstance(value, dict):
            valid = ", ".join(f"{key}.{name}" for name in place[last])
            raise SettingsError(f"{option}: {key} is a section, not a value", hint=f"It has {valid}")
        place[last] = value


def render_base_yaml(
    mysql: MySQLEndpoint,
    *,
    metrics_port: int,
    health_port: int,
    expands_variables: bool,
    grpc_port: int = 0,
    overrides: Overrides = (),
    without: Sequence[str] = (),
) -> str:
    """Return the text of `base.yaml`, which holds the password; sections `without` are left out of it.

    `expands_variables`: whoever reads it replaces `$NAME` first and takes `$$` for a dollar sign.
    """
    configuration = _make_configuration(mysql, metrics_port, health_port, grpc_port)
    _override(configuration, overrides)
    for name in without:
        configuration.pop(name, None)
    # JSON is YAML in which every text is quoted: a password of digits stays one for every parser
    text = json.dumps(configuration, indent=2, ensure_ascii=False) + "\n"
    return text.replace("$", "$$") if expands_variables else text


def _make_configuration(
    mysql: MySQLEndpoint | None, metrics_port: int, health_port: int, grpc_port: int
) -> dict[str, Any]:
    return {
        "controllermgr": {
            "metricsBindAddress": f"{LOOPBACK}:{metrics_port}",
            "healthProbeBindAddress": f"{LOOPBACK}:{health_port}",
            "leaderElection": False,
            "leaderElectionID": "ingester-acceptance",
        },
        "apiserver": {
            "yarpc": {"host": LOOPBACK, "port": grpc_port},
            "crdSync": {
                "enableCRDUpdate": True,
                "enableCRDDeletion": True,
                "skipIncompatibleCheck": False,
                "crdVersions": {},
            },
        },
        "metadataStorage": {"enableMetadataStorage": True},
        "mysql": {
            "host": mysql.host if mysql else "",
            "port": mysql.port if mysql else 0,
            "user": mysql.user if mysql else "",
            "password": mysql.password if mysql else "",
            "database": mysql.database if mysql else "",
        },
        "k8s": {"qps": 300, "burst": 600},
        "controllers": {"rayCluster": {"k8sQps": 300, "k8sBurst": 600}},
        "workflowClient": {
            "service": "cadence-frontend",
            "host": _CLOSED,
            "transport": "grpc",
            "domain": "default",
            "taskList": "default",
            "executionUrlFormat": f"http://{_CLOSED}",
        },
        "minio": {
            "awsRegion": "us-east-1",
            "awsAccessKeyId": "none",
            "awsSecretAccessKey": "none",
            "awsEndpointUrl": _CLOSED,
        },
    }
