"""Watches whether the sandbox is still up while checks are carried out: without it nothing more can be told."""

from __future__ import annotations

import threading
from collections.abc import Callable

from harness.sandbox.base import KnowsItsEnd, Sandbox

_INTERVAL_S = 0.25


class SandboxWatch:
    """Tells once, from a thread of its own, what of the sandbox has ended by itself, and how; until `close`."""

    def __init__(self, sandbox: Sandbox, tell: Callable[[str], None]) -> None:
        self._closed = threading.Event()
        self._thread = threading.Thread(
            target=self._watch, args=(sandbox, tell), name="watch the sandbox", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Watch no longer; nothing is told after this."""
        self._closed.set()
        self._thread.join()

    def _watch(self, sandbox: Sandbox, tell: Callable[[str], None]) -> None:
        if not isinstance(sandbox, KnowsItsEnd):
            return
        while not self._closed.wait(_INTERVAL_S):
            if end := sandbox.find_end():
                if not self._closed.is_set():
                    tell(end)
                return
