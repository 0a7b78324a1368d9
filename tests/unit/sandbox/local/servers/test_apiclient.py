"""Promises of `servers.apiclient` and of the waits that `controlplane` builds on it."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from harness.core.errors import HarnessError
from harness.sandbox.local.servers.apiclient import ApiClient
from harness.sandbox.local.servers.controlplane import explain_missing_kinds, find_missing_kinds
from harness.sandbox.local.servers.credentials import Credentials, make_credentials
from harness.sandbox.ports import choose_port
from tests.fakes.contract import CONTRACT

_READY = "/readyz?exclude=poststarthook/scheduling/bootstrap-system-priority-classes"
_CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


class _Server(HTTPServer):
    """Answers by method and path as it is told; 401 to who has another token, 404 to all else."""

    def __init__(self, credentials: Credentials) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(credentials.serving_certificate, credentials.serving_key)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.token = credentials.token
        self.answers: dict[tuple[str, str], tuple[int, Any]] = {}
        self.bodies: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        status, answer = self.server.answers.get((self.command, self.path), (404, {}))
        if self.headers["Authorization"] != f"Bearer {self.server.token}":
            status, answer = 401, {}
        self.server.bodies.append(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET  # noqa: N815  the name that http.server looks for

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name that http.server passes
        """Keep quiet."""


@pytest.fixture
def credentials(tmp_path: Path) -> Credentials:
    """Credentials of a control plane."""
    return make_credentials(tmp_path / "credentials")


@pytest.fixture
def server(credentials: Credentials) -> Iterator[_Server]:
    """A server with those credentials."""
    with _Server(credentials) as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture
def client(server: _Server, credentials: Credentials) -> ApiClient:
    """A client of that server."""
    return ApiClient(server.server_address[1], credentials)


def _discover(kinds: list[str], version: str = "v2", group: str = "michelangelo.api") -> dict[str, Any]:
    resources = [{"responseKind": {"kind": kind}} for kind in kinds]
    versions = [{"version": version, "resources": resources}]
    return {"kind": "APIGroupDiscoveryList", "items": [{"metadata": {"name": group}, "versions": versions}]}


_ALL = [kind.name for kind in CONTRACT.kinds]


def test_readiness_is_what_the_server_says(server: _Server, client: ApiClient) -> None:
    """Only 200 is ready."""
    seen = []
    for status in (500, 200):
        server.answers["GET", _READY] = (status, {})
        server.answers["GET", f"{_CRDS}?limit=1"] = (status, {})
        seen.append((client.is_ready(), client.takes_crds()))
    assert seen == [(False, False), (True, True)]


def test_no_answer_is_no_error(credentials: Credentials) -> None:
    """A server that isn't there yet is not ready, no more."""
    client = ApiClient(choose_port(), credentials)
    assert (client.is_ready(), client.find_kinds(), client.is_served("models")) == (False, set(), False)


def test_server_of_somebody_else_is_not_trusted(server: _Server, tmp_path: Path) -> None:
    """Whoever took the port does not get the token: its certificate is not from our authority."""
    stranger = ApiClient(server.server_address[1], make_credentials(tmp_path / "other"))
    server.answers["GET", _READY] = (200, {})
    assert (stranger.is_ready(), server.bodies) == (False, [])


def test_crd_is_sent_as_it_is(server: _Server, client: ApiClient) -> None:
    """A CRD that was created, or is there already, is done; one that can't be taken yet is not."""
    seen = []
    for status in (201, 409, 503, 404):
        server.answers["POST", _CRDS] = (status, {})
        seen.append(client.create_crd('{"a": 1}', "folder"))
    assert (seen, server.bodies[0]) == ([True, True, False, False], '{"a": 1}')


def test_refused_crd_is_explained(server: _Server, client: ApiClient) -> None:
    """What the server says about a CRD that it refuses reaches the user, with where it is from."""
    server.answers["POST", _CRDS] = (422, {"message": 'CustomResourceDefinition "x" is invalid'})
    with pytest.raises(HarnessError, match=r'/crds: kube-apiserver refuses a CRD: .* "x" is invalid'):
        client.create_crd("{}", "/crds")


def test_kinds_count_once_discovery_lists_them_in_their_version(server: _Server, client: ApiClient) -> None:
    """A kind is there when the aggregated discovery lists it in the Ingester's group and version."""
    seen = []
    for answer in (
        _discover(_ALL, version="v1"),
        _discover(_ALL, group="apps"),
        _discover(_ALL[1:]),
        _discover([*_ALL, "CachedOutput"]),
    ):
        server.answers["GET", "/apis"] = (200, answer)
        seen.append(find_missing_kinds(client, CONTRACT.served_kinds))
    assert seen == [_ALL, _ALL, _ALL[:1], []]


def test_older_servers_are_asked_the_older_way(server: _Server, client: ApiClient) -> None:
    """A server without aggregated discovery is asked for the group's own."""
    server.answers["GET", "/apis"] = (200, {"kind": "APIGroupList"})
    before = client.find_kinds()
    resources = [{"name": "models", "kind": "Model"}, {"name": "models/status", "kind": "Model"}]
    server.answers["GET", "/apis/michelangelo.api/v2"] = (200, {"resources": resources})
    assert (before, client.find_kinds()) == (set(), {"Model"})


def test_kind_that_is_not_served_is_explained(server: _Server, client: ApiClient) -> None:
    """The server's own reason why it does not serve a kind is quoted; where all are served there is none."""
    crd = {"metadata": {"name": "models.michelangelo.api"}, "spec": {"names": {"kind": "Model"}}}
    conditions = [
        {"type": "NamesAccepted", "status": "False", "message": '"models" is taken'},
        {"type": "Established", "status": "False", "message": "not all names are accepted"},
        {"type": "KubernetesAPIApprovalPolicyConformant", "status": "True", "message": "fine"},
    ]
    server.answers["GET", f"{_CRDS}/models.michelangelo.api"] = (200, {"status": {"conditions": conditions}})
    server.answers["GET", "/apis"] = (200, _discover([name for name in _ALL if name != "Model"]))
    error = explain_missing_kinds(client, CONTRACT.served_kinds, [crd], "/crds")
    assert error is not None
    assert error.problem == (
        "/crds: kube-apiserver does not serve Model\n"
        '    models.michelangelo.api: "models" is taken; not all names are accepted'
    )
    server.answers["GET", "/apis"] = (200, _discover(_ALL))
    assert explain_missing_kinds(client, CONTRACT.served_kinds, [crd], "/crds") is None
