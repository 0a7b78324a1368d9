"""Promises of `harness.cli.sandbox`, where no server is needed."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import Any

import pytest

from harness.cli import sandbox as command
from harness.cli.sandbox import declare, render_table
from harness.core.errors import HarnessError, SettingsError
from harness.core.settings import MySQLEndpoint, SandboxSettings
from harness.sandbox.base import CONTROLLERMGR, ComponentStatus, Phase
from harness.sandbox.local.wire.folder import SandboxFolder
from harness.sandbox.local.wire.logs import get_log
from harness.sandbox.local.wire.state import SandboxPhase, State, StateFile

_UP = State(
    phase=SandboxPhase.READY,
    kept=True,
    started_at=5.0,
    mysql=MySQLEndpoint("127.0.0.1", 3307, "me", "michelangelo", "pw"),
    components={CONTROLLERMGR: ComponentStatus(CONTROLLERMGR, Phase.RUNNING)},
)


def _call(*words: str) -> int:
    parser = argparse.ArgumentParser()
    declare(parser)
    options = parser.parse_args(words)
    return int(options.run(options))


@pytest.fixture
def up(folder: SandboxFolder) -> SandboxFolder:
    """A kept sandbox that is up, as far as its files say."""
    StateFile(folder, dataclasses.replace(_UP), lambda *_: None).publish()
    return folder


def test_nothing_up_is_no_error_for_down_and_a_no_for_status(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`down` may be called twice; `status` answers a script by its exit code; neither prints what isn't."""
    assert (_call("down"), _call("status"), capsys.readouterr().out) == (0, 1, "")


@pytest.mark.parametrize("name", ["env", "logs"])
def test_what_needs_a_sandbox_says_how_to_start_one(root: Path, name: str) -> None:
    """Without a sandbox, the error says how to get one."""
    with pytest.raises(HarnessError, match=r"no sandbox is up\n.*sandbox up"):
        _call(name)


def test_status_shows_the_components(up: SandboxFolder, capsys: pytest.CaptureFixture[str]) -> None:
    """`status` prints where the sandbox is and how its components are."""
    exit_code = _call("status")
    first, _, component = capsys.readouterr().out.splitlines()
    assert (exit_code, first) == (0, f"{up.path}  ready, kept")
    assert component.split()[:3] == [CONTROLLERMGR, "Running", "0"]


def test_env_prints_exports_and_nothing_else(up: SandboxFolder, capsys: pytest.CaptureFixture[str]) -> None:
    """What `env` prints can be evaluated by a shell."""
    assert _call("env") == 0
    lines = capsys.readouterr().out.splitlines()
    assert {line.split(" ")[0] for line in lines} == {"export"}
    assert f"export KUBECONFIG={up.kubeconfig}" in lines


def test_logs_are_printed_over_all_restarts(up: SandboxFolder, capsys: pytest.CaptureFixture[str]) -> None:
    """`logs` prints the controller manager's log by default, the runs in their order."""
    for run in (0, 1):
        get_log(up.logs, CONTROLLERMGR, run).write_text(f"run {run}\n")
    assert (_call("logs"), capsys.readouterr().out) == (0, "run 0\nrun 1\n")


def test_logs_follow_until_the_sandbox_ends(
    up: SandboxFolder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`logs -f` prints each line once, also what was written last before the end."""
    log = get_log(up.logs, CONTROLLERMGR, 0)
    log.write_text("first\n")
    writes = iter(["second\n", "last\n"])
    alive = iter([True, True, True, False])
    monkeypatch.setattr(SandboxFolder, "is_alive", lambda _: next(alive))

    def wait(_: float) -> None:
        with log.open("a") as file:
            file.write(next(writes))

    monkeypatch.setattr("harness.cli.sandbox.time.sleep", wait)
    assert (_call("logs", "-f"), capsys.readouterr().out) == (0, "first\nsecond\nlast\n")


def test_unknown_component_lists_the_known_ones(up: SandboxFolder) -> None:
    """A component that there isn't gives the ones that there are."""
    with pytest.raises(SettingsError, match=f"COMPONENT: unknown value 'mgr'\n.*{CONTROLLERMGR}"):
        _call("logs", "mgr")


def test_newest_kept_sandbox_is_meant(
    root: Path, up: SandboxFolder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of several sandboxes the kept one is meant before that of a run in progress, the newer before the older."""
    for name, kept, started_at in (("00000001", True, 4.0), ("00000002", True, 6.0), ("00000003", False, 9.0)):
        (root / name).mkdir()
        state = dataclasses.replace(_UP, kept=kept, started_at=started_at)
        StateFile(SandboxFolder(root / name), state, lambda *_: None).publish()
    monkeypatch.setattr(SandboxFolder, "is_alive", lambda _: True)
    _call("env")
    assert f"KUBECONFIG={root}/00000002/kubeconfig" in capsys.readouterr().out


@pytest.mark.parametrize("word", ["mysql", "mysql=", "mysql=x", "mysql=0", "mysql=65536", "=1"])
def test_port_that_is_none_is_refused(root: Path, word: str) -> None:
    """A port is a component and a number from 1 to 65535."""
    with pytest.raises(SettingsError, match="port: "):
        _call("up", "--port", word)


def test_settings_reach_the_sandbox(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`up` starts what its options say, keeps it, lets go of it, and prints how to reach it."""
    seen: dict[str, Any] = {}

    class Started:
        reused = False

        def stop(self) -> None:
            seen["let go"] = True

        def describe_access(self) -> str:
            return "export KUBECONFIG=there"

    def start(settings: SandboxSettings, **values: Any) -> Started:
        seen.update(values, profile=settings.profile)
        return Started()

    monkeypatch.setattr(command, "start_local_sandbox", start)
    exit_code = _call("up", "--profile", "upstream-main", "--port", "mysql=3307")
    del seen["progress"]
    assert seen == {"keep": True, "ports": {"mysql": 3307}, "profile": "upstream-main", "let go": True}
    assert (exit_code, capsys.readouterr().out) == (0, "export KUBECONFIG=there\n")


def test_what_can_not_be_started_here_is_refused() -> None:
    """A cluster is somebody else's to start."""
    with pytest.raises(SettingsError, match="--sandbox: 'existing' is nothing to start here\nValid: local"):
        _call("up", "--sandbox", "existing")


def test_table_is_aligned(monkeypatch: pytest.MonkeyPatch) -> None:
    """The columns of the table are as wide as their widest cell, and reasons keep to one line."""
    monkeypatch.setattr("harness.cli.sandbox.time.time", lambda: 100.0)
    table = render_table(
        [
            ComponentStatus("etcd", Phase.RUNNING, pid=7, started_at=90.0, version="3.6"),
            ComponentStatus("mgr", Phase.CRASH_LOOP, restarts=12, reason="exit code 2\nmore", path="/mgr"),
        ]
    )
    assert table.splitlines() == [
        "NAME  STATUS            RESTARTS  AGE  PID  VERSION  REASON",
        "etcd  Running           0         10s  7    3.6",
        "mgr   CrashLoopBackOff  12                  /mgr     exit code 2",
    ]
