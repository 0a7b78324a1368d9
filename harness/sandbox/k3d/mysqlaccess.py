"""Where a k3d sandbox's MySQL is reached from this machine, and with which account: found, not assumed.

The account is the one that the Ingester itself uses, from its `base.yaml`; where its stanza is still missing,
that of the schema job. The port is the one that k3d publishes for the Service's node port.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.core.errors import HarnessError
from harness.core.settings import MySQLEndpoint
from harness.sandbox.base import MYSQL, SCHEMA_INIT
from harness.sandbox.k3d.cluster import K3dCluster
from harness.sandbox.k3d.gates import read_configuration, resolve_default
from harness.sandbox.k3d.kubectl import Kubectl
from harness.spec.model import JsonObject

_VARIABLES = {
    "host": "MYSQL_HOST",
    "port": "MYSQL_PORT",
    "user": "MYSQL_USER",
    "password": "MYSQL_PASSWORD",
    "database": "MYSQL_DATABASE",
}


def read_stanza(kubectl: Kubectl) -> JsonObject:
    """Return the `mysql` stanza that the schema job's account makes; an empty one where there is no such job."""
    job = kubectl.get("job", SCHEMA_INIT) or {}
    template = job.get("spec", {}).get("template", {}).get("spec", {})
    variables = {
        each["name"]: each["value"]
        for container in template.get("containers", [])
        for each in container.get("env") or []
        if "value" in each
    }
    stanza: JsonObject = {key: variables[name] for key, name in _VARIABLES.items() if name in variables}
    if str(stanza.get("port", "")).isdecimal():
        stanza["port"] = int(stanza["port"])
    return stanza


def find_published_port(kubectl: Kubectl, cluster: K3dCluster, service: str, port: int) -> tuple[str, int] | None:
    """Return host and port on this machine that lead to the service's `port`; None where k3d publishes none."""
    found = kubectl.get("service", service)
    if found is None:
        raise HarnessError(
            f"the cluster has no Service {service}, which the Ingester's base.yaml names as its MySQL host",
            hint="--k3d-existing recreate makes the cluster anew",
        )
    for each in found["spec"].get("ports") or []:
        if each.get("port") == port and each.get("nodePort") in cluster.published:
            return cluster.published[each["nodePort"]]
    return None


def make_endpoint(base_yaml: str, address: tuple[str, int]) -> MySQLEndpoint:
    """Return how MySQL is reached at `address`, with the account of the Ingester's own configuration."""
    stanza = read_mysql_stanza(base_yaml)
    return MySQLEndpoint(
        host=address[0],
        port=address[1],
        user=stanza["user"],
        database=stanza["database"],
        password=stanza["password"],
    )


def read_mysql_stanza(base_yaml: str) -> Mapping[str, str]:
    """Return the `mysql` stanza as text; HarnessError names what it lacks."""
    stanza: dict[str, Any] = read_configuration(base_yaml).get(MYSQL) or {}
    missing = [name for name in _VARIABLES if not str(stanza.get(name, ""))]
    if missing:
        raise HarnessError(
            f"the Ingester's base.yaml has no mysql.{', mysql.'.join(missing)}, and no job {SCHEMA_INIT} tells",
            hint="Add it to the ConfigMap michelangelo-controllermgr-config, or --k3d-existing recreate",
        )
    return {name: resolve_default(stanza[name]) for name in _VARIABLES}
