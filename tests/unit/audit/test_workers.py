"""`harness.audit.workers`: kinds that are scanned side by side come to what one process comes to."""

from __future__ import annotations

import dataclasses
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from harness.audit import workers as module
from harness.audit.audit import Audit, AuditSettings
from harness.audit.classes import AuditClass
from harness.audit.classification import Policy
from harness.audit.output.table import list_problems
from harness.audit.reading import Scope
from harness.audit.result import AuditResult
from harness.audit.workers import MOST, Source, Workers, count_workers, open_workers, scan_task
from harness.clients.kube import Page
from harness.core.errors import HarnessError
from harness.core.progress import SILENT
from harness.core.settings import MySQLEndpoint
from harness.spec.equality import compare_row
from harness.spec.model import JsonObject, Kind
from tests.fakes.contract import CONTRACT
from tests.unit.audit.fakes import FakeSystem
from tests.unit.chapters.faults.builders import make_obj, make_row

NAMES = ("Project", "Pipeline", "Cluster")
EXPIRED = HarnessError("kube-apiserver no longer knows the user: 401 Unauthorized", hint="log in again")


class System(FakeSystem):
    """Objects of some kinds, of which one differs from its row, one is missing, and `expires` has no answer."""

    def __init__(self, kind: Kind, *, expires: bool = False) -> None:
        super().__init__()
        self._expires = expires
        for number in range(5):
            obj = make_obj(f"{kind.name.lower()}-{number}", uid=f"{kind.name}-{number}", kind=kind.name)
            row = make_row(obj)
            if number == 3:
                row = dataclasses.replace(row, labels=())
            self.add(obj, None if number == 1 and kind.name == "Cluster" else row)

    def list_page(
        self, kind: Kind, namespace: str, *, limit: int, token: str = "", selector: str = ""
    ) -> Page:
        """Return objects, until the login has expired."""
        if self._expires and token:
            raise EXPIRED
        return super().list_page(kind, namespace, limit=limit, token=token, selector=selector)

    def close(self) -> None:
        """Do nothing."""


class Systems:
    """One system for each kind, on both sides."""

    def __init__(self, *expired: str) -> None:
        self._systems = {name: System(CONTRACT.get_kind(name), expires=name in expired) for name in NAMES}

    def __getattr__(self, name: str) -> Any:
        """Ask the system of the kind."""
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda kind, *words, **more: getattr(self._systems[kind.name], name)(kind, *words, **more)

    def reconnect(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""

    def get(self, kind: Kind, namespace: str, name: str) -> JsonObject | None:
        """Return the object."""
        return self._systems[kind.name].get(kind, namespace, name)


@pytest.fixture
def crew() -> Iterator[Workers]:
    """Two processes, made as on the command line."""
    with multiprocessing.get_context("fork").Pool(2) as pool:
        yield Workers(pool)


def audit(folder: Path, systems: Systems, workers: Workers | None, *, resume: bool = False) -> AuditResult:
    """Audit the systems, by workers where there are some."""
    settings = AuditSettings(folder, {"of": "this"}, compare_row, grace_s=0.05, resume=resume)
    source = Source(Path("nowhere"), MySQLEndpoint("db", 1, "u", "d", "p"), Scope())
    folder.mkdir(exist_ok=True)
    reader: Any = FakeSystem().make_reader()
    reader.cluster = reader.tables = systems
    kinds = [CONTRACT.get_kind(name) for name in NAMES]
    return Audit(settings, reader, CONTRACT, kinds, SILENT, workers=workers, source=source).run()


def patch(monkeypatch: pytest.MonkeyPatch, systems: Systems) -> None:
    """Let workers reach these systems; to be done before they are made."""
    monkeypatch.setattr(module, "Cluster", lambda _: systems)
    monkeypatch.setattr(module, "TableRanges", lambda _: systems)


def summarise(result: AuditResult) -> list[tuple[Any, ...]]:
    """Return what a result says of each kind."""
    return [(each.name, each.objects, each.rows, each.compared, each.tally.counts) for each in result.kinds]


def test_side_by_side_comes_to_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """Counts, findings and their order are those of one process, and what differed is looked at again."""
    systems = Systems()
    patch(monkeypatch, systems)
    crew = request.getfixturevalue("crew")
    one, many = audit(tmp_path / "1", systems, None), audit(tmp_path / "2", systems, crew)
    assert summarise(many) == summarise(one)
    assert many.counts[AuditClass.DIFFERS] == 3
    assert many.counts[AuditClass.MISSING] == 1
    findings = [(tmp_path / name / "findings.ndjson").read_text() for name in "12"]
    assert findings[0] == findings[1]
    assert (many.exit_code, many.problems) == (1, [])


@pytest.mark.parametrize("in_processes", [False, True])
def test_a_login_that_expires_is_one_sentence_and_costs_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, in_processes: bool
) -> None:
    """What was read before it is audited, exit code 2; with a new login the audit goes on where it was."""
    expired, whole = Systems("Project", "Cluster"), Systems()
    patch(monkeypatch, expired)
    crew = request.getfixturevalue("crew") if in_processes else None
    result = audit(tmp_path, expired, crew)
    assert result.exit_code == 2
    ((words, hint),) = list_problems(result)
    assert words == "Project and Cluster: kube-apiserver no longer knows the user: 401 Unauthorized"
    assert hint == "log in again"
    assert {each.name: each.objects for each in result.kinds} == {"Project": 2, "Pipeline": 5, "Cluster": 2}
    assert result.counts[AuditClass.DIFFERS] == 1   # of Pipeline, which was read to its end
    again = audit(tmp_path, whole, None, resume=True)
    assert (again.exit_code, again.problems) == (1, [])
    assert summarise(again) == summarise(audit(tmp_path / "whole", whole, None))


def test_a_worker_that_can_t_connect_costs_its_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What keeps a scan from beginning is its kind's problem, as what ends it is."""

    def refuse(_: object) -> None:
        raise HarnessError("MySQL at db:1 does not answer")

    patch(monkeypatch, Systems())
    monkeypatch.setattr(module, "TableRanges", refuse)
    source = Source(Path("nowhere"), MySQLEndpoint("db", 1, "u", "d", "p"), Scope())
    policy = Policy.of(CONTRACT, CONTRACT.get_kind("Project"), 1.0, compare_row)
    outcome = scan_task(module.Task(source, policy, tmp_path, show_values=False))
    assert [(each.kind, each.words) for each in outcome.problems] == [("Project", "MySQL at db:1 does not answer")]


def test_as_many_as_asked_for_or_as_there_are_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with many cores does not fall upon servers that others use as well."""
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    assert (count_workers(None), count_workers(1), count_workers(9)) == (MOST, 1, 9)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert count_workers(None) == 2


def test_one_process_is_the_audit_itself() -> None:
    """With one there is nobody beside it."""
    with open_workers(1) as workers:
        assert workers is None


def test_workers_end_with_an_audit_that_is_killed() -> None:
    """Nobody goes on writing the journal of an audit that is no more."""
    script = (
        "import sys, time; from harness.audit.workers import open_workers\n"
        "with open_workers(2) as workers:\n"
        "    import multiprocessing\n"
        "    print(*[child.pid for child in multiprocessing.active_children()], flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        workers = [psutil.Process(int(pid)) for pid in process.stdout.readline().split()]
        process.kill()
    assert len(workers) == 2
    assert psutil.wait_procs(workers, timeout=10)[1] == []


def test_workers_end_with_their_context() -> None:
    """Whatever they are at, no process is left."""
    with open_workers(2) as workers:
        assert workers is not None
        assert len(multiprocessing.active_children()) >= 2
    assert not [child for child in multiprocessing.active_children() if child.is_alive()]
