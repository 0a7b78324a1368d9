"""Looks at a way as a client would: what becomes of one connection, and which cut that shows."""

from __future__ import annotations

import socket
import time

from harness.sandbox.base import KUBE_APISERVER
from harness.sandbox.capabilities import SLOW_JITTER_MS, SLOW_MS, Cut, Outcome, Reach
from harness.sandbox.local.servers.ports import LOOPBACK

_TIMEOUT_S = 1.0
# Plain HTTP, which a server that expects TLS answers at once; MySQL speaks first
_FIRST_WORDS = {KUBE_APISERVER: b"GET / HTTP/1.0\r\n\r\n"}
_SHOWN_BY = {Cut.REFUSED: Outcome.REFUSED, Cut.HANGING: Outcome.SILENT, Cut.RESETTING: Outcome.RESET}


def probe(component: str, port: int) -> Reach:
    """Connect to loopback `port` as a client of the component and return what became of it within a second."""
    began = time.monotonic()
    outcome = _connect(port, _FIRST_WORDS.get(component, b""))
    return Reach(f"{LOOPBACK}:{port}", outcome, time.monotonic() - began)


def shows(reach: Reach, mode: Cut | None) -> bool:
    """Return whether a connection fared as it does where the way is cut so; None: where it is whole."""
    if mode is Cut.SLOW:
        return reach.outcome is Outcome.ANSWERED and reach.after_s * 1000 >= SLOW_MS - SLOW_JITTER_MS
    return reach.outcome is (Outcome.ANSWERED if mode is None else _SHOWN_BY[mode])


def _connect(port: int, words: bytes) -> Outcome:
    try:
        with socket.create_connection((LOOPBACK, port), _TIMEOUT_S) as connection:
            connection.sendall(words)
            return Outcome.ANSWERED if connection.recv(1) else Outcome.CLOSED
    except TimeoutError:
        return Outcome.SILENT
    except ConnectionRefusedError:
        return Outcome.REFUSED
    except ConnectionError:
        return Outcome.RESET
