"""Where a run's report goes: a dated folder, `latest` beside it, and no more old folders than are kept.

It checks before the run that the place can be written, and deletes only folders that carry its own marker.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from harness.core.errors import SettingsError
from harness.report.record import RECORD_NAME, write_text

KEEP = 20
"""How many dated folders stay, the newest first."""

LATEST = "latest"
MARKER = ".ingester-acceptance-report"

_DATED = re.compile(r"\d{8}T\d{6}Z-")


@dataclass(frozen=True)
class ReportFolder:
    """The folder of one run. `root` holds it, its predecessors and `latest`."""

    root: Path
    path: Path

    @property
    def record(self) -> Path:
        """The record, `report.json`."""
        return self.path / RECORD_NAME

    @property
    def html(self) -> Path:
        """The page, `report.html`."""
        return self.path / "report.html"

    @property
    def markdown(self) -> Path:
        """The seed report's shape, `report.md`."""
        return self.path / "report.md"

    @property
    def junit(self) -> Path:
        """The results for CI systems, `junit.xml`."""
        return self.path / "junit.xml"

    @property
    def latest(self) -> Path:
        """Where the newest report is found, whatever its date."""
        return self.root / LATEST

    def publish(self) -> None:
        """Make `latest` show this folder: a symlink, or a copy where the file system has none. Raises OSError.

        Call it again after later changes; only the copy needs that.
        """
        new = self.root / f".{LATEST}.{os.getpid()}.new"
        _remove(new)
        try:
            new.symlink_to(self.path.name, target_is_directory=True)
        except (OSError, NotImplementedError):
            shutil.copytree(self.path, new)
        _replace(new, self.latest)


def prepare_report_folder(
    root: Path, profile: str, *, now: datetime.datetime | None = None, keep: int = KEEP
) -> ReportFolder:
    """Return a new folder for a run's report below `root`; of all such folders only the newest `keep` stay.

    Raises SettingsError, naming `--reports`, where `root` can't be written.
    """
    latest = root / LATEST
    if latest.exists() and not (latest / MARKER).is_file():
        raise SettingsError(
            f"--reports: {str(latest)!r} exists and is no report of this harness; it would be replaced",
            hint="Move it away, or name another folder.",
        )
    stamp = (now or datetime.datetime.now(datetime.UTC)).astimezone(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
    name = f"{stamp}-{re.sub(r'[^A-Za-z0-9._-]+', '-', profile) or 'run'}"
    try:
        path = _create(root, name)
        write_text(path / MARKER, "A report of the acceptance harness; old ones are deleted by later runs.\n")
    except OSError as error:
        raise SettingsError(
            f"--reports: can't write a report below {str(root)!r} ({error.strerror})",
            hint="Name a folder that you may write to, such as --reports ./reports, or free some space.",
        ) from error
    _prune(root, keep, new=path)
    return ReportFolder(root=root, path=path)


def _create(root: Path, name: str) -> Path:
    """Make the folder `name`, with a number behind it where another run of the same second has the name."""
    root.mkdir(parents=True, exist_ok=True)
    for number in range(1, 100):
        path = root / (name if number == 1 else f"{name}-{number}")
        with contextlib.suppress(FileExistsError):
            path.mkdir()
            return path
    raise FileExistsError(17, "a hundred reports of the same second exist", str(root / name))


def _prune(root: Path, keep: int, new: Path) -> None:
    """Delete all report folders but the newest `keep`, which `new` is among even if the clock went back.

    One that can't be deleted stays: no reason to fail.
    """
    old = [
        path
        for path in sorted(root.iterdir(), reverse=True)
        if _DATED.match(path.name) and path != new and not path.is_symlink() and (path / MARKER).is_file()
    ]
    for path in old[max(keep - 1, 0) :]:
        shutil.rmtree(path, ignore_errors=True)


def _replace(new: Path, path: Path) -> None:
    """Put `new` in the place of `path`, which may be a link, a folder or nothing."""
    old = path.with_name(f".{path.name}.{os.getpid()}.old")
    if path.is_dir() and not path.is_symlink():   # a folder can't be replaced in one step
        _remove(old)
        path.rename(old)
    elif new.is_dir() and not new.is_symlink() and path.is_symlink():
        path.unlink()
    new.replace(path)
    _remove(old)


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        shutil.rmtree(path)
