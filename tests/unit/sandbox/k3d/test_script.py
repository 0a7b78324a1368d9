"""Promises of `harness.sandbox.k3d.script`."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from harness.core.errors import HarnessError
from harness.core.progress import SILENT
from harness.sandbox.k3d.options import K3dSettings
from harness.sandbox.k3d.script import IN_CHECKOUT, Offers, SandboxScript, find_script
from tests.unit.sandbox.k3d.standins import StandIns

_OPTIONS = frozenset({"--exclude", "--workflow", "--wait-timeout"})
_SCRIPT = '''
import argparse, os, sys
parser = argparse.ArgumentParser()
actions = parser.add_subparsers(dest="action", required=True)
create = actions.add_parser("create")
create.add_argument("--exclude", nargs="+", default=[])
create.add_argument("--workflow", choices=["cadence", "temporal"])
actions.add_parser("stop")
words = parser.parse_args()
print("\\033[91mfirst\\033[0m", flush=True)
print("second", file=sys.stderr, flush=True)
os.system("echo third")
sys.exit(3 if words.action == "stop" else 0)
'''


class _Recorder:
    """A progress that keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def begin(self, stage: str, total: int | None = None, unit: str = "") -> None:
        """Note it."""
        self.said.append(f"begin {stage} {total} {unit}".rstrip())

    def advance(self, stage: str, done: int, note: str = "") -> None:
        """Note it."""
        self.said.append(f"{stage} {done} {note}")

    def end(self, stage: str, note: str = "") -> None:
        """Note it."""
        self.said.append(f"end {stage}: {note}")


@pytest.fixture
def script(tmp_path: Path) -> SandboxScript:
    """A sandbox.py of our own in a checkout."""
    path = tmp_path / IN_CHECKOUT
    path.parent.mkdir(parents=True)
    path.write_text(_SCRIPT)
    return find_script(tmp_path)


def test_reads_what_a_script_offers(script: SandboxScript) -> None:
    """Actions and the options of `create` are those that its help names."""
    assert script.read_offers() == Offers(frozenset({"create", "stop"}), frozenset({"--exclude", "--workflow"}))


def test_streams_its_output(script: SandboxScript) -> None:
    """Its lines and its programs' reach progress and log as they come, without colours; the exit code is kept."""
    recorder, log = _Recorder(), io.StringIO()
    finished = script.run("stop", [], environment=os.environ, timeout_s=30, log=log, progress=recorder)
    assert (finished.exit_code, finished.stdout) == (3, "first\nsecond\nthird")
    assert recorder.said == [
        "begin sandbox.py stop None",
        "sandbox.py stop 1 first",
        "sandbox.py stop 2 second",
        "sandbox.py stop 3 third",
        "end sandbox.py stop: exit code 3",
    ]
    assert log.getvalue() == f"$ {script.label} stop\nfirst\nsecond\nthird\n"


def test_runs_in_the_environment_that_it_is_given(tmp_path: Path) -> None:
    """The script sees the kubeconfig that it is given, and leaves no byte code in the checkout."""
    path = tmp_path / IN_CHECKOUT
    path.parent.mkdir(parents=True)
    path.write_text("import os; print(os.environ['KUBECONFIG'])")
    environment = {**os.environ, "KUBECONFIG": "/mine"}
    finished = find_script(tmp_path).run(
        "create", [], environment=environment, timeout_s=30, log=io.StringIO(), progress=SILENT
    )
    assert finished.stdout == "/mine"
    assert list(tmp_path.rglob("__pycache__")) == []


def test_passes_on_what_is_asked_for() -> None:
    """Services, engine and time limit become arguments; a default engine needs none."""
    settings = K3dSettings(workflow="temporal", exclude=("ui", "ray"), wait_timeout_s=30)
    words = "--exclude ui ray --workflow temporal --wait-timeout 30"
    assert Offers(frozenset(), _OPTIONS).make_arguments(settings) == words.split()
    assert Offers(frozenset(), _OPTIONS).make_arguments(K3dSettings()) == ["--wait-timeout", "600"]


def test_leaves_out_a_time_limit_that_is_unknown() -> None:
    """An older script without --wait-timeout is called without it."""
    assert Offers(frozenset(), _OPTIONS - {"--wait-timeout"}).make_arguments(K3dSettings()) == []


def test_refuses_what_the_script_does_not_know() -> None:
    """An option that would be lost is an error that names it and what is known."""
    with pytest.raises(HarnessError, match=r"--k3d-exclude: this sandbox\.py has no --exclude"):
        Offers(frozenset(), frozenset({"--workflow"})).make_arguments(K3dSettings(exclude=("ui",)))


def test_refuses_a_checkout_without_the_script(tmp_path: Path) -> None:
    """A folder that has no sandbox.py is an error that names both."""
    with pytest.raises(HarnessError, match=rf"{tmp_path} has no {IN_CHECKOUT}"):
        find_script(tmp_path)


def test_falls_back_on_the_package(standins: StandIns, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without a checkout it is `ma sandbox`: beside this Python, else on PATH; without it the error says so."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "venv" / "python"))
    with pytest.raises(HarnessError, match="`ma` is not on PATH") as caught:
        find_script(None)
    assert "pip install michelangelo" in caught.value.hint
    on_path = standins.write_program("ma", "")
    assert find_script(None).arguments == (str(on_path), "sandbox")
    beside = tmp_path / "venv" / "ma"
    beside.parent.mkdir()
    beside.touch()
    assert find_script(None).arguments == (str(beside), "sandbox")


def test_quotes_a_script_that_can_not_show_its_help(tmp_path: Path) -> None:
    """A script that breaks is an error with its own words; so is one that offers nothing."""
    path = tmp_path / IN_CHECKOUT
    path.parent.mkdir(parents=True)
    path.write_text("import nothing_of_that_name")
    with pytest.raises(HarnessError, match="No module named 'nothing_of_that_name'"):
        find_script(tmp_path).read_offers()
    path.write_text("print('usage: other')")
    with pytest.raises(HarnessError, match="names no action"):
        find_script(tmp_path).read_offers()
