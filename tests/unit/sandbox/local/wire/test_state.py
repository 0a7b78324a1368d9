"""Promises of `harness.sandbox.local.wire.state` and `harness.sandbox.local.wire.plan`."""

from __future__ import annotations

import stat
from pathlib import Path

from harness.core.served_kind import ServedKind
from harness.core.settings import MySQLEndpoint
from harness.provision.assets.mysqld import MySQLServerFiles
from harness.sandbox.base import ComponentStatus, Phase
from harness.sandbox.local.wire.folder import SandboxFolder
from harness.sandbox.local.wire.plan import ControllerManagerPlan, Executable, Plan, read_plan, write_plan
from harness.sandbox.local.wire.state import SandboxPhase, Stage, State, StateFile, read_state

_MYSQL = MySQLEndpoint("db.example", 3306, "me", "michelangelo", "secret", {"ssl_ca": "/ca.pem"})


def _ignore(name: str, seconds: float | None) -> None:
    """Take no notice of stages."""


def test_state_survives_the_file(folder: SandboxFolder) -> None:
    """What a client reads is what the supervisor published, types included."""
    state = State(
        phase=SandboxPhase.READY,
        digest="d",
        kept=True,
        mysql=_MYSQL,
        components={"etcd": ComponentStatus("etcd", Phase.FAILED, 2, "exit code 1", 7, 1.5, "3", "/etcd", "ab")},
        stages=[Stage("etcd", 0.5, 1.0)],
    )
    StateFile(folder, state, _ignore).publish()
    assert read_state(folder) == state


def test_state_is_private(folder: SandboxFolder) -> None:
    """The state, which holds a password, is for this user alone."""
    StateFile(folder, State(mysql=_MYSQL), _ignore).publish()
    assert stat.S_IMODE(folder.state.stat().st_mode) == 0o600


def test_no_state_where_the_sandbox_is_gone(root: Path) -> None:
    """Asking for the state of a sandbox that has ended is no error."""
    assert read_state(SandboxFolder(root / "0123abcd")) is None


def test_component_changes_are_published_at_once(folder: SandboxFolder) -> None:
    """Each change is seen by the next reader, and what it leaves out stays."""
    file = StateFile(folder, State(), _ignore)
    file.set_component("etcd", version="3.6")
    file.set_component("etcd", phase=Phase.RUNNING, pid=7)
    state = read_state(folder)
    assert state is not None
    assert state.components == {"etcd": ComponentStatus("etcd", Phase.RUNNING, pid=7, version="3.6")}


def test_stage_is_told_when_it_begins_and_ends(folder: SandboxFolder) -> None:
    """Whoever listens hears of each stage twice, the second time with its duration, which is recorded too."""
    heard: list[tuple[str, bool]] = []
    file = StateFile(folder, State(), lambda name, seconds: heard.append((name, seconds is not None)))
    with file.stage("etcd"):
        assert heard == [("etcd", False)]
    (stage,) = file.state.stages
    assert heard == [("etcd", False), ("etcd", True)]
    assert (stage.name, 0 <= stage.began_s <= stage.ended_s) == ("etcd", True)


def test_plan_survives_the_file(folder: SandboxFolder) -> None:
    """The supervisor gets exactly what the client planned."""
    plan = Plan(
        digest="d",
        etcd=Executable("/etcd", "3.6", "ab"),
        kube_apiserver=Executable("/kube-apiserver"),
        mysql_server=MySQLServerFiles("mariadb", Path("/mariadbd"), "10.11", "here", client=Path("/mariadb")),
        mysql=_MYSQL,
        kinds=(ServedKind("Project", "projects", ("project", "project_labels")),),
        crds=[{"kind": "CustomResourceDefinition"}],
        crds_source="c",
        schema="SELECT 'ä';",
        schema_source="s",
        controllermgr=ControllerManagerPlan(("/mgr", "-v"), Executable("/mgr"), "d", expands_variables=True),
        start_timeout_s=60.0,
        fault_proxy=Executable("/faultproxy", "2.5.0"),
        ports={"mysql": 3306},
    )
    write_plan(folder, plan)
    assert (read_plan(folder), stat.S_IMODE(folder.plan.stat().st_mode)) == (plan, 0o600)
