"""What is kept beside a record, as files: the components' logs, and what a chapter wants to be judged from again.

Passing runs keep theirs too: whoever looks for the cause of a failure compares with them, and they are small. Each
log is cut to its end where it is long, everything is compressed, and no password goes into a file.
"""

from __future__ import annotations

import gzip
from pathlib import Path

from harness.sandbox.base import ComponentStatus, LogCursor, Sandbox
from harness.sandbox.redaction import Redaction, clean_credentials

LOGS = "logs"
LONGEST_LOG = 16_000_000   # characters of one component's log, or not many more

_COMPRESSION = 4   # of a log a fifth of the time of the best, and hardly larger


class KeptFiles:
    """The files beside one record, in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, name: str, text: str, redaction: Redaction) -> str:
        """Write a text into the file `name`, compressed, and return its path from the folder. Raises OSError."""
        path = self._folder / f"{name}.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        content = redaction.clean(text).encode("utf-8", errors="backslashreplace")
        path.write_bytes(gzip.compress(content, _COMPRESSION, mtime=0))
        return path.relative_to(self._folder).as_posix()

    def keep_logs(self, sandbox: Sandbox, limit: int = LONGEST_LOG) -> list[str]:
        """Write each component's log; return the files. HarnessError where the sandbox has gone; OSError."""
        redaction, files = Redaction(sandbox.mysql), []
        for component in sandbox.components():
            text = clean_credentials(read_whole_log(sandbox, component, limit))
            if text:
                files.append(self.write(f"{LOGS}/{component.name}.log", text, redaction))
        return files


def read_whole_log(sandbox: Sandbox, component: ComponentStatus, limit: int) -> str:
    """Return a component's log, each of its runs under a heading; of one that is too long the last characters."""
    end = sandbox.log_cursor(component.name)
    parts: list[str] = []
    left = limit
    for run in range(end.run, -1, -1):
        start = max(0, end.offset - left) if run == end.run else 0
        until = end if run == end.run else LogCursor(run + 1)
        lines = sandbox.read_log(component.name, LogCursor(run, start), until)
        text = "".join(f"{line.text}\n" for line in lines if line.run == run)
        cut = text[-left:]
        if text:
            missing = " (its end)" if start or len(cut) < len(text) else ""
            parts.append(f"--- {component.name}, run {run}{missing}\n{cut}")
        left -= len(text)
        if left <= 0:
            break
    return "".join(reversed(parts))
