"""The few requests that are made of etcd itself, by the JSON gateway on its socket."""

from __future__ import annotations

import base64
import http.client
import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.core.errors import HarnessError

_TIMEOUT_S = 10.0


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


_FIRST_KEY = _encode(b"\0")


class EtcdClient:
    """Asks the etcd that listens on the Unix socket `path`; each method may be called from any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def is_healthy(self) -> bool:
        """Return whether etcd has a leader and commits; no answer is False."""
        try:
            return bool(self._ask("GET", "/health")["health"] == "true")
        except HarnessError:
            return False

    def compact(self) -> int:
        """Drop the history up to the present revision, and return that; HarnessError where etcd refuses."""
        asked = self._ask("POST", "/v3/kv/range", {"key": _FIRST_KEY, "count_only": True})
        revision = int(asked["header"]["revision"])
        self._ask("POST", "/v3/kv/compaction", {"revision": revision, "physical": True})
        return revision

    def put(self, pairs: Mapping[str, bytes]) -> int:
        """Store the values under their keys in one transaction, of up to 128; return its revision."""
        puts = [
            {"requestPut": {"key": _encode(key.encode()), "value": _encode(value)}} for key, value in pairs.items()
        ]
        return int(self._ask("POST", "/v3/kv/txn", {"success": puts})["header"]["revision"])

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        connection = _SocketConnection(self._path)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise HarnessError(f"etcd does not answer: {method} {path}: {error}") from error
        finally:
            connection.close()
        if answer.status != 200:
            words = content.decode(errors="replace").strip()
            raise HarnessError(f"etcd: {method} {path}: HTTP status {answer.status}: {words}")
        return json.loads(content)


class _SocketConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(_TIMEOUT_S)
        self.sock.connect(str(self._path))
