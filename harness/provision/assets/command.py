"""Runs a program that takes long, line by line, and leaves nothing of it behind.

Refuses to wait without a limit. The program gets a process group of its own, which ends with the run
however that ends: at its time limit, at an error, and at Ctrl-C.
"""

from __future__ import annotations

import codecs
import os
import selectors
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from harness.core.errors import HarnessError

_LAST_LINES = 40
_TICK_S = 0.25
_GRACE_S = 5.0


@dataclass(frozen=True)
class Finished:
    """What a program left: `stdout` whole, `stderr` its last 40 lines (where merged: none, all is in `stdout`)."""

    exit_code: int
    stdout: str
    stderr: tuple[str, ...]

    def last_words(self, count: int = 12) -> str:
        """Return the last `count` lines that say something, indented, for an error message."""
        lines = [line for line in (*self.stdout.splitlines(), *self.stderr) if line.strip()]
        return "\n".join(f"    {line}" for line in lines[-count:]) or "    (it said nothing)"


def run(
    arguments: Sequence[str | Path],
    *,
    timeout_s: float,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    on_line: Callable[[str], None] | None = None,
    on_tick: Callable[[], None] | None = None,
    merged: bool = False,
) -> Finished:
    """Run a program to its end and return what it left, whatever its exit code.

    `on_line` gets each line of its standard error as it comes; `on_tick` is called several times a second.
    `merged` makes its two streams one, so that `on_line` gets all lines in their order. Raises `HarnessError`
    where the program can't be started or takes longer than `timeout_s`.
    """
    try:
        process = subprocess.Popen(
            [str(argument) for argument in arguments],
            cwd=folder,
            env=None if environment is None else dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if merged else subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise HarnessError(f"{arguments[0]}: can't be run ({error.strerror})") from error
    with process:
        try:
            return _read_to_end(process, timeout_s, on_line or _ignore, on_tick)
        except _TimeLimit:
            raise HarnessError(f"{arguments[0]}: not done after {timeout_s:g} s, ended") from None
        finally:
            _end_group(process)


class _TimeLimit(Exception):  # noqa: N818  never leaves this module
    pass


def _ignore(line: str) -> None:
    """Drop a line that nobody asked for."""


class _Lines:
    """Cuts a stream of bytes into whole lines."""

    def __init__(self, receive: Callable[[str], None]) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._rest = ""
        self._receive = receive

    def feed(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + self._decoder.decode(data, final=not data)).split("\n")
        for line in lines:
            self._receive(line.rstrip("\r"))
        if not data and self._rest:
            self._receive(self._rest)


def _read_to_end(
    process: subprocess.Popen[bytes],
    timeout_s: float,
    on_line: Callable[[str], None],
    on_tick: Callable[[], None] | None,
) -> Finished:
    out: list[str] = []
    last: deque[str] = deque(maxlen=_LAST_LINES)

    def keep(line: str) -> None:
        last.append(line)
        on_line(line)

    def keep_whole(line: str) -> None:
        out.append(line)
        on_line(line)

    deadline = time.monotonic() + timeout_s
    with selectors.DefaultSelector() as selector:
        streams: tuple[tuple[IO[bytes] | None, _Lines], ...] = (
            (process.stdout, _Lines(keep_whole if process.stderr is None else out.append)),
            (process.stderr, _Lines(keep)),
        )
        for stream, lines in streams:
            if stream is not None:
                selector.register(stream, selectors.EVENT_READ, lines)
        while selector.get_map():
            if time.monotonic() >= deadline:
                raise _TimeLimit
            for key, _ in selector.select(_TICK_S):
                data = os.read(key.fd, 65536)
                key.data.feed(data)
                if not data:
                    selector.unregister(key.fileobj)
            if on_tick is not None:
                on_tick()
    try:
        exit_code = process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise _TimeLimit from None
    return Finished(exit_code, "\n".join(out), tuple(last))


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End the process and its children, unless it has ended by itself: politely, then after 5 s at once."""
    if process.poll() is not None:
        return
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(_GRACE_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
