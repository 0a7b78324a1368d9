"""Looks at a link as a client would: what becomes of one connection, and which fault of the link that shows."""

from __future__ import annotations

import socket
import time

from harness.sandbox.base import KUBE_APISERVER
from harness.sandbox.capabilities import SLOW_JITTER_MS, SLOW_MS, LinkFault, ProbeOutcome, ProbeResult
from harness.sandbox.ports import LOOPBACK

_TIMEOUT_S = 1.0
# Plain HTTP, which a server that expects TLS answers at once; MySQL speaks first
_FIRST_WORDS = {KUBE_APISERVER: b"GET / HTTP/1.0\r\n\r\n"}
_SHOWN_BY = {
    LinkFault.REFUSED: ProbeOutcome.REFUSED,
    LinkFault.HANGING: ProbeOutcome.SILENT,
    LinkFault.RESETTING: ProbeOutcome.RESET,
}


def probe(component: str, port: int) -> ProbeResult:
    """Connect to loopback `port` as a client of the component and return what became of it within a second."""
    began = time.monotonic()
    outcome = _connect(port, _FIRST_WORDS.get(component, b""))
    return ProbeResult(f"{LOOPBACK}:{port}", outcome, time.monotonic() - began)


def shows(result: ProbeResult, mode: LinkFault | None) -> bool:
    """Return whether a connection fared as it does where the link is broken so; None: where it is whole."""
    if mode is LinkFault.SLOW:
        return result.outcome is ProbeOutcome.ANSWERED and result.after_s * 1000 >= SLOW_MS - SLOW_JITTER_MS
    return result.outcome is (ProbeOutcome.ANSWERED if mode is None else _SHOWN_BY[mode])


def _connect(port: int, words: bytes) -> ProbeOutcome:
    try:
        with socket.create_connection((LOOPBACK, port), _TIMEOUT_S) as connection:
            connection.sendall(words)
            return ProbeOutcome.ANSWERED if connection.recv(1) else ProbeOutcome.CLOSED
    except TimeoutError:
        return ProbeOutcome.SILENT
    except ConnectionRefusedError:
        return ProbeOutcome.REFUSED
    except ConnectionError:
        return ProbeOutcome.RESET
