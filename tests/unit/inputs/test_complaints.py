"""What is taken from the controller manager's log: failed writes, each once."""

# ruff: noqa: ARG002  the methods take what the real ones take, whether or not it matters here

from __future__ import annotations

import json
from typing import Any, cast

from harness.inputs.complaints import Complaint, Complaints
from harness.sandbox.base import LogCursor, LogLine, Sandbox


class Log:
    """A sandbox that is a log; what is written during a look may be read twice, as in the real one."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.late: list[str] = []   # written between the cursor and the reading

    def log_cursor(self, component: str) -> LogCursor:
        """Return the end of the log."""
        return LogCursor(0, len(self.lines))

    def read_log(self, component: str, since: LogCursor | None = None) -> list[LogLine]:
        """Return the lines since then."""
        self.lines += self.late
        self.late = []
        return [LogLine(0, text) for text in self.lines[since.offset if since else 0 :]]


def make_line(message: str = "Failed to upsert object to metadata storage", **fields: Any) -> str:
    """Return a line of an Ingester's logger."""
    return json.dumps({"logger": "ingester.Model", "msg": message, "namespace": "n", "name": "a", **fields})


def read(log: Log, complaints: Complaints) -> list[Complaint]:
    """Return the failed writes since the last look."""
    return complaints.read()[0]


def test_failed_writes_are_told_by_object() -> None:
    """A failed write, of a kind that stays or of an immutable one, is told with kind, name and error."""
    log = Log()
    log.lines = [make_line(error="before")]
    complaints = Complaints(cast(Sandbox, log))
    log.lines += [
        make_line(error="Data too long"),
        make_line("Failed to ensure object is in metadata storage", error="too"),
        make_line("Syncing object to metadata storage"),
        json.dumps({"msg": "Reconciler error", "error": "Failed to upsert object to metadata storage"}),
        "Failed to upsert object to metadata storage, and no JSON",
    ]
    assert read(log, complaints) == [
        Complaint("Model", "n", "a", "Data too long"),
        Complaint("Model", "n", "a", "too"),
    ]
    assert read(log, complaints) == []


def test_a_line_that_is_read_twice_counts_once() -> None:
    """A line that was written while the log was read is one attempt, though it is read again."""
    log = Log()
    complaints = Complaints(cast(Sandbox, log))
    log.late = [make_line(error="late", ts=1)]
    assert len(read(log, complaints)) == 1
    assert len(read(log, complaints)) == 0


def test_undecodable_objects_are_told_as_they_are_logged() -> None:
    """The client's own lines, which are no JSON, are kept whole."""
    log = Log()
    complaints = Complaints(cast(Sandbox, log))
    line = "W1124 reflector.go:561] failed to list *v2.TriggerRun: bad Duration"
    log.lines += [line, "I1124 all is well"]
    assert complaints.read() == ([], [line])
