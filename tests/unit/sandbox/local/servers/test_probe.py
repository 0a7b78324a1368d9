"""Promises of `harness.sandbox.local.servers.probe`: each cut is told from the others, and from none."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator

import pytest

from harness.sandbox.base import KUBE_APISERVER, MYSQL
from harness.sandbox.capabilities import Cut, Outcome, Reach
from harness.sandbox.local.servers import probe as module
from harness.sandbox.local.servers.ports import choose_port
from harness.sandbox.local.servers.probe import probe, shows

Serve = Callable[[Callable[[socket.socket], None]], int]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Serves one client in a way, and returns the port."""
    monkeypatch.setattr(module, "_TIMEOUT_S", 0.2)
    threads: list[threading.Thread] = []
    over = threading.Event()

    def do(answer: Callable[[socket.socket], None]) -> int:
        server = socket.create_server(("127.0.0.1", 0))

        def run() -> None:
            with server, server.accept()[0] as client:
                answer(client)
                if client.fileno() >= 0:
                    over.wait(5)

        threads.append(threading.Thread(target=run))
        threads[-1].start()
        return int(server.getsockname()[1])

    yield do
    over.set()
    for thread in threads:
        thread.join()


def _reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def test_server_that_speaks_first_has_answered(serve: Serve) -> None:
    """MySQL's greeting is an answer; the address is said."""
    port = serve(lambda client: client.sendall(b"J"))
    reach = probe(MYSQL, port)
    assert (reach.address, reach.outcome, reach.after_s < 0.2) == (f"127.0.0.1:{port}", Outcome.ANSWERED, True)
    assert str(reach).startswith(f"127.0.0.1:{port} answered after 0.0")


def test_server_that_is_asked_has_answered(serve: Serve) -> None:
    """kube-apiserver is spoken to first, and its answer counted once it comes."""

    def answer(client: socket.socket) -> None:
        client.sendall(client.recv(4).replace(b"GET ", b"HTTP"))

    assert probe(KUBE_APISERVER, serve(answer)).outcome is Outcome.ANSWERED


def test_silence_reset_and_end_are_told_apart(serve: Serve) -> None:
    """A server that says nothing, one that resets and one that hangs up are three things."""
    assert probe(MYSQL, serve(lambda _: None)).outcome is Outcome.SILENT
    assert probe(MYSQL, serve(_reset)).outcome is Outcome.RESET
    assert probe(MYSQL, serve(lambda client: client.close())).outcome is Outcome.CLOSED


def test_port_without_a_server_refuses() -> None:
    """Nobody at the port is a refusal."""
    assert probe(MYSQL, choose_port()).outcome is Outcome.REFUSED


@pytest.mark.parametrize(
    ("outcome", "after_s", "shown"),
    [
        (Outcome.ANSWERED, 0.01, {None}),
        (Outcome.ANSWERED, 0.15, {None, Cut.SLOW}),
        (Outcome.REFUSED, 0.01, {Cut.REFUSED}),
        (Outcome.SILENT, 1.0, {Cut.HANGING}),
        (Outcome.RESET, 0.01, {Cut.RESETTING}),
        (Outcome.CLOSED, 0.01, set()),
    ],
)
def test_each_cut_has_its_own_sign(outcome: Outcome, after_s: float, shown: set[Cut | None]) -> None:
    """A cut is shown by what it does to a connection and by nothing else."""
    reach = Reach("127.0.0.1:1", outcome, after_s)
    assert {mode for mode in (None, *Cut) if shows(reach, mode)} == shown
