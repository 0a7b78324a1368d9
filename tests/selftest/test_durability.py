"""The rounds of faults find ingesters that lose data, pass one that does not, and say when they proved nothing."""

from __future__ import annotations

import functools
import re
import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from harness.chapters import CHAPTERS
from harness.chapters.faults.catalogue import FAULTS as ROUNDS
from harness.chapters.faults.catalogue import find_fault
from harness.chapters.faults.load.plan import make_plan
from harness.chapters.faults.schedule import RoundPlan, draw_schedule
from harness.chapters.faults.soak import run_round
from harness.cli.options import spell_round
from harness.core.progress import SILENT
from harness.core.record import Check, Status
from harness.core.settings import ControllerManager, SandboxSettings, Timeouts
from harness.suite.session import RunSettings, Session
from harness.suite.target import Target
from tests.selftest.conftest import ROOT, Acceptance
from tests.selftest.faults.fault import CONTRACT
from tests.selftest.faults.faults import FAULTS, DurabilityFault

PROFILE = "upstream-main"
_MARGIN_S = 1.0   # what is lost stays so, however long it is waited for


@pytest.fixture(scope="module")
def folder(acceptance: Acceptance) -> Iterator[Path]:
    """Yield a folder for executables, in whose sandbox the rounds of this process take place as well."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("TMPDIR", "XDG_RUNTIME_DIR"):
            patch.setenv(name, str(acceptance.folder))
        patch.setattr(tempfile, "tempdir", None)   # which remembers what TMPDIR was
        yield acceptance.folder


def make_executable(folder: Path, name: str, parts: str) -> Path:
    """Return an executable that runs the reference with the parts that an expression gives."""
    path = folder / f"controllermgr-{name}"
    path.write_text(
        f"#!{sys.executable}\n"
        "import sys\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "from harness.reference.process import Parts, main\n"
        "from harness.reference.reconciler import Reconciler\n"
        "from tests.selftest.faults.faults import FAULTS_BY_NAME, leak_memory\n"
        f"sys.exit(main(['--profile', {PROFILE!r}], parts={parts}))\n",
        encoding="utf-8",
    )
    path.chmod(0o755)
    return path


def run_in_sandbox(executable: Path | None, name: str, *kinds: str) -> Check:
    """Run one round in the sandbox that these tests share, with these kinds or all, and return its check."""
    fault = find_fault(name)
    sandbox = SandboxSettings(controllermgr=ControllerManager(executable), profile=PROFILE)
    settings = RunSettings(
        target=Target(sandbox=sandbox, profile=PROFILE),
        words=kinds,
        keep_sandbox=True,
        timeouts=Timeouts(sync_s=_MARGIN_S),
        format_soak_command=functools.partial(spell_round, {"profile": PROFILE}),
    )
    session = Session(settings, CHAPTERS, "self-test", SILENT)
    check = Check(fault.section, fault.title)
    try:
        session.start(faults=True)
        session.select([check])
        run_round(session, RoundPlan(1, (fault,), 1, fault.outage_s), check)
    finally:
        session.stop()
    return check


@pytest.mark.parametrize(
    "fault", [pytest.param(fault, id=fault.name) for fault in FAULTS]
)
def test_an_ingester_that_loses_data_is_found(fault: DurabilityFault, folder: Path) -> None:
    """The round that is for it fails, says what was lost, and how to see it again."""
    executable = make_executable(folder, fault.name, f"FAULTS_BY_NAME[{fault.name!r}].parts()")
    check = run_in_sandbox(executable, fault.round)
    found = "\n".join(map(str, check.findings))
    assert check.status is Status.FAIL, (check.detail, check.facts)
    assert re.search(fault.finds, found), found
    command = f"ingester-acceptance soak --profile {PROFILE} --fault {fault.round} --seed 1 "
    assert check.reproduce.startswith(command)


def test_a_right_ingester_passes_these_rounds(acceptance: Acceptance) -> None:
    """The reference loses nothing in rounds that find the others; here they are an acceptance run."""
    rounds = ["controllermgr-kill", "mysql-read-only", "mysql-lock-wait"]
    outcome = acceptance.run("-m", "faults", "-k", " or ".join(rounds), "--profile", PROFILE)
    assert outcome.record is not None, outcome.output
    assert len(outcome.record.checks) == len(rounds)
    assert outcome.exit_code == 0, outcome.output


@pytest.mark.parametrize("leaks", [True, False], ids=["leaks", "right"])
def test_memory_that_grows_with_every_sync_is_found(
    leaks: bool, folder: Path, acceptance: Acceptance
) -> None:
    """Over thousands of syncs; of an ingester that keeps nothing it is not said."""
    executable = ["--controllermgr", str(make_executable(folder, "leaky", "leak_memory()"))] if leaks else []
    outcome = acceptance.run(
        "-m", "faults", "-k", "8.8", "--profile", PROFILE, "--crd", "project", "--crd", "cluster", *executable
    )
    assert outcome.find(Status.FAIL if leaks else Status.PASS) == {("8.8", "")}, outcome.output
    assert ("memory: expected no growth" in outcome.describe(Status.FAIL)) is leaks


def test_a_fault_that_is_not_injected_is_invalid(folder: Path) -> None:
    """An Ingester that never writes feels no read-only MySQL: the round proves nothing, and is no pass."""
    idle = "Parts(reconciler=type('Idle', (Reconciler,), {'reconcile': lambda self, key: None}))"
    check = run_in_sandbox(make_executable(folder, "idle", idle), "mysql-read-only")
    assert (check.status, check.detail.partition(":")[0]) == (Status.INVALID, "the fault was not injected")


def test_a_load_that_is_not_there_is_invalid(folder: Path) -> None:
    """A load that can't do what it is for, since its only kind is immutable, proves nothing."""
    check = run_in_sandbox(None, "mysql-refused", "model")
    assert (check.status, check.detail.partition(":")[0]) == (Status.INVALID, "the load was not there")


def test_a_seed_is_one_schedule_and_one_load() -> None:
    """The same seed draws the same rounds, and plans the same operations for each client of each round."""

    def draw() -> list[object]:
        plans = list(islice(draw_schedule(7, ROUNDS), 30))
        cases = CONTRACT.select(["Project", "Cluster"])
        loads = [list(islice(make_plan(plan.seed, 0, cases), 50)) for plan in plans]
        return [plans, loads]

    assert draw() == draw()
