"""Makes of a user's objects what can be created: their names kept, their namespaces the run's. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.spec.annotations import INGESTER_FINALIZER
from harness.spec.model import JsonObject
from harness.suite.user_objects import UserObject

_KEPT = ("name", "labels", "annotations")   # the rest is a server's, or would hold or collect the object


class Namespaces:
    """The run's namespaces that stand for a user's; objects of one kind and name never share one."""

    def __init__(self, take: Callable[[], str]) -> None:
        self._take = take
        self._taken: dict[tuple[str, int], str] = {}
        self._uses: dict[tuple[str, str, str], int] = {}

    def find(self, user_object: UserObject) -> dict[str, str]:
        """Return which of the run's namespaces stands for which of the user's, for this object."""
        own = get_namespace(user_object)
        use = (user_object.kind, own, user_object.name)
        self._uses[use] = turn = self._uses.get(use, -1) + 1
        if (own, turn) not in self._taken:
            self._taken[own, turn] = self._take()
        first = {name: taken for (name, number), taken in self._taken.items() if number == 0}
        return {**first, own: self._taken[own, turn]}


def get_namespace(user_object: UserObject) -> str:
    """Return the namespace that the user's object is in."""
    return str(user_object.obj["metadata"].get("namespace") or "default")


def render(user_object: UserObject, namespaces: dict[str, str]) -> JsonObject:
    """Return the object as it is created, without its status; references to namespaces follow.

    It has the Ingester's finalizer, as if Michelangelo's API server had created it.
    """
    obj, metadata = user_object.obj, user_object.obj["metadata"]
    kept = {name: metadata[name] for name in _KEPT if metadata.get(name)}
    rest = {name: value for name, value in obj.items() if name not in ("metadata", "status")}
    mapped: JsonObject = _map_namespaces(rest, namespaces)
    namespace = namespaces[get_namespace(user_object)]
    return {**mapped, "metadata": {**kept, "namespace": namespace, "finalizers": [INGESTER_FINALIZER]}}


def render_status(user_object: UserObject, namespaces: dict[str, str]) -> JsonObject:
    """Return the object's status, empty where it has none."""
    status: JsonObject = _map_namespaces(user_object.obj.get("status") or {}, namespaces)
    return status


def _map_namespaces(value: Any, namespaces: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_map_namespaces(each, namespaces) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: namespaces.get(inner, inner)
        if name == "namespace" and isinstance(inner, str)
        else _map_namespaces(inner, namespaces)
        for name, inner in value.items()
    }
