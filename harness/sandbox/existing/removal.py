"""Removes what a run made in a cluster, and nothing else; names what stays, with the command that removes it.

Objects are deleted by the run's label in the run's namespace, then that namespace with whatever was put into
it (only where it carries this run's label), then the namespace's rows in MySQL where the account may. A
namespace's deletion is carried out by Kubernetes' controller manager; where none runs (a bare API server) it
never ends, and that is said instead of waited for.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from harness.clients.kube import Cluster
from harness.clients.mysql import Database, delete_rows, render_deletion
from harness.core.errors import HarnessError, Refusal
from harness.core.polling import wait_for
from harness.core.settings import MySQLEndpoint
from harness.spec.annotations import get_finalizers, was_given_by_a_run
from harness.spec.model import GROUP, JsonObject, Kind

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
    """What one run has made: objects of `kinds` with its label's value, in its namespaces.

    `kubectl` begins the commands that remove it.
    """

    run_id: str
    kinds: Sequence[Kind]
    kubectl: str = "kubectl"
    namespaces: list[str] = field(default_factory=list)

    @property
    def selector(self) -> str:
        """The label selector of everything that the run made."""
        return f"{RUN_LABEL}={self.run_id}"


def remove_trace(trace: Trace, cluster: Cluster, mysql: MySQLEndpoint) -> list[Leftover]:
    """Remove all that the run made, and return what stays. Raises nothing: who ends a run must come to its end."""
    leftovers: list[Leftover] = []
    try:
        ours = [namespace for namespace in trace.namespaces if _is_ours(trace, namespace, cluster)]
        kinds = {namespace: _delete_objects(trace, namespace, cluster) for namespace in ours}
    except (Refusal, HarnessError) as error:
        return list_trace(trace, mysql, _first_line(error))
    deadline = time.monotonic() + _OBJECTS_TIMEOUT_S   # one for all, which are held side by side
    for namespace in ours:
        try:
            patience_s = max(0.0, deadline - time.monotonic())
            remaining = _await_removal(trace, namespace, cluster, kinds[namespace], patience_s)
        except (Refusal, HarnessError) as error:
            return [*leftovers, *list_trace(trace, mysql, _first_line(error))]
        leftovers += [
            _describe_held(trace, kind, obj) for kind, objects in remaining.items() for obj in objects
        ]
        leftovers += _delete_namespace(trace, namespace, cluster)
        leftovers += _delete_rows(trace, namespace, mysql)
    return leftovers


def list_trace(trace: Trace, mysql: MySQLEndpoint, why: str) -> list[Leftover]:
    """Return all that the run made, as it is left where nothing is removed."""
    leftovers = []
    for namespace in trace.namespaces:
        objects = f"namespace {namespace} with all objects labelled {trace.selector}"
        commands = (_delete_command(namespace, trace), _delete_namespace_command(namespace, trace))
        leftovers.append(Leftover(objects, why, " && ".join(commands)))
        leftovers += _list_rows(trace, namespace, mysql, why)
    return leftovers


def _is_ours(trace: Trace, namespace: str, cluster: Cluster) -> bool:
    """Return whether the namespace is there and is still the one that the run made."""
    found = cluster.get_namespace(namespace)
    return found is not None and (found["metadata"].get("labels") or {}).get(RUN_LABEL) == trace.run_id


def _delete_objects(trace: Trace, namespace: str, cluster: Cluster) -> list[Kind]:
    """Ask for the deletion of the run's objects; return the kinds that have any."""
    waiting = [kind for kind in trace.kinds if cluster.list_names(kind, namespace, trace.selector)]
    for kind in waiting:
        _release_objects(kind, namespace, trace, cluster)
        cluster.delete_all(kind, namespace, trace.selector)
    return waiting


def _await_removal(
    trace: Trace, namespace: str, cluster: Cluster, kinds: list[Kind], timeout_s: float
) -> dict[Kind, list[JsonObject]]:
    """Wait until the run's objects are gone; return those that are not."""

    def read() -> dict[Kind, list[str]]:
        names = {kind: cluster.list_names(kind, namespace, trace.selector) for kind in kinds}
        return {kind: left for kind, left in names.items() if left}

    left = wait_for(
        read, lambda left: not left, timeout_s=timeout_s, interval_s=0.1, max_interval_s=1.0
    ).value
    found = {kind: [cluster.get(kind, namespace, name) for name in names] for kind, names in left.items()}
    return {kind: [obj for obj in objects if obj is not None] for kind, objects in found.items()}


def _release_objects(kind: Kind, namespace: str, trace: Trace, cluster: Cluster) -> None:
    """Take off the finalizers that the run gave its objects: nobody else does, nor a broken Ingester its own."""
    for obj in cluster.list_objects(kind, namespace, trace.selector):
        finalizers = get_finalizers(obj)
        rest = [name for name in finalizers if not was_given_by_a_run(name)]
        if rest != finalizers:
            with suppress(Refusal):   # it may be gone by now
                cluster.patch(kind, namespace, obj["metadata"]["name"], {"metadata": {"finalizers": rest}})


def _describe_held(trace: Trace, kind: Kind, obj: JsonObject) -> Leftover:
    """Return an object that was deleted and stays, with the finalizers that hold it."""
    metadata = obj["metadata"]
    finalizers = ", ".join(metadata.get("finalizers") or ["no finalizer"])
    resource, place = f"{kind.plural}.{GROUP}", f"{metadata['name']} -n {metadata['namespace']}"
    why = f"deleted, but {finalizers} held it for {_OBJECTS_TIMEOUT_S:g} s; by force, if its controller is gone:"
    patch = """-p '{"metadata":{"finalizers":null}}'"""
    command = f"{trace.kubectl} patch {resource} {place} --type=merge {patch}"
    return Leftover(f"{resource}/{metadata['name']} in namespace {metadata['namespace']}", why, command)


def _delete_namespace(trace: Trace, namespace: str, cluster: Cluster) -> list[Leftover]:
    """Delete the namespace and wait until it is gone, for as long as somebody is at work on it."""
    command = _delete_namespace_command(namespace, trace)
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
            why = "it is Terminating, and no controller of this cluster carries that out (a bare API server)"
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


def _delete_rows(trace: Trace, namespace: str, mysql: MySQLEndpoint) -> list[Leftover]:
    try:
        delete_rows(mysql, trace.kinds, namespace)
    except HarnessError as error:
        return _list_rows(trace, namespace, mysql, _first_line(error))
    return []


def _list_rows(trace: Trace, namespace: str, mysql: MySQLEndpoint, why: str) -> list[Leftover]:
    """Return the namespace's rows as leftovers, with the SQL that deletes them."""
    try:
        database = Database(mysql)
        try:
            counts = database.count_rows(trace.kinds, namespace)
        finally:
            database.close()
    except HarnessError as error:
        return [Leftover(f"rows of namespace {namespace}", _first_line(error), "see the documentation")]
    kinds = [kind for kind in trace.kinds if counts[kind.table]]
    if not kinds:
        return []
    what = f"{sum(counts[kind.table] for kind in kinds)} row(s) of namespace {namespace} in MySQL"
    quoted = "'" + namespace + "'"
    return [Leftover(what, why, "; ".join(render_deletion(kind, quoted) for kind in kinds) + ";")]


def _delete_command(namespace: str, trace: Trace) -> str:
    plurals = ",".join(f"{kind.plural}.{GROUP}" for kind in trace.kinds)
    return f"{trace.kubectl} delete {plurals} -n {namespace} -l {trace.selector}"


def _delete_namespace_command(namespace: str, trace: Trace) -> str:
    return f"{trace.kubectl} delete namespace {namespace} --wait=false"


def _is_worked_on(namespace: JsonObject) -> bool:
    return bool(namespace.get("status", {}).get("conditions"))


def _describe_conditions(namespace: JsonObject) -> str:
    held = [c["message"] for c in namespace["status"].get("conditions") or [] if c.get("status") == "True"]
    return f"it is still Terminating after {_NAMESPACE_TIMEOUT_S:g} s: {'; '.join(held) or 'no reason is given'}"


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
