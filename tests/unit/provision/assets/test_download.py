"""Promises of `harness.provision.assets.download`, against servers on loopback."""

from __future__ import annotations

import hashlib
import http.server
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from harness.core.errors import HarnessError
from harness.core.progress import SILENT, Progress
from harness.provision.assets import download as download_module
from harness.provision.assets.download import download

CONTENT = bytes(range(256)) * 4096  # 1 MiB


@dataclass
class Server:
    """What the server on loopback does, and the Range headers that it was asked with."""

    url: str = ""
    content: bytes = CONTENT
    status: int = 200
    knows_ranges: bool = True
    cut_after: list[int] = field(default_factory=list)   # bytes of each answer, before the connection breaks
    stall_s: float = 0.0
    range_shift: int = 0
    ranges: list[str | None] = field(default_factory=list)


@pytest.fixture
def server() -> Iterator[Server]:
    """A server whose behaviour the test sets."""
    told = Server()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers["Range"]
            told.ranges.append(asked)
            offset = int(asked.removeprefix("bytes=").rstrip("-")) if asked and told.knows_ranges else 0
            if told.status != 200:
                self.send_error(told.status)
                return
            if offset >= len(told.content):
                self.send_error(416)
                return
            self.send_response(206 if offset else 200)
            if offset:
                first = offset + told.range_shift
                self.send_header("Content-Range", f"bytes {first}-{len(told.content) - 1}/{len(told.content)}")
            self.send_header("Content-Length", str(len(told.content) - offset))
            self.end_headers()
            body = told.content[offset:]
            self.wfile.write(body[: told.cut_after.pop(0)] if told.cut_after else body)
            if told.stall_s:
                self.wfile.flush()
                time.sleep(told.stall_s)
            self.close_connection = True

        def log_message(self, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        listener.daemon_threads = True
        told.url = f"http://127.0.0.1:{listener.server_address[1]}/archive.tar.gz"
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield told
        listener.shutdown()
        thread.join()


def _fetch(server: Server, target: Path, progress: Progress = SILENT, content: bytes = CONTENT) -> None:
    download(server.url, target, sha512=hashlib.sha512(content).hexdigest(), progress=progress, name="fetch")


def test_fetches_a_file(server: Server, tmp_path: Path, progress: Progress, events: list[str]) -> None:
    """A good file arrives whole, with its size known from the start, and leaves nothing beside it."""
    _fetch(server, tmp_path / "archive", progress)
    assert (tmp_path / "archive").read_bytes() == CONTENT
    assert [path.name for path in tmp_path.glob("archive*")] == ["archive"]
    assert events[0] == f"begin fetch [{len(CONTENT)} bytes]"
    assert events[-2:] == [f"fetch: {len(CONTENT)}", "end fetch: "]


def test_wrong_checksum_is_refused(server: Server, tmp_path: Path) -> None:
    """A file with another SHA-512 is deleted, and the error gives both."""
    server.content = b"tampered"
    with pytest.raises(HarnessError) as caught:
        _fetch(server, tmp_path / "archive")
    assert caught.value.problem == (
        f"{server.url} is not the file it should be, and was not used: its SHA-512 is"
        f" {hashlib.sha512(b'tampered').hexdigest()}, expected {hashlib.sha512(CONTENT).hexdigest()}"
    )
    assert list(tmp_path.glob("archive*")) == []


def test_broken_connection_is_resumed(server: Server, tmp_path: Path) -> None:
    """A connection that breaks is followed by another that asks for the rest only."""
    server.cut_after = [0x8000, 0x10000]
    _fetch(server, tmp_path / "archive")
    assert (tmp_path / "archive").read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=32768-", "bytes=98304-"]


def test_earlier_attempt_is_resumed(server: Server, tmp_path: Path, progress: Progress, events: list[str]) -> None:
    """What an interrupted run left is not fetched again, and progress starts there."""
    (tmp_path / "archive.part").write_bytes(CONTENT[:600_000])
    _fetch(server, tmp_path / "archive", progress)
    assert (tmp_path / "archive").read_bytes() == CONTENT
    assert server.ranges == ["bytes=600000-"]
    assert events[0] == f"begin fetch [{len(CONTENT)} bytes]"
    assert int(events[1].split()[1]) > 600_000


def test_complete_but_unpublished_part_is_used(server: Server, tmp_path: Path) -> None:
    """A run that was killed after the last byte is not punished for it."""
    (tmp_path / "archive.part").write_bytes(CONTENT)
    _fetch(server, tmp_path / "archive")
    assert (tmp_path / "archive").read_bytes() == CONTENT


def test_spoilt_part_is_not_kept(server: Server, tmp_path: Path) -> None:
    """A leftover that does not belong to the file is found out by the checksum, and the next attempt is clean."""
    (tmp_path / "archive.part").write_bytes(b"?" * 1000)
    with pytest.raises(HarnessError, match="not the file it should be"):
        _fetch(server, tmp_path / "archive")
    _fetch(server, tmp_path / "archive")
    assert (tmp_path / "archive").read_bytes() == CONTENT


def test_server_without_ranges_starts_over(server: Server, tmp_path: Path) -> None:
    """Where the server sends everything again, nothing is appended to what was there."""
    server.knows_ranges = False
    (tmp_path / "archive.part").write_bytes(CONTENT[:1000])
    _fetch(server, tmp_path / "archive")
    assert (tmp_path / "archive").read_bytes() == CONTENT


def test_wrong_range_is_refused(server: Server, tmp_path: Path) -> None:
    """Bytes from elsewhere in the file are not appended."""
    server.range_shift = 5
    (tmp_path / "archive.part").write_bytes(CONTENT[:1000])
    with pytest.raises(HarnessError, match="asked for the bytes from 1000 on, it sent others"):
        _fetch(server, tmp_path / "archive")
    assert (tmp_path / "archive.part").read_bytes() == CONTENT[:1000]


def test_no_retry_where_nothing_came(server: Server, tmp_path: Path) -> None:
    """A connection that brought nothing is not tried again."""
    server.cut_after = [0, 0]
    with pytest.raises(HarnessError, match="can't be fetched"):
        _fetch(server, tmp_path / "archive")
    assert server.ranges == [None]


def test_retries_have_an_end(server: Server, tmp_path: Path) -> None:
    """A server that breaks off again and again is given up, and what came is kept for later."""
    server.cut_after = [0x8000] * 100
    with pytest.raises(HarnessError, match="can't be fetched: the connection broke off"):
        _fetch(server, tmp_path / "archive")
    assert len(server.ranges) == 5
    assert (tmp_path / "archive.part").read_bytes() == CONTENT[: 5 * 0x8000]


def test_error_status_is_named(server: Server, tmp_path: Path) -> None:
    """An error answer is given up at once, with its status."""
    server.status = 503
    with pytest.raises(HarnessError, match="can't be fetched: HTTP status 503"):
        _fetch(server, tmp_path / "archive")
    assert server.ranges == [None]


def test_silent_server_is_given_up(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that stops in the middle is given up, each time after the read timeout."""
    monkeypatch.setattr(download_module, "_READ_TIMEOUT_S", 0.1)
    monkeypatch.setattr(download_module, "_TRIES", 1)
    server.cut_after, server.stall_s = [10], 60.0
    start = time.monotonic()
    with pytest.raises(HarnessError, match="can't be fetched"):
        _fetch(server, tmp_path / "archive")
    assert time.monotonic() - start < 30


def test_refused_connection_is_given_up_at_once(tmp_path: Path) -> None:
    """Where nobody listens, the error comes at once and says why."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/archive.tar.gz"
        with pytest.raises(HarnessError, match=f"{url} can't be fetched: .*refused"):
            download(url, tmp_path / "archive", sha512="", progress=SILENT, name="fetch")


def test_silent_name_server_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that never answers does not hold up the run."""
    release = threading.Event()

    def never_answer(*arguments: object, **options: object) -> list[object]:
        release.wait(5)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", never_answer)
    monkeypatch.setattr(download_module, "_CONNECT_TIMEOUT_S", 0.05)
    with pytest.raises(HarnessError, match=r"looking up host\.invalid: no answer in 0\.05 s"):
        download("https://host.invalid/a", tmp_path / "archive", sha512="", progress=SILENT, name="fetch")
    release.set()
