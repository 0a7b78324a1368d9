"""The rounds of faults find ingesters that lose data, pass one that does not, and say when they proved nothing."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from harness.results import Status
from tests.selftest.conftest import ROOT, Acceptance, Outcome
from tests.selftest.durability_faults import FAULTS, DurabilityFault

ROUNDS = sorted({fault.round for fault in FAULTS})


def make_executable(folder: Path, name: str, parts: str) -> Path:
    """Return an executable that runs the reference with the parts that an expression gives."""
    path = folder / f"controllermgr-{name}"
    path.write_text(
        f"#!{sys.executable}\n"
        "import sys\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "from harness.reference.process import Parts, main\n"
        "from harness.reference.reconciler import Reconciler\n"
        "from tests.selftest.durability_faults import FAULTS_BY_NAME\n"
        f"sys.exit(main(['--profile', 'upstream-main'], parts={parts}))\n",
        encoding="utf-8",
    )
    path.chmod(0o755)
    return path


def run_rounds(acceptance: Acceptance, rounds: list[str], *arguments: str) -> Outcome:
    """Run these rounds of the chapter on faults."""
    return acceptance.run(
        "-m", "faults", "-k", " or ".join(rounds), "--profile", "upstream-main", "--sync-timeout", "2", *arguments
    )


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_an_ingester_that_loses_data_is_found(fault: DurabilityFault, acceptance: Acceptance) -> None:
    """The round that is for it fails, and says what was lost."""
    executable = make_executable(acceptance.folder, fault.name, f"FAULTS_BY_NAME[{fault.name!r}].parts()")
    outcome = run_rounds(acceptance, [fault.round], "--controllermgr", str(executable))
    assert outcome.record is not None, outcome.output
    assert [check.status for check in outcome.record.checks] == [Status.FAIL], outcome.output
    assert re.search(fault.finds, outcome.describe(Status.FAIL)), outcome.describe(Status.FAIL)
    assert "python -m harness soak --fault" in outcome.record.checks[0].reproduce
    assert outcome.exit_code == 1


def test_a_right_ingester_passes_these_rounds(acceptance: Acceptance) -> None:
    """The reference loses nothing in the rounds that find the others."""
    outcome = run_rounds(acceptance, ROUNDS)
    assert outcome.record is not None, outcome.output
    assert len(outcome.record.checks) == len(ROUNDS)
    assert outcome.exit_code == 0, outcome.output


def test_a_fault_that_does_not_strike_is_invalid(acceptance: Acceptance) -> None:
    """An Ingester that never writes feels no read-only MySQL: the round proves nothing, and is no pass."""
    idle = "Parts(reconciler=type('Idle', (Reconciler,), {'reconcile': lambda self, key: None}))"
    executable = make_executable(acceptance.folder, "idle", idle)
    outcome = run_rounds(acceptance, ["mysql-read-only"], "--controllermgr", str(executable))
    assert outcome.record is not None, outcome.output
    (check,) = outcome.record.checks
    assert (check.status, check.detail.partition(":")[0]) == (Status.INVALID, "the fault did not strike")
    assert outcome.exit_code == 1


def test_a_load_that_is_not_there_is_invalid(acceptance: Acceptance) -> None:
    """A load that can't do what it is for, since its only kind is immutable, proves nothing."""
    outcome = run_rounds(acceptance, ["mysql-refused"], "--crd", "model")
    assert outcome.record is not None, outcome.output
    (check,) = outcome.record.checks
    assert (check.status, check.detail.partition(":")[0]) == (Status.INVALID, "the load was not there")
