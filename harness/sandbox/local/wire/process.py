"""One process that the supervisor started: it has a log of its own and can't outlive the supervisor.

It leads a process group, which ends with it. On Linux the kernel kills it when the supervisor dies, be it
by SIGKILL; elsewhere the sweep of the next start does.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from harness.core.errors import HarnessError
from harness.sandbox.local.wire.logs import end_last_line, read_last_lines

_PR_SET_PDEATHSIG = 1
_LAST_LINES = 15


class ProcessEndedError(HarnessError):
    """A process ended while something was expected of it."""


class Process:
    """A running process. To be made by `spawn`."""

    def __init__(self, name: str, popen: subprocess.Popen[bytes], log: Path) -> None:
        self.name = name
        self.pid = popen.pid
        self.started_at = time.time()
        self.exit_code: int | None = None
        self.is_paused = False
        self.ended = asyncio.Event()
        self._popen = popen
        self._log = log
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._wait, name=f"wait for {name}", daemon=True).start()

    @property
    def is_going(self) -> bool:
        """Whether it has neither ended nor been paused."""
        return self.exit_code is None and not self.is_paused

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process and its group, if it has not ended."""
        if self.exit_code is None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    def pause(self) -> None:
        """Stop the process and its group by SIGSTOP until `resume`, if it has not ended."""
        self.send(signal.SIGSTOP)
        self.is_paused = True

    def resume(self) -> None:
        """Let a paused process go on."""
        self.send(signal.SIGCONT)
        self.is_paused = False

    async def stop(self, grace_s: float = 0.0) -> int:
        """End the process by SIGTERM, after `grace_s` by SIGKILL; return its exit code.

        Where `grace_s` is 0, or the process is paused and could not obey, it is killed at once.
        """
        if grace_s > 0 and not self.is_paused:
            self.send(signal.SIGTERM)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.ended.wait(), grace_s)
        self.send(signal.SIGKILL)
        await self.ended.wait()
        assert self.exit_code is not None  # noqa: S101  `ended` is set after it
        return self.exit_code

    def describe_end(self) -> str:
        """Return how the process ended, such as 'exit code 2' or 'killed by SIGSEGV'."""
        return describe_exit(self.exit_code)

    def quote_log(self) -> str:
        """Return the last lines of its log, indented, for an error message."""
        lines = read_last_lines(self._log, _LAST_LINES)
        return "\n".join(f"    {line}" for line in lines) or "    (it wrote nothing)"

    def _wait(self) -> None:
        exit_code = self._popen.wait()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)   # what it started and left behind
        with suppress(FileNotFoundError):
            end_last_line(self._log)
        with suppress(RuntimeError):              # the loop is closed: nobody asks any more
            self._loop.call_soon_threadsafe(self._set_ended, exit_code)

    def _set_ended(self, exit_code: int) -> None:
        self.exit_code = exit_code
        self.ended.set()


def spawn(
    name: str,
    command: Sequence[str],
    *,
    log: Path,
    folder: Path,
    environment: Mapping[str, str],
    ignored: Collection[signal.Signals] = (),
) -> Process:
    """Start a process in `folder` that writes to `log`; to be called from the supervisor's main thread.

    That thread matters: Linux kills the process with the thread that started it. `ignored` are signals that
    must not end it. Raises `HarnessError` where it can't be started.
    """
    with log.open("ab") as output, warnings.catch_warnings():
        # Python 3.12 warns of forks beside threads; `_prepare` makes a few system calls and no more
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            popen = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=dict(environment),
                start_new_session=True,
                preexec_fn=_prepare(os.getpid(), ignored),  # noqa: PLW1509  see above
            )
        except OSError as error:
            raise HarnessError(f"{name}: {command[0]} can't be run ({error.strerror})") from error
    return Process(name, popen, log)


async def wait_until(condition: Callable[[], bool], process: Process, *, interval_s: float = 0.02) -> None:
    """Return once `condition`, which is asked in a thread, holds; the caller limits the time.

    Raises `ProcessEndedError`, which quotes the log, where `process` ends first: at once, even if the condition
    waits for an answer, since somebody else may hold the process's port.
    """
    ended: asyncio.Task[bool] = asyncio.create_task(process.ended.wait())
    try:
        while True:
            asked = asyncio.create_task(asyncio.to_thread(condition))
            await asyncio.wait({asked, ended}, return_when=asyncio.FIRST_COMPLETED)
            if asked.done() and asked.result():
                return
            await asyncio.wait({ended}, timeout=interval_s)
            if ended.done():
                raise ProcessEndedError(f"{process.name} ended ({process.describe_end()}):\n{process.quote_log()}")
    finally:
        ended.cancel()


def describe_exit(exit_code: int | None) -> str:
    """Return an exit code in words; a negative one is the signal that killed the process."""
    if exit_code is None:
        return "running"
    if exit_code >= 0:
        return f"exit code {exit_code}"
    try:
        return f"killed by {signal.Signals(-exit_code).name}"
    except ValueError:
        return f"killed by signal {-exit_code}"


def _prepare(parent: int, ignored: Collection[signal.Signals]) -> Callable[[], None]:
    def prepare() -> None:
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)
        if sys.platform == "linux":
            _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            if os.getppid() != parent:    # it died before the call
                os._exit(1)

    return prepare


_LIBC = ctypes.CDLL(None)
