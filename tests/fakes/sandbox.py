"""A sandbox that lives in a list of log lines and a dict of phases."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.core.settings import MySQLEndpoint
from harness.sandbox.base import CONTROLLERMGR, ComponentStatus, LogCursor, LogLine, Phase
from harness.spec.read import SetupLines
from tests.fakes.contract import CONTRACT

LINES = SetupLines()


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
    namespaces: list[str] = field(default_factory=list)
    stopped: int = 0

    def log(self, message: str, run: int = 0, **fields: Any) -> None:
        """Write a JSON line to the controller manager's log."""
        self.say(json.dumps({"level": "info", "msg": message, **fields}), run)

    def say(self, text: str, run: int = 0) -> None:
        """Write a line to the controller manager's log."""
        self.lines.append(LogLine(run, text))

    def register(self, kinds: Sequence[str] = CONTRACT.names, run: int = 0) -> None:
        """Let the controller manager register the kinds."""
        self.log(LINES.begins, run)
        for kind in kinds:
            self.log(LINES.registered, run, kind=kind)

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
        """Return those that were remembered."""
        return list(self.namespaces)

    def remember_namespace(self, name: str) -> None:
        """Remember it."""
        self.namespaces.append(name)

    def describe_access(self) -> str:
        """Return nothing."""
        return ""

    def stop(self) -> None:
        """Count it."""
        self.stopped += 1
