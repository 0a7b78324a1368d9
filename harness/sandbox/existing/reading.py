"""Reads the contract of a cluster that exists: kinds from its discovery, tables from its `information_schema`.

Discovery and the OpenAPI document are open to whoever may log in, so that no right is needed for it. What does not
answer is not read, and said; whether that ends the run is decided where the cluster is connected.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import closing

from harness.clients.kube import Cluster
from harness.clients.mysql import Database
from harness.clients.pods import Pods
from harness.core.errors import HarnessError, Refusal
from harness.sandbox.existing.options import Access
from harness.sandbox.existing.sandbox import log_in, open_forward
from harness.sandbox.ports import LOOPBACK
from harness.spec.definitions import KindDefinition, Tables, read_definitions
from harness.spec.features import Fact
from harness.spec.model import GROUP, VERSION
from harness.spec.read import ReadContract
from harness.spec.schema.published import find_in_openapi
from harness.spec.versions import NOTE

_TIMEOUT_S = 5


def read_cluster(settings: Access) -> ReadContract:
    """Return what the cluster and its MySQL say of the version, with a note on what did not answer."""
    source = f"discovery of {settings.context.server}"
    notes: list[Fact] = []
    kinds: list[KindDefinition] = []
    tables: Tables | None = None
    with log_in(settings.context) as kubeconfig:
        try:
            kinds = list(_read_kinds(Cluster(kubeconfig, retries=False)))
        except (HarnessError, Refusal) as error:
            notes.append(Fact(NOTE, f"kinds were not read: {error}", source))
        try:
            tables = _read_tables(settings, Pods(kubeconfig))
        except (HarnessError, Refusal) as error:
            notes.append(Fact(NOTE, f"tables were not read: {error}", "information_schema"))
    tables_source = f"information_schema of {settings.mysql.database}"
    return dataclasses.replace(read_definitions(kinds, source, tables, tables_source), notes=tuple(notes))


def _read_kinds(cluster: Cluster) -> Iterator[KindDefinition]:
    plurals = cluster.find_kinds()
    if not plurals:
        raise HarnessError(f"the API server serves no kind of {GROUP}/{VERSION}")
    document = cluster.get_openapi()
    for kind, plural in plurals.items():
        found = find_in_openapi(document, kind, plural)
        schema = {} if found is None else {"type": "object", "properties": dict(found.parts)}
        yield KindDefinition(kind, plural, schema)


def _read_tables(settings: Access, pods: Pods) -> Tables:
    forward = None if settings.forward is None else open_forward(pods, settings.forward)
    mysql = settings.mysql
    if forward is not None:
        mysql = dataclasses.replace(mysql, host=LOOPBACK, port=forward.port)
    try:
        with closing(Database(mysql, timeout_s=_TIMEOUT_S)) as database:
            found = database.get_columns()
    finally:
        if forward is not None:
            forward.close()
    if not found:
        raise HarnessError(f"{mysql.database!r} has no table that the account may see")
    return {table: {name: kind.upper() for name, kind in columns.items()} for table, columns in found.items()}
