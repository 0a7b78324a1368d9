"""A sandbox that lives in a list of log lines and a dict of phases."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from harness.core.settings import MySQLEndpoint
from harness.sandbox.base import CONTROLLERMGR, ComponentStatus, LogCursor, LogLine, Phase


@dataclass
class FakeSandbox:
    """As much of a sandbox as the scenario's parts need that send nothing."""

    lines: list[LogLine] = field(default_factory=list)
    phase: Phase = Phase.RUNNING
    restarts: int = 0
    reason: str = ""
    name: str = "fake"
    kubeconfig: Path = Path("/nowhere")
    mysql: MySQLEndpoint = field(default_factory=lambda: MySQLEndpoint("", 0, "", "", ""))
    reused: bool = False

    def log(self, message: str, run: int = 0, **fields: str) -> None:
        """Write a JSON line to the controller manager's log."""
        self.lines.append(LogLine(run, json.dumps({"level": "info", "msg": message, **fields})))

    def components(self) -> list[ComponentStatus]:
        """Return the controller manager's status."""
        return [self.component(CONTROLLERMGR)]

    def component(self, name: str) -> ComponentStatus:
        """Return the status of any component: that of the controller manager."""
        return ComponentStatus(name, self.phase, self.restarts, self.reason)

    def log_cursor(self, component: str) -> LogCursor:  # noqa: ARG002  there is one log
        """Return the end of the log."""
        return LogCursor(0, len(self.lines))

    def read_log(
        self, _component: str, since: LogCursor | None = None, until: LogCursor | None = None
    ) -> list[LogLine]:
        """Return the lines from `since` to `until`."""
        return self.lines[since.offset if since else 0 : until.offset if until else None]

    def known_namespaces(self) -> list[str]:
        """Return none."""
        return []

    def remember_namespace(self, name: str) -> None:
        """Forget it."""

    def describe_access(self) -> str:
        """Return nothing."""
        return ""

    def stop(self) -> None:
        """Do nothing."""
