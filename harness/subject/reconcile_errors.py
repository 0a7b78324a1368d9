"""What the Ingester says of objects that it can't write: its errors, by object, from the controller manager's log.

A line may hold the whole of a value that was too long, so that only the few that matter are parsed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from harness.sandbox.base import CONTROLLERMGR, Sandbox
from harness.sandbox.logtail import LogTail
from harness.subject.log import parse_log

FAILED = "Failed to "   # how the Ingester's messages begin, whatever it is that it must do before the row is there
CONFLICT = "Operation cannot be fulfilled on"   # somebody else wrote to the object: tried again, it goes through
UNDECODABLE = ("failed to list", "unable to decode")
_PASSING = re.compile(r"\b(1205|1213)\b|Deadlock found|Lock wait timeout|(invalid|bad|lost) connection", re.I)


def list_own(errors: Sequence[str]) -> list[str]:
    """Return those that are the object's own: others pass, whatever it is, and are tried again however often."""
    return [error for error in errors if not _PASSING.search(error)]


@dataclass(frozen=True)
class FailedWrite:
    """One failed attempt to write an object, with the error as it was logged."""

    kind: str
    namespace: str
    name: str
    error: str


class ReconcileErrors:
    """The log from a moment on, read piece by piece."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._tail = LogTail(sandbox, CONTROLLERMGR)

    def read(self) -> tuple[list[FailedWrite], list[str]]:
        """Return what was added since the last look: failed writes, and lines on objects that can't be decoded."""
        lines = [
            line
            for line in self._tail.read()
            if any(words in line.text for words in (FAILED, *UNDECODABLE))
        ]
        failures = []
        for entry in parse_log(lines):
            logger, _, kind = str(entry.fields.get("logger", "")).partition(".")
            error = str(entry.fields.get("error", ""))
            if logger == "ingester" and entry.message.startswith(FAILED) and CONFLICT not in error:
                name, namespace = str(entry.fields.get("name")), str(entry.fields.get("namespace"))
                failures.append(FailedWrite(kind, namespace, name, error))
        return failures, [line.text for line in lines if any(words in line.text for words in UNDECODABLE)]
