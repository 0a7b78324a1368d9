"""Reads pods and their logs through a kube-apiserver, and opens connections to their ports.

Needs `list` on pods and `get` on pods/log (and for ports pods/portforward), nothing more: a single pod is
read as a list of one. Refuses to change anything. As in `harness.clients.kube`, an answer that is an error raises
`Refusal`, and no answer `HarnessError`.
"""

from __future__ import annotations

import functools
import json
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import kubernetes.client
import kubernetes.stream
import urllib3.exceptions
import websocket

from harness.clients.kube import ask, open_client
from harness.core.errors import HarnessError, Refusal
from harness.spec.model import JsonObject

_REQUEST_TIMEOUT_S = 30.0
_CONNECT_TIMEOUT_S = 10.0
_SILENCE_S = 3600.0   # a followed log may say nothing for that long before it is followed anew
_LINE_END = b"\n"


class Pods:
    """The pods that one context of a kubeconfig file leads to."""

    def __init__(self, kubeconfig: Path, context: str | None = None) -> None:
        self._kubeconfig = kubeconfig
        self._context = context
        self._client = open_client(kubeconfig, context)

    @functools.cached_property
    def _core(self) -> Any:
        """The part of the library for pods, which takes more than a second to load."""
        return kubernetes.client.CoreV1Api(self._client)

    def find(self, namespace: str, *, name: str = "", selector: str = "") -> list[JsonObject]:
        """Return the namespace's pods: all of them, that of the `name`, or those of the label `selector`."""
        response: Any = ask(
            lambda: self._core.list_namespaced_pod(
                namespace,
                field_selector=f"metadata.name={name}" if name else None,
                label_selector=selector or None,
                _preload_content=False,
                _request_timeout=_REQUEST_TIMEOUT_S,
            )
        )
        items: list[JsonObject] = json.loads(response.data)["items"]
        return items

    def get_service(self, namespace: str, name: str) -> JsonObject | None:
        """Return the service, None where there is none."""
        try:
            response: Any = ask(
                lambda: self._core.read_namespaced_service(
                    name, namespace, _preload_content=False, _request_timeout=_REQUEST_TIMEOUT_S
                )
            )
        except Refusal as refusal:
            if refusal.not_found:
                return None
            raise
        service: JsonObject = json.loads(response.data)
        return service

    def read_log(self, namespace: str, pod: str, container: str, *, previous: bool = False) -> list[str]:
        """Return the container's log, each line with the time before it; `previous`: of the run before this."""
        response: Any = ask(
            lambda: self._core.read_namespaced_pod_log(
                pod,
                namespace,
                container=container,
                previous=previous,
                timestamps=True,
                _preload_content=False,
                _request_timeout=_REQUEST_TIMEOUT_S,
            )
        )
        whole, _, _ = bytes(response.data).rpartition(_LINE_END)
        return whole.decode("utf-8", errors="replace").split("\n") if whole else []

    def follow_log(self, namespace: str, pod: str, container: str, since: datetime | None) -> FollowedLog:
        """Begin to follow the container's log, from a little before `since` on."""
        response: Any = ask(
            lambda: self._core.read_namespaced_pod_log(
                pod,
                namespace,
                container=container,
                follow=True,
                timestamps=True,
                since_seconds=None if since is None else _count_seconds_since(since),
                _preload_content=False,
                _request_timeout=(_CONNECT_TIMEOUT_S, _SILENCE_S),
            )
        )
        return FollowedLog(response)

    def open_port(self, namespace: str, pod: str, port: int) -> PodPort:
        """Open a connection to a port of the pod; it is a connection of its own to the API server."""
        # The library's port-forward replaces a method of its client while it connects: each gets its own.
        core = kubernetes.client.CoreV1Api(open_client(self._kubeconfig, self._context))
        try:
            forward = kubernetes.stream.portforward(
                core.connect_get_namespaced_pod_portforward, pod, namespace, ports=str(port)
            )
        except kubernetes.client.exceptions.ApiException as error:
            status = f"status {error.status}" if error.status else str(error.reason)
            raise HarnessError(f"port {port} of pod {namespace}/{pod} can't be forwarded: {status}") from error
        except (OSError, websocket.WebSocketException) as error:
            raise HarnessError(f"port {port} of pod {namespace}/{pod} can't be forwarded: {error}") from error
        return PodPort(forward, port)


class FollowedLog:
    """A container's log as it is written; iterate over it from one thread, and close it from any."""

    def __init__(self, response: Any) -> None:
        self._response = response
        self._closed = threading.Event()

    def __iter__(self) -> Iterator[str]:
        """Yield whole lines, each with its time before it, until the container ends or `close` is called."""
        rest = b""
        try:
            for chunk in self._response.stream(65536, decode_content=False):
                *lines, rest = (rest + chunk).split(_LINE_END)
                yield from (line.decode("utf-8", errors="replace") for line in lines)
        except (urllib3.exceptions.HTTPError, OSError, ValueError, AttributeError):
            # The connection broke, or was closed under the reader, which the library reports in all these
            # ways. The follower reads on where it was.
            return

    def close(self) -> None:
        """End it; a reader that waits for the next line returns."""
        if not self._closed.is_set():
            self._closed.set()
            _shut_down(self._response)


class PodPort:
    """A connection to a port of a pod."""

    def __init__(self, forward: Any, port: int) -> None:
        self._forward = forward
        self._port = port
        self.socket: socket.socket = forward.socket(port)

    @property
    def error(self) -> str:
        """What the node says about why the connection ended, such as 'connection refused'; empty without."""
        return str(self._forward.error(self._port) or "")


def _shut_down(response: Any) -> None:
    """Wake the thread that reads the response, where the library can; else its connection is just closed."""
    shut: Callable[[], None] = getattr(response, "shutdown", response.close)
    try:
        shut()
    except (OSError, ValueError, urllib3.exceptions.HTTPError):
        return


def _count_seconds_since(moment: datetime) -> int:
    """Return how long ago `moment` was, rounded up, with a margin for clocks that differ."""
    return max(1, int((datetime.now(moment.tzinfo) - moment).total_seconds()) + 5)
