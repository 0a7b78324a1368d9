"""Runs the fault proxy of one sandbox and tells it what to do: Toxiproxy, by its HTTP API.

Each link carries Toxiproxy's latency in both directions all the time, of 0 ms where nothing is broken. To change
its value lets the bytes that it holds go on in their order; a toxic that is taken out of a connection may lose
some. So a healed link goes on as a network does, and only closed connections see a toxic come or go.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests

from harness.core.errors import HarnessError
from harness.sandbox.base import FAULT_PROXY
from harness.sandbox.capabilities import SLOW_JITTER_MS, SLOW_MS, LinkFault
from harness.sandbox.local.wire.plan import Executable
from harness.sandbox.local.wire.process import Process, spawn
from harness.sandbox.ports import LOOPBACK, choose_lasting_port

_HELD_MS = 24 * 60 * 60 * 1000
_LATENCIES = {LinkFault.SLOW: (SLOW_MS, SLOW_JITTER_MS), LinkFault.HANGING: (_HELD_MS, 0)}
_STREAMS = ("upstream", "downstream")
_TIMEOUT_S = 30.0   # Toxiproxy gives itself 25
_PORT_ATTEMPTS = 5


def start_fault_proxy(executable: Executable, folder: Path, *, port: int, log: Path) -> Process:
    """Start the proxy with its API on loopback `port`; it has no links yet."""
    command = [executable.path, f"--port={port}"]
    return spawn(FAULT_PROXY, command, log=log, folder=folder, environment=os.environ)


class FaultProxy:
    """Tells a running proxy what to do; HarnessError where it does not. Call from one thread at a time."""

    def __init__(self, port: int) -> None:
        self._url = f"http://{LOOPBACK}:{port}"
        self._session = requests.Session()
        self._session.trust_env = False   # a proxy of the user's network has no business here

    def answers(self) -> bool:
        """Return whether the API can be reached."""
        try:
            return self._session.get(f"{self._url}/version", timeout=_TIMEOUT_S).ok
        except requests.RequestException:
            return False

    def open_link(self, name: str, upstream: str) -> int:
        """Make a link to `upstream` (HOST:PORT) and return the loopback port at which it begins."""
        for attempts_left in reversed(range(_PORT_ATTEMPTS)):
            port = choose_lasting_port()
            link = {"name": name, "listen": f"{LOOPBACK}:{port}", "upstream": upstream, "enabled": True}
            try:
                self._ask("POST", "/proxies", link)
            except HarnessError as error:
                if not attempts_left or "already in use" not in error.problem:
                    raise
                continue
            for stream in _STREAMS:
                self._add(name, "latency", stream, {"latency": 0, "jitter": 0})
            return port
        raise AssertionError  # pragma: no cover  the last attempt returns or raises

    def break_link(self, name: str, mode: LinkFault) -> None:
        """Break a link that is whole."""
        if mode in _LATENCIES:
            self._delay(name, *_LATENCIES[mode])
            return
        self._switch(name, enabled=False)   # which closes what is open
        if mode is LinkFault.RESETTING:
            for stream in _STREAMS:
                self._add(name, "reset_peer", stream, {"timeout": 0})
            self._switch(name, enabled=True)

    def heal_link(self, name: str) -> None:
        """Make a link whole, however it is broken."""
        toxics = self._ask("GET", f"/proxies/{name}/toxics")
        resets = [toxic["name"] for toxic in toxics if toxic["type"] == "reset_peer"]
        if resets:
            self._switch(name, enabled=False)
        for toxic in resets:
            self._ask("DELETE", f"/proxies/{name}/toxics/{toxic}")
        self._delay(name, 0, 0)
        self._switch(name, enabled=True)

    def _switch(self, name: str, *, enabled: bool) -> None:
        self._ask("POST", f"/proxies/{name}", {"enabled": enabled})

    def _delay(self, name: str, latency_ms: int, jitter_ms: int) -> None:
        for stream in _STREAMS:
            values = {"attributes": {"latency": latency_ms, "jitter": jitter_ms}}
            self._ask("POST", f"/proxies/{name}/toxics/latency-{stream}", values)

    def _add(self, name: str, kind: str, stream: str, values: Mapping[str, int]) -> None:
        toxic = {"name": f"{kind}-{stream}", "type": kind, "stream": stream, "attributes": values}
        self._ask("POST", f"/proxies/{name}/toxics", toxic)

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        try:
            answer = self._session.request(method, f"{self._url}{path}", json=body, timeout=_TIMEOUT_S)
        except requests.RequestException as error:
            raise HarnessError(f"{FAULT_PROXY} does not answer: {method} {path}: {error}") from error
        if not answer.ok:
            words = answer.text.strip()
            raise HarnessError(f"{FAULT_PROXY}: {method} {path}: HTTP status {answer.status_code}: {words}")
        return answer.json() if answer.content else None
