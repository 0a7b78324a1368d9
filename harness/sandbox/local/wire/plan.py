"""What the client asks of a supervisor: everything resolved, so that the supervisor has nothing to choose.

It is written to the sandbox's folder as JSON, readable by this user alone: it holds a password where the
MySQL server is one elsewhere.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.core.served_kind import ServedKind
from harness.core.settings import MySQLEndpoint
from harness.provision.assets.mysqld import MySQLServerFiles
from harness.sandbox.local.wire.folder import SandboxFolder
from harness.sandbox.storage import write_private
from harness.spec.model import JsonObject


@dataclass(frozen=True)
class Executable:
    """A program and exactly which it is."""

    path: str
    version: str = ""
    sha256: str = ""


@dataclass(frozen=True)
class ControllerManagerPlan:
    """How the controller manager is started, and exactly what it is.

    `digest` differs wherever another controller manager was asked for. `expands_variables` says that it
    replaces `$NAME` in its `base.yaml`, so that a dollar sign must be doubled there.
    """

    command: tuple[str, ...]
    executable: Executable
    digest: str
    expands_variables: bool = False

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> ControllerManagerPlan:
        """Return the plan that `dataclasses.asdict` turned into `data`."""
        values = {**data, "command": tuple(data["command"]), "executable": Executable(**data["executable"])}
        return cls(**values)


@dataclass(frozen=True)
class Plan:
    """One whole sandbox. `mysql` is a server elsewhere, else `mysql_server` is started.

    `apiserver` is Michelangelo's, which installs the CRDs; without it the sandbox installs `crds` itself. With
    a `fault_proxy` the controller manager reaches its servers through that. kube-apiserver keeps a log of writes
    where it `notes_writes`.

    `kinds` must be served, and have their tables. `digest` covers all but the controller manager. `ports` are
    those that the user chose, by component; `crds_source` and `schema_source` name in errors where CRDs and schema
    are from.
    """

    digest: str
    etcd: Executable
    kube_apiserver: Executable
    mysql_server: MySQLServerFiles | None
    mysql: MySQLEndpoint | None
    kinds: tuple[ServedKind, ...]
    crds: list[JsonObject]
    crds_source: str
    schema: str
    schema_source: str
    controllermgr: ControllerManagerPlan
    start_timeout_s: float
    apiserver: Executable | None = None
    fault_proxy: Executable | None = None
    notes_writes: bool = False
    base_yaml_overrides: tuple[tuple[str, Any], ...] = ()
    ports: dict[str, int] = field(default_factory=dict)


def write_plan(folder: SandboxFolder, plan: Plan) -> None:
    """Write the plan into the sandbox's folder."""
    write_private(folder.plan, json.dumps(dataclasses.asdict(plan), default=str))


def read_plan(folder: SandboxFolder) -> Plan:
    """Return the plan in the sandbox's folder."""
    data = json.loads(folder.plan.read_text(encoding="utf-8"))
    for name in ("etcd", "kube_apiserver"):
        data[name] = Executable(**data[name])
    data["kinds"] = tuple(ServedKind(**{**kind, "tables": tuple(kind["tables"])}) for kind in data["kinds"])
    data["controllermgr"] = ControllerManagerPlan.load(data["controllermgr"])
    data["base_yaml_overrides"] = tuple((key, value) for key, value in data["base_yaml_overrides"])
    for name in ("apiserver", "fault_proxy"):
        if data[name] is not None:
            data[name] = Executable(**data[name])
    if data["mysql"] is not None:
        data["mysql"] = MySQLEndpoint(**data["mysql"])
    if data["mysql_server"] is not None:
        data["mysql_server"] = _load_server(data["mysql_server"])
    return Plan(**data)


def _load_server(data: dict[str, Any]) -> MySQLServerFiles:
    paths = {
        name: None if data[name] is None else Path(data[name])
        for name in ("server", "basedir", "install_db", "client")
    }
    return MySQLServerFiles(**{**data, **paths})
