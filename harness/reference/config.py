"""Reads what the process is told: `base.yaml` in CONFIG_DIR, and the kubeconfig file in KUBECONFIG.

The same two files serve Michelangelo's controller manager, so keys that only that one knows are ignored.
What is used is checked here: everyone else can trust it.
"""

from __future__ import annotations

import base64
import binascii
import re
import ssl
import tempfile
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from harness.reference.errors import ConfigError

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DURATION_UNITS_S = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class MySQL:
    """The stanza `mysql`."""

    host: str
    port: int
    user: str
    database: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Config:
    """What `base.yaml` says. `mysql` is None where the stanza is missing or empty."""

    metadata_storage: bool
    mysql: MySQL | None
    health_address: tuple[str, int] | None
    concurrent_reconciles: int
    concurrent_reconciles_by_kind: Mapping[str, int]
    requeue_period_s: float
    requeue_period_s_by_kind: Mapping[str, float]
    deletion_delay_s: float = 0.0
    deletion_delay_s_by_kind: Mapping[str, float] = field(default_factory=dict)

    def get_concurrent_reconciles(self, kind: str) -> int:
        """Return the number set for `kind`, 0 where none is."""
        return self.concurrent_reconciles_by_kind.get(kind, self.concurrent_reconciles)

    def get_requeue_period_s(self, kind: str) -> float:
        """Return the seconds set for `kind`, 0 where none are."""
        return self.requeue_period_s_by_kind.get(kind, self.requeue_period_s)

    def get_deletion_delay_s(self, kind: str) -> float:
        """Return the seconds set for `kind`, 0 where none are."""
        return self.deletion_delay_s_by_kind.get(kind, self.deletion_delay_s)


@dataclass(frozen=True)
class Cluster:
    """The kube-apiserver of a kubeconfig's current context; `tls` is None for plain HTTP."""

    host: str
    port: int
    tls: ssl.SSLContext | None
    token: str = field(default="", repr=False)


def read_config(folder: Path) -> Config:
    """Return the configuration in `folder`; ConfigError where it is missing or wrong."""
    path = folder / "base.yaml"
    data = _Section(str(path), _read_yaml(path))
    manager, ingester = data.section("controllermgr"), data.section("ingester")
    mysql = data.section("mysql")
    named = any(mysql.text(key) for key in ("host", "user", "database"))
    return Config(
        metadata_storage=data.section("metadataStorage").boolean("enableMetadataStorage"),
        mysql=MySQL(
            host=mysql.text("host"),
            port=mysql.integer("port", 3306),
            user=mysql.text("user"),
            database=mysql.text("database"),
            password=mysql.text("password"),
        )
        if named
        else None,
        health_address=_parse_address(manager, "healthProbeBindAddress"),
        concurrent_reconciles=ingester.integer("concurrentReconciles"),
        concurrent_reconciles_by_kind={
            kind: ingester.section("concurrentReconcilesMap").integer(kind)
            for kind in ingester.section("concurrentReconcilesMap").values
        },
        requeue_period_s=ingester.duration_s("requeuePeriod"),
        requeue_period_s_by_kind={
            kind: ingester.section("requeuePeriodMap").duration_s(kind)
            for kind in ingester.section("requeuePeriodMap").values
        },
        deletion_delay_s=ingester.duration_s("deletionDelay"),
        deletion_delay_s_by_kind={
            kind: ingester.section("deletionDelayMap").duration_s(kind)
            for kind in ingester.section("deletionDelayMap").values
        },
    )


def read_kubeconfig(path: Path) -> Cluster:
    """Return the cluster of the current context; ConfigError where the file is missing or wrong."""
    data = _Section(str(path), _read_yaml(path))
    context = data.entry("contexts", data.text("current-context"), "context")
    cluster = data.entry("clusters", context.text("cluster"), "cluster")
    user = data.entry("users", context.text("user"), "user")
    url = urllib.parse.urlsplit(cluster.text("server"))
    if url.scheme not in ("http", "https") or not url.hostname:
        raise ConfigError(f"{cluster.where}.server: {cluster.text('server')!r} is no http or https address")
    secure = url.scheme == "https"
    return Cluster(
        host=url.hostname,
        port=url.port or (443 if secure else 80),
        tls=_make_tls(cluster, user, path.parent) if secure else None,
        token=user.text("token"),
    )


def _make_tls(cluster: _Section, user: _Section, folder: Path) -> ssl.SSLContext:
    try:
        authority = _read_pem(cluster, "certificate-authority", folder)
        context = ssl.create_default_context(cadata=authority.decode() if authority else None)
        if cluster.boolean("insecure-skip-tls-verify"):
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        certificate, key = (_read_pem(user, name, folder) for name in ("client-certificate", "client-key"))
        if certificate and key:
            # The ssl module takes a client's key from a file only.
            with tempfile.NamedTemporaryFile() as file:
                file.write(certificate + b"\n" + key)
                file.flush()
                context.load_cert_chain(file.name)
    except (OSError, ValueError) as error:
        where = f"{cluster.where}, {user.where}"
        raise ConfigError(f"{where}: a certificate or key can't be used ({error})") from error
    return context


def _read_pem(section: _Section, name: str, folder: Path) -> bytes:
    """Return the PEM that `name` (a file) or `name-data` (base64) holds, nothing where neither is given."""
    if data := section.text(f"{name}-data"):
        try:
            return base64.b64decode(data, validate=True)
        except binascii.Error as error:
            raise ConfigError(f"{section.where}.{name}-data: no base64 ({error})") from error
    return (folder / section.text(name)).read_bytes() if section.text(name) else b""


def _read_yaml(path: Path) -> Any:
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506  it is a safe loader
    except OSError as error:
        raise ConfigError(f"{path}: can't be read ({error.strerror})") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: no YAML ({error})") from error


def _parse_address(section: _Section, key: str) -> tuple[str, int] | None:
    """Return host and port of `host:port` or `:port`; None for '' and '0', which turn the server off."""
    text = section.text(key)
    if text in ("", "0"):
        return None
    host, _, port = text.rpartition(":")
    if not port.isdecimal():
        raise ConfigError(f"{section.where}.{key}: {text!r} is no address such as 127.0.0.1:8083")
    return host.strip("[]"), int(port)


class _Section:
    """A mapping of a configuration file that knows where it stands; what is not there has a zero value."""

    def __init__(self, where: str, values: Any) -> None:
        if values is not None and not isinstance(values, dict):
            raise ConfigError(f"{where}: must be a mapping, not {values!r}")
        self.where = where
        self.values: dict[str, Any] = values or {}

    def section(self, key: str) -> _Section:
        return _Section(self._at(key), self.values.get(key))

    def entry(self, key: str, name: str, inner: str) -> _Section:
        """Return `inner` of the list item called `name`, as kubeconfig files name their parts."""
        for item in self.values.get(key) or []:
            if isinstance(item, dict) and item.get("name") == name:
                return _Section(self._at(f"{key}[{name}].{inner}"), item.get(inner))
        raise ConfigError(f"{self._at(key)}: nothing is called {name!r}")

    def text(self, key: str) -> str:
        value = self.values.get(key)
        return "" if value is None else str(value)

    def integer(self, key: str, default: int = 0) -> int:
        value = self.values.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise ConfigError(f"{self._at(key)}: {value!r} is no number")
        return value

    def boolean(self, key: str) -> bool:
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise ConfigError(f"{self._at(key)}: {value!r} is neither true nor false")
        return value

    def duration_s(self, key: str) -> float:
        """Return a duration as Go writes it (`1m30s`; a bare number is nanoseconds), in seconds."""
        text = self.text(key) or "0"
        if text.isdecimal():
            return int(text) * 1e-9
        parts = re.findall(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)", text)
        if "".join(number + unit for number, unit in parts) != text:
            raise ConfigError(f"{self._at(key)}: {text!r} is no duration such as 30s or 1m30s")
        return sum(float(number) * _DURATION_UNITS_S[unit] for number, unit in parts)

    def _at(self, key: str) -> str:
        return f"{self.where}: {key}" if ": " not in self.where else f"{self.where}.{key}"
