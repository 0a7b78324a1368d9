"""Reads the log of a controller manager that runs outside of Kubernetes, from a file or a sandbox's folder.

A folder of the local sandbox's logs (`NAME.0.log`, `NAME.1.log`, one for each run) brings the component's
state along, which the sandbox writes beside it. Of a plain file nothing but its lines is known: the
controller manager counts as running, and the file must begin with its start.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from harness.core.errors import SettingsError
from harness.sandbox.base import CONTROLLERMGR, ComponentStatus, LogCursor, LogLine
from harness.sandbox.local.wire import logs
from harness.sandbox.local.wire.folder import SandboxFolder
from harness.sandbox.local.wire.state import read_state

LOG_OPTION = "--controllermgr-log"


class FileLog:
    """One log file that something appends to."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def get_cursor(self) -> LogCursor:
        """Return the position after the last whole line."""
        return LogCursor(0, self._read(0, -1).rfind(b"\n") + 1)

    def read(self, since: LogCursor | None = None, until: LogCursor | None = None) -> list[LogLine]:
        """Return the whole lines after `since` (else the first) up to `until` (else the last)."""
        start = since.offset if since else 0
        whole, newline, _ = self._read(start, until.offset - start if until else -1).rpartition(b"\n")
        if not newline:
            return []
        return [LogLine(0, text.removesuffix("\r")) for text in whole.decode("utf-8", "replace").split("\n")]

    def get_status(self) -> ComponentStatus | None:
        """Return None: a file does not tell."""
        return None

    def _read(self, offset: int, size: int) -> bytes:
        with self._file.open("rb") as file:
            file.seek(offset)
            return file.read(size)


class FolderLog:
    """The controller manager's logs in a folder of the local sandbox."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get_cursor(self) -> LogCursor:
        """Return the position after the last whole line of the last run."""
        return logs.get_cursor(self._folder, CONTROLLERMGR)

    def read(self, since: LogCursor | None = None, until: LogCursor | None = None) -> Iterator[LogLine]:
        """Return the whole lines from `since` to `until`, over all runs."""
        return logs.read_lines(self._folder, CONTROLLERMGR, since, until)

    def get_status(self) -> ComponentStatus | None:
        """Return what the sandbox says of its controller manager, None where it says nothing."""
        state = read_state(SandboxFolder(self._folder.parent))
        return None if state is None else state.components.get(CONTROLLERMGR)


def open_log(path: Path) -> FileLog | FolderLog:
    """Return the log at `path`; SettingsError where there is none."""
    if path.is_file():
        return FileLog(path)
    for folder in (path, path / "logs"):
        if logs.list_runs(folder, CONTROLLERMGR):
            return FolderLog(folder)
    what = f"has no {CONTROLLERMGR}.0.log in it" if path.is_dir() else "does not exist"
    raise SettingsError(
        f"{LOG_OPTION}: {str(path)!r} {what}",
        hint="Valid: the controller manager's log file, or the folder of a local sandbox",
    )
