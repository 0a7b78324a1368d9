"""A stand-in for a cluster's node and its controllers, for an API server that has neither.

It binds each pod, says that it is ready, ends it when it is deleted, says of each job that it is complete, and
serves pods' logs to the API server as a kubelet does. What a container would do is the test's to say.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

JsonObject = dict[str, Any]

NAME = "k3d-michelangelo-sandbox-agent-0"
_INTERVAL_S = 0.1
_MERGE = {"Content-Type": "application/merge-patch+json"}


class Node:
    """The node. `troubles` maps pods to what keeps them from running: (reason, message)."""

    def __init__(
        self,
        kubeconfig: Path,
        certificate: Path,
        key: Path,
        *,
        on_job: Callable[[JsonObject], None],
        on_new_pod: Callable[[JsonObject], None],
        read_log: Callable[[str], list[str]],
    ) -> None:
        config = json.loads(kubeconfig.read_text())
        self._url = config["clusters"][0]["cluster"]["server"]
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {config['users'][0]['user']['token']}"
        self._session.verify = str(certificate.with_name("ca.crt"))
        self._session.trust_env = False   # which may name another authority
        self._on_job = on_job
        self._on_new_pod = on_new_pod
        self._seen: set[str] = set()
        self._ending = threading.Event()
        self.troubles: dict[str, tuple[str, str]] = {}
        self.problems: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _make_handler(read_log, self._ending))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._server.daemon_threads = True
        self._threads = [
            threading.Thread(target=self._server.serve_forever, daemon=True),
            threading.Thread(target=self._work, daemon=True),
        ]

    def __enter__(self) -> Node:
        """Join the cluster."""
        now = _now()
        self._post("/api/v1/nodes", {"apiVersion": "v1", "kind": "Node", "metadata": {"name": NAME}})
        status = {
            "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": self._server.server_address[1]}},
            "conditions": [
                {
                    "type": "Ready",
                    "status": "True",
                    "reason": "KubeletReady",
                    "message": "stand-in",
                    "lastHeartbeatTime": now,
                    "lastTransitionTime": now,
                }
            ],
        }
        self._patch(f"/api/v1/nodes/{NAME}/status", {"status": status})
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave it; a problem on the way is a failure."""
        self._ending.set()
        self._server.shutdown()
        self._server.server_close()
        for thread in self._threads:
            thread.join(10)
        self._session.close()
        assert self.problems == []

    def list_pods(self) -> list[JsonObject]:
        """Return all pods of the cluster."""
        return self._list("/api/v1/pods")

    def get(self, path: str) -> JsonObject:
        """Return what the API server has at the path."""
        return self._request("GET", path)

    def _work(self) -> None:
        while not self._ending.wait(_INTERVAL_S):
            for pod in self.list_pods():
                self._serve_pod(pod)
            for job in self._list("/apis/batch/v1/jobs"):
                if not job.get("status", {}).get("conditions"):
                    self._complete(job)

    def _serve_pod(self, pod: JsonObject) -> None:
        metadata = pod["metadata"]
        path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
        if metadata.get("deletionTimestamp"):
            self._request("DELETE", path, {"gracePeriodSeconds": 0})
            return
        if not pod["spec"].get("nodeName"):
            target = {"apiVersion": "v1", "kind": "Node", "name": NAME}
            binding = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": metadata["name"]}}
            self._post(f"{path}/binding", {**binding, "target": target})
        if trouble := self.troubles.get(metadata["name"]):
            self._patch(f"{path}/status", {"status": _make_status(pod, trouble)})
            self._report(pod, *trouble)
        elif pod.get("status", {}).get("phase") != "Running":
            if metadata["uid"] not in self._seen:
                self._seen.add(metadata["uid"])
                self._on_new_pod(pod)
            self._patch(f"{path}/status", {"status": _make_status(pod, None)})

    def _report(self, pod: JsonObject, reason: str, message: str) -> None:
        if pod["metadata"]["uid"] in self._seen:
            return
        self._seen.add(pod["metadata"]["uid"])
        namespace, name, uid = (pod["metadata"][key] for key in ("namespace", "name", "uid"))
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"generateName": f"{name}.", "namespace": namespace},
            "involvedObject": {"kind": "Pod", "namespace": namespace, "name": name, "uid": uid},
            "reason": "Failed",
            "message": f"{reason}: {message}",
            "type": "Warning",
            "lastTimestamp": _now(),
        }
        self._post(f"/api/v1/namespaces/{namespace}/events", event)

    def _complete(self, job: JsonObject) -> None:
        self._on_job(job)
        now = _now()
        done = {"status": "True", "reason": "CompletionsReached", "lastTransitionTime": now, "lastProbeTime": now}
        status = {
            "startTime": now,
            "completionTime": now,
            "succeeded": 1,
            "conditions": [{"type": kind, **done} for kind in ("SuccessCriteriaMet", "Complete")],
        }
        metadata = job["metadata"]
        path = f"/apis/batch/v1/namespaces/{metadata['namespace']}/jobs/{metadata['name']}/status"
        self._patch(path, {"status": status})

    def _list(self, path: str) -> list[JsonObject]:
        items: list[JsonObject] = self._request("GET", path)["items"]
        return items

    def _post(self, path: str, body: JsonObject) -> None:
        self._request("POST", path, body)

    def _patch(self, path: str, body: JsonObject) -> None:
        self._request("PATCH", path, body)

    def _request(self, method: str, path: str, body: JsonObject | None = None) -> JsonObject:
        headers = _MERGE if method == "PATCH" else {"Content-Type": "application/json"}
        data = None if body is None else json.dumps(body)
        answer = self._session.request(method, self._url + path, data=data, headers=headers, timeout=30)
        if answer.status_code not in (200, 201, 202, 404, 409):   # gone or changed meanwhile: the next look tells
            self.problems.append(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
        found: JsonObject = answer.json()
        return found


def _make_status(pod: JsonObject, trouble: tuple[str, str] | None) -> JsonObject:
    now = _now()
    ready = "False" if trouble else "True"
    state: JsonObject = {"running": {"startedAt": now}}
    if trouble:
        state = {"waiting": {"reason": trouble[0], "message": trouble[1]}}
    containers = [
        {
            "name": container["name"],
            "image": container["image"],
            "imageID": "",
            "ready": not trouble,
            "restartCount": 0,
            "state": state,
        }
        for container in pod["spec"]["containers"]
    ]
    conditions = [
        {"type": kind, "status": status, "lastTransitionTime": now}
        for kind, status in (("PodScheduled", "True"), ("ContainersReady", ready), ("Ready", ready))
    ]
    phase = "Pending" if trouble else "Running"
    return {"phase": phase, "startTime": now, "conditions": conditions, "containerStatuses": containers}


def _now() -> str:
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _make_handler(read_log: Callable[[str], list[str]], ending: threading.Event) -> type[BaseHTTPRequestHandler]:
    """Return what answers the API server's requests for logs."""
    epoch = dt.datetime.now(dt.UTC)

    def stamp(number: int, line: str) -> bytes:
        at = epoch + dt.timedelta(microseconds=number)
        return f"{at.strftime('%Y-%m-%dT%H:%M:%S.%f')}Z {line}\n".encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            words, options = url.path.split("/"), parse_qs(url.query)
            if words[1] != "containerLogs":
                self.send_error(404)
                return
            pod, follow = words[3], options.get("follow") == ["true"]
            self.send_response(200)
            self.end_headers()
            sent = 0
            with contextlib.suppress(OSError):   # the API server has closed the connection
                while True:
                    lines = read_log(pod)
                    for number in range(sent, len(lines)):
                        plain = f"{lines[number]}\n".encode()
                        self.wfile.write(stamp(number, lines[number]) if "timestamps" in options else plain)
                    self.wfile.flush()
                    sent = max(sent, len(lines))
                    if not follow or ending.wait(_INTERVAL_S):
                        return

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


