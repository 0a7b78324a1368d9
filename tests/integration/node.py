"""A stand-in for a cluster's node: to a real kube-apiserver it is the kubelet of one pod.

No kubelet runs here, and kube-apiserver itself has neither logs nor connections to pods: it asks the node.
So that everything up to there is real (rights, streaming, upgrades), this serves what it asks: the pod's log
is a local sandbox's controller manager's, its port leads to that sandbox's MySQL, and the pod's status
follows the component's.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import http.server
import selectors
import socket
import ssl
import struct
import threading
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes.client
import kubernetes.config

from harness.sandbox.base import CONTROLLERMGR, ComponentStatus, Phase
from harness.sandbox.local.client.sandbox import LocalSandbox
from harness.sandbox.local.servers.credentials import make_credentials
from harness.sandbox.local.wire import logs

POD = "michelangelo-controllermgr-5d9c7b8f4-x2x7k"
NODE = "stand-in"
IMAGE = "registry.example/controllermgr:main"
DIGEST = "ab" * 32
SERVICE = "mysql"
_WEBSOCKET_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_BINARY, _CLOSE = 2, 8


class StandInNode:
    """The node; `sandbox` is whose controller manager and MySQL it shows as a pod."""

    def __init__(self, sandbox: LocalSandbox, folder: Path) -> None:
        self.sandbox = sandbox
        client = kubernetes.config.new_client_from_config(str(sandbox.kubeconfig))
        self._core: Any = kubernetes.client.CoreV1Api(client)   # takes dicts, whatever its types say
        self._stamps: dict[int, list[str]] = {}
        self._lock = threading.Lock()
        self._shown: tuple[ComponentStatus, int] | None = None
        self.closing = threading.Event()
        self.requests: list[str] = []
        credentials = make_credentials(folder / "node")
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.node = self  # type: ignore[attr-defined]
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(credentials.serving_certificate, credentials.serving_key)
        self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._threads = [
            threading.Thread(target=self._server.serve_forever, daemon=True),
            threading.Thread(target=self._report, daemon=True),
        ]

    def start(self) -> None:
        """Make node, pod and service known, and serve."""
        port = self._server.server_address[1]
        self._core.create_node({"metadata": {"name": NODE}})
        self._core.patch_node_status(
            NODE,
            {
                "status": {
                    "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
                    "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
                }
            },
        )
        container = {
            "name": "app",
            "image": IMAGE,
            "ports": [{"name": "mysql", "containerPort": 3306}],
        }
        self._core.create_namespaced_pod(
            "default",
            {
                "metadata": {"name": POD, "labels": {"app": "michelangelo-controllermgr"}},
                "spec": {"nodeName": NODE, "containers": [container]},
            },
        )
        self._core.create_namespaced_service(
            "default",
            {
                "metadata": {"name": SERVICE},
                "spec": {
                    "selector": {"app": "michelangelo-controllermgr"},
                    "ports": [{"port": 3306, "targetPort": "mysql"}],
                },
            },
        )
        self.show()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Serve no longer."""
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    def show(self) -> None:
        """Write the component's status into the pod's, if it has changed."""
        component = self.sandbox.component(CONTROLLERMGR)
        # a kubelet counts every start, also that which somebody asked the sandbox for
        starts = len(logs.list_runs(self.sandbox.folder.logs, CONTROLLERMGR))
        if (component, starts) == self._shown:
            return
        self._shown = (component, starts)
        started = dt.datetime.fromtimestamp(component.started_at or 0, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        state: dict[str, Any] = (
            {"running": {"startedAt": started}}
            if component.phase is Phase.RUNNING
            else {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off restarting failed container"}}
        )
        status = {
            "name": "app",
            "ready": True,
            "image": IMAGE,
            "imageID": f"registry.example/controllermgr@sha256:{DIGEST}",
            "restartCount": starts - 1,
            "state": state,
            "lastState": {"terminated": {"exitCode": 2, "reason": "Error"}} if starts > 1 else {},
        }
        self._core.patch_namespaced_pod_status(
            POD, "default", {"status": {"phase": "Running", "containerStatuses": [status]}}
        )

    def read_lines(self, run: int) -> list[str]:
        """Return the run's lines, each with the time at which it was first seen before it."""
        folder = self.sandbox.folder.logs
        log = logs.get_log(folder, CONTROLLERMGR, run)
        whole, newline, _ = (log.read_bytes() if log.exists() else b"").rpartition(b"\n")
        lines = whole.decode("utf-8", "replace").split("\n") if newline else []
        with self._lock:
            stamps = self._stamps.setdefault(run, [])
            while len(stamps) < len(lines):
                now = time.time_ns()
                moment = dt.datetime.fromtimestamp(now // 10**9, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S")
                stamps.append(f"{moment}.{now % 10**9:09d}Z")
            return [f"{stamp} {line}" for stamp, line in zip(stamps, lines, strict=False)]

    def get_run(self, *, previous: bool) -> int:
        """Return the number of the container's current run, or of the one before."""
        runs = logs.list_runs(self.sandbox.folder.logs, CONTROLLERMGR)
        return runs[-2] if previous else runs[-1]

    def _report(self) -> None:
        while not self.closing.wait(0.05):
            self.show()


class _Handler(http.server.BaseHTTPRequestHandler):
    rbufsize = 0   # what is read must not wait in a buffer that `select` can't see

    def do_GET(self) -> None:
        node: StandInNode = self.server.node  # type: ignore[attr-defined]
        place = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(place.query))
        node.requests.append(self.path)
        if place.path.startswith("/containerLogs/"):
            self._send_log(node, query)
        elif place.path.startswith("/portForward/"):
            self._forward(node, int(query["port"]))
        else:
            self.send_error(404)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _send_log(self, node: StandInNode, query: dict[str, str]) -> None:
        try:
            run = node.get_run(previous=query.get("previous") == "true")
        except IndexError:
            self.send_error(400, "previous terminated container not found")
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        try:
            for line in self._list_lines(node, run, query):
                self.wfile.write(f"{line}\n".encode())
                self.wfile.flush()
        except OSError:
            pass   # the reader has gone
        self.close_connection = True

    def _list_lines(self, node: StandInNode, run: int, query: dict[str, str]) -> Iterator[str]:
        since = ""
        if "sinceSeconds" in query:
            moment = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=int(query["sinceSeconds"]))
            since = moment.strftime("%Y-%m-%dT%H:%M:%S")
        sent = 0
        while True:
            lines = node.read_lines(run)
            yield from (line for line in lines[sent:] if line >= since)
            sent = len(lines)
            ended = node.get_run(previous=False) != run or node.sandbox.component(CONTROLLERMGR).pid is None
            if query.get("follow") != "true" or node.closing.wait(0.005) or ended:
                return

    def _forward(self, node: StandInNode, port: int) -> None:
        """Speak Kubernetes' port-forward of old: channel 0 carries the port's bytes, 1 the errors."""
        key = self.headers["Sec-WebSocket-Key"] + _WEBSOCKET_GUID
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Protocol", "v4.channel.k8s.io")
        accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()  # noqa: S324  RFC 6455 says so
        self.send_header("Sec-WebSocket-Accept", accept)
        self.end_headers()
        self.close_connection = True
        for channel in (0, 1):
            self._send_frame(bytes([channel]) + struct.pack("<H", port))
        mysql = node.sandbox.mysql
        with socket.create_connection((mysql.host, mysql.port)) as target, selectors.DefaultSelector() as selector:
            selector.register(target, selectors.EVENT_READ)
            selector.register(self.connection, selectors.EVENT_READ)
            while not node.closing.is_set():
                for key_, _ in selector.select(0.2):
                    if key_.fileobj is target:
                        data = target.recv(65536)
                        if not data:
                            return
                        self._send_frame(b"\0" + data)
                    elif not self._receive_frames(target):
                        return

    def _receive_frames(self, target: socket.socket) -> bool:
        """Hand on every frame that is there; False at the end."""
        connection = self.connection
        assert isinstance(connection, ssl.SSLSocket)
        while True:
            head = self._read(2)
            if len(head) < 2 or head[0] & 15 == _CLOSE:
                return False
            length = head[1] & 127
            if length > 125:
                length = int.from_bytes(self._read(2 if length == 126 else 8))
            mask = self._read(4)
            data = bytes(byte ^ mask[i % 4] for i, byte in enumerate(self._read(length)))
            if data[:1] == b"\0":
                target.sendall(data[1:])
            if not connection.pending():
                return True

    def _read(self, size: int) -> bytes:
        """Return so many bytes, fewer at the end."""
        data = b""
        while len(data) < size and (part := self.connection.recv(size - len(data))):
            data += part
        return data

    def _send_frame(self, data: bytes) -> None:
        length = bytes([len(data)]) if len(data) < 126 else b"\x7e" + struct.pack(">H", len(data))
        if len(data) > 65535:
            length = b"\x7f" + struct.pack(">Q", len(data))
        self.wfile.write(bytes([0x80 | _BINARY]) + length + data)
        self.wfile.flush()
