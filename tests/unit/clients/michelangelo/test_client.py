"""Tests of the client, against a gRPC server of this process that keeps objects in a dict."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from typing import Any

import pytest

from harness.clients.michelangelo.client import ApiServer, parse_address
from harness.clients.michelangelo.package import get_method, load
from harness.core.errors import HarnessError, Refusal, SettingsError
from tests.fakes.contract import CONTRACT
from tests.unit.clients.michelangelo.conftest import make_object

PROJECT = CONTRACT.get_kind("Project")
OBJECT = make_object("Project", {"tier": 4})


class FakeServer:
    """Serves Projects only: one object, and the headers that came with the last call."""

    def __init__(self) -> None:
        self.grpc: Any = load("grpc")
        self.stored: Any = None
        self.headers: dict[str, str] = {}
        self.failure: tuple[Any, str] | None = None
        self.silence = threading.Event()   # set: the server answers

    def start(self) -> Any:
        """Return the started server and its address."""
        self.silence.set()
        server = self.grpc.server(futures.ThreadPoolExecutor(2))
        handlers = {}
        for verb in ("Create", "Get", "Update", "Delete"):
            method = get_method(PROJECT, verb)
            handlers[f"{verb}Project"] = self.grpc.unary_unary_rpc_method_handler(
                self._answer(verb, method),
                request_deserializer=method.request.FromString,
                response_serializer=method.response.SerializeToString,
            )
        name = get_method(PROJECT, "Get").path.split("/")[1]
        server.add_generic_rpc_handlers((self.grpc.method_handlers_generic_handler(name, handlers),))
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        return server, f"127.0.0.1:{port}"

    def _answer(self, verb: str, method: Any) -> Callable[[Any, Any], Any]:
        def answer(request: Any, context: Any) -> Any:
            self.headers = {key: value for key, value in context.invocation_metadata() if key.startswith("rpc-")}
            self.silence.wait(5)
            if self.failure:
                context.abort(*self.failure)
            if verb == "Get" and self.stored is None:
                context.abort(self.grpc.StatusCode.NOT_FOUND, "no such project")
            if verb in ("Create", "Update"):
                self.stored = request.project
            if verb == "Delete":
                self.stored = None
                return method.response()
            return method.response(project=self.stored)

        return answer


@pytest.fixture
def fake(extra: None) -> FakeServer:
    """Return what the server holds and does."""
    return FakeServer()


@pytest.fixture
def api(fake: FakeServer) -> Iterator[ApiServer]:
    """Return a client of the server."""
    server, address = fake.start()
    client = ApiServer(address, timeout_s=1.0)
    yield client
    client.close()
    fake.silence.set()
    server.stop(None).wait(5)


def test_objects_go_in_and_come_out_as_dicts(api: ApiServer) -> None:
    """What is created can be read, replaced and deleted, without a message in sight."""
    changed = {**OBJECT, "spec": {"tier": 3}}
    assert api.create(PROJECT, OBJECT) == OBJECT
    assert api.get(PROJECT, "there", "it") == OBJECT
    assert api.update(PROJECT, changed) == changed
    api.delete(PROJECT, "there", "it")
    assert api.get(PROJECT, "there", "it") is None


def test_every_call_carries_the_headers_that_the_server_demands(api: ApiServer, fake: FakeServer) -> None:
    """The server refuses a call without caller, service or encoding."""
    api.create(PROJECT, OBJECT)
    assert fake.headers == {
        "rpc-caller": "ingester-acceptance",
        "rpc-service": "ma-apiserver",
        "rpc-encoding": "proto",
    }


def test_kinds_without_a_service_are_told_apart(api: ApiServer) -> None:
    """A kind is served if the server knows its methods, whether or not it has such an object."""
    assert [api.serves(CONTRACT.get_kind(name)) for name in ("Project", "InferenceServer")] == [True, False]


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("NOT_FOUND", 404),
        ("INVALID_ARGUMENT", 400),
        ("ALREADY_EXISTS", 409),
        ("FAILED_PRECONDITION", 409),
        ("UNKNOWN", 500),
    ],
)
def test_an_error_is_a_refusal_with_the_servers_words(
    code: str, status: int, api: ApiServer, fake: FakeServer
) -> None:
    """What the server refuses is told as kube-apiserver's refusals are: status, reason, its own words."""
    fake.failure = (getattr(fake.grpc.StatusCode, code), "because")
    with pytest.raises(Refusal) as caught:
        api.create(PROJECT, OBJECT)
    assert (caught.value.status, caught.value.reason, caught.value.message) == (status, code, "because")


def test_a_server_that_does_not_answer_ends_the_call(fake: FakeServer) -> None:
    """A silent server costs the time limit and no more, and is named."""
    server, address = fake.start()
    fake.silence.clear()
    client = ApiServer(address, timeout_s=0.1)
    with pytest.raises(HarnessError, match=rf"{address} does not answer \(DEADLINE_EXCEEDED, within 0\.1 s\)"):
        client.get(PROJECT, "there", "it")
    client.close()
    fake.silence.set()
    server.stop(None).wait(5)


@pytest.mark.usefixtures("extra")
def test_an_address_where_nothing_listens_is_named() -> None:
    """A closed port is an error that says which address, not a hang."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{held.getsockname()[1]}"   # bound and not listening: every connection is refused
        client = ApiServer(address, timeout_s=2.0)
        with pytest.raises(HarnessError, match=f"{address} does not answer"):
            client.get(PROJECT, "there", "it")
        client.close()


@pytest.mark.parametrize("value", ["127.0.0.1:15566", "localhost:1", "[::1]:15566", "api-server.ns.svc:65535"])
def test_an_address_is_host_and_port(value: str) -> None:
    """Names, IPv4 and bracketed IPv6 addresses are taken as they are."""
    assert parse_address(value) == value


@pytest.mark.parametrize("value", ["", "127.0.0.1", ":15566", "host:0", "host:70000", "http://host:80", "a b:1"])
def test_anything_else_names_the_option_and_the_form(value: str) -> None:
    """What is no HOST:PORT is a wrong setting, with the option, the value and the form."""
    with pytest.raises(SettingsError, match=r"--api-server: .*is no address\nThe form is HOST:PORT"):
        parse_address(value)
