"""Objects of earlier runs are removed from their namespaces, and from no other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from harness.clients.kube import ALL_NAMESPACES, Cluster
from harness.core.errors import Refusal
from harness.spec.model import JsonObject, Kind
from harness.subject.clearing import clear
from tests.fakes.contract import CONTRACT

KINDS = [CONTRACT.get_kind("Model"), CONTRACT.get_kind("Project")]


class FakeCluster:
    """Models in some namespaces; one that is deleted stays for as long as it has finalizers."""

    def __init__(self, *objects: tuple[str, str, Sequence[str]]) -> None:
        self.objects = [
            {"metadata": {"namespace": namespace, "name": name, "finalizers": list(finalizers)}}
            for namespace, name, finalizers in objects
        ]
        self.requests = 0
        self.lets_go = False   # somebody else, just before we do

    def list_objects(self, kind: Kind, namespace: str) -> list[JsonObject]:
        """Return the objects of all namespaces."""
        assert namespace == ALL_NAMESPACES
        self.requests += 1
        return list(self.objects) if kind.name == "Model" else []

    def delete_all(self, kind: Kind, namespace: str) -> None:
        """Remove those without finalizers."""
        assert kind.name == "Model"
        self.requests += 1
        self.objects = [
            obj
            for obj in self.objects
            if obj["metadata"]["namespace"] != namespace or (obj["metadata"]["finalizers"] and not self.lets_go)
        ]

    def patch(self, _kind: Kind, _namespace: str, name: str, patch: JsonObject) -> None:
        """Remove the object whose finalizers go."""
        assert patch == {"metadata": {"finalizers": None}}
        self.requests += 1
        left = [obj for obj in self.objects if obj["metadata"]["name"] != name]
        if len(left) == len(self.objects):
            raise Refusal(404, "NotFound", name)
        self.objects = left

    @property
    def names(self) -> list[str]:
        """What is left."""
        return [str(obj["metadata"]["name"]) for obj in self.objects]


def test_known_namespaces_are_cleared_and_no_other() -> None:
    """Objects with and without finalizers go; those of other namespaces stay."""
    cluster = FakeCluster(("one", "a", ()), ("one", "held", ("f",)), ("two", "b", ()), ("of-others", "c", ("f",)))
    clear(cast(Cluster, cluster), KINDS, ["one", "two"])
    assert cluster.names == ["c"]


def test_empty_namespaces_cost_nothing() -> None:
    """Kinds are asked for once each, however many namespaces runs have left."""
    cluster = FakeCluster()
    clear(cast(Cluster, cluster), KINDS, [f"run-{number}" for number in range(100)])
    assert cluster.requests == len(KINDS)


def test_an_object_that_goes_meanwhile_is_no_error() -> None:
    """The Ingester may let go of an object before its finalizers are removed here."""
    cluster = FakeCluster(("one", "held", ("f",)))
    cluster.lets_go = True
    clear(cast(Cluster, cluster), KINDS, ["one"])
    assert cluster.names == []
