"""Keeps records in files: writes them whole or not at all, reads them back, finds the baselines.

It renders nothing; `report.json` is the record itself.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from harness.core.errors import HarnessError, SettingsError
from harness.core.record import Record
from harness.core.resources import find_resource

RECORD_NAME = "report.json"
SEED_BASELINE = "report-2026-03"
BASELINES = find_resource("reports", "baselines")


def write_text(path: Path, text: str) -> None:
    """Replace the file at `path` by `text` in one step; an interruption leaves the old file or the new one.

    What UTF-8 can't hold, such as a log's undecodable bytes, is written as an escape. Raises OSError.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.write(text)
        Path(name).chmod(0o644)   # mkstemp's 0600 would hide the report from its readers
        Path(name).replace(path)
    except BaseException:   # KeyboardInterrupt too: a half-written file must not stay
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def write_record(record: Record, folder: Path) -> Path:
    """Write `record` into `folder` as `report.json`, atomically, and return the file. Raises OSError."""
    path = folder / RECORD_NAME
    write_text(path, record.to_json())
    return path


def read_record(path: Path) -> Record:
    """Return the record in the file `path`, or in `report.json` where `path` is a folder; else HarnessError."""
    file = path / RECORD_NAME if path.is_dir() else path
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise HarnessError(
            f"can't read the record {file}: {reason}",
            hint=f"Name a report folder or its {RECORD_NAME}, such as reports/latest.",
        ) from error
    try:
        return Record.from_json(text)
    except HarnessError as error:
        hint = error.hint or "A run writes one; it is not meant to be edited."
        raise HarnessError(f"{file}: {error.problem}", hint=hint) from error


def load_baseline(
    name: str = SEED_BASELINE, *, required: bool = False, folder: Path = BASELINES
) -> Record | None:
    """Return the baseline `name` of the repository; None where there is none, so nothing to compare with.

    Raises SettingsError for a missing one that is `required`, HarnessError for a file that is no record.
    """
    names = sorted(path.stem for path in folder.glob("*.json"))
    if name in names:
        return read_record(folder / f"{name}.json")
    if required:
        raise SettingsError.unknown("--baseline", name, names)
    return None
