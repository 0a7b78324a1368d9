"""Limits how long a run goes on that has failed already: its verdict is known, and somebody waits for it."""

from __future__ import annotations

import threading
from collections.abc import Callable


class VerdictLimit:
    """Tells once, when a run has failed and has lasted `seconds`, whichever comes later; until `close`.

    It tells on a thread of its own where the time comes later. Without seconds there is no limit.
    """

    def __init__(self, seconds: float, tell: Callable[[], None]) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self.is_over = threading.Event()   # the time is
        self._has_failed = self._is_closed = False
        self._timer = threading.Timer(seconds, self._end_time) if seconds else None
        if self._timer is not None:
            self._timer.name, self._timer.daemon = "limit of a failing run", True
            self._timer.start()

    def note_failure(self) -> None:
        """The run has failed by now."""
        with self._lock:
            self._has_failed = True
            self._check()

    def close(self) -> None:
        """Nothing is told after this."""
        with self._lock:
            self._is_closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()

    def _end_time(self) -> None:
        with self._lock:
            self.is_over.set()
            self._check()

    def _check(self) -> None:
        if self._has_failed and self.is_over.is_set() and not self._is_closed:
            self._is_closed = True
            self._tell()
