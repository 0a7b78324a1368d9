"""Leads to a MySQL server inside the cluster: a loopback port whose connections the API server forwards.

No `kubectl` process: each connection is a WebSocket of the Kubernetes client to a pod of the service.
"""

from __future__ import annotations

import contextlib
import re
import selectors
import socket
import threading
from dataclasses import dataclass

from harness.clients.pods import PodPort, Pods
from harness.core.errors import HarnessError, Refusal, SettingsError
from harness.sandbox.ports import LOOPBACK
from harness.spec.model import JsonObject

FORWARD_OPTION = "--mysql-port-forward"

_FORM = re.compile(r"(?P<service>[a-z0-9-]+)(\.(?P<namespace>[a-z0-9-]+))?(:(?P<port>\d{1,5}))?")
_BLOCK = 65536
_JOIN_TIMEOUT_S = 5.0


@dataclass(frozen=True)
class ServicePort:
    """A port of a service; `port` is None where the service has only one."""

    service: str
    namespace: str
    port: int | None = None

    def __str__(self) -> str:
        """Return it as the option takes it."""
        return f"{self.service}.{self.namespace}" + (f":{self.port}" if self.port else "")


def read_service_port(word: str, namespace: str) -> ServicePort:
    """Return what `SERVICE[.NAMESPACE][:PORT]` names; SettingsError where it has another form."""
    found = _FORM.fullmatch(word)
    port = int(found["port"]) if found and found["port"] else None
    if found is None or (port is not None and not 0 < port < 65536):
        raise SettingsError(
            f"{FORWARD_OPTION}: {word!r} is no SERVICE[.NAMESPACE][:PORT]",
            hint="Valid: such as mysql.default:3306",
        )
    return ServicePort(found["service"], found["namespace"] or namespace, port)


def find_target(pods: Pods, wanted: ServicePort) -> tuple[str, int]:
    """Return a running pod of the service and the pod's port; HarnessError where there is none."""
    service = pods.get_service(wanted.namespace, wanted.service)
    if service is None:
        raise HarnessError(
            f"{FORWARD_OPTION}: there is no service {wanted.service!r} in the namespace {wanted.namespace!r}",
            hint=f"The form is SERVICE.NAMESPACE; see: kubectl get services -n {wanted.namespace}",
        )
    ports = service["spec"].get("ports") or []
    chosen = [port for port in ports if wanted.port in (None, port["port"])]
    if len(chosen) != 1:
        raise HarnessError(
            f"{FORWARD_OPTION}: the service {wanted.service!r} has the ports {[port['port'] for port in ports]}",
            hint=f"Name one of them: {wanted.service}.{wanted.namespace}:PORT",
        )
    selector = ",".join(f"{key}={value}" for key, value in (service["spec"].get("selector") or {}).items())
    found = pods.find(wanted.namespace, selector=selector) if selector else []
    running = [pod for pod in found if _is_running(pod)]
    if not running:
        raise HarnessError(
            f"{FORWARD_OPTION}: no pod of the service {wanted.service}.{wanted.namespace} runs",
            hint=f"See: kubectl get pods -n {wanted.namespace} -l {selector or '(the service selects no pods)'}",
        )
    return str(running[0]["metadata"]["name"]), _resolve_port(chosen[0], running[0])


class MySQLForward:
    """A loopback port that leads to a port of a pod. `port` is the loopback one."""

    def __init__(self, pods: Pods, namespace: str, pod: str, pod_port: int) -> None:
        self._pods = pods
        self._target = (namespace, pod, pod_port)
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self.problem = ""   # why the last connection could not be forwarded
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]
        self._acceptor = threading.Thread(target=self._accept, name="MySQL port-forward", daemon=True)
        self._acceptor.start()

    def close(self) -> None:
        """Close the port and every connection through it."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)   # wakes the thread that accepts
        self._listener.close()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in (self._acceptor, *self._threads):
            thread.join(_JOIN_TIMEOUT_S)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:   # closed
                return
            with self._lock:
                self._open.add(connection)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            self._forward(connection)
        except (HarnessError, Refusal) as error:
            self.problem = str(error)
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    def _forward(self, connection: socket.socket) -> None:
        target = self._pods.open_port(*self._target)
        try:
            _pump(connection, target)
        finally:
            target.socket.close()
        if target.error:
            self.problem = target.error


def _pump(connection: socket.socket, target: PodPort) -> None:
    """Carry bytes both ways until one side has ended."""
    other = {connection: target.socket, target.socket: connection}
    with selectors.DefaultSelector() as selector:
        for end in other:
            selector.register(end.fileno(), selectors.EVENT_READ, end)
        while True:
            for key, _ in selector.select():
                try:
                    data = key.data.recv(_BLOCK)
                    if not data:
                        return
                    other[key.data].sendall(data)
                except OSError:   # either side has gone
                    return


def _is_running(pod: JsonObject) -> bool:
    return pod.get("status", {}).get("phase") == "Running" and not pod["metadata"].get("deletionTimestamp")


def _resolve_port(port: JsonObject, pod: JsonObject) -> int:
    """Return the pod's port that the service's port leads to; it may be named."""
    target = port.get("targetPort", port["port"])
    if isinstance(target, int):
        return target
    for container in pod["spec"]["containers"]:
        for candidate in container.get("ports") or []:
            if candidate.get("name") == target:
                return int(candidate["containerPort"])
    raise HarnessError(f"{FORWARD_OPTION}: the pod {pod['metadata']['name']} has no port named {target!r}")
