"""What Locust runs, in processes of its own: clients that carry out the plan, and a master that notes answers.

Told by the environment: PLAN, LOGIN and WRITES are paths of files, the last of which the master writes. Nothing
imports this module: importing Locust patches the standard library.
"""

from __future__ import annotations

import functools
import json
import os
import ssl
import time
from pathlib import Path
from typing import Any, ClassVar

import locust.runners
from locust import FastHttpUser, LoadTestShape, events, task
from locust.env import Environment
from locust.exception import StopUser

from harness.clients.login import Login
from harness.load.plan import Client, LoadPlan, Request
from harness.load.writes import LOGIN, PLAN, REPORT_S, WRITES, Write

_PLAN = LoadPlan.from_json(Path(os.environ[PLAN]).read_text(encoding="utf-8"))
_LOGIN = Login.from_json(Path(os.environ[LOGIN]).read_text(encoding="utf-8"))
_LATE_S = 1.0   # what a client was held up by is not made up for in a burst
_SILENT_S = 60.0   # without any answer: the API server is not there
_GRACE_S = 1.0     # for the last answers
_KEY = "writes"

locust.runners.WORKER_REPORT_INTERVAL = REPORT_S


class _Worker:
    """What the clients of this process share."""

    index = 0
    clients = 0
    began = 0.0
    left: int | None = None
    answered: ClassVar[list[Any]] = []   # since the last report


def _begin(environment: Environment, **_: Any) -> None:
    if isinstance(environment.runner, locust.runners.WorkerRunner):
        _Worker.index = environment.runner.worker_index
        _Worker.left = _PLAN.get_quota(_Worker.index)
    _Worker.began = time.monotonic()


def _report(data: dict[str, Any], **_: Any) -> None:
    data[_KEY], _Worker.answered[:] = list(_Worker.answered), []


def _write_down(data: dict[str, Any], **_: Any) -> None:
    _Master.note(data.get(_KEY, []))


events.test_start.add_listener(_begin)
events.report_to_master.add_listener(_report)
events.worker_report.add_listener(_write_down)


@functools.cache
def _make_context(**_: str) -> ssl.SSLContext:
    """Return the context of all connections; the library offers other authorities, which are none of these."""
    context = ssl.create_default_context(cafile=_LOGIN.ca or None)
    if not _LOGIN.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if _LOGIN.certificate:
        context.load_cert_chain(_LOGIN.certificate, _LOGIN.key or None)
    return context


class Writer(FastHttpUser):
    """One client, with a connection of its own."""

    host = _LOGIN.server
    insecure = not _LOGIN.verify
    concurrency = 1
    max_retries = 0   # a write that was sent twice would be two
    network_timeout = connection_timeout = 60.0
    ssl_context_factory = staticmethod(_make_context)
    default_headers = {  # noqa: RUF012  as its base class has it
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": "ingester-acceptance-load",
        **({"Authorization": _LOGIN.authorization} if _LOGIN.authorization else {}),
    }

    def on_start(self) -> None:
        """Take the next number of this worker, and a first moment that few others have."""
        number, _Worker.clients = _Worker.clients, _Worker.clients + 1
        self._client = Client(_PLAN, _Worker.index, number)
        share = number * _PLAN.workers / _PLAN.clients % 1.0
        self._due = time.monotonic() + share * _PLAN.get_pause_s(0.0)

    def wait_time(self) -> float:
        """Return how long it is until the next write is due."""
        now = time.monotonic()
        self._due = max(self._due + _PLAN.get_pause_s(now - _Worker.began), now - _LATE_S)
        return max(self._due - now, 0.0)

    @task
    def write(self) -> None:
        """Send one write."""
        if _Worker.left is not None:
            if _Worker.left <= 0:
                raise StopUser
            _Worker.left -= 1
        elif time.monotonic() - _Worker.began >= _PLAN.duration_s:
            raise StopUser
        request = self._client.choose()
        write = self._send(request)
        self._client.note(request, done=write.done)
        _Worker.answered.append(write.to_list())

    def _send(self, request: Request) -> Write:
        types = {"POST": "application/json", "PATCH": "application/merge-patch+json"}
        headers = {"Content-Type": types[request.method]} if request.body else {}
        sent_at = time.time()
        with self.client.request(
            request.method,
            request.path,
            name=request.verb.value,
            data=request.body or None,
            headers=headers,
            catch_response=True,
        ) as response:
            answered_at = time.time()
            metadata: dict[str, Any] = {}
            audit_id = ""
            if response.status_code and response.content:
                audit_id = str((response.headers or {}).get("Audit-Id") or "")
                answer = json.loads(response.content)
                metadata = answer.get("metadata") or {}
                if response.status_code >= 300:
                    response.failure(f"{response.status_code} {answer.get('reason')}")
            return Write(
                request.verb,
                request.template,
                request.name,
                sent_at,
                answered_at,
                int(response.status_code or 0),
                audit_id,
                str(metadata.get("uid") or ""),
                int(metadata.get("resourceVersion") or 0),
            )


class _Master:
    """Where answers are written down, by the master alone."""

    answers = 0
    began: float | None = None   # when the first of them came

    @classmethod
    def note(cls, writes: list[Any]) -> None:
        if writes:
            cls.began = cls.began or time.monotonic()
            cls.answers += len(writes)
            with Path(os.environ[WRITES]).open("a", encoding="utf-8") as file:
                file.writelines(json.dumps(each) + "\n" for each in writes)


class Course(LoadTestShape):
    """All clients at once, until the time is up or all objects were asked for; the rate is each client's own."""

    def tick(self) -> tuple[int, float] | None:
        """Return how many clients there are, and how many of them begin in a second; None at the end."""
        if _Master.began is None:
            over = time.perf_counter() - self.start_time >= _SILENT_S
        elif _PLAN.limit is None:
            over = time.monotonic() - _Master.began >= _PLAN.duration_s + _GRACE_S
        else:
            over = _Master.answers >= _PLAN.limit
        return None if over else (_PLAN.clients, float(_PLAN.clients))
