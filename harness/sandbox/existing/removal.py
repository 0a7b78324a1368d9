"""Removes what a run made in a cluster, and nothing else; names what stays, with the command that removes it.

Objects are deleted by the run's label in the run's namespace, then that namespace (which is deleted only
where this run made it), then the namespace's rows in MySQL where the account may delete. A namespace's
deletion is carried out by Kubernetes' controller manager; where none runs (a bare API server) it never ends,
and that is said instead of waited for.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.catalogue import KINDS
from harness.errors import HarnessError
from harness.kube import Cluster, Refusal
from harness.model import GROUP, JsonObject, Kind
from harness.mysql import Database, delete_rows, render_deletion
from harness.polling import wait_for
from harness.settings import MySQLEndpoint

RUN_LABEL = "ingester-acceptance/run"

_OBJECTS_TIMEOUT_S = 30.0
_NAMESPACE_TIMEOUT_S = 60.0
_SIGN_OF_LIFE_S = 5.0
"""Kubernetes' namespace controller writes its first condition into a namespace within a second or two."""


@dataclass(frozen=True)
class Leftover:
    """Something that stays, why, and the command that removes it."""

    what: str
    why: str
    command: str

    def __str__(self) -> str:
        """Return it on two lines."""
        return f"{self.what} stays: {self.why}\n    {self.command}"


@dataclass
class Trace:
    """What one run has made: its label's value, its namespaces, and where their rows are."""

    run_id: str
    namespaces: list[str] = field(default_factory=list)

    @property
    def selector(self) -> str:
        """The label selector of everything that the run made."""
        return f"{RUN_LABEL}={self.run_id}"


def remove_trace(trace: Trace, cluster: Cluster, mysql: MySQLEndpoint) -> list[Leftover]:
    """Remove all that the run made, and return what stays. Raises nothing: who ends a run must come to its end."""
    leftovers: list[Leftover] = []
    for namespace in trace.namespaces:
        try:
            if not _is_ours(trace, namespace, cluster):
                continue
            remaining = _delete_objects(trace, namespace, cluster)
        except (Refusal, HarnessError) as error:
            return list_trace(trace, mysql, _first_line(error))
        leftovers += [
            Leftover(
                f"{kind.plural} {', '.join(names)} in namespace {namespace}",
                f"not gone after {_OBJECTS_TIMEOUT_S:g} s; a finalizer holds them",
                _delete_command([kind], namespace, trace),
            )
            for kind, names in remaining.items()
        ]
        leftovers += _delete_namespace(namespace, cluster)
        leftovers += _delete_rows(namespace, mysql)
    return leftovers


def list_trace(trace: Trace, mysql: MySQLEndpoint, why: str) -> list[Leftover]:
    """Return all that the run made, as it is left where nothing is removed."""
    leftovers = []
    for namespace in trace.namespaces:
        objects = f"namespace {namespace} with all objects labelled {trace.selector}"
        command = f"{_delete_command(list(KINDS), namespace, trace)} && kubectl delete namespace {namespace}"
        leftovers.append(Leftover(objects, why, command))
        leftovers += _list_rows(namespace, mysql, why)
    return leftovers


def _is_ours(trace: Trace, namespace: str, cluster: Cluster) -> bool:
    """Return whether the namespace is there and is still the one that the run made."""
    found = cluster.get_namespace(namespace)
    return found is not None and (found["metadata"].get("labels") or {}).get(RUN_LABEL) == trace.run_id


def _delete_objects(trace: Trace, namespace: str, cluster: Cluster) -> dict[Kind, list[str]]:
    """Delete the run's objects and wait until they are gone; return those that are not."""
    waiting = [kind for kind in KINDS if cluster.list_names(kind, namespace, trace.selector)]
    for kind in waiting:
        cluster.delete_all(kind, namespace, trace.selector)

    def read() -> dict[Kind, list[str]]:
        names = {kind: cluster.list_names(kind, namespace, trace.selector) for kind in waiting}
        return {kind: left for kind, left in names.items() if left}

    return wait_for(
        read, lambda left: not left, timeout_s=_OBJECTS_TIMEOUT_S, interval_s=0.1, max_interval_s=1.0
    ).value


def _delete_namespace(namespace: str, cluster: Cluster) -> list[Leftover]:
    """Delete the namespace and wait until it is gone, for as long as somebody is at work on it."""
    command = f"kubectl delete namespace {namespace}"
    try:
        cluster.delete_namespace(namespace)
        gone = wait_for(
            lambda: cluster.get_namespace(namespace),
            lambda found: found is None or _is_worked_on(found),
            timeout_s=_SIGN_OF_LIFE_S,
            interval_s=0.1,
            max_interval_s=0.5,
        )
        if not gone.satisfied:
            why = "it is empty and Terminating, and no controller of this cluster carries that out"
            return [Leftover(f"namespace {namespace}", why, command)]
        if gone.value is not None:
            gone = wait_for(
                lambda: cluster.get_namespace(namespace),
                lambda found: found is None,
                timeout_s=_NAMESPACE_TIMEOUT_S,
                interval_s=0.2,
                max_interval_s=1.0,
            )
    except (Refusal, HarnessError) as error:
        return [Leftover(f"namespace {namespace}", _first_line(error), command)]
    if gone.value is None:
        return []
    return [Leftover(f"namespace {namespace}", _describe_conditions(gone.value), command)]


def _delete_rows(namespace: str, mysql: MySQLEndpoint) -> list[Leftover]:
    try:
        delete_rows(mysql, namespace)
    except HarnessError as error:
        return _list_rows(namespace, mysql, _first_line(error))
    return []


def _list_rows(namespace: str, mysql: MySQLEndpoint, why: str) -> list[Leftover]:
    """Return the namespace's rows as leftovers, with the SQL that deletes them."""
    try:
        database = Database(mysql)
        try:
            counts = database.count_rows(namespace)
        finally:
            database.close()
    except HarnessError as error:
        return [Leftover(f"rows of namespace {namespace}", _first_line(error), "see the documentation")]
    kinds = [kind for kind in KINDS if counts[kind.table]]
    if not kinds:
        return []
    what = f"{sum(counts[kind.table] for kind in kinds)} rows of namespace {namespace} in MySQL"
    quoted = "'" + namespace + "'"
    return [Leftover(what, why, "; ".join(render_deletion(kind, quoted) for kind in kinds) + ";")]


def _delete_command(kinds: list[Kind], namespace: str, trace: Trace) -> str:
    plurals = ",".join(f"{kind.plural}.{GROUP}" for kind in kinds)
    return f"kubectl delete {plurals} -n {namespace} -l {trace.selector}"


def _is_worked_on(namespace: JsonObject) -> bool:
    return bool(namespace.get("status", {}).get("conditions"))


def _describe_conditions(namespace: JsonObject) -> str:
    held = [c["message"] for c in namespace["status"].get("conditions") or [] if c.get("status") == "True"]
    return f"it is still Terminating after {_NAMESPACE_TIMEOUT_S:g} s: {'; '.join(held) or 'no reason is given'}"


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
