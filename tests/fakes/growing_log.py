"""A log that grows, as a sandbox shows it."""

from __future__ import annotations

from harness.sandbox.base import LogCursor, LogLine


class GrowingLog:
    """The log of a component's only run, which is all there is of this sandbox.

    `late` is written between the moment that the log's end is told and the moment that it is read.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.late: list[str] = []

    def log_cursor(self, _component: str) -> LogCursor:
        """Return the end of the log."""
        end = LogCursor(0, len(self.lines))
        self.lines += self.late
        self.late = []
        return end

    def read_log(
        self, _component: str, since: LogCursor | None = None, until: LogCursor | None = None
    ) -> list[LogLine]:
        """Return the lines from `since` to `until`."""
        lines = self.lines[since.offset if since else 0 : until.offset if until else None]
        return [LogLine(0, text) for text in lines]
