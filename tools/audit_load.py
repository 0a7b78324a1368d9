"""Fills a local sandbox with objects of every kind and their rows, quickly: for measurements and tests.

Objects go into etcd as kube-apiserver stores them, since a hundred thousand creations would take a quarter of an
hour; rows are written as the reference writes them. The sandbox's controller manager must be stopped meanwhile.
"""

from __future__ import annotations

import copy
import datetime as dt
import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import mysql.connector

from harness.clients.kube import Cluster
from harness.core.settings import MySQLEndpoint
from harness.reference.row import Row, RowBuilder
from harness.sandbox.local.client.sandbox import LocalSandbox
from harness.sandbox.local.servers.controlplane import get_etcd_socket
from harness.sandbox.local.servers.etcdclient import EtcdClient
from harness.spec.annotations import INGESTER_FINALIZER
from harness.spec.contract import Contract
from harness.spec.manifest import as_applied
from harness.spec.model import GROUP, JsonObject, Kind
from harness.spec.templates import Templates

NAMESPACES = 20
_BATCH = 100   # etcd takes up to 128 operations in a transaction


@dataclass(frozen=True)
class Loaded:
    """An object that was stored, with its kind and the version that it was given."""

    kind: Kind
    object: JsonObject


def load(
    sandbox: LocalSandbox, contract: Contract, number: int, *, first: int = 0, finalizer: bool = True
) -> Iterator[Loaded]:
    """Store `number` objects, the kinds in turn, and their rows; yield each once both are there.

    They are numbered from `first` on, in their names.
    """
    etcd = EtcdClient(get_etcd_socket(sandbox.folder.etcd))
    templates = Templates(cases=contract.cases)
    made = [(case.kind, as_applied(templates.render(case))) for case in contract.cases if case.can_be_made]
    connection = connect(sandbox.mysql)
    cluster = Cluster(sandbox.kubeconfig)
    for name in map(_name_namespace, range(NAMESPACES)):
        cluster.create_namespace(name)
    for start in range(first, first + number, _BATCH):
        batch = [
            (made[n % len(made)][0], _make(made[n % len(made)][1], n, finalizer=finalizer))
            for n in range(start, min(start + _BATCH, first + number))
        ]
        revision = etcd.put({_name_key(kind, obj): json.dumps(obj).encode() for kind, obj in batch})
        for _, obj in batch:
            obj["metadata"]["resourceVersion"] = str(revision)
        _write_rows(connection, batch)
        yield from (Loaded(kind, obj) for kind, obj in batch)
    connection.close()


def connect(endpoint: MySQLEndpoint) -> Any:
    """Return a connection of the sandbox's administrator."""
    return mysql.connector.connect(
        host=endpoint.host,
        port=endpoint.port,
        user=endpoint.user,
        password=endpoint.password,
        database=endpoint.database,
        autocommit=True,
        time_zone="+00:00",
        use_pure=True,
    )


def _make(obj: JsonObject, number: int, *, finalizer: bool) -> JsonObject:
    made = copy.deepcopy(obj)
    now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    made["metadata"] |= {
        "name": f"{obj['metadata']['name']}-{number:06d}",
        "namespace": _name_namespace(number),
        "uid": str(uuid.uuid4()),
        "creationTimestamp": now,
        "generation": 1,
        **({"finalizers": [INGESTER_FINALIZER]} if finalizer else {}),
        "managedFields": [
            {
                "manager": "kubectl-client-side-apply",
                "operation": "Update",
                "apiVersion": obj["apiVersion"],
                "time": now,
                "fieldsType": "FieldsV1",
                "fieldsV1": {"f:spec": {f"f:{name}": {} for name in obj.get("spec", {})}},
            }
        ],
    }
    return made


def _name_namespace(number: int) -> str:
    return f"load-{number % NAMESPACES:02d}"


def _name_key(kind: Kind, obj: JsonObject) -> str:
    metadata = obj["metadata"]
    return f"/registry/{GROUP}/{kind.plural}/{metadata['namespace']}/{metadata['name']}"


def _write_rows(connection: Any, batch: Sequence[tuple[Kind, JsonObject]]) -> None:
    builder = RowBuilder()
    by_kind: dict[str, list[tuple[Kind, Row]]] = {}
    for kind, obj in batch:
        by_kind.setdefault(kind.name, []).append((kind, builder.build(kind, obj)))
    cursor = connection.cursor()
    cursor.execute("START TRANSACTION")
    for rows in by_kind.values():
        kind = rows[0][0]
        values = [list_values(row) for _, row in rows]
        names = ", ".join(f"`{name}`" for name in values[0])
        _insert(cursor, kind.table, names, [tuple(each.values()) for each in values])
        for table, part in ((kind.labels_table, "labels"), (kind.annotations_table, "annotations")):
            pairs = [(row.uid, key, value) for _, row in rows for key, value in getattr(row, part).items()]
            _insert(cursor, table, "`obj_uid`, `key`, `value`", pairs)
    cursor.execute("COMMIT")
    cursor.close()


def list_values(row: Row) -> dict[str, Any]:
    """Return what the row's columns hold, by name."""
    values = {name: value for name, value in vars(row).items() if name not in ("columns", "labels", "annotations")}
    return {**values, **row.columns}


def _insert(cursor: Any, table: str, names: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        places = ", ".join(["%s"] * len(rows[0]))
        cursor.executemany(f"INSERT INTO `{table}` ({names}) VALUES ({places})", list(rows))  # noqa: S608

