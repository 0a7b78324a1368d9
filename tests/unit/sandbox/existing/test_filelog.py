"""The log of a controller manager outside of the cluster."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from harness.core.errors import SettingsError
from harness.sandbox.base import CONTROLLERMGR, ComponentStatus, LogCursor, LogLine, Phase
from harness.sandbox.existing.filelog import open_log
from harness.sandbox.existing.manager import LoggedManager
from harness.sandbox.local.wire.state import State


def test_file_is_read_by_whole_lines(tmp_path: Path) -> None:
    """Lines come once they are whole, from the cursor on; its manager counts as running, unobserved."""
    file = tmp_path / "mgr.log"
    file.write_text("one\ntwo\nhal")
    log = open_log(file)
    assert log.read() == [LogLine(0, "one"), LogLine(0, "two")]
    cursor = log.get_cursor()
    assert cursor == LogCursor(0, 8)
    with file.open("a") as more:
        more.write("f\n")
    assert log.read(cursor) == [LogLine(0, "half")]
    assert log.read(LogCursor(0, 4), cursor) == [LogLine(0, "two")]
    manager = LoggedManager(log)
    assert (manager.is_observed, manager.get_status().phase) == (False, Phase.RUNNING)


@pytest.mark.parametrize("given", ["", "logs"])
def test_folder_of_a_sandbox_brings_runs_and_state(tmp_path: Path, given: str) -> None:
    """The folder of a local sandbox, or of its logs, has a file per run, and the state of the component."""
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / f"{CONTROLLERMGR}.0.log").write_text("panic:\n")
    (logs / f"{CONTROLLERMGR}.1.log").write_text("again\n")
    component = ComponentStatus(CONTROLLERMGR, Phase.CRASH_LOOP, restarts=1)
    state = State(components={CONTROLLERMGR: component})
    (tmp_path / "state.json").write_text(json.dumps(dataclasses.asdict(state)))
    manager = LoggedManager(open_log(tmp_path / given))
    assert [*manager.read()] == [LogLine(0, "panic:"), LogLine(1, "again")]
    assert [*manager.read(manager.get_cursor())] == []
    assert (manager.is_observed, manager.get_status()) == (True, component)


def test_what_has_no_log_is_named(tmp_path: Path) -> None:
    """A path that does not exist, and a folder without logs, are refused by name."""
    with pytest.raises(SettingsError, match=r"--controllermgr-log: .*absent' does not exist"):
        open_log(tmp_path / "absent")
    with pytest.raises(SettingsError, match="has no michelangelo-controllermgr"):
        open_log(tmp_path)
