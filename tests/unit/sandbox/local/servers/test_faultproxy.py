"""Promises of `harness.sandbox.local.servers.faultproxy`, with a stand-in for Toxiproxy's API."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator

import pytest

from harness.core.errors import HarnessError
from harness.sandbox.capabilities import LinkFault
from harness.sandbox.local.servers.faultproxy import FaultProxy
from harness.sandbox.ports import choose_port

Request = tuple[str, str, object]


class Api:
    """What the stand-in was asked, and what it answers other than `{}`."""

    def __init__(self) -> None:
        self.port = 0
        self.asked: list[Request] = []
        self.answers: dict[str, list[tuple[int, object]]] = {}

    @property
    def steps(self) -> list[str]:
        """The requests that change something, in short."""
        return [f"{method} {path} {json.dumps(body)}" for method, path, body in self.asked if method != "GET"]


@pytest.fixture
def api() -> Iterator[Api]:
    """A stand-in on loopback."""
    told = Api()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            told.asked.append((self.command, self.path, json.loads(body) if body else None))
            answers = told.answers.get(self.path)
            status, answer = answers.pop(0) if answers else (200, {})
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_DELETE = do_GET  # noqa: N815  the base class's names

        def log_message(self, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        told.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield told
        server.shutdown()
        thread.join()


@pytest.fixture
def proxy(api: Api) -> FaultProxy:
    """The proxy that is asked."""
    return FaultProxy(api.port)


def test_way_has_a_delay_of_nothing_from_the_beginning(api: Api, proxy: FaultProxy) -> None:
    """A new link lets everything through; what will delay it is in place in both directions."""
    port = proxy.open_link("mysql", "db.example:3306")
    link, *toxics = [body for _, _, body in api.asked]
    assert link == {
        "name": "mysql", "listen": f"127.0.0.1:{port}", "upstream": "db.example:3306", "enabled": True,
    }  # fmt: skip
    nothing = {"latency": 0, "jitter": 0}
    assert toxics == [
        {"name": f"latency-{stream}", "type": "latency", "stream": stream, "attributes": nothing}
        for stream in ("upstream", "downstream")
    ]


def test_lost_port_is_replaced_by_another(api: Api, proxy: FaultProxy) -> None:
    """A port that somebody took meanwhile costs another attempt; any other refusal is an error."""
    api.answers["/proxies"] = [(500, "listen tcp: address already in use")]
    proxy.open_link("mysql", "db.example:3306")
    listens = [body["listen"] for _, path, body in api.asked if path == "/proxies" and isinstance(body, dict)]
    assert len(set(listens)) == 2
    api.answers["/proxies"] = [(400, "missing required field")]
    with pytest.raises(HarnessError, match=r"toxiproxy: POST /proxies: HTTP status 400: .*missing required field"):
        proxy.open_link("other", "db.example:3306")


@pytest.mark.parametrize(
    ("mode", "latency", "jitter"), [(LinkFault.SLOW, 200, 50), (LinkFault.HANGING, 86_400_000, 0)]
)
def test_delays_change_in_place(api: Api, proxy: FaultProxy, mode: LinkFault, latency: int, jitter: int) -> None:
    """A link becomes slow or hangs, and is healed, without a toxic that comes or goes under a connection."""
    proxy.break_link("mysql", mode)
    values = json.dumps({"attributes": {"latency": latency, "jitter": jitter}})
    assert api.steps == [f"POST /proxies/mysql/toxics/latency-{s} {values}" for s in ("upstream", "downstream")]
    api.asked.clear()
    api.answers["/proxies/mysql/toxics"] = [(200, [{"name": "latency-upstream", "type": "latency"}])]
    proxy.heal_link("mysql")
    assert [step.partition(" {")[0] for step in api.steps] == [
        "POST /proxies/mysql/toxics/latency-upstream",
        "POST /proxies/mysql/toxics/latency-downstream",
        "POST /proxies/mysql",
    ]
    assert api.steps[0].endswith('{"attributes": {"latency": 0, "jitter": 0}}')


def test_refused_way_is_closed(api: Api, proxy: FaultProxy) -> None:
    """Nothing but closing the link is needed to have connections refused."""
    proxy.break_link("mysql", LinkFault.REFUSED)
    assert api.steps == ['POST /proxies/mysql {"enabled": false}']


def test_resets_come_and_go_while_the_way_is_closed(api: Api, proxy: FaultProxy) -> None:
    """Old connections are closed before the resets begin, and those that are reset before they end."""
    proxy.break_link("mysql", LinkFault.RESETTING)
    assert [step.partition(" {")[0] for step in api.steps] == [
        "POST /proxies/mysql", "POST /proxies/mysql/toxics", "POST /proxies/mysql/toxics", "POST /proxies/mysql",
    ]  # fmt: skip
    assert (api.steps[0][-7:], api.steps[-1][-6:]) == (" false}", " true}")
    api.asked.clear()
    api.answers["/proxies/mysql/toxics"] = [(200, [{"name": "reset_peer-upstream", "type": "reset_peer"}])]
    proxy.heal_link("mysql")
    assert api.steps[:2] == [
        'POST /proxies/mysql {"enabled": false}', "DELETE /proxies/mysql/toxics/reset_peer-upstream null",
    ]  # fmt: skip
    assert api.steps[-1] == 'POST /proxies/mysql {"enabled": true}'


def test_proxy_that_is_gone_is_named() -> None:
    """A proxy that does not answer is an error that says what was asked of it."""
    gone = FaultProxy(choose_port())
    assert not gone.answers()
    with pytest.raises(HarnessError, match="toxiproxy does not answer: POST /proxies/mysql"):
        gone.break_link("mysql", LinkFault.REFUSED)


def test_proxy_is_asked_directly(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy for HTTP that the user's environment names is left out."""
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{choose_port()}")
    monkeypatch.delenv("no_proxy", raising=False)
    assert FaultProxy(api.port).answers()
