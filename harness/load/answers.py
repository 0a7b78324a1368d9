"""When the API server answered each write, by its own clock: its audit log, as the sandbox has it kept."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True)
class Answer:
    """When a request came and when its answer had gone, in seconds since the epoch; committed in between."""

    received_at: float
    answered_at: float


class AnswerLog:
    """The log, read as it grows; `answers` has what was read, by the name that the server gave the request."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = path.stat().st_size if path.exists() else 0
        self.answers: dict[str, Answer] = {}

    def read(self) -> None:
        """Read what has been written since; a line under way comes the next time."""
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._offset)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                self._offset += len(line)
                event = json.loads(line)
                if event["stage"] == "ResponseComplete":
                    times = (_parse(event[name]) for name in ("requestReceivedTimestamp", "stageTimestamp"))
                    self.answers[event["auditID"]] = Answer(*times)


def _parse(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
