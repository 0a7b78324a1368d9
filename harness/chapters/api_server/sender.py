"""Sends objects through Michelangelo's API server; what kube-apiserver then has is read from the latter alone."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from harness.clients.kube import Cluster, get_version
from harness.clients.michelangelo.client import ApiServer
from harness.core.errors import HarnessError, Refusal
from harness.core.polling import wait_for
from harness.core.record import Evidence
from harness.spec.merge_patch import merge
from harness.spec.model import JsonObject, Kind
from harness.subject import evidence
from harness.subject.sender import Reply, attempt


class ApiServerSender:
    """A `harness.subject.sender.Sender`. Updates are tried again for `retry_s` where others were quicker."""

    def __init__(self, server: ApiServer, cluster: Cluster, retry_s: float) -> None:
        self._server = server
        self._cluster = cluster
        self._retry_s = retry_s

    def create(self, kind: Kind, obj: JsonObject) -> Reply:
        """Create the object."""
        metadata = obj["metadata"]
        words = "create through the API server"
        request = evidence.of_request(words, kind, metadata["namespace"], metadata["name"], obj)
        answer = attempt(lambda: self._server.create(kind, obj))
        at = time.monotonic()
        if isinstance(answer, Refusal):
            return Reply(answer, at, [request, evidence.of_answer(answer)])
        stored = self._find_answered(kind, answer)
        found = [
            request,
            evidence.of_object(answer, "what the API server answered"),
            evidence.of_object(stored, f"what kube-apiserver has, at resourceVersion {get_version(stored)}"),
        ]
        return Reply(stored, at, found, answer)

    def patch(self, kind: Kind, namespace: str, name: str, patch: Mapping[str, Any]) -> Reply:
        """Read the object, merge the patch and write: others may write in between, as in production."""
        sent: list[JsonObject] = []

        def update() -> JsonObject | Refusal:
            found = self._server.get(kind, namespace, name)
            if found is None:
                return Refusal(404, "NotFound", "the API server does not find the object")
            sent.append(merge(found, patch))
            return self._server.update(kind, sent[-1])

        wait = wait_for(
            lambda: attempt(update),
            lambda answer: not (isinstance(answer, Refusal) and answer.is_conflict),
            timeout_s=self._retry_s,
            interval_s=0.02,
        )
        answer, at = wait.value, time.monotonic()
        stored = answer if isinstance(answer, Refusal) else self._find_answered(kind, answer)
        words = "update through the API server"
        found = [evidence.of_request(words, kind, namespace, name, body) for body in sent[-1:]]
        found.append(evidence.of_answer(stored))
        if wait.polls > 1:
            found.append(evidence.of_note(f"{wait.polls} attempts", "others wrote in between"))
        return Reply(stored, at, found, None if isinstance(answer, Refusal) else answer)

    def delete(self, kind: Kind, namespace: str, name: str) -> Refusal | None:
        """Ask for the object's deletion."""
        return attempt(lambda: self._server.delete(kind, namespace, name))

    def describe(self, kind: Kind, namespace: str, name: str) -> Evidence:
        """Return what the API server says of an object that is in MySQL only."""
        try:
            found = self._server.get(kind, namespace, name)
            words = "it does not find it" if found is None else "it has it, from MySQL"
        except Refusal as refusal:
            words = str(refusal)
        return evidence.of_note("what the API server says of an object that is in MySQL only", words)

    def _find_answered(self, kind: Kind, answer: JsonObject) -> JsonObject:
        """Return what kube-apiserver has (or had) at the version that the API server answered."""
        metadata = answer.get("metadata", {})
        namespace, name = metadata.get("namespace", ""), metadata.get("name", "")
        try:
            version = get_version(answer)
        except (KeyError, ValueError) as error:
            raise HarnessError(f"{kind.name} {name}: the API server answered no resourceVersion") from error
        now = self._cluster.get(kind, namespace, name)
        if now is not None and get_version(now) == version:
            return now
        since = version - 1
        for found in self._cluster.get_history(kind, namespace, name, since=since, until=version, timeout_s=9):
            if found.number == version and not found.deleted:
                return found.object
        raise HarnessError(
            f"{kind.name} {name}: kube-apiserver knows no version {version}, which the API server answered",
            hint="Does the API server work on this cluster, or on another?",
        )
