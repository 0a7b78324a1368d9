"""What an audit has gathered, a line for each batch, so that an interruption loses nothing of it.

A file for each kind, in a folder that only its user can read. A line is plain data; what it means is for
`harness.audit.state` to say, which is made of the lines alone, whether they were just written or read again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.core.errors import SettingsError
from harness.report.record import write_text

Event = dict[str, Any]
_SCOPE = "scope.json"


class Journal:
    """The folder of one audit's lines. `scope` is what was asked for: an audit is resumed with the same alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def begin(self, scope: Event) -> None:
        """Make the folder, empty of what an earlier audit has left in it."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in self.folder.glob("*.ndjson"):
            path.unlink()
        write_text(self.folder / _SCOPE, json.dumps(scope, indent=2) + "\n")

    def resume(self, scope: Event) -> None:
        """Go on with what is there; SettingsError where nothing is, or it was asked for otherwise."""
        path = self.folder / _SCOPE
        try:
            before = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise SettingsError(
                f"--resume: there is no audit to go on with in {str(self.folder.parent)!r}",
                hint="Leave --resume out, or name its folder with --output",
            ) from error
        changed = [name for name in scope if scope[name] != before.get(name)]
        if changed:
            name = changed[0]
            raise SettingsError(
                f"--resume: the audit in {str(self.folder.parent)!r} had another {name}:"
                f" {before.get(name)!r}, now {scope[name]!r}",
                hint="Repeat the options that it was begun with, or leave --resume out",
            )

    def append(self, kind: str, event: Event) -> None:
        """Write one line of a kind, and hand it to the operating system."""
        with self._get_path(kind).open("a", encoding="utf-8") as file:
            file.write(json.dumps(event, separators=(",", ":")) + "\n")

    def read(self, kind: str) -> Iterator[Event]:
        """Yield the lines of a kind. One that was cut by an interruption counts as not written."""
        path = self._get_path(kind)
        if not path.exists():
            return
        with path.open(encoding="utf-8") as file:
            whole = 0
            for line in file:
                if not line.endswith("\n"):
                    break
                whole += len(line.encode())
                yield json.loads(line)
        if whole < path.stat().st_size:
            with path.open("r+b") as cut:
                cut.truncate(whole)

    def _get_path(self, kind: str) -> Path:
        return self.folder / f"{kind}.ndjson"
