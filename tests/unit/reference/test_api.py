"""Requests are the ones that a kube-apiserver understands, and its refusals become errors."""

from __future__ import annotations

import http.client
import socket
from typing import Any

import pytest

from harness.reference.api import Api
from harness.reference.config import Cluster
from harness.reference.errors import ApiError, NotFoundError
from harness.reference.workqueue import Key
from tests.fakes.contract import CONTRACT
from tests.unit.reference.apiserver import TOKEN, FakeApiServer, Request
from tests.unit.reference.conftest import make_object

PROJECT = CONTRACT.get_kind("Project")
KEY = Key("n", "a")
PATH = "/apis/michelangelo.api/v2/namespaces/n/projects/a"


def test_object_is_replaced(apiserver: FakeApiServer) -> None:
    """The whole object is written, at the version that it has."""
    Api(apiserver.cluster).replace(PROJECT, make_object())
    assert apiserver.requests == [Request("PUT", PATH, "application/json", f"Bearer {TOKEN}", make_object())]


@pytest.mark.parametrize(("subresource", "path"), [("", PATH), ("status", f"{PATH}/status")])
def test_object_is_patched(apiserver: FakeApiServer, subresource: str, path: str) -> None:
    """A merge patch goes to the object or to its subresource."""
    Api(apiserver.cluster).patch(PROJECT, KEY, {"spec": {"tier": 3}}, subresource)
    body = {"spec": {"tier": 3}}
    assert apiserver.requests == [
        Request("PATCH", path, "application/merge-patch+json", f"Bearer {TOKEN}", body)
    ]


def test_only_the_object_that_was_meant_is_deleted(apiserver: FakeApiServer) -> None:
    """A successor of the same name has another uid."""
    Api(apiserver.cluster).delete(PROJECT, KEY, "uid-a")
    body = {"preconditions": {"uid": "uid-a"}}
    assert apiserver.requests == [Request("DELETE", PATH, "application/json", f"Bearer {TOKEN}", body)]


@pytest.mark.parametrize(("status", "error"), [(404, NotFoundError), (409, ApiError), (500, ApiError)])
def test_refusal_is_an_error_with_its_status_and_message(
    apiserver: FakeApiServer, status: int, error: type[ApiError]
) -> None:
    """What the API server says is what the log will say."""
    apiserver.answer = status, {"kind": "Status", "message": "because"}
    with pytest.raises(ApiError) as caught:
        Api(apiserver.cluster).delete(PROJECT, KEY, "uid-a")
    assert (type(caught.value), caught.value.status, str(caught.value)) == (error, status, "because")


def test_server_that_is_away_is_an_error_without_a_status() -> None:
    """No answer is told from a refusal."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))   # bound, but nobody listens
        cluster = Cluster("127.0.0.1", unused.getsockname()[1], None)
        with pytest.raises(ApiError) as caught:
            Api(cluster).delete(PROJECT, KEY, "uid-a")
    assert caught.value.status is None


@pytest.mark.parametrize("failure", [ConnectionResetError("reset"), http.client.IncompleteRead(b"")])
def test_watch_that_breaks_off_is_an_error(
    apiserver: FakeApiServer, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    """Whoever watches is told, and can list again."""

    def readline(*_arguments: Any) -> bytes:
        raise failure

    monkeypatch.setattr(http.client.HTTPResponse, "readline", readline)
    with Api(apiserver.cluster).open() as session, pytest.raises(ApiError, match="watch of projects"):
        next(session.watch(PROJECT, "1"))
