"""Starts a sandbox in the background, while the run that is to use it is still loaded and collected.

That takes as long as kube-apiserver needs before it answers at all, and mostly waits, as the sandbox's start does.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from harness.core.errors import HarnessError
from harness.core.progress import SILENT, Progress
from harness.core.settings import SandboxSettings
from harness.sandbox.local.client.identity import make_request
from harness.sandbox.local.client.launch import SupervisorProcess
from harness.sandbox.local.client.sandbox import LocalSandbox, bring_up
from harness.sandbox.local.wire.channel import CrashLoopError

_END_TIMEOUT_S = 30.0


class SandboxAhead:
    """A new sandbox of these settings, on its way; of a supervisor that was just launched; to be taken or ended.

    It may have a controller manager that ends again and again: what that means is the run's to find out.
    """

    def __init__(self, settings: SandboxSettings, process: SupervisorProcess) -> None:
        self.settings = settings
        self.began = time.monotonic()
        self._process = process
        self._progress = _Relay()
        self._sandbox: LocalSandbox | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._start, name="start the sandbox", daemon=True)
        self._thread.start()

    def take(self, progress: Progress) -> LocalSandbox:
        """Return the sandbox once it is up, which is the caller's then; raise what its start has raised.

        `progress` is told what went before, and what follows.
        """
        self._progress.connect(progress)
        self._thread.join()
        if self._error is not None:
            raise self._error
        sandbox, self._sandbox = self._sandbox, None
        if sandbox is None:
            raise HarnessError("The sandbox that was started ahead has been taken or ended")
        return sandbox

    def end(self) -> None:
        """End a sandbox that nobody has taken, be it up or on its way. Safe to call twice, and after `take`."""
        if self._thread.is_alive():
            self._process.interrupt()
            self._thread.join(_END_TIMEOUT_S)
        sandbox, self._sandbox = self._sandbox, None
        if sandbox is not None:
            sandbox.stop()

    def _start(self) -> None:
        try:
            request = make_request(self.settings, {})
        except BaseException as error:  # noqa: BLE001  `take` raises it
            self._error = error
            self._process.end()
            return
        try:
            self._sandbox = bring_up(self._process, request, self._progress, (CrashLoopError,))
        except BaseException as error:  # noqa: BLE001  likewise
            self._error = error


class _Relay:
    """Keeps what it is told until somebody listens, and passes it on from then."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: list[Callable[[Progress], None]] = []
        self._listener: Progress = SILENT
        self._listens = False

    def connect(self, listener: Progress) -> None:
        """Tell the listener all that was kept, and what follows."""
        with self._lock:
            for tell in self._kept:
                tell(listener)
            self._kept.clear()
            self._listener, self._listens = listener, True

    def begin(self, stage: str, total: int | None = None, unit: str = "") -> None:
        """Pass it on."""
        self._pass_on(lambda listener: listener.begin(stage, total, unit))

    def advance(self, stage: str, done: int, note: str = "") -> None:
        """Pass it on."""
        self._pass_on(lambda listener: listener.advance(stage, done, note))

    def end(self, stage: str, note: str = "") -> None:
        """Pass it on."""
        self._pass_on(lambda listener: listener.end(stage, note))

    def _pass_on(self, tell: Callable[[Progress], None]) -> None:
        with self._lock:
            if self._listens:
                tell(self._listener)
            else:
                self._kept.append(tell)
