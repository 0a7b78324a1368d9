"""Locust's processes: what they are told, how they end, and that nothing stays. A script stands in for Python."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

import harness.load.engine
from harness.clients.login import Login
from harness.core.errors import HarnessError
from harness.core.polling import wait_for
from harness.load.engine import Engine, find_missing
from harness.load.plan import LoadPlan, Template

PLAN = LoadPlan("/ns", (Template("Project", "projects", "{}"),), workers=2)
LOGIN = Login("https://127.0.0.1:1", authorization="Bearer secret")

Stub = Callable[[str], None]


@pytest.fixture
def stub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stub:
    """Lets lines of a shell script stand in for Locust; $* are its arguments, $role is master or worker."""

    def write(lines: str) -> None:
        path = tmp_path / "python"
        role = 'case "$*" in *--worker*) role=worker;; *) role=master;; esac'
        path.write_text(f"#!/bin/sh\n{role}\n{lines}\n", encoding="utf-8")
        path.chmod(0o755)
        monkeypatch.setattr("harness.load.engine.sys.executable", str(path))

    return write


def wait_for_end(engine: Engine) -> None:
    """Return once the load is through."""
    assert wait_for(engine.has_ended, bool, timeout_s=20.0).satisfied


def test_processes_are_told_by_the_environment(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    """There are a master and its workers; what is set for Locust itself does not reach them."""
    monkeypatch.setenv("LOCUST_USERS", "7")
    writes = '[ $role = worker ] || echo "[]" > "$INGESTER_ACCEPTANCE_LOAD_WRITES"'
    stub(f'env > "env-$role"; echo "$*" > "words-$role"; {writes}')
    engine = Engine(PLAN, LOGIN)
    wait_for_end(engine)
    environment = (engine.folder / "env-master").read_text()
    assert f"INGESTER_ACCEPTANCE_LOAD_PLAN={engine.folder}" in environment
    assert "LOCUST_USERS" not in environment
    assert "--expect-workers=2" in (engine.folder / "words-master").read_text()
    assert LoadPlan.from_json((engine.folder / "plan.json").read_text()) == PLAN
    assert Login.from_json((engine.folder / "login.json").read_text()) == LOGIN
    engine.check()
    engine.close()


def test_what_logs_in_is_private_and_goes(stub: Stub) -> None:
    """Nobody else can read it, no command line has it, and it is gone with the load."""
    stub('echo "$*" > "words-$role"; exec sleep 60')
    engine = Engine(PLAN, LOGIN)
    assert stat.S_IMODE((engine.folder / "login.json").stat().st_mode) == 0o600
    words = engine.folder / "words-master"
    assert wait_for(words.exists, bool, timeout_s=20.0).satisfied
    assert "secret" not in words.read_text()
    assert len(engine.pids) == 3
    engine.close()
    assert not engine.folder.exists()
    assert engine.pids == []


def test_what_does_not_end_is_ended(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that does not listen is killed."""
    monkeypatch.setattr(harness.load.engine, "_END_TIMEOUT_S", 0.2)
    stub('trap "" TERM; touch "ready-$role"; while :; do sleep 0.05; done')
    engine = Engine(PLAN, LOGIN)
    assert wait_for((engine.folder / "ready-master").exists, bool, timeout_s=20.0).satisfied
    engine.close()
    assert engine.pids == []


@pytest.mark.parametrize("role", ["master", "worker"])
def test_a_failure_is_quoted(role: str, stub: Stub) -> None:
    """Whichever of them fails, its last words say why."""
    stub(f'if [ $role = {role} ]; then echo "no such thing"; exit 3; fi; exec sleep 60')
    engine = Engine(PLAN, LOGIN)
    try:
        with pytest.raises(HarnessError, match=rf"(?s)Locust's {role}\S* ended with exit code 3:.*no such thing"):
            wait_for_end(engine)
    finally:
        engine.close()


def test_a_load_that_sends_nothing_is_no_load(stub: Stub) -> None:
    """It is an error, which the master's words may explain."""
    stub("echo is it there")
    engine = Engine(PLAN, LOGIN)
    wait_for_end(engine)
    with pytest.raises(HarnessError, match=r"(?s)Locust has sent nothing.*is it there"):
        engine.check()
    engine.close()


def test_an_environment_that_lacks_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the way to it; one that has it is told nothing."""
    assert find_missing() == ""
    monkeypatch.setattr("harness.core.extras.importlib.util.find_spec", lambda name: None if "l" in name else name)
    way = "pip install 'ingester-acceptance[load]'"
    assert find_missing() == f"locust and prometheus_client must be installed: {way}"
