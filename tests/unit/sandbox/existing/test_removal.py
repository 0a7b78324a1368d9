"""What a run removes, and what it must not touch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest

from harness.clients.kube import Cluster
from harness.core.errors import HarnessError, Refusal
from harness.core.settings import MySQLEndpoint
from harness.sandbox.existing import removal
from harness.sandbox.existing.removal import RUN_LABEL, Trace, remove_trace
from harness.spec.annotations import INGESTER_FINALIZER, INGESTER_FINALIZER_OF_OTHERS, OURS
from harness.spec.model import JsonObject, Kind
from tests.fakes.contract import CONTRACT

_MYSQL = MySQLEndpoint("127.0.0.1", 3306, "user", "ma", "secret")
_OWN = {RUN_LABEL: "r1"}


class _StandInCluster:
    """A cluster of one namespace with objects, which goes away once it is deleted and empty."""

    def __init__(self, labels: dict[str, str], objects: dict[str, dict[str, str]], **behaviour: bool) -> None:
        self.namespace: JsonObject | None = {"metadata": {"name": "ns", "labels": labels}, "status": {}}
        self.objects = dict(objects)   # name -> labels
        self.calls: list[str] = []
        self.behaviour = behaviour

    def get_namespace(self, _: str) -> JsonObject | None:
        return self.namespace

    def delete_namespace(self, name: str) -> bool:
        if self.behaviour.get("forbidden"):
            raise Refusal(403, "Forbidden", "namespaces is forbidden")
        self.calls.append(f"delete namespace {name}")
        if not self.behaviour.get("nobody"):
            self.namespace = None
        return True

    def list_names(self, kind: Kind, _: str, selector: str = "") -> list[str]:
        if kind.name != "Project":
            return []
        chosen = {name: f"{RUN_LABEL}={labels.get(RUN_LABEL)}" for name, labels in self.objects.items()}
        return [name for name, label in chosen.items() if label == selector]

    def list_objects(self, kind: Kind, namespace: str, selector: str = "") -> list[JsonObject]:
        ours = [INGESTER_FINALIZER, f"{OURS}/stays", INGESTER_FINALIZER_OF_OTHERS]
        finalizers = self.behaviour.get("finalizers") and ["held.by/it", *ours]
        names = self.list_names(kind, namespace, selector)
        return [{"metadata": {"name": name, "finalizers": finalizers or []}} for name in names]

    def patch(self, kind: Kind, _: str, name: str, body: JsonObject) -> None:
        self.calls.append(f"patch {kind.plural}/{name} with {body['metadata']}")

    def get(self, _: Kind, namespace: str, name: str) -> JsonObject:
        return {"metadata": {"name": name, "namespace": namespace, "finalizers": ["held.by/it"]}}

    def delete_all(self, kind: Kind, namespace: str, selector: str = "") -> None:
        self.calls.append(f"delete {kind.plural} in {namespace} with {selector}")
        if not self.behaviour.get("held"):
            for name in self.list_names(kind, namespace, selector):
                del self.objects[name]


@pytest.fixture
def remove(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Removes the trace of run r1 in namespace ns, at once patient no longer; returns what stays."""
    monkeypatch.setattr(removal, "_OBJECTS_TIMEOUT_S", 0.2)
    monkeypatch.setattr(removal, "_SIGN_OF_LIFE_S", 0.2)

    def do(cluster: _StandInCluster, deletes: Any = lambda *_: 0) -> list[str]:
        monkeypatch.setattr(removal, "delete_rows", deletes)
        trace = Trace("r1", CONTRACT.kinds, "kubectl -c", ["ns"])
        return [str(left) for left in remove_trace(trace, cast(Cluster, cluster), _MYSQL)]

    return do


def test_the_finalizer_that_the_run_gave_is_taken_off(remove: Callable[..., list[str]]) -> None:
    """An Ingester that is broken would hold the run's objects; finalizers of others are left alone."""
    cluster = _StandInCluster(_OWN, {"mine": _OWN, "theirs": {}}, finalizers=True)
    remove(cluster)
    assert cluster.calls[0] == "patch projects/mine with {'finalizers': ['held.by/it']}"


def test_objects_namespace_and_rows_are_removed(remove: Callable[..., list[str]]) -> None:
    """The run's objects are deleted by label, then its namespace and the rows; nothing stays."""
    cluster = _StandInCluster(_OWN, {"mine": _OWN, "theirs": {}})
    deleted: list[str] = []
    assert remove(cluster, lambda _, _kinds, namespace: deleted.append(namespace)) == []
    assert cluster.calls == [f"delete projects in ns with {RUN_LABEL}=r1", "delete namespace ns"]
    assert (deleted, cluster.objects) == (["ns"], {"theirs": {}})


@pytest.mark.parametrize("labels", [{}, {RUN_LABEL: "r2"}, {"other": "r1"}])
def test_foreign_namespace_is_left_alone(remove: Callable[..., list[str]], labels: dict[str, str]) -> None:
    """A namespace that does not carry this run's label is not touched at all, and neither are rows of it."""
    cluster = _StandInCluster(labels, {"mine": _OWN})

    def never(*_: object) -> int:
        raise AssertionError("rows were deleted")

    assert remove(cluster, never) == []
    assert cluster.calls == []


def test_held_object_is_named_with_its_finalizer(remove: Callable[..., list[str]]) -> None:
    """An object that a finalizer holds is listed, with the command that takes it off."""
    (left,) = remove(_StandInCluster(_OWN, {"mine": _OWN}, held=True))
    assert "projects.michelangelo.api/mine in namespace ns stays: deleted, but held.by/it held it" in left
    assert "kubectl -c patch projects.michelangelo.api mine -n ns --type=merge" in left


def test_namespace_that_nobody_removes_is_named(remove: Callable[..., list[str]]) -> None:
    """Beside a bare API server the namespace stays Terminating, which is said with the command."""
    (left,) = remove(_StandInCluster(_OWN, {}, nobody=True))
    assert left.startswith("namespace ns stays: it is Terminating, and no controller")
    assert left.endswith("kubectl -c delete namespace ns --wait=false")


def test_right_that_is_missing_at_the_end_is_no_crash(remove: Callable[..., list[str]]) -> None:
    """A namespace that may not be deleted is listed with the API server's words."""
    (left,) = remove(_StandInCluster(_OWN, {}, forbidden=True))
    assert "namespace ns stays: 403 Forbidden: namespaces is forbidden" in left


def test_rows_that_may_not_be_deleted_are_listed_with_sql(
    remove: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the right to delete rows they stay, with their number and the SQL for their tables alone."""

    class Rows:
        def __init__(self, _: MySQLEndpoint) -> None:
            """Connect to nothing."""

        def count_rows(self, _kinds: Sequence[Kind], _: str) -> dict[str, int]:
            counts = {table: 0 for kind in CONTRACT.kinds for table in kind.tables}
            return {**counts, "project": 1, "project_labels": 2}

        def close(self) -> None:
            """Do nothing."""

    def refuse(*_: object) -> int:
        raise HarnessError("DELETE command denied")

    monkeypatch.setattr(removal, "Database", Rows)
    (left,) = remove(_StandInCluster(_OWN, {}), refuse)
    assert left.startswith("1 row(s) of namespace ns in MySQL stays: DELETE command denied")
    assert "DELETE m, l, a FROM `project` m" in left
    assert "WHERE m.namespace = 'ns';" in left
    assert "`model`" not in left
