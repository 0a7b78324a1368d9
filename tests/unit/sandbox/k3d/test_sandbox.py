"""Promises of `harness.sandbox.k3d.sandbox` that hold before there is a cluster; the rest needs one."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from unittest.mock import Mock

import mysql.connector
import pytest

from harness.core.errors import HarnessError
from harness.core.progress import SILENT
from harness.provision.assets.stage import Stage
from harness.sandbox.k3d.cluster import K3dCluster
from harness.sandbox.k3d.kubectl import Kubectl
from harness.sandbox.k3d.options import K3dSettings
from harness.sandbox.k3d.sandbox import _Preparation, start_k3d_sandbox
from harness.sandbox.k3d.script import IN_CHECKOUT, SandboxScript
from harness.sandbox.storage import ROOT_VARIABLE
from tests.unit.sandbox.k3d.objects import make_service
from tests.unit.sandbox.k3d.standins import StandIns


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout whose sandbox.py notes that it was run, and fails; the sandbox's folder is the test's own."""
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path / "root"))
    monkeypatch.setattr("harness.sandbox.storage._LONGEST_ROOT", 200)   # no socket lives there
    path = tmp_path / IN_CHECKOUT
    path.parent.mkdir(parents=True)
    path.write_text(
        "import pathlib, sys\n"
        "if '--help' in sys.argv: sys.exit(print('{create,delete} --exclude'))\n"
        "pathlib.Path(__file__).with_name('ran').touch()\n"
        "sys.exit('ERROR: command failed')\n"
    )
    return tmp_path


def _start(checkout: Path) -> None:
    start_k3d_sandbox(K3dSettings(), [], checkout=checkout, keep=False, progress=SILENT)


def test_starts_nothing_where_a_program_is_missing(checkout: Path, standins: StandIns) -> None:
    """A missing program is named before sandbox.py is even looked at."""
    (standins.folder / "k3d").unlink()
    with pytest.raises(HarnessError, match="not on PATH: k3d"):
        _start(checkout)
    assert not (checkout / IN_CHECKOUT).with_name("ran").exists()


def test_lets_go_of_everything_where_the_script_fails(checkout: Path, standins: StandIns) -> None:
    """A failure is told with the script's words, and leaves neither a kubeconfig nor the folder's lock behind."""
    for _ in range(2):
        with pytest.raises(HarnessError, match="ERROR: command failed"):
            _start(checkout)
    folder = checkout / "root" / ".k3d"
    assert not (folder / "kubeconfig").exists()
    assert "ERROR: command failed" in (folder / "sandbox.log").read_text()


def test_tells_the_first_failure(checkout: Path, standins: StandIns) -> None:
    """Where even cleaning up fails, the error is that of the start."""
    standins.put_clusters()
    path = checkout / IN_CHECKOUT
    stop = f"pathlib.Path({str(standins.folder / 'k3d')!r}).write_text('#!/bin/false')"
    path.write_text(path.read_text().replace("sys.exit('ERROR", f"{stop}\nsys.exit('ERROR"))
    with pytest.raises(HarnessError, match=r"sandbox\.py create: exit code 1"):
        _start(checkout)


@pytest.mark.parametrize(
    ("number", "seconds", "message"),
    [
        (1045, 60, "the server has another password"),
        (2003, 1, "MySQL can't be used by the port that k3d publishes after 1 s"),
    ],
)
def test_waits_for_mysql_only_where_that_helps(
    standins: StandIns, kubectl: Kubectl, monkeypatch: pytest.MonkeyPatch, number: int, seconds: int, message: str
) -> None:
    """A server that does not answer yet is awaited; one that refuses the account is an error at once."""

    def refuse(*_: object, **__: object) -> None:
        raise HarnessError("no way in") from mysql.connector.Error(errno=number)

    monkeypatch.setattr("harness.sandbox.k3d.sandbox.connect", refuse)
    standins.put(make_service())
    settings, script, stage = K3dSettings(wait_timeout_s=seconds), SandboxScript((), ""), Stage(SILENT, "")
    preparation = _Preparation(settings, script, kubectl, stage)
    cluster = K3dCluster("c", True, {30001: ("127.0.0.1", 1)})
    base_yaml = "mysql: {host: mysql, port: 3306, user: root, password: x, database: michelangelo}"
    with ExitStack() as stack, pytest.raises(HarnessError, match=message):
        preparation.reach_mysql(base_yaml, cluster, Mock(), stack)
