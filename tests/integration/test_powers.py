"""The powers of the local sandbox with real servers: what each of them does, and that it can be undone."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from harness.catalogue import KINDS
from harness.errors import SettingsError
from harness.sandbox.base import CONTROLLERMGR, LogCursor, Phase
from harness.sandbox.local import LocalSandbox
from harness.sandbox.powers import ReconfiguresControllerManager
from tests.integration.conftest import Start

_REGISTERED = "Ingester controller registered successfully"


def _wait_for(condition: Callable[[], object], timeout_s: float = 15.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.01)


def _count(sandbox: LocalSandbox, words: str, since: LogCursor) -> int:
    return sum(words in line.text for line in sandbox.read_log(CONTROLLERMGR, since))


def test_controller_manager_is_reconfigured_and_back(start: Start) -> None:
    """It stays down once stopped; started with other keys it obeys them; started without, all is as usual."""
    sandbox = start()
    assert isinstance(sandbox, ReconfiguresControllerManager)
    sandbox.stop_controllermgr()
    down = sandbox.component(CONTROLLERMGR)
    assert (down.phase, down.pid) == (Phase.TERMINATED, None)
    cursor = sandbox.log_cursor(CONTROLLERMGR)
    sandbox.start_controllermgr([("metadataStorage.enableMetadataStorage", False)])
    _wait_for(lambda: _count(sandbox, "Metadata storage not configured", cursor))
    assert not _count(sandbox, _REGISTERED, cursor)
    cursor = sandbox.log_cursor(CONTROLLERMGR)
    sandbox.start_controllermgr()
    _wait_for(lambda: _count(sandbox, _REGISTERED, cursor) == len(KINDS))


def test_controller_manager_that_refuses_its_configuration_can_be_watched(start: Start) -> None:
    """Without the section that it needs it crashes again and again, and what it says can be read."""
    sandbox = start()
    cursor = sandbox.log_cursor(CONTROLLERMGR)
    sandbox.start_controllermgr(without=("mysql",), await_healthy=False)
    _wait_for(lambda: sandbox.component(CONTROLLERMGR).restarts >= 1)
    assert _count(sandbox, "mysql", cursor)
    sandbox.start_controllermgr()
    assert sandbox.component(CONTROLLERMGR).phase is Phase.RUNNING


def test_wrong_change_is_refused_before_anything_is_stopped(start: Start) -> None:
    """A section that does not exist is named, and the controller manager runs on."""
    sandbox = start()
    pid = sandbox.component(CONTROLLERMGR).pid
    with pytest.raises(SettingsError, match="without: unknown value 'mysq'"):
        sandbox.start_controllermgr(without=("mysq",))
    assert sandbox.component(CONTROLLERMGR).pid == pid


@pytest.mark.parametrize("leave", ["stopped", "reconfigured"])
def test_kept_sandbox_gets_its_usual_controller_manager_back(start: Start, leave: str) -> None:
    """Whatever a run left of the controller manager's configuration, the next one finds the usual one."""
    first = start(keep=True)
    if leave == "stopped":
        first.stop_controllermgr()
    else:
        first.start_controllermgr([("metadataStorage.enableMetadataStorage", False)])
    first.stop()
    cursor = first.log_cursor(CONTROLLERMGR)
    second = start()
    assert (second.reused, second.component(CONTROLLERMGR).phase) == (True, Phase.RUNNING)
    _wait_for(lambda: _count(second, _REGISTERED, cursor))
