"""A kube-apiserver of a few lines: objects in memory, list, watch, writes that are recorded."""

from __future__ import annotations

import json
import queue
import threading
from collections import defaultdict
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import yaml

from harness.reference.config import Cluster
from harness.spec.model import JsonObject

TOKEN = "t0k3n"


@dataclass(frozen=True)
class Request:
    """A write as it arrived."""

    method: str
    path: str
    content_type: str
    authorization: str
    body: Any


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that hang up."""


class FakeApiServer:
    """Serves `objects` (plural -> objects); `answer` makes it refuse what is no list or watch."""

    def __init__(self) -> None:
        self.objects: dict[str, list[JsonObject]] = defaultdict(list)
        self.requests: list[Request] = []
        self.lists: list[str] = []                 # plurals, as they were listed
        self.watches: list[tuple[str, str]] = []   # plural and resourceVersion, as they were watched
        self.answer: tuple[int, JsonObject] = (200, {"kind": "Status", "status": "Success"})
        self._events: dict[str, queue.SimpleQueue[JsonObject | None]] = defaultdict(queue.SimpleQueue)
        self._arrived = threading.Condition()
        self._server = _Server(("127.0.0.1", 0), _make_handler(self))

    @property
    def cluster(self) -> Cluster:
        """How to reach it."""
        return Cluster("127.0.0.1", self._server.server_port, None, TOKEN)

    def write_kubeconfig(self, path: Path) -> None:
        """Write a kubeconfig file that names it."""
        config = {
            "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{self._server.server_port}"}}],
            "users": [{"name": "u", "user": {"token": TOKEN}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "x",
        }
        path.write_text(yaml.safe_dump(config), encoding="utf-8")

    def send(self, plural: str, change: str, obj: JsonObject) -> None:
        """Let the kind's watch see a change."""
        self._events[plural].put({"type": change, "object": obj})

    def end_watch(self, plural: str) -> None:
        """Let the kind's watch end, as it does when its time is up."""
        self._events[plural].put(None)

    def receive(self, request: Request) -> None:
        """Record a write."""
        with self._arrived:
            self.requests.append(request)
            self._arrived.notify_all()

    def wait_for_request(self, method: str, timeout_s: float = 5.0) -> bool:
        """Return whether a write of that method came in time."""
        with self._arrived:
            return self._arrived.wait_for(
                lambda: any(request.method == method for request in self.requests), timeout_s
            )

    def next_event(self, plural: str) -> JsonObject | None:
        """Return the next change for a watch, waiting for it; None ends the watch."""
        return self._events[plural].get()

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for plural in {plural for plural, _ in self.watches}:
            for _ in range(10):
                self.end_watch(plural)
        self._server.shutdown()
        self._server.server_close()


def _make_handler(server: FakeApiServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            plural = url.path.rsplit("/", 1)[-1]
            query = parse_qs(url.query)
            if "watch" in query:
                server.watches.append((plural, query["resourceVersion"][0]))
                self._stream(plural)
            else:
                server.lists.append(plural)
                items = server.objects[plural]
                self._send(200, {"items": items, "metadata": {"resourceVersion": "100"}})

        def do_PUT(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            server.receive(
                Request(
                    self.command,
                    self.path,
                    self.headers.get("Content-Type", ""),
                    self.headers.get("Authorization", ""),
                    json.loads(self.rfile.read(length)),
                )
            )
            self._send(*server.answer)

        do_PATCH = do_PUT  # noqa: N815  the name that http.server calls
        do_DELETE = do_PUT  # noqa: N815

        def _stream(self, plural: str) -> None:
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            while (event := server.next_event(plural)) is not None:
                line = json.dumps(event).encode() + b"\n"
                self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
                self.wfile.flush()
                if event["type"] == "ERROR":
                    break
            self.wfile.write(b"0\r\n\r\n")

        def _send(self, status: int, answer: JsonObject) -> None:
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Be quiet."""

    return Handler
