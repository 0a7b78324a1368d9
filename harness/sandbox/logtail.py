"""Follows a component's log: what was added since the last look, each line once."""

from __future__ import annotations

from harness.sandbox.base import LogCursor, LogLine, Sandbox


class LogTail:
    """A component's log from its present end on, or from `since`."""

    def __init__(self, sandbox: Sandbox, component: str, since: LogCursor | None = None) -> None:
        self._sandbox = sandbox
        self._component = component
        self._position = since or sandbox.log_cursor(component)

    def read(self) -> list[LogLine]:
        """Return the whole lines that were added since the last look.

        They end where the next look begins: what is written in between is read then, and once.
        """
        start, self._position = self._position, self._sandbox.log_cursor(self._component)
        return list(self._sandbox.read_log(self._component, start, self._position))
