"""Pods as a kube-apiserver sends them, and a stand-in that hands them out."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from harness.core.errors import Refusal
from harness.spec.model import JsonObject

STARTED = "2026-11-24T06:00:00Z"


def make_pod(
    name: str = "michelangelo-controllermgr",
    *,
    uid: str = "u1",
    restarts: int = 0,
    state: JsonObject | None = None,
    last: JsonObject | None = None,
    **changes: Any,
) -> JsonObject:
    """Return a pod that runs, or is in the container `state` that is given; `changes` go to its metadata."""
    return {
        "metadata": {"name": name, "namespace": "default", "uid": uid, "creationTimestamp": STARTED, **changes},
        "spec": {"containers": [{"name": "app", "image": "example/app:main"}]},
        "status": {
            "phase": "Running",
            "containerStatuses": [
                {
                    "name": "app",
                    "restartCount": restarts,
                    "image": "registry.example/app:main",
                    "imageID": "registry.example/app@sha256:" + "ab" * 32,
                    "state": {"running": {"startedAt": STARTED}} if state is None else state,
                    "lastState": {} if last is None else last,
                }
            ],
        },
    }


class StandInStream:
    """A followed log that the test writes to."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._lines: list[str] = []
        self._ended = False

    def write(self, *lines: str) -> None:
        """Hand lines to the reader."""
        with self._condition:
            self._lines += lines
            self._condition.notify_all()

    def close(self) -> None:
        """End the stream."""
        with self._condition:
            self._ended = True
            self._condition.notify_all()

    def __iter__(self) -> Iterator[str]:
        """Yield the lines as they come."""
        position = 0
        while True:
            with self._condition:
                while position >= len(self._lines) and not self._ended:
                    if not self._condition.wait(timeout=10):
                        return
                if position >= len(self._lines):
                    return
                line = self._lines[position]
            position += 1
            yield line


class StandInPods:
    """Hands out pods and logs; in place of `harness.clients.pods.Pods`."""

    def __init__(self, *pods: JsonObject) -> None:
        self.pods = list(pods)
        self.log: list[str] = []
        self.previous: list[str] | None = None
        self.streams: list[StandInStream] = []
        self.refusal: Refusal | None = None

    def find(self, *_: str, **__: str) -> list[JsonObject]:
        """Return the pods, or refuse."""
        if self.refusal is not None:
            raise self.refusal
        return list(self.pods)

    def read_log(self, *_: str, previous: bool = False) -> list[str]:
        """Return the log of the current or the previous run."""
        if previous:
            if self.previous is None:
                raise Refusal(400, "BadRequest", "previous terminated container not found")
            return list(self.previous)
        return list(self.log)

    def follow_log(self, *_: object) -> StandInStream:
        """Begin a stream, which repeats what was there as the real one may."""
        stream = StandInStream()
        stream.write(*self.log)
        self.streams.append(stream)
        return stream
