"""The client of kube-apiserver, against a server that says what it was asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from harness.clients.kube import ALL_NAMESPACES, Cluster
from harness.core.errors import HarnessError, Refusal
from tests.fakes.contract import CONTRACT

FIELDS = (
    "major", "minor", "gitVersion", "gitCommit", "gitTreeState", "buildDate", "goVersion", "compiler", "platform",
)  # fmt: skip
NOBODY = "http://127.0.0.1:9"   # the port of the discard service: nobody listens there


class VersionHandler(BaseHTTPRequestHandler):
    """Tells a version, whatever is asked."""

    def do_GET(self) -> None:
        """Answer, but for those who have a token: it has run out."""
        if self.headers["Authorization"]:
            self.send_error(401)
            return
        self.answer(200, {name: "v1.2.3" for name in FIELDS})  # noqa: C420  it says what it is

    def answer(self, status: int, answer: object) -> None:
        """Send an answer as JSON."""
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  likewise
        """Say nothing."""


class ListHandler(VersionHandler):
    """Lists three objects, two to a page; the token of the second page has expired when it is given."""

    def do_GET(self) -> None:
        """Answer a page, or with what an expired list goes on with."""
        asked = parse_qs(urlsplit(self.path).query)
        token = asked.get("continue", [""])[0]
        if asked.get("resourceVersionMatch") == ["Exact"] or token == "expired":
            metadata = {"continue": "fresh"} if token else {}
            self.answer(410, {"kind": "Status", "reason": "Expired", "message": "too old", "metadata": metadata})
            return
        names = ["c"] if token == "fresh" else ["a", "b"]
        page = {"items": [{"metadata": {"name": name}} for name in names]}
        self.answer(200, {**page, "metadata": {"continue": "" if token else "expired"}})


@pytest.fixture
def kubeconfig(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """Yield the kubeconfig of a server on loopback.

    Its user has the token that the test gives, if any; in place of that it may give what the server answers with.
    """
    given = getattr(request, "param", None)
    user = {"token": given} if isinstance(given, str) else {}
    handler = VersionHandler if given is None or isinstance(given, str) else given
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    path = tmp_path / "kubeconfig"
    name = {"name": "here"}
    path.write_text(
        yaml.safe_dump(
            {
                "clusters": [{**name, "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
                "users": [{**name, "user": user}],
                "contexts": [{**name, "context": {"cluster": "here", "user": "here"}}],
                "current-context": "here",
            }
        ),
        encoding="utf-8",
    )
    yield path
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("bypassed", ["", "example.org"])
def test_no_proxy_stands_before_this_machine(
    bypassed: str, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy of the environment could not reach it, whether or not NO_PROXY says so."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, NOBODY)
        monkeypatch.setenv(name.lower(), NOBODY)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("NO_PROXY", bypassed)
    assert Cluster(kubeconfig, retries=False).get_server_version() == "v1.2.3"


@pytest.mark.parametrize("kubeconfig", ["a token that has run out"], indirect=True)
def test_a_login_that_has_run_out_is_no_refusal(kubeconfig: Path) -> None:
    """It says nothing of what was asked for: nothing can be told any more."""
    with pytest.raises(HarnessError, match="no longer knows the user: 401"):
        Cluster(kubeconfig, retries=False).find_kinds()
    with pytest.raises(Refusal, match="401"):
        Cluster(kubeconfig, retries=False).get_server_version()


@pytest.mark.parametrize("kubeconfig", [ListHandler], indirect=True)
def test_list_that_has_expired_goes_on(kubeconfig: Path) -> None:
    """A page whose token has expired is followed by what there is now, so that a long list comes to its end."""
    cluster, kind = Cluster(kubeconfig, retries=False), CONTRACT.get_kind("Project")
    first = cluster.list_page(kind, ALL_NAMESPACES, limit=2)
    second = cluster.list_page(kind, ALL_NAMESPACES, limit=2, token=first.token)
    assert [obj["metadata"]["name"] for obj in first.objects + second.objects] == ["a", "b", "c"]
    assert (first.token, second.token) == ("expired", "")
    assert first.size > second.size > 0


@pytest.mark.parametrize("kubeconfig", [ListHandler], indirect=True)
def test_version_that_is_no_longer_kept_is_a_refusal(kubeconfig: Path) -> None:
    """A version that the store has compacted is refused, which is not the same as an object that was not there."""
    with pytest.raises(Refusal, match="410 Expired: too old"):
        Cluster(kubeconfig, retries=False).find_at(CONTRACT.get_kind("Project"), "a", "b", 7)
