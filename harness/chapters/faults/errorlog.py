"""What the Ingester last complained of, and how often in a row, object by object; read as its log grows."""

from __future__ import annotations

import re
import time
from collections import Counter

from harness.core.polling import wait_for
from harness.sandbox.base import CONTROLLERMGR, LogCursor, Sandbox
from harness.sandbox.logtail import LogTail
from harness.subject.log import LogEntry, parse_log

_SHOWN = 200
_DONE = ("Successfully", "Object not found", "Finalizer not present")   # how the last line of a reconcile begins


class ErrorLog:
    """The Ingester's errors about one namespace's objects, from now on, by name.

    `errors` are the last ones; `failures` is how many reconciles in a row have failed, which decides when the next
    one comes.
    """

    def __init__(self, sandbox: Sandbox, namespace: str) -> None:
        self._tail = LogTail(sandbox, CONTROLLERMGR)
        self._namespace = namespace
        self.errors: dict[str, str] = {}
        self.failures: Counter[str] = Counter()
        self._failed_at: dict[str, float] = {}   # seconds since the epoch, of the last one

    def read(self) -> None:
        """Take in what was written since this was last called."""
        for event in parse_log(self._tail.read()):
            name, error = str(event.fields.get("name", "")), event.fields.get("error")
            is_own = str(event.fields.get("logger", "")).partition(".")[0] == "ingester"
            if not is_own or event.fields.get("namespace") != self._namespace:
                continue
            if error:
                self.errors[name] = str(error).partition("\n")[0][:_SHOWN]
                self.failures[name] += 1
                self._failed_at[name] = float(event.fields.get("ts") or time.time())
            elif event.message.startswith(_DONE):
                self.failures[name] = 0

    def get_silence_s(self, name: str) -> float:
        """Return for how long an object that has failed was not tried again; -1 where it has not failed."""
        return time.time() - self._failed_at[name] if self.failures[name] else -1.0

    def describe_failures(self, name: str) -> str:
        """Return how often in a row an object has failed and how long ago the last time was; '' for never."""
        silence_s = self.get_silence_s(name)
        if silence_s < 0:
            return ""
        return f"{self.failures[name]} failures in a row, not tried again for {silence_s:.0f} s"


def await_line(sandbox: Sandbox, since: LogCursor, pattern: str, timeout_s: float) -> LogEntry | None:
    """Return the first line of the controller manager's log that matches; None where none comes in time."""
    compiled, tail = re.compile(pattern), LogTail(sandbox, CONTROLLERMGR, since)

    def find() -> LogEntry | None:
        line = next((line for line in tail.read() if compiled.search(line.text)), None)
        return None if line is None else parse_log([line])[0]

    return wait_for(find, bool, timeout_s=timeout_s, interval_s=0.05).value
