"""One stage of long work, which ends in the progress as it ends in the program, also where it fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from harness.core.progress import Progress


class Stage:
    """A stage that has begun. `result` is what is said of it at its end."""

    def __init__(self, progress: Progress, name: str) -> None:
        self._progress = progress
        self._name = name
        self.result = ""

    def advance(self, done: int, note: str = "") -> None:
        """Say that `done` steps are behind it."""
        self._progress.advance(self._name, done, note)


@contextmanager
def begin_stage(
    progress: Progress, name: str, total: int | None = None, unit: str = ""
) -> Iterator[Stage]:
    """Report a stage of `total` steps of `unit`, which lasts as long as the block."""
    stage = Stage(progress, name)
    progress.begin(name, total=total, unit=unit)
    try:
        yield stage
    except BaseException:
        progress.end(name, "failed")
        raise
    progress.end(name, stage.result)


def note(progress: Progress, name: str, result: str) -> None:
    """Report something that takes no time but that the user should know."""
    progress.begin(name)
    progress.end(name, result)
