"""Keeps a copy of a container's log, run by run, as the API server lets it be followed.

A thread follows the log, so that reading it costs nothing and a line is there a moment after it was
written. Where the container ends, its log is read once more to its end, and followed again when the next
run begins. The run before the first one seen is read too, if the node still has it.

Lines come with the time at which the node received them; it serves to go on where a broken connection
left off, and to tell whether the log reaches back to the start of the container.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from harness.clients.pods import FollowedLog, Pods
from harness.core.errors import HarnessError, Refusal
from harness.sandbox.base import LogCursor, LogLine
from harness.sandbox.existing.podstatus import get_container, get_restarts, get_started_at
from harness.sandbox.log_coverage import LogCoverage
from harness.spec.model import JsonObject

_LOOK_INTERVAL_S = 0.2
_JOIN_TIMEOUT_S = 5.0
_STARTS_TO_LOG_WITHIN = timedelta(seconds=60)
"""A controller manager writes its first line within that time; a log that begins later lost its beginning."""


@dataclass
class _Run:
    """What one run of the container wrote. `key` is the pod's uid and its number of restarts."""

    key: tuple[str, int]
    started_at: datetime | None = None
    lines: list[str] = field(default_factory=list)
    first_at: datetime | None = None
    last_stamp: str = ""
    is_complete: bool = False

    def add(self, stamped: str, after: str = "") -> None:
        """Take a line with its time before it, if that is later than the stamp `after`."""
        stamp, _, text = stamped.partition(" ")
        if stamp <= after:
            return
        self.last_stamp = stamp
        if self.first_at is None:
            self.first_at = _read_time(stamp)
        self.lines.append(text)

    @property
    def is_whole(self) -> bool:
        """Whether the first line is from soon after the start."""
        if self.started_at is None or self.first_at is None:
            return True
        return self.first_at - self.started_at <= _STARTS_TO_LOG_WITHIN


class PodLog:
    """The log of one container, over its restarts and over pods that replace each other.

    `find_pod` returns the pod as it is now, or None where there is none.
    """

    def __init__(self, pods: Pods, find_pod: Callable[[], JsonObject | None]) -> None:
        self._pods = pods
        self._find_pod = find_pod
        self._lock = threading.Lock()
        self._runs: list[_Run] = []
        self._closing = threading.Event()
        self._stream: FollowedLog | None = None
        self._thread = threading.Thread(target=self._keep_following, name="pod log", daemon=True)

    def start(self, pod: JsonObject) -> None:
        """Read what there is, and follow what comes. Refusal or HarnessError where the log can't be read."""
        place = _place(pod)
        if get_restarts(pod) > 0:
            previous = _Run((pod["metadata"]["uid"], get_restarts(pod) - 1))
            try:
                for line in self._pods.read_log(*place, previous=True):
                    previous.add(line)
            except Refusal:
                pass   # the node has dropped it
            if previous.lines:
                self._runs.append(previous)
        current = self._begin(pod)
        for line in self._pods.read_log(*place):
            current.add(line)
        self._thread.start()

    @property
    def reach(self) -> LogCoverage:
        """Whether the log of the run that was seen last reaches back to its start."""
        with self._lock:
            return LogCoverage.WHOLE if self._runs[-1].is_whole else LogCoverage.RECENT

    @property
    def first_at(self) -> datetime | None:
        """When the first line was written that is kept of the run that was seen last."""
        with self._lock:
            return self._runs[-1].first_at

    def get_cursor(self) -> LogCursor:
        """Return the end of the log as it is now."""
        with self._lock:
            return LogCursor(len(self._runs) - 1, len(self._runs[-1].lines))

    def read(self, since: LogCursor | None = None, until: LogCursor | None = None) -> list[LogLine]:
        """Return the lines after `since` (else the first) up to `until` (else the last)."""
        start, end = since or LogCursor(), until or LogCursor(sys.maxsize)
        with self._lock:
            return [
                LogLine(number, text)
                for number, run in enumerate(self._runs)
                if start.run <= number <= end.run
                for text in run.lines[
                    start.offset if number == start.run else 0 : end.offset if number == end.run else None
                ]
            ]

    def close(self) -> None:
        """Stop following."""
        self._closing.set()
        with self._lock:
            if self._stream is not None:
                self._stream.close()
        if self._thread.is_alive():
            self._thread.join(_JOIN_TIMEOUT_S)

    def _keep_following(self) -> None:
        while not self._closing.is_set():
            try:
                pod = self._find_pod()
                if pod is not None:
                    self._complete(pod)
                    if get_started_at(pod) is not None:
                        self._follow(pod)
            except (Refusal, HarnessError):
                pass   # gone or unreachable for now; the next look tells
            self._closing.wait(_LOOK_INTERVAL_S)

    def _follow(self, pod: JsonObject) -> None:
        """Take lines until the container or the connection ends."""
        run = self._begin(pod)
        known = run.last_stamp
        stream = self._pods.follow_log(*_place(pod), _read_time(known))
        with self._lock:
            self._stream = stream
        if self._closing.is_set():
            stream.close()
        for line in stream:
            with self._lock:
                run.add(line, known)

    def _complete(self, pod: JsonObject) -> None:
        """Add what the stream did not bring any more of a run that has ended, now that the pod shows it."""
        with self._lock:
            run = self._runs[-1]
        if pod["metadata"]["uid"] != run.key[0] or run.is_complete:
            return
        age = get_restarts(pod) - run.key[1]
        if age > 1 or (age == 0 and get_started_at(pod) is not None):
            return   # out of the node's memory, or still running
        known = run.last_stamp
        for line in self._pods.read_log(*_place(pod), previous=age == 1):
            with self._lock:
                run.add(line, known)
        run.is_complete = True

    def _begin(self, pod: JsonObject) -> _Run:
        """Return the run of the container that is there now, a new one where it was started again."""
        key = (str(pod["metadata"]["uid"]), get_restarts(pod))
        with self._lock:
            if not self._runs or self._runs[-1].key != key:
                self._runs.append(_Run(key, get_started_at(pod)))
            return self._runs[-1]


def _place(pod: JsonObject) -> tuple[str, str, str]:
    metadata = pod["metadata"]
    return str(metadata["namespace"]), str(metadata["name"]), get_container(pod)


def _read_time(stamp: str) -> datetime | None:
    """Return the time before a line; None where there is none."""
    try:
        return datetime.fromisoformat(stamp)
    except ValueError:
        return None
