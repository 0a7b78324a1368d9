"""Fixtures for tests with real servers: what is tested, and that nothing of it stays behind."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from harness.core.polling import wait_for
from harness.core.progress import SILENT
from harness.core.settings import ControllerManager, SandboxSettings
from harness.sandbox.base import Phase
from harness.sandbox.local.client.sandbox import LocalSandbox, end_sandbox, list_sandboxes, start_local_sandbox
from harness.sandbox.local.wire.folder import MARKER_VARIABLE
from harness.sandbox.storage import ROOT_VARIABLE, get_root
from tests.signals import hear_sigint


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare how many objects the audit is to look at, and how often under load."""
    parser.addoption("--audit-rounds", type=int, default=3, metavar="N", help="audits under load (default: 3)")
    parser.addoption("--audit-objects", type=int, default=260, metavar="N", help="objects to audit (default: 260)")


def pytest_configure() -> None:
    """Hear interruptions."""
    hear_sigint()


@pytest.fixture(scope="session")
def settings() -> SandboxSettings:
    """The sandbox under test: with the reference, or the controller manager that INGESTER_CONTROLLERMGR names.

    INGESTER_CRDS and INGESTER_SCHEMA then name its CRDs and schema.
    """

    def read(variable: str) -> Path | None:
        return Path(value).resolve() if (value := os.environ.get(variable)) else None

    return SandboxSettings(
        controllermgr=ControllerManager(read("INGESTER_CONTROLLERMGR")),
        crds=read("INGESTER_CRDS"),
        schema=read("INGESTER_SCHEMA"),
    )


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A root of the test's own for sandboxes; whatever is left in it afterwards is a failure."""
    path = tempfile.mkdtemp(prefix="sb-", dir="/tmp")
    monkeypatch.setenv(ROOT_VARIABLE, path)
    yield get_root()
    for folder, _ in list_sandboxes(Path(path)):
        end_sandbox(Path(path), folder, used=True)
    left = [entry.name for entry in Path(path).iterdir() if not entry.name.startswith(".")]
    left += [str(process) for process in find_processes_below(Path(path))]
    shutil.rmtree(path)
    assert left == []


def find_processes_below(root: Path) -> list[psutil.Process]:
    """Return the processes of all sandboxes below `root`."""
    return [
        process
        for process in psutil.process_iter(["environ"])
        if (process.info["environ"] or {}).get(MARKER_VARIABLE, "").startswith(f"{root}/")
    ]


Start = Callable[..., LocalSandbox]


@pytest.fixture
def start(root: Path, settings: SandboxSettings) -> Iterator[Start]:
    """Starts sandboxes, with changed settings where asked, and stops them after the test."""
    started: list[LocalSandbox] = []

    def do(
        *,
        keep: bool = False,
        ports: dict[str, int] | None = None,
        on_reuse: Callable[[LocalSandbox], None] = lambda _: None,
        **changes: object,
    ) -> LocalSandbox:
        wanted = replace(settings, **changes)  # type: ignore[arg-type]
        started.append(start_local_sandbox(wanted, keep=keep, progress=SILENT, ports=ports, on_reuse=on_reuse))
        return started[-1]

    yield do
    for sandbox in started:
        sandbox.stop()


Shared = Callable[..., LocalSandbox]


@pytest.fixture(scope="module")
def shared(settings: SandboxSettings) -> Iterator[Shared]:
    """Returns the module's sandbox with changed settings where asked: for tests that undo what they do to it.

    One that a test has left disturbed, since it failed halfway, is replaced by a new one.
    """
    path = tempfile.mkdtemp(prefix="sb-", dir="/tmp")
    sandboxes: dict[SandboxSettings, LocalSandbox] = {}

    def get(**changes: object) -> LocalSandbox:
        wanted = replace(settings, **changes)  # type: ignore[arg-type]
        known = sandboxes.get(wanted)
        if known is not None:
            if _is_whole(known):
                return known
            known.stop()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(ROOT_VARIABLE, path)
            sandboxes[wanted] = start_local_sandbox(wanted, keep=False, progress=SILENT)
        return sandboxes[wanted]

    yield get
    for sandbox in sandboxes.values():
        sandbox.stop()
    left = [entry.name for entry in Path(path).iterdir() if not entry.name.startswith(".")]
    left += [str(process) for process in find_processes_below(Path(path))]
    shutil.rmtree(path)
    assert left == []


def _is_whole(sandbox: LocalSandbox) -> bool:
    """Whether everything is up, neither paused nor cut off."""
    return all(
        component.phase in (Phase.RUNNING, Phase.COMPLETED) and not component.reason
        for component in sandbox.components()
    )


def wait_until(condition: Callable[[], object], timeout_s: float = 15.0) -> None:
    """Return once the condition holds; fail where it does not in time."""
    waited = wait_for(condition, bool, timeout_s=timeout_s, interval_s=0.01)
    assert waited.satisfied, "not in time"
