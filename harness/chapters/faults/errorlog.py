"""What the Ingester last complained of, and how often in a row, object by object; read as its log grows."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from harness.core.polling import wait_for
from harness.sandbox.base import CONTROLLERMGR, LogCursor, Sandbox
from harness.sandbox.logtail import LogTail
from harness.subject.log import LogEntry, parse_log

_SHOWN = 200
_DONE = ("Successfully", "Object not found", "Finalizer not present")   # how the last line of a reconcile begins


@dataclass(frozen=True)
class Trouble:
    """The Ingester's last error about an object, and how many of its reconciles in a row have failed by now.

    That decides when the next one comes. `failed_at` is when the last one failed, in seconds since the epoch.
    """

    error: str
    failures: int = 0
    failed_at: float = 0.0

    def get_silence_s(self, now: float) -> float:
        """Return for how long an object that has failed was not tried again; -1 where its last try succeeded."""
        return now - self.failed_at if self.failures else -1.0

    def describe(self, now: float) -> str:
        """Return how often in a row the object has failed and how long ago the last time was; '' for never."""
        silence_s = self.get_silence_s(now)
        if silence_s < 0:
            return ""
        return f"{self.failures} failures in a row, not tried again for {silence_s:.0f} s"


NO_TROUBLE = Trouble("")


class ErrorLog:
    """The Ingester's errors about one namespace's objects, from now on: `troubles`, by name."""

    def __init__(self, sandbox: Sandbox, namespace: str, clock: Callable[[], float] = time.time) -> None:
        self._tail = LogTail(sandbox, CONTROLLERMGR)
        self._namespace = namespace
        self._clock = clock
        self.troubles: dict[str, Trouble] = {}

    def read(self) -> None:
        """Take in what was written since this was last called."""
        for event in parse_log(self._tail.read()):
            name, error = str(event.fields.get("name", "")), event.fields.get("error")
            is_own = str(event.fields.get("logger", "")).partition(".")[0] == "ingester"
            if not is_own or event.fields.get("namespace") != self._namespace:
                continue
            before = self.troubles.get(name, NO_TROUBLE)
            if error:
                self.troubles[name] = Trouble(
                    str(error).partition("\n")[0][:_SHOWN],
                    before.failures + 1,
                    float(event.fields.get("ts") or self._clock()),
                )
            elif event.message.startswith(_DONE) and before.failures:
                self.troubles[name] = replace(before, failures=0)


def await_line(sandbox: Sandbox, since: LogCursor, pattern: str, timeout_s: float) -> LogEntry | None:
    """Return the first line of the controller manager's log that matches; None where none comes in time."""
    compiled, tail = re.compile(pattern), LogTail(sandbox, CONTROLLERMGR, since)

    def find() -> LogEntry | None:
        line = next((line for line in tail.read() if compiled.search(line.text)), None)
        return None if line is None else parse_log([line])[0]

    return wait_for(find, bool, timeout_s=timeout_s, interval_s=0.05).value
