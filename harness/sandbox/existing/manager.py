"""Observes the controller manager of a cluster that exists: as a pod, by its log alone, or not at all.

Each way says how far its log reaches and why no further, so that checks which stand on the log are left out
where it is missing, instead of failing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import Protocol

from harness.clients.pods import Pods
from harness.core.errors import HarnessError, Refusal
from harness.sandbox.base import CONTROLLERMGR, ComponentStatus, LogCursor, LogLine, Phase
from harness.sandbox.existing.filelog import FileLog, FolderLog
from harness.sandbox.existing.podlog import PodLog
from harness.sandbox.existing.podstatus import PodName, describe_pod, get_restarts, require_one
from harness.sandbox.log_coverage import LogCoverage
from harness.spec.model import JsonObject

_STATUS_AGE_S = 0.2   # the scenario asks hundreds of times a second; the API server need not
_UNSEEN = "not observed: it runs outside of the cluster, or out of sight"


class ManagerView(Protocol):
    """What can be seen of the controller manager."""

    @property
    def log_coverage(self) -> LogCoverage:
        """How far its log reaches."""

    @property
    def log_limit(self) -> str:
        """Why it reaches no further; empty where it is whole."""

    @property
    def is_observed(self) -> bool:
        """Whether its phase was seen, and is not just taken for granted."""

    def get_status(self) -> ComponentStatus:
        """Return it as it is now; as running where nothing is known of it."""

    def get_cursor(self) -> LogCursor:
        """Return the end of its log."""

    def read(self, since: LogCursor | None = None, until: LogCursor | None = None) -> Iterable[LogLine]:
        """Return the lines of its log from `since` to `until`."""

    def close(self) -> None:
        """Stop observing."""


class PodManager:
    """A controller manager in a pod. Restarts count from when it was first seen; earlier ones are not the run's.

    Raises HarnessError where there is no such pod, or several, and Refusal where its log may not be read.
    """

    is_observed = True

    def __init__(self, pods: Pods, name: PodName, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._pods = pods
        self._name = name
        self._clock = clock
        self._lock = threading.Lock()
        pod = require_one(self._find_all(), name)
        self._uid = str(pod["metadata"]["uid"])
        self._counted_from = get_restarts(pod)   # of the pod that is there now
        self._earlier = 0                        # restarts counted in pods that were there before
        self._seen: tuple[float, ComponentStatus] | None = None
        self._log = PodLog(pods, self.find_pod)
        self._log.start(pod)

    @property
    def log_coverage(self) -> LogCoverage:
        """Whether the log reaches back to the container's start."""
        return self._log.reach

    @property
    def log_limit(self) -> str:
        """Since when the node has kept the log, where that is not its start."""
        if self.log_coverage is LogCoverage.WHOLE:
            return ""
        return f"the log of pod {self._name} is kept since {self._log.first_at:%Y-%m-%d %H:%M:%S} only"

    def find_pod(self) -> JsonObject | None:
        """Return the pod as it is now, the newest where a rollout has several; None where there is none."""
        found = self._find_all()
        return found[0] if found else None

    def get_status(self) -> ComponentStatus:
        """Return it as it was within the last 0.2 s; as terminated where its pod is gone."""
        with self._lock:
            if self._seen is None or self._clock() - self._seen[0] > _STATUS_AGE_S:
                self._seen = (self._clock(), self._look())
            return self._seen[1]

    def get_cursor(self) -> LogCursor:
        """Return the end of its log."""
        return self._log.get_cursor()

    def read(self, since: LogCursor | None = None, until: LogCursor | None = None) -> Iterable[LogLine]:
        """Return the lines of its log from `since` to `until`."""
        return self._log.read(since, until)

    def close(self) -> None:
        """Stop following its log."""
        self._log.close()

    def _look(self) -> ComponentStatus:
        pod = self.find_pod()
        if pod is None:
            return ComponentStatus(CONTROLLERMGR, Phase.TERMINATED, self._earlier, f"there is no pod {self._name}")
        if pod["metadata"]["uid"] != self._uid:   # replaced by a new one, which is a restart as well
            self._earlier += 1
            self._uid, self._counted_from = str(pod["metadata"]["uid"]), 0
        restarts = self._earlier + get_restarts(pod) - self._counted_from
        return describe_pod(pod, CONTROLLERMGR, restarts=restarts)

    def _find_all(self) -> list[JsonObject]:
        name = self._name
        return name.select(self._pods.find(name.namespace, selector=name.selector))


class LoggedManager:
    """A controller manager outside of the cluster, whose log is a file or a local sandbox's folder."""

    log_coverage = LogCoverage.WHOLE
    log_limit = ""

    def __init__(self, log: FileLog | FolderLog) -> None:
        self._log = log

    @property
    def is_observed(self) -> bool:
        """Whether a sandbox says how it fares."""
        return self._log.get_status() is not None

    def get_status(self) -> ComponentStatus:
        """Return what the sandbox says of it; as running where there is only a file."""
        return self._log.get_status() or ComponentStatus(CONTROLLERMGR, Phase.RUNNING, reason=_UNSEEN)

    def get_cursor(self) -> LogCursor:
        """Return the end of its log."""
        return self._log.get_cursor()

    def read(self, since: LogCursor | None = None, until: LogCursor | None = None) -> Iterable[LogLine]:
        """Return the lines of its log from `since` to `until`."""
        return self._log.read(since, until)

    def close(self) -> None:
        """Do nothing: no file is kept open."""


class UnseenManager:
    """A controller manager of which nothing can be seen but what it writes into MySQL."""

    log_coverage = LogCoverage.NONE
    is_observed = False

    def __init__(self, why: str) -> None:
        self.log_limit = why

    def get_status(self) -> ComponentStatus:
        """Return it as running: the rows prove it, or don't come."""
        return ComponentStatus(CONTROLLERMGR, Phase.RUNNING, reason=_UNSEEN)

    def get_cursor(self) -> LogCursor:
        """Return the start: there is no log."""
        return LogCursor()

    def read(self, _since: LogCursor | None = None, _until: LogCursor | None = None) -> Iterable[LogLine]:
        """Return no line."""
        return []

    def close(self) -> None:
        """Do nothing."""


def find_manager(pods: Pods, name: PodName, *, must_exist: bool) -> PodManager | UnseenManager:
    """Return the controller manager's pod; without one, or the right to see it, an unseen one, if that may be."""
    try:
        return PodManager(pods, name)
    except HarnessError as error:
        if must_exist:
            raise
        return UnseenManager(f"its log can't be read: {error.problem}")
    except Refusal as refusal:
        if must_exist:
            raise HarnessError(f"pod {name} can't be read: {refusal.message}") from refusal
        return UnseenManager(f"its log can't be read: {refusal.message}")
