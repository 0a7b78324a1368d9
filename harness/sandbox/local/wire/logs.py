"""The logs of a sandbox's components: a file per run, kept whole, read without asking the supervisor.

`NAME.0.log` is the component's first run, `NAME.1.log` what followed its first restart, and so on. A
process that died within a line leaves it unended; the supervisor ends it, so that a line is whole once a
newline follows it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from harness.sandbox.base import LogCursor, LogLine

_BLOCK = 65536


def get_log(folder: Path, component: str, run: int) -> Path:
    """Return the log file of one run of a component."""
    return folder / f"{component}.{run}.log"


def list_runs(folder: Path, component: str) -> list[int]:
    """Return the runs of the component that have a log, in order."""
    names = (path.name for path in folder.glob(f"{component}.*.log"))
    numbers = (name.removeprefix(f"{component}.").removesuffix(".log") for name in names)
    return sorted(int(number) for number in numbers if number.isdigit())


def get_cursor(folder: Path, component: str) -> LogCursor:
    """Return the position after the component's last whole line."""
    runs = list_runs(folder, component)
    if not runs:
        return LogCursor()
    return LogCursor(runs[-1], _find_end(get_log(folder, component, runs[-1])))


def read_lines(
    folder: Path,
    component: str,
    since: LogCursor | None = None,
    until: LogCursor | None = None,
    clean: Callable[[str], str] = str,
) -> Iterator[LogLine]:
    """Yield the component's whole lines after `since` (else the first) up to `until` (else the last).

    Each is made `clean`. They are read one by one: logs that hold whole objects have hundreds of megabytes.
    """
    start, end = since or LogCursor(), until or LogCursor(sys.maxsize)
    for run in list_runs(folder, component):
        if not start.run <= run <= end.run:
            continue
        position = start.offset if run == start.run else 0
        with get_log(folder, component, run).open("rb") as file:
            file.seek(position)
            for line in file:
                position += len(line)
                if not line.endswith(b"\n") or (run == end.run and position > end.offset):
                    break
                yield LogLine(run, clean(line[:-1].decode("utf-8", errors="replace")).removesuffix("\r"))


def read_last_lines(path: Path, count: int) -> list[str]:
    """Return up to `count` of the last lines of a log file that say something; none where it is absent."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _BLOCK))
            text = file.read().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return []
    return [line for line in text.splitlines() if line.strip()][-count:]


def end_last_line(path: Path) -> None:
    """Add the newline that a process left out when it died within a line."""
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        if size == 0:
            return
        file.seek(size - 1)
        if file.read(1) != b"\n":
            file.write(b"\n")


def _find_end(path: Path) -> int:
    """Return the offset after the last newline."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        while end > 0:
            start = max(0, end - _BLOCK)
            file.seek(start)
            position = file.read(end - start).rfind(b"\n")
            if position >= 0:
                return start + position + 1
            end = start
    return 0
