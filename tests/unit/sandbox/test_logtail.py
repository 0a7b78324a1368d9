"""A log is followed: each line is read, and read once."""

from __future__ import annotations

from typing import cast

from harness.sandbox.base import CONTROLLERMGR, LogCursor, Sandbox
from harness.sandbox.logtail import LogTail
from tests.fakes.growing_log import GrowingLog


def read(tail: LogTail) -> list[str]:
    """Return the texts of the lines that are new."""
    return [line.text for line in tail.read()]


def test_lines_come_from_the_end_on() -> None:
    """What was written before does not count, unless the tail is to begin with it."""
    log = GrowingLog()
    log.lines = ["before"]
    tail = LogTail(cast(Sandbox, log), CONTROLLERMGR)
    earlier = LogTail(cast(Sandbox, log), CONTROLLERMGR, LogCursor())
    log.lines += ["one", "two"]
    assert read(tail) == ["one", "two"]
    assert read(tail) == []
    assert read(earlier) == ["before", "one", "two"]


def test_a_line_that_is_written_during_a_look_is_read_once() -> None:
    """It belongs to the next look."""
    log = GrowingLog()
    tail = LogTail(cast(Sandbox, log), CONTROLLERMGR)
    log.lines += ["in time"]
    log.late = ["late"]
    assert read(tail) == ["in time"]
    assert read(tail) == ["late"]
    assert read(tail) == []
