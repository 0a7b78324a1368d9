"""Promises of `harness.sandbox.local.wire.logs`."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

from harness.sandbox.base import LogCursor, LogLine
from harness.sandbox.local.wire.logs import end_last_line, get_cursor, get_log, read_last_lines, read_lines


def _write(folder: Path, run: int, text: str) -> None:
    with get_log(folder, "mgr", run).open("a", encoding="utf-8") as file:
        file.write(text)


def test_lines_come_from_all_runs_in_their_order(tmp_path: Path) -> None:
    """A log is read over all restarts, the tenth after the ninth."""
    for run in range(11):
        _write(tmp_path, run, f"line of {run}\n")
    assert [*read_lines(tmp_path, "mgr")] == [LogLine(run, f"line of {run}") for run in range(11)]


def test_lines_of_others_are_not_mixed_in(tmp_path: Path) -> None:
    """A component whose name begins like another's has a log of its own."""
    (tmp_path / "mgr-x.0.log").write_text("no\n")
    (tmp_path / "mgr.x.log").write_text("no\n")
    _write(tmp_path, 0, "yes\n")
    assert [*read_lines(tmp_path, "mgr")] == [LogLine(0, "yes")]


def test_unended_line_waits_for_its_end(tmp_path: Path) -> None:
    """A line is read whole or not yet: also with a cursor that was taken while it was written."""
    _write(tmp_path, 0, "first\nsec")
    before, cursor = [*read_lines(tmp_path, "mgr")], get_cursor(tmp_path, "mgr")
    _write(tmp_path, 0, "ond\n")
    after = [*read_lines(tmp_path, "mgr", cursor)]
    assert (before, after) == ([LogLine(0, "first")], [LogLine(0, "second")])


def test_nothing_before_the_cursor_is_read(tmp_path: Path) -> None:
    """After a restart, a cursor into the former run still separates old from new."""
    _write(tmp_path, 0, "old\n")
    cursor = get_cursor(tmp_path, "mgr")
    _write(tmp_path, 0, "new\n")
    _write(tmp_path, 1, "newer\n")
    assert [*read_lines(tmp_path, "mgr", cursor)] == [LogLine(0, "new"), LogLine(1, "newer")]


def test_nothing_after_the_end_is_read(tmp_path: Path) -> None:
    """Two cursors enclose exactly what was written between them."""
    _write(tmp_path, 0, "1\n")
    _write(tmp_path, 1, "2\n")
    end = get_cursor(tmp_path, "mgr")
    _write(tmp_path, 1, "3\n")
    _write(tmp_path, 2, "4\n")
    assert [*read_lines(tmp_path, "mgr", LogCursor(), end)] == [LogLine(0, "1"), LogLine(1, "2")]
    assert [line.text for line in read_lines(tmp_path, "mgr", end)] == ["3", "4"]


def test_a_log_may_be_longer_than_memory(tmp_path: Path) -> None:
    """Lines are read as they are asked for: of a hundred of a megabyte there is never more than a few."""
    megabyte = 1_000_000
    for _ in range(100):
        _write(tmp_path, 0, "x" * megabyte + "\n")
    tracemalloc.start()
    try:
        number = sum(1 for _ in read_lines(tmp_path, "mgr"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert number == 100
    assert peak < 10 * megabyte


def test_cursor_finds_the_last_newline_of_a_long_line(tmp_path: Path) -> None:
    """The cursor stands after the last whole line also where an unended one is longer than a block."""
    _write(tmp_path, 0, "whole\n" + "x" * 200_000)
    assert get_cursor(tmp_path, "mgr") == LogCursor(0, 6)


def test_component_without_log_has_no_lines(tmp_path: Path) -> None:
    """Reading the log of what never ran is no error."""
    assert ([*read_lines(tmp_path, "mgr")], get_cursor(tmp_path, "mgr")) == ([], LogCursor())


def test_bytes_that_are_no_text_are_kept_readable(tmp_path: Path) -> None:
    """A log with broken characters is read all the same."""
    get_log(tmp_path, "mgr", 0).write_bytes(b"a\xffb\r\n")
    assert [*read_lines(tmp_path, "mgr")] == [LogLine(0, "a\ufffdb")]


def test_unended_last_line_is_ended_once(tmp_path: Path) -> None:
    """The line within which a process died becomes whole; a whole one stays as it is."""
    _write(tmp_path, 0, "dying wor")
    log = get_log(tmp_path, "mgr", 0)
    for _ in range(2):
        end_last_line(log)
    assert log.read_text() == "dying wor\n"


def test_empty_log_stays_empty(tmp_path: Path) -> None:
    """A process that wrote nothing has no lines."""
    _write(tmp_path, 0, "")
    end_last_line(get_log(tmp_path, "mgr", 0))
    assert get_log(tmp_path, "mgr", 0).read_text() == ""


def test_last_lines_leave_out_empty_ones(tmp_path: Path) -> None:
    """Errors quote lines that say something."""
    _write(tmp_path, 0, "1\n2\n\n3\n\n")
    log = get_log(tmp_path, "mgr", 0)
    assert (read_last_lines(log, 2), read_last_lines(tmp_path / "none", 2)) == (["2", "3"], [])
