"""What the user asked for: frozen records that the command line and pytest's options both fill.

Paths are absolute, names are checked; whoever receives `Settings` need not doubt them.
"""

from __future__ import annotations

import os
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.core.errors import SettingsError
from harness.core.served_kind import ServedKind

REFERENCE = "reference"


@dataclass(frozen=True)
class Timeouts:
    """How long the run waits, in seconds."""

    sync_s: float = 15.0           # for a row, from the write or the controller manager's start on
    log_s: float = 5.0             # for a log line, once its row is there
    registration_s: float = 20.0
    issue_s: float = 15.0          # for a known issue to show
    hold_s: float = 1.5            # that something stays as it is
    latency_s: float = 0.3          # right after a write, to measure its latency
    settle_s: float = 0.6          # after a reconcile, for what it must not do


@dataclass(frozen=True)
class Examples:
    """How many random objects each kind gets, and what they are drawn from."""

    count: int = 5
    seed: int = 1


@dataclass(frozen=True)
class MySQLEndpoint:
    """How to reach a MySQL server and the Ingester's database there. The password is never printed.

    `tls` holds the connector's options ssl_ca, ssl_cert, ssl_key and ssl_disabled, where given.
    """

    host: str
    port: int
    user: str
    database: str
    password: str = field(repr=False)
    tls: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ControllerManager:
    """The system under test: the bundled reference (`path` is None) or an executable.

    `version` says which one it is where the executable itself doesn't: a commit, say.
    """

    path: Path | None = None
    arguments: tuple[str, ...] = ()
    version: str = ""

    @property
    def label(self) -> str:
        """What the report calls it."""
        return REFERENCE if self.path is None else str(self.path)


@dataclass(frozen=True)
class SandboxSettings:
    """What a sandbox consists of. Two sandboxes with equal settings are interchangeable.

    `crds` is a folder of CustomResourceDefinition YAML and `schema` an SQL file; None means the bundled ones, of
    the profile's kinds. `profile` (a name, or the path of a file) chooses those and the reference's behaviour.
    `kinds` are those that must be served and have tables; none are given: the profile's. `apiserver` is the
    executable of Michelangelo's API server; it then installs the CRDs, which must be those of `crds`.
    `base_yaml_overrides` are keys of `base.yaml` ('ingester.requeuePeriod') with their values. `faults` puts a
    proxy between the controller manager and its servers, where the link can be broken. `notes_writes` has
    kube-apiserver write down when it answered each write to an object of the kinds.
    """

    controllermgr: ControllerManager = ControllerManager()
    profile: str = "report-2026-03"
    kinds: tuple[ServedKind, ...] = ()
    crds: Path | None = None
    schema: Path | None = None
    mysql: MySQLEndpoint | None = None
    apiserver: Path | None = None
    base_yaml_overrides: tuple[tuple[str, Any], ...] = ()
    faults: bool = False
    notes_writes: bool = False
    start_timeout_s: float = 60.0


def parse_mysql_url(url: str, option: str = "--mysql-url") -> MySQLEndpoint:
    """Return the server that `url` names: `mysql://USER@HOST[:PORT]/DATABASE[?ssl_ca=FILE&...]`.

    The password comes from the environment variable MYSQL_PASSWORD, or from the file that
    MYSQL_PASSWORD_FILE names; one in the URL is refused, since command lines are public.
    """
    form = "The form is mysql://USER@HOST:PORT/DATABASE, such as mysql://root@127.0.0.1:3306/michelangelo"
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "mysql" or not parts.hostname or not parts.username or not parts.path.strip("/"):
        raise SettingsError(f"{option}: {_without_password(url)!r} is no MySQL URL", hint=form)
    if parts.password is not None:
        raise SettingsError(
            f"{option}: the password must not stand in the URL",
            hint="Put it into the variable MYSQL_PASSWORD, or into a file that MYSQL_PASSWORD_FILE names",
        )
    try:
        port = parts.port or 3306
    except ValueError as error:
        raise SettingsError(f"{option}: {url!r} has no valid port ({error})", hint=form) from error
    tls = dict(urllib.parse.parse_qsl(parts.query))
    valid = ("ssl_ca", "ssl_cert", "ssl_key", "ssl_disabled")
    for name in tls:
        if name not in valid:
            raise SettingsError.unknown(f"{option} parameter", name, valid)
    return MySQLEndpoint(
        host=parts.hostname,
        port=port,
        user=urllib.parse.unquote(parts.username),
        database=urllib.parse.unquote(parts.path.strip("/")),
        password=_password_from_environment(),
        tls=tls,
    )


def _without_password(url: str) -> str:
    parts = urllib.parse.urlsplit(url)
    return url.replace(f":{parts.password}@", ":***@") if parts.password else url


def _password_from_environment() -> str:
    file = os.environ.get("MYSQL_PASSWORD_FILE")
    if not file:
        return os.environ.get("MYSQL_PASSWORD", "")
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"MYSQL_PASSWORD_FILE: can't read {file!r} ({error.strerror})") from error
