"""The journal of a campaign: a line of JSON for each attempt, written when it has ended.

With it a campaign goes on where it was interrupted, by whatever. It refuses to go on with other versions, and a
second verdict of a round.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cattrs

from harness.campaign.plan import Round
from harness.campaign.record import Attempt
from harness.core.errors import HarnessError, SettingsError

JOURNAL = "journal.ndjson"
FORMAT = "ingester-acceptance campaign"
VERSION = 1

_ELSEWHERE = "Name another folder as --output"


@dataclass(frozen=True)
class Head:
    """A line before the attempts: what they are of, the digest of each version by its name."""

    versions: dict[str, str]
    format: str = FORMAT
    version: int = VERSION


def require_new(folder: Path, *, resume: bool) -> None:
    """Raise SettingsError where the folder has a journal, and is not to be gone on with."""
    if not resume and (folder / JOURNAL).exists():
        raise SettingsError(
            f"--output: {str(folder)!r} holds a campaign", hint="Go on with it by --resume, or name another folder"
        )


class Journal:
    """The journal in `folder`. With `resume` it is gone on with; else SettingsError where there is one."""

    def __init__(self, folder: Path, versions: dict[str, str], *, resume: bool) -> None:
        self.path = folder / JOURNAL
        self.attempts: list[Attempt] = []
        require_new(folder, resume=resume)
        if self.path.exists():
            self._read(versions)
        else:
            self._append(asdict(Head(versions)))

    @property
    def judged(self) -> set[Round]:
        """The rounds that have a verdict."""
        return {attempt.round for attempt in self.attempts if attempt.is_verdict}

    def write(self, attempt: Attempt) -> bool:
        """Write an attempt down, and return whether that was done: a round that has a verdict gets no other."""
        if attempt.round in self.judged:
            return False
        self._append(asdict(attempt))
        self.attempts.append(attempt)
        return True

    def _append(self, data: dict[str, Any]) -> None:
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(data, ensure_ascii=False) + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise HarnessError(f"--output: {self.path} can't be written: {error.strerror}") from error

    def _read(self, versions: dict[str, str]) -> None:
        """Read what there is; a line that was not written to its end is cut off."""
        try:
            data = self.path.read_bytes()
            whole = data[: data.rfind(b"\n") + 1]
            if whole != data:
                os.truncate(self.path, len(whole))
            lines = [json.loads(line) for line in whole.split(b"\n") if line]
            heads = [cattrs.structure(line, Head) for line in lines if "format" in line]
            self.attempts = [cattrs.structure(line, Attempt) for line in lines if "format" not in line]
        except OSError as error:
            raise SettingsError(f"--resume: {self.path} can't be read: {error.strerror}") from error
        except (ValueError, TypeError, cattrs.BaseValidationError) as error:
            raise SettingsError(f"--resume: {self.path} is no journal of a campaign", hint=_ELSEWHERE) from error
        known: dict[str, str] = {}
        for head in heads:
            if (head.format, head.version) != (FORMAT, VERSION):
                raise SettingsError(
                    f"--resume: {self.path} is of another format: {head.format} {head.version}", hint=_ELSEWHERE
                )
            known |= head.versions
        for name, digest in versions.items():
            if known.get(name, digest) != digest:
                raise SettingsError(
                    f"--resume: {name} is not what it was when the campaign in {self.path.parent} began",
                    hint=_ELSEWHERE,
                )
        if new := {name: digest for name, digest in versions.items() if name not in known}:
            self._append(asdict(Head(new)))
