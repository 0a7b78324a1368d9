"""How long work reports that it advances, without knowing who listens.

`harness.report.console` draws it with rich; in CI it prints plain lines; tests pass `SILENT`.
"""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Where long work reports to. Implementations must not raise."""

    def begin(self, stage: str, total: int | None = None, unit: str = "") -> None:
        """Announce `stage`, such as 'build kube-apiserver', with `total` steps of `unit` where known."""

    def advance(self, stage: str, done: int, note: str = "") -> None:
        """Say that `done` steps of `stage` are behind it; `note` names the current one."""

    def end(self, stage: str, note: str = "") -> None:
        """Say that `stage` is finished; `note` is its result, such as 'cached' or '3.1 s'."""


class _Silent:
    def begin(self, stage: str, total: int | None = None, unit: str = "") -> None:
        """Do nothing."""

    def advance(self, stage: str, done: int, note: str = "") -> None:
        """Do nothing."""

    def end(self, stage: str, note: str = "") -> None:
        """Do nothing."""


SILENT: Progress = _Silent()
