"""Each seeded fault turns exactly the right cells red, and what failed says what broke."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from harness.core.record import Status

from .catalogue import CATALOGUE
from .conftest import Acceptance, Enter
from .faults import ALL, Fault, Sections
from .ledger import CleanEntry, FaultEntry


def flatten(sections: Sections) -> set[tuple[str, str]]:
    """Return the pairs of section and kind."""
    return {(section, kind) for section, kinds in sections.items() for kind in kinds}


def select_kinds(fault: Fault) -> Sequence[str]:
    """Return the kinds to try a fault with: those it breaks, and one it must leave alone; none stands for all."""
    touched = {kind for sections in (fault.fails, fault.not_run) for kinds in sections.values() for kind in kinds}
    if fault.crd or not touched <= set(ALL):
        return fault.crd
    bystander = next((kind for kind in ALL if kind not in touched), None)
    return [kind.lower() for kind in ALL if kind in touched or kind == bystander]


@pytest.mark.parametrize("fault", CATALOGUE, ids=lambda fault: fault.name)
def test_a_fault_turns_exactly_the_right_cells_red(fault: Fault, acceptance: Acceptance, enter: Enter) -> None:
    """The fault fails the checks that it is for, leaves the others alone, and is named."""
    executable = acceptance.make_executable(fault.name, fault.profile)
    selection = [word for kind in select_kinds(fault) for word in ("--crd", kind)]
    outcome = acceptance.run(
        *("--controllermgr", str(executable), "--profile", fault.profile, "--sync-timeout", "3"),
        *("-m", fault.chapter, *selection),
    )
    expected, may, failed = flatten(fault.fails), flatten(fault.may), outcome.find(Status.FAIL)
    named = fault.names in outcome.describe(Status.FAIL)
    remark = "" if named else f"{fault.names!r} is not named"
    enter(FaultEntry(fault.name, expected, failed, outcome.seconds, may, remark=remark))
    assert outcome.record is not None, outcome.output
    assert failed - may == expected, outcome.describe(Status.FAIL)
    assert outcome.find(Status.NOT_RUN) == flatten(fault.not_run), outcome.describe(Status.NOT_RUN)
    assert outcome.find(Status.ERROR) == set(), outcome.describe(Status.ERROR)
    assert outcome.exit_code == 1
    assert named, outcome.describe(Status.FAIL)


def test_stale_known_issues_can_be_tolerated(acceptance: Acceptance) -> None:
    """--allow-stale-known-issues turns a known issue that does not show into a warning of the report."""
    executable = acceptance.make_executable("known-issues-stale", "report-2026-03")
    outcome = acceptance.run(
        "--controllermgr", str(executable), "--profile", "report-2026-03", "--allow-stale-known-issues"
    )
    assert outcome.exit_code == 0, outcome.output
    assert outcome.record is not None
    assert outcome.record.warnings == [
        "known issue sparkjob-double-panic is stale",
        "known issue triggerrun-deleted is stale",
    ]


@pytest.mark.parametrize("profile", ["upstream-main", "report-2026-03"])
def test_a_right_ingester_passes(profile: str, acceptance: Acceptance, enter: Enter) -> None:
    """The reference without a fault passes every chapter that disturbs nothing, in each profile."""
    outcome = acceptance.run("--profile", profile, "-m", "not faults")
    alarms = {cell for status in Status if not status.succeeds for cell in outcome.find(status)}
    enter(CleanEntry(profile, alarms, outcome.seconds))
    assert alarms == set(), outcome.output
    assert outcome.exit_code == 0, outcome.output
