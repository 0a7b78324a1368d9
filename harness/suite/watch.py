"""Watches whether the sandbox is still up while checks are carried out: without it nothing more can be told."""

from __future__ import annotations

import threading
from collections.abc import Callable

from harness.sandbox.base import KnowsItsEnd, Sandbox

_INTERVAL_S = 0.25


class SandboxWatch:
    """Tells once, from a thread of its own or when asked, what of the sandbox has ended, and how."""

    def __init__(self, sandbox: Sandbox, tell: Callable[[str], None], interval_s: float = _INTERVAL_S) -> None:
        self._sandbox = sandbox
        self._tell = tell
        self._interval_s = interval_s
        self._looking = threading.Lock()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watch the sandbox", daemon=True)
        self._thread.start()

    def look(self) -> None:
        """Look now: without servers hundreds of checks may end between two looks of the thread."""
        with self._looking:
            if self._closed.is_set() or not isinstance(self._sandbox, KnowsItsEnd):
                return
            if end := self._sandbox.find_end():
                self._closed.set()
                self._tell(end)

    def close(self) -> None:
        """Watch no longer; nothing is told after this."""
        self._closed.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._closed.wait(self._interval_s):
            self.look()
