"""Answers health probes: 200 `ok` for /healthz and /readyz, 404 for anything else."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from harness.reference.errors import ConfigError


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer a probe."""
        healthy = self.path in ("/healthz", "/readyz")
        body = b"ok" if healthy else b"404 page not found\n"
        self.send_response(200 if healthy else 404)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name that http.server passes
        """Keep probes out of the log."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True


class _ServerV6(_Server):
    address_family = socket.AF_INET6


def serve_health(address: tuple[str, int]) -> ThreadingHTTPServer:
    """Answer probes at `address` on a thread of its own; ConfigError where that can't be bound."""
    try:
        server = (_ServerV6 if ":" in address[0] else _Server)(address, _Handler)
    except OSError as error:
        raise ConfigError(f"controllermgr.healthProbeBindAddress: can't listen on {address} ({error})") from error
    threading.Thread(target=server.serve_forever, name="health probe", daemon=True).start()
    return server
