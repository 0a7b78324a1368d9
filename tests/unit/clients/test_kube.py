"""The client of kube-apiserver, against a server that says what it was asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import yaml

from harness.clients.kube import Cluster
from harness.core.errors import HarnessError, Refusal

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
        body = json.dumps({name: "v1.2.3" for name in FIELDS}).encode()  # noqa: C420  it says what it is
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  likewise
        """Say nothing."""


@pytest.fixture
def kubeconfig(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """Yield the kubeconfig of a server on loopback, for a user with the token that the test gives, if any."""
    user = {"token": request.param} if hasattr(request, "param") else {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), VersionHandler)
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
