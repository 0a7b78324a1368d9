"""How an object is sent: straight to kube-apiserver, as kubectl does, or by whoever else implements `Sender`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from harness.clients.kube import Cluster
from harness.core.errors import Refusal
from harness.core.record import Evidence
from harness.spec.model import JsonObject, Kind
from harness.subject import evidence

T = TypeVar("T")


@dataclass(frozen=True)
class Reply:
    """What a request brought: the object that kube-apiserver then has, or a refusal; `at` on the monotonic clock.

    `answered` is the answer of a server in between, where there is one; `evidence` is of the request and of both.
    """

    stored: JsonObject | Refusal
    at: float
    evidence: list[Evidence] = field(default_factory=list)
    answered: JsonObject | None = None


class Sender(Protocol):
    """Sends objects. A refusal is a reply; HarnessError where nobody answers."""

    def create(self, kind: Kind, obj: JsonObject) -> Reply:
        """Create the object."""

    def patch(self, kind: Kind, namespace: str, name: str, patch: Mapping[str, Any]) -> Reply:
        """Merge the patch into the object."""

    def delete(self, kind: Kind, namespace: str, name: str) -> Refusal | None:
        """Ask for the object's deletion; return why it is not accepted, None where it is."""


class KubectlSender:
    """Sends to kube-apiserver, as kubectl does. With `brief` the evidence has the answers' versions alone."""

    def __init__(self, cluster: Cluster, *, brief: bool = False) -> None:
        self._cluster = cluster
        self._brief = brief

    def create(self, kind: Kind, obj: JsonObject) -> Reply:
        """Create the object."""
        metadata = obj["metadata"]
        request = evidence.of_request("create", kind, metadata["namespace"], metadata["name"], obj)
        return self._send(request, lambda: self._cluster.create(kind, obj))

    def patch(self, kind: Kind, namespace: str, name: str, patch: Mapping[str, Any]) -> Reply:
        """Merge the patch into the object."""
        request = evidence.of_request("patch", kind, namespace, name, patch)
        return self._send(request, lambda: self._cluster.patch(kind, namespace, name, patch))

    def patch_status(self, kind: Kind, namespace: str, name: str, patch: Mapping[str, Any]) -> Reply:
        """Merge the patch into the object's status alone."""
        request = evidence.of_request("patch status of", kind, namespace, name, patch)
        return self._send(request, lambda: self._cluster.patch_status(kind, namespace, name, patch))

    def delete(self, kind: Kind, namespace: str, name: str, propagation: str = "") -> Refusal | None:
        """Ask for the object's deletion; one that is gone already is deleted."""
        answer = attempt(lambda: self._cluster.delete(kind, namespace, name, propagation))
        return answer if isinstance(answer, Refusal) else None

    def _send(self, request: Evidence, send: Callable[[], JsonObject]) -> Reply:
        answer = attempt(send)
        return Reply(answer, time.monotonic(), [request, evidence.of_answer(answer, brief=self._brief)])


def attempt(request: Callable[[], T]) -> T | Refusal:
    """Return what the request brings, a refusal included."""
    try:
        return request()
    except Refusal as refusal:
        return refusal
