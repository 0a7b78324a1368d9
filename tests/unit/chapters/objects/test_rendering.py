"""What is created of a user's object."""

from __future__ import annotations

from typing import Any

from harness.chapters.objects.rendering import Namespaces, render, render_status
from harness.suite.user_objects import UserObject


def _make(name: str, namespace: str = "theirs", **fields: Any) -> UserObject:
    metadata = {"name": name, "namespace": namespace, "uid": "u", "resourceVersion": "7", "labels": {"a": "b"}}
    return UserObject(
        "f", {"apiVersion": "michelangelo.api/v2", "kind": "Project", "metadata": metadata, **fields}
    )


def _make_namespaces() -> Namespaces:
    numbers = iter(range(1, 10))
    return Namespaces(lambda: f"run-{next(numbers)}")


def test_names_stay_and_namespaces_are_the_runs() -> None:
    """Also where others are referred to; what a server or another controller wrote is left out."""
    own = _make("one", spec={"owner": [{"namespace": "theirs", "name": "x"}], "other": {"namespace": "elsewhere"}})
    found = render(own, _make_namespaces().find(own))
    assert found["metadata"] == {
        "name": "one",
        "labels": {"a": "b"},
        "namespace": "run-1",
        "finalizers": ["michelangelo/Ingester"],
    }
    assert found["spec"] == {
        "owner": [{"namespace": "run-1", "name": "x"}],
        "other": {"namespace": "elsewhere"},
    }


def test_the_status_is_written_apart() -> None:
    """Since the API server takes none with a creation."""
    own = _make("one", status={"at": {"namespace": "theirs"}})
    namespaces = _make_namespaces().find(own)
    assert "status" not in render(own, namespaces)
    assert render_status(own, namespaces) == {"at": {"namespace": "run-1"}}
    assert render_status(_make("two"), namespaces) == {}


def test_namesakes_have_namespaces_of_their_own() -> None:
    """Files may hold one object twice; all else of a namespace stays together."""
    namespaces = _make_namespaces()
    found = [namespaces.find(_make(*each)) for each in (("a",), ("b",), ("a",), ("c", "more"), ("a",))]
    assert found == [
        {"theirs": "run-1"},
        {"theirs": "run-1"},
        {"theirs": "run-2"},
        {"theirs": "run-1", "more": "run-3"},
        {"theirs": "run-4", "more": "run-3"},
    ]
