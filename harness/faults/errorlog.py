"""What the controller manager last complained of, object by object; read as it grows."""

from __future__ import annotations

import re

from harness.polling import wait_for
from harness.sandbox.base import CONTROLLERMGR, LogCursor, LogLine, Sandbox
from harness.scenario.log import parse_log

_SHOWN = 200


class ErrorLog:
    """The errors about one namespace's objects, from `cursor` on."""

    def __init__(self, sandbox: Sandbox, namespace: str) -> None:
        self._sandbox = sandbox
        self._namespace = namespace
        self._cursor = sandbox.log_cursor(CONTROLLERMGR)
        self.errors: dict[str, str] = {}

    def read(self) -> dict[str, str]:
        """Return the last error about each object, by name; the Ingester's own go before those of others."""
        start, self._cursor = self._cursor, self._sandbox.log_cursor(CONTROLLERMGR)
        for entry in parse_log(self._sandbox.read_log(CONTROLLERMGR, start)):
            name, error = entry.fields.get("name"), entry.fields.get("error")
            is_own = str(entry.fields.get("logger", "")).partition(".")[0] == "ingester"
            if is_own and error and name and entry.fields.get("namespace") == self._namespace:
                self.errors[str(name)] = str(error).partition("\n")[0][:_SHOWN]
        return self.errors


def describe_line(text: str) -> str:
    """Return what a line of the log says, without its stack trace and the like."""
    (entry,) = parse_log([LogLine(0, text)])
    error = str(entry.fields.get("error", "")).partition("\n")[0]
    return ": ".join(filter(None, (entry.message, error))) or text


def await_line(sandbox: Sandbox, since: LogCursor, pattern: str, timeout_s: float) -> str:
    """Return the first line of the controller manager's log that matches; '' where none comes in time."""
    compiled = re.compile(pattern)
    position = since
    found = ""

    def read() -> str:
        nonlocal position, found
        start, position = position, sandbox.log_cursor(CONTROLLERMGR)
        for line in sandbox.read_log(CONTROLLERMGR, start):
            if not found and compiled.search(line.text):
                found = line.text
        return found

    return wait_for(read, bool, timeout_s=timeout_s, interval_s=0.05).value
