"""Promises of `harness.sandbox.local.servers.etcdclient`, with a stand-in for etcd's gateway."""

from __future__ import annotations

import http.server
import json
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.core.errors import HarnessError
from harness.sandbox.local.servers.etcdclient import EtcdClient


class Etcd:
    """What the stand-in answers to paths, and what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, object]] = {}
        self.asked: list[tuple[str, object]] = []


@pytest.fixture
def etcd(root: Path) -> Iterator[Etcd]:
    """A stand-in that listens at `root/etcd`."""
    told = Etcd()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            told.asked.append((self.path, json.loads(body) if body else None))
            status, answer = told.answers[self.path]
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET  # noqa: N815  the base class's name

        def address_string(self) -> str:
            return "client"

        def log_message(self, *arguments: object) -> None:
            pass

    with socketserver.ThreadingUnixStreamServer(str(root / "etcd"), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield told
        server.shutdown()
        thread.join()


def test_health_is_what_etcd_says(etcd: Etcd, root: Path) -> None:
    """Only a server that answers 'true' is healthy; an error or no server is not."""
    client = EtcdClient(root / "etcd")
    seen = []
    for answer in ((200, {"health": "true"}), (200, {"health": "false"}), (503, {"health": "false"})):
        etcd.answers["/health"] = answer
        seen.append(client.is_healthy())
    assert [*seen, EtcdClient(root / "nobody").is_healthy()] == [True, False, False, False]


def test_compaction_is_of_the_present_revision(etcd: Etcd, root: Path) -> None:
    """The revision that etcd is at is the one that is compacted to, at once, and returned."""
    etcd.answers = {"/v3/kv/range": (200, {"header": {"revision": "4711"}}), "/v3/kv/compaction": (200, {})}
    assert EtcdClient(root / "etcd").compact() == 4711
    assert etcd.asked[1] == ("/v3/kv/compaction", {"revision": 4711, "physical": True})


def test_values_are_stored_in_one_transaction(etcd: Etcd, root: Path) -> None:
    """All values get one revision, which is returned: it is the version that each of them is then at."""
    etcd.answers = {"/v3/kv/txn": (200, {"header": {"revision": "12"}})}
    assert EtcdClient(root / "etcd").put({"/a": b"1", "/b": b"2"}) == 12
    puts = [{"requestPut": {"key": key, "value": value}} for key, value in (("L2E=", "MQ=="), ("L2I=", "Mg=="))]
    assert etcd.asked == [("/v3/kv/txn", {"success": puts})]


def test_refusal_is_quoted(etcd: Etcd, root: Path) -> None:
    """What etcd refuses is an error with its words."""
    etcd.answers = {
        "/v3/kv/range": (200, {"header": {"revision": "1"}}),
        "/v3/kv/compaction": (400, {"message": "required revision has been compacted"}),
    }
    with pytest.raises(HarnessError, match=r"POST /v3/kv/compaction: HTTP status 400: .*has been compacted"):
        EtcdClient(root / "etcd").compact()
    with pytest.raises(HarnessError, match="etcd does not answer: POST /v3/kv/range"):
        EtcdClient(root / "nobody").compact()
