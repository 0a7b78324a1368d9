"""Promises of `servers.probe`: each fault of a link is told from the others, and from none."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator

import pytest

from harness.sandbox.base import KUBE_APISERVER, MYSQL
from harness.sandbox.capabilities import LinkFault, ProbeOutcome, ProbeResult
from harness.sandbox.local.servers import probe as module
from harness.sandbox.local.servers.probe import probe, shows
from harness.sandbox.ports import choose_port

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
    result = probe(MYSQL, port)
    assert (result.address, result.outcome) == (f"127.0.0.1:{port}", ProbeOutcome.ANSWERED)
    assert result.after_s < 0.2
    assert str(result).startswith(f"127.0.0.1:{port} answered after 0.0")


def test_server_that_is_asked_has_answered(serve: Serve) -> None:
    """kube-apiserver is spoken to first, and its answer counted once it comes."""

    def answer(client: socket.socket) -> None:
        client.sendall(client.recv(4).replace(b"GET ", b"HTTP"))

    assert probe(KUBE_APISERVER, serve(answer)).outcome is ProbeOutcome.ANSWERED


def test_silence_reset_and_end_are_told_apart(serve: Serve) -> None:
    """A server that says nothing, one that resets and one that hangs up are three things."""
    assert probe(MYSQL, serve(lambda _: None)).outcome is ProbeOutcome.SILENT
    assert probe(MYSQL, serve(_reset)).outcome is ProbeOutcome.RESET
    assert probe(MYSQL, serve(lambda client: client.close())).outcome is ProbeOutcome.CLOSED


def test_port_without_a_server_refuses() -> None:
    """Nobody at the port is a refusal."""
    assert probe(MYSQL, choose_port()).outcome is ProbeOutcome.REFUSED


@pytest.mark.parametrize(
    ("outcome", "after_s", "shown"),
    [
        (ProbeOutcome.ANSWERED, 0.01, {None}),
        (ProbeOutcome.ANSWERED, 0.15, {None, LinkFault.SLOW}),
        (ProbeOutcome.REFUSED, 0.01, {LinkFault.REFUSED}),
        (ProbeOutcome.SILENT, 1.0, {LinkFault.HANGING}),
        (ProbeOutcome.RESET, 0.01, {LinkFault.RESETTING}),
        (ProbeOutcome.CLOSED, 0.01, set()),
    ],
)
def test_each_link_fault_has_its_own_sign(
    outcome: ProbeOutcome, after_s: float, shown: set[LinkFault | None]
) -> None:
    """A fault of a link is shown by what it does to a connection and by nothing else."""
    result = ProbeResult("127.0.0.1:1", outcome, after_s)
    assert {mode for mode in (None, *LinkFault) if shows(result, mode)} == shown
