"""When the API server answered each write, by its own clock: its audit log, as the sandbox has it kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from harness.load.lines import GrowingLines


@dataclass(frozen=True)
class Answer:
    """When a request came and when its answer had gone, in seconds since the epoch; committed in between."""

    received_at: float
    answered_at: float


class AnswerLog:
    """The log, read as it grows; `answers` has what was read, by the name that the server gave the request."""

    def __init__(self, path: Path) -> None:
        self._lines = GrowingLines(path, path.stat().st_size if path.exists() else 0)
        self.answers: dict[str, Answer] = {}

    def read(self) -> None:
        """Read what has been written since; a line under way comes the next time."""
        for event in self._lines.read():
            if event["stage"] == "ResponseComplete":
                times = (_parse(event[name]) for name in ("requestReceivedTimestamp", "stageTimestamp"))
                self.answers[event["auditID"]] = Answer(*times)


def _parse(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
