"""The way to MySQL through the cluster."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any, cast

import pytest

from harness.clients.pods import Pods
from harness.core.errors import HarnessError, SettingsError
from harness.core.polling import wait_for
from harness.sandbox.existing.mysqlforward import MySQLForward, ServicePort, find_target, read_service_port
from harness.spec.model import JsonObject
from tests.unit.sandbox.existing.pods import StandInPods, make_pod


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("mysql", ServicePort("mysql", "here")),
        ("mysql.there", ServicePort("mysql", "there")),
        ("mysql:3307", ServicePort("mysql", "here", 3307)),
        ("mysql.there:3307", ServicePort("mysql", "there", 3307)),
    ],
)
def test_option_names_a_service(word: str, expected: ServicePort) -> None:
    """A service, with namespace and port where they are not the usual ones."""
    assert read_service_port(word, "here") == expected


@pytest.mark.parametrize("word", ["", "mysql:", "mysql:0", "mysql:65536", "my sql", "a.b.c", "mysql.there:x"])
def test_option_of_another_form_is_refused(word: str) -> None:
    """Whatever has another form is named with a valid example."""
    with pytest.raises(SettingsError, match="--mysql-port-forward"):
        read_service_port(word, "here")


class _Services(StandInPods):
    def __init__(self, *pods: JsonObject, ports: list[JsonObject] | None = None, selects: bool = True) -> None:
        super().__init__(*pods)
        self._spec = {
            "ports": [{"port": 3306, "targetPort": 3306}] if ports is None else ports,
            "selector": {"app": "mysql"} if selects else None,
        }

    def get_service(self, namespace: str, name: str) -> JsonObject | None:
        return {"spec": self._spec} if (namespace, name) == ("default", "mysql") else None


def _find(services: _Services, port: int | None = None, name: str = "mysql") -> tuple[str, int]:
    return find_target(cast(Pods, services), ServicePort(name, "default", port))


def test_target_is_a_running_pod_and_its_own_port() -> None:
    """The service's port leads to the pod's, by number or by name; a pod on its way out is passed over."""
    pod = make_pod("mysql-0")
    pod["spec"]["containers"][0]["ports"] = [{"name": "db", "containerPort": 3307}]
    leaving = make_pod("mysql-1", deletionTimestamp="2026-11-24T06:00:00Z")
    assert _find(_Services(leaving, pod)) == ("mysql-0", 3306)
    named = _Services(pod, ports=[{"port": 3306, "targetPort": "db"}, {"port": 33060}])
    assert _find(named, 3306) == ("mysql-0", 3307)
    assert _find(named, 33060) == ("mysql-0", 33060)


@pytest.mark.parametrize(
    ("services", "port", "problem"),
    [
        (_Services(make_pod(), ports=[{"port": 1}, {"port": 2}]), None, r"has the ports \[1, 2\]"),
        (_Services(make_pod()), 3307, r"has the ports \[3306\]"),
        (_Services(), None, "no pod of the service mysql.default runs"),
        (_Services(make_pod(), selects=False), None, "no pod of the service mysql.default runs"),
        (_Services(make_pod(), ports=[{"port": 3306, "targetPort": "db"}]), None, "has no port named 'db'"),
    ],
)
def test_what_leads_nowhere_is_named(services: _Services, port: int | None, problem: str) -> None:
    """An ambiguous or absent port, and a service without a running pod, are each named."""
    with pytest.raises(HarnessError, match=problem):
        _find(services, port)


def test_absent_service_is_named() -> None:
    """A service that does not exist is named with its namespace."""
    with pytest.raises(HarnessError, match="no service 'other' in the namespace 'default'"):
        _find(_Services(), name="other")


class _Port:
    def __init__(self, end: socket.socket) -> None:
        self.socket = end
        self.error = ""


class _Opener:
    """Opens connections to a pod whose server sends back what it gets."""

    def __init__(self) -> None:
        self.opened = 0
        self.problem = ""

    def open_port(self, *_: Any) -> _Port:
        if self.problem:
            raise HarnessError(self.problem)
        self.opened += 1
        ours, theirs = socket.socketpair()
        threading.Thread(target=self._echo, args=(theirs,), daemon=True).start()
        return _Port(ours)

    @staticmethod
    def _echo(end: socket.socket) -> None:
        with end:
            while data := end.recv(65536):
                end.sendall(data)


@pytest.fixture
def opener() -> _Opener:
    """What opens the pod's port."""
    return _Opener()


@pytest.fixture
def forward(opener: _Opener) -> Iterator[MySQLForward]:
    """A forward, closed after the test."""
    forward = MySQLForward(cast(Pods, opener), "default", "mysql-0", 3306)
    yield forward
    forward.close()


def _receive(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size and (part := connection.recv(65536)):
        data += part
    return data


def test_each_connection_is_carried_both_ways(forward: MySQLForward, opener: _Opener) -> None:
    """Several connections at once, and more bytes than fit into one packet, arrive whole."""
    with (
        socket.create_connection(("127.0.0.1", forward.port), 5) as one,
        socket.create_connection(("127.0.0.1", forward.port), 5) as other,
    ):
        big = bytes(range(256)) * 1000
        threading.Thread(target=one.sendall, args=(big,), daemon=True).start()
        other.sendall(b"small")
        assert _receive(other, 5) == b"small"
        assert _receive(one, len(big)) == big
    assert opener.opened == 2


def test_close_ends_connections_and_frees_the_port(opener: _Opener) -> None:
    """After `close` an open connection is at its end, and no new one is taken."""
    forward = MySQLForward(cast(Pods, opener), "default", "mysql-0", 3306)
    with socket.create_connection(("127.0.0.1", forward.port), 5) as connection:
        connection.sendall(b"x")
        assert _receive(connection, 1) == b"x"
        forward.close()
        assert connection.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", forward.port), 5)


def test_reason_of_a_refused_connection_is_kept(forward: MySQLForward, opener: _Opener) -> None:
    """Where the API server does not forward, the connection ends and the reason can be read."""
    opener.problem = "pods/portforward is forbidden"
    with socket.create_connection(("127.0.0.1", forward.port), 5) as connection:
        assert connection.recv(1) == b""
    assert wait_for(lambda: forward.problem, bool, timeout_s=2).value == "pods/portforward is forbidden"
