"""Talks to the kube-apiserver about the 13 kinds: list, watch, replace, merge-patch, delete. Plain JSON.

Made of the standard library, because it starts quickly. It never retries: an error is an `ApiError`, and
whoever asked knows when to ask again.
"""

from __future__ import annotations

import http.client
import json
import urllib.parse
from collections.abc import Iterator
from contextlib import suppress
from types import TracebackType
from typing import Self

from harness.reference.config import Cluster
from harness.reference.errors import ApiError, NotFoundError
from harness.reference.workqueue import Key
from harness.spec.model import GROUP, VERSION, JsonObject, Kind

MERGE_PATCH = "application/merge-patch+json"
_ANSWER_TIMEOUT_S = 30.0
_WATCH_S = 300
_ROOT = f"/apis/{GROUP}/{VERSION}"


class Api:
    """One kube-apiserver, for any number of threads."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def open(self) -> Session:
        """Return a connection of the caller's own; it connects with its first request."""
        return Session(self._cluster)

    def replace(self, kind: Kind, obj: JsonObject) -> JsonObject:
        """Write `obj` over the version that it was read at, and return it; ApiError 409 if that is outdated."""
        key = Key(obj["metadata"]["namespace"], obj["metadata"]["name"])
        with self.open() as session:
            return session.send("PUT", _path(kind, key), obj)

    def patch(self, kind: Kind, key: Key, patch: JsonObject, subresource: str = "") -> JsonObject:
        """Merge `patch` into the object, or its `subresource`, and return it."""
        path = _path(kind, key) + (f"/{subresource}" if subresource else "")
        with self.open() as session:
            return session.send("PATCH", path, patch, MERGE_PATCH)

    def delete(self, kind: Kind, key: Key, uid: str, propagation: str = "") -> None:
        """Delete the object with that uid, by that policy; NotFoundError where it is gone, 409 for another uid."""
        policy = {"propagationPolicy": propagation} if propagation else {}
        with self.open() as session:
            session.send("DELETE", _path(kind, key), {"preconditions": {"uid": uid}, **policy})


class Session:
    """One connection, for one request after the other."""

    def __init__(self, cluster: Cluster) -> None:
        self._headers = {"Accept": "application/json", "User-Agent": "ingester-reference"}
        if cluster.token:
            self._headers["Authorization"] = f"Bearer {cluster.token}"
        self._connection: http.client.HTTPConnection
        if cluster.tls is None:
            self._connection = http.client.HTTPConnection(cluster.host, cluster.port, timeout=_ANSWER_TIMEOUT_S)
        else:
            self._connection = http.client.HTTPSConnection(
                cluster.host, cluster.port, timeout=_ANSWER_TIMEOUT_S, context=cluster.tls
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def list(self, kind: Kind) -> tuple[list[JsonObject], str]:
        """Return all objects of `kind`, and the resourceVersion to watch from."""
        answer = self.send("GET", f"{_ROOT}/{kind.plural}")
        return answer["items"], answer["metadata"]["resourceVersion"]

    def watch(self, kind: Kind, version: str) -> Iterator[tuple[str, JsonObject]]:
        """Yield each later change (ADDED, MODIFIED, DELETED, BOOKMARK) until the server ends the watch.

        ApiError where it breaks off, or (status 410) where `version` is too old.
        """
        query = urllib.parse.urlencode(
            {
                "watch": "true",
                "resourceVersion": version,
                "allowWatchBookmarks": "true",
                "timeoutSeconds": _WATCH_S,
            }
        )
        response = self._request("GET", f"{_ROOT}/{kind.plural}?{query}")
        if self._connection.sock is not None:
            # Quiet is no failure here: the server ends the watch when its time is up.
            self._connection.sock.settimeout(_WATCH_S + _ANSWER_TIMEOUT_S)
        try:
            while line := response.readline():
                event = json.loads(line)
                if event["type"] == "ERROR":
                    status = event["object"]
                    raise ApiError(f"watch of {kind.plural}: {status.get('message')}", status.get("code"))
                yield event["type"], event["object"]
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ApiError(f"watch of {kind.plural}: {error}") from error

    def send(
        self, method: str, path: str, body: JsonObject | None = None, content_type: str = "application/json"
    ) -> JsonObject:
        """Send a request and return the answer; ApiError or NotFoundError where it is none of success."""
        text = self._read(self._request(method, path, body, content_type), path)
        try:
            answer: JsonObject = json.loads(text)
        except ValueError as error:
            raise ApiError(f"{method} {path}: the answer is no JSON ({error})") from error
        return answer

    def _request(
        self, method: str, path: str, body: JsonObject | None = None, content_type: str = "application/json"
    ) -> http.client.HTTPResponse:
        headers = {**self._headers, "Content-Type": content_type} if body is not None else self._headers
        data = None if body is None else json.dumps(body).encode()
        try:
            self._connection.request(method, path, data, headers)
            response = self._connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            raise ApiError(f"{method} {path}: {error}") from error
        if response.status >= 300:
            text = self._read(response, path).decode(errors="replace")
            message = text.strip() or response.reason
            with suppress(ValueError, KeyError, TypeError):
                message = json.loads(text)["message"]
            kind = NotFoundError if response.status == 404 else ApiError
            raise kind(message, response.status)
        return response

    def _read(self, response: http.client.HTTPResponse, path: str) -> bytes:
        try:
            return response.read()
        except (OSError, http.client.HTTPException) as error:
            raise ApiError(f"{path}: {error}") from error


def _path(kind: Kind, key: Key) -> str:
    return f"{_ROOT}/namespaces/{key.namespace}/{kind.plural}/{key.name}"
