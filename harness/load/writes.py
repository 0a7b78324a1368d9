"""What Locust's processes tell: one line for each write, in a file that is read as it grows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from harness.load.lines import GrowingLines
from harness.load.plan import Verb

PLAN, LOGIN, WRITES = (f"INGESTER_ACCEPTANCE_LOAD_{name}" for name in ("PLAN", "LOGIN", "WRITES"))
"""Variables of their environment: paths of files."""
REPORT_S = 0.5
"""How often a worker tells the master of its answers."""


@dataclass(frozen=True)
class Write:
    """A write and its answer; times are seconds since the epoch, by the client's clock.

    `status` is 0 where there was no answer. `audit_id` is the name that the API server gave the request, `uid` and
    `version` are those of the object that it answered.
    """

    verb: Verb
    template: int
    name: str
    sent_at: float
    answered_at: float
    status: int
    audit_id: str = ""
    uid: str = ""
    version: int = 0

    @property
    def done(self) -> bool:
        """Whether the API server says that it was done."""
        return 200 <= self.status < 300

    def to_list(self) -> list[Any]:
        """Return its values, for a line of JSON."""
        return [getattr(self, each.name) for each in fields(self)]

    @classmethod
    def from_list(cls, values: list[Any]) -> Write:
        """Return the write that `to_list` gave."""
        verb, *others = values
        return cls(Verb(verb), *others)


class WriteFile:
    """The file that the master appends to, read as it grows."""

    def __init__(self, path: Path) -> None:
        self._lines = GrowingLines(path)

    def read(self) -> Iterator[Write]:
        """Yield what was written down since it was read last; a line under way comes the next time."""
        return map(Write.from_list, self._lines.read())
