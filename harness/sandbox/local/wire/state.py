"""What a supervisor says of its sandbox: one file, replaced whole at each change, that clients read.

Reading it asks nobody, so that it costs little and works while the supervisor is busy.
"""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from harness.core.settings import MySQLEndpoint
from harness.sandbox.base import ComponentStatus, Phase
from harness.sandbox.local.wire.folder import SandboxFolder
from harness.sandbox.storage import write_private


class SandboxPhase(StrEnum):
    """Where a sandbox is in its life."""

    STARTING = "starting"
    READY = "ready"
    STOPPING = "stopping"


@dataclass(frozen=True)
class Stage:
    """A part of the start-up; both times in seconds since the supervisor was told to start."""

    name: str
    began_s: float
    ended_s: float


@dataclass
class State:
    """A sandbox at one moment. `mysql` is None until the server's port is chosen."""

    phase: SandboxPhase = SandboxPhase.STARTING
    digest: str = ""
    controllermgr_digest: str = ""
    controllermgr_healthy: bool = False
    kept: bool = False
    supervisor_pid: int = 0
    started_at: float = 0.0
    mysql: MySQLEndpoint | None = None
    mysql_client: str = ""
    apiserver_address: str = ""   # of Michelangelo's API server, HOST:PORT, where there is one
    proxy_ports: dict[str, int] = field(default_factory=dict)   # by component, where there is a fault proxy
    components: dict[str, ComponentStatus] = field(default_factory=dict)
    stages: list[Stage] = field(default_factory=list)


class StateFile:
    """The supervisor's end: a state that is published at each change.

    `on_stage` is told of each stage twice: when it begins, and with its seconds when it has ended.
    """

    def __init__(self, folder: SandboxFolder, state: State, on_stage: Callable[[str, float | None], None]) -> None:
        self._folder = folder
        self._start = time.monotonic()
        self._on_stage = on_stage
        self.state = state

    def publish(self) -> None:
        """Write the state, unless somebody removed the folder."""
        with suppress(FileNotFoundError):
            write_private(self._folder.state, json.dumps(dataclasses.asdict(self.state)))

    def set_component(self, name: str, **changes: Any) -> None:
        """Change fields of a component, which is new where there is none of that name, and publish."""
        known = self.state.components.get(name) or ComponentStatus(name, Phase.PENDING)
        self.state.components[name] = dataclasses.replace(known, **changes)
        self.publish()

    def begin_start(self) -> None:
        """Count the stages' times from now on."""
        self._start = time.monotonic()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure what happens within as a stage of the start-up; published with the next change."""
        began = time.monotonic()
        self._on_stage(name, None)
        yield
        ended = time.monotonic()
        self.state.stages.append(Stage(name, began - self._start, ended - self._start))
        self._on_stage(name, ended - began)


def read_state(folder: SandboxFolder) -> State | None:
    """Return what the supervisor said last; None where it has said nothing, or the folder is gone."""
    try:
        data = json.loads(folder.state.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    data["phase"] = SandboxPhase(data["phase"])
    data["components"] = {
        name: ComponentStatus(**{**component, "phase": Phase(component["phase"])})
        for name, component in data["components"].items()
    }
    data["stages"] = [Stage(**stage) for stage in data["stages"]]
    data["mysql"] = None if data["mysql"] is None else MySQLEndpoint(**data["mysql"])
    return State(**data)
