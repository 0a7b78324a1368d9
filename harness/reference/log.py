"""Log lines as zap writes them: one JSON object per line on stderr, the values of the context in each.

A line is one system call, so that lines of many threads never mix, not even with those of a dying process.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any


def write_stderr(text: str) -> None:
    """Write `text` to stderr at once, past Python's buffers."""
    data = text.encode()
    while data:
        data = data[os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, data):]


class Log:
    """A logger with a name and values that each of its lines repeats."""

    def __init__(self, write: Callable[[str], None] = write_stderr, name: str = "", /, **values: Any) -> None:
        self._write = write
        self._name = name
        self._values = values

    def named(self, name: str) -> Log:
        """Return a logger called `name` below this one's name."""
        return Log(self._write, f"{self._name}.{name}" if self._name else name, **self._values)

    def bound(self, **values: Any) -> Log:
        """Return a logger whose lines also have `values`."""
        return Log(self._write, self._name, **{**self._values, **values})

    def info(self, message: str, /, **values: Any) -> None:
        """Write a line of level info."""
        self._line("info", message, values)

    def failure(self, message: str, error: Exception | str, /, **values: Any) -> None:
        """Write a line of level error; `error` becomes its `error` value."""
        self._line("error", message, {**values, "error": str(error)})

    def _line(self, level: str, message: str, values: dict[str, Any]) -> None:
        name = {"logger": self._name} if self._name else {}
        line = {"level": level, "ts": time.time(), **name, "msg": message, **self._values, **values}
        self._write(json.dumps(line, ensure_ascii=False) + "\n")
