"""Stand-ins for what surrounds the reference: its log, its cluster, its database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from harness.reference.log import Log
from harness.spec.model import JsonObject
from tests.unit.reference.apiserver import FakeApiServer


class LogLines:
    """A log that is kept: `log` writes it, `lines` are its parsed lines."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.log = Log(self.texts.append)

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The lines as the JSON that they are."""
        return [json.loads(text) for text in self.texts]

    @property
    def messages(self) -> list[str]:
        """What the lines say, without the rest."""
        return [line["msg"] for line in self.lines]


@pytest.fixture
def kept() -> LogLines:
    """A log that is kept."""
    return LogLines()


@pytest.fixture
def apiserver() -> Iterator[FakeApiServer]:
    """A kube-apiserver of a few lines, on a free port."""
    with FakeApiServer() as server:
        yield server


def make_object(kind: str = "Project", name: str = "a", **metadata: Any) -> JsonObject:
    """Return an object as the API server sends it; `metadata` is added to its own."""
    return {
        "apiVersion": "michelangelo.api/v2",
        "kind": kind,
        "metadata": {
            "namespace": "n",
            "name": name,
            "uid": f"uid-{name}",
            "resourceVersion": "41",
            "creationTimestamp": "2026-03-09T20:36:46Z",
            **metadata,
        },
        "spec": {},
    }
