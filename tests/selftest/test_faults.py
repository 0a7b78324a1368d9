"""Each seeded fault turns exactly the right cells red, and what failed says what broke."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.core.record import Status

from .batches import AT_EACH_CHANGE, BATCHES, Batch
from .conftest import Acceptance, Enter, Outcome
from .faults.fault import Fault, flatten
from .faults.features import CLAIMING, RETAINING
from .ledger import CleanEntry, FaultEntry


def _name(profile: str) -> str:
    return profile.rpartition("/")[2].removesuffix(".toml")


def _list_faults(whole: bool) -> list[Any]:
    """Return the faults with their batches: each change is tried with some, and with few checks of these."""
    return [
        pytest.param(fault, batch, id=fault.name)
        for batch in BATCHES
        for fault in batch.faults
        if whole or batch.name in AT_EACH_CHANGE
    ]


_SPECIAL_IN_REPORT = ("project", "model", "pipelinerun", "cluster", "sparkjob", "triggerrun", "deployment")
TryBatch = Callable[[Batch, bool], tuple[Batch, Outcome]]


@pytest.fixture(scope="module")
def try_batch(request: pytest.FixtureRequest, acceptance: Acceptance) -> TryBatch:
    """Return how to try those faults of a batch that are selected: with one run, which their tests share."""
    parameters = [getattr(item, "callspec", None) for item in request.session.items]
    faults = [callspec.params.get("fault") for callspec in parameters if callspec is not None]
    selected = {fault.name for fault in faults if isinstance(fault, Fault)}
    done: dict[tuple[str, bool], tuple[Batch, Outcome]] = {}

    def do(batch: Batch, whole: bool) -> tuple[Batch, Outcome]:
        key = batch.name, whole
        if key not in done:
            tried = batch.select(selected)
            done[key] = tried, acceptance.try_batch(tried, whole=whole)
        return done[key]

    return do


@pytest.mark.parametrize(("fault", "batch"), _list_faults(whole=False))
def test_a_fault_turns_its_cells_red(fault: Fault, batch: Batch, try_batch: TryBatch, enter: Enter) -> None:
    """The fault fails the checks that it is for, which name it; the same checks of another kind pass."""
    _judge(fault, *try_batch(batch, False), enter)


@pytest.mark.parametrize(("fault", "batch"), _list_faults(whole=True))
def test_a_fault_turns_exactly_the_right_cells_red(
    fault: Fault, batch: Batch, try_batch: TryBatch, enter: Enter
) -> None:
    """The fault fails the checks that it is for, leaves all others of its chapter alone, and is named."""
    _judge(fault, *try_batch(batch, True), enter)


def _judge(fault: Fault, tried: Batch, outcome: Outcome, enter: Enter) -> None:
    def find(status: Status) -> set[tuple[str, str]]:
        return tried.find_own(fault, outcome.find(status))

    expected, failed = flatten(fault.fails), find(Status.FAIL)
    may = fault.allowed - expected
    said = outcome.describe(Status.FAIL, failed)
    remark = "" if fault.names in said else f"{fault.names!r} is not named"
    enter(
        FaultEntry(
            fault.name, expected, failed, outcome.seconds, may, remark=remark, beside=len(tried.faults) - 1
        )
    )
    assert outcome.record is not None, outcome.output
    assert failed - may == expected, said or outcome.output[-4000:]
    assert find(Status.NOT_RUN) == flatten(fault.not_run), outcome.describe(Status.NOT_RUN)
    assert find(Status.ERROR) == set(), outcome.describe(Status.ERROR)
    assert outcome.exit_code == 1
    assert not remark, said


def test_stale_known_issues_can_be_tolerated(acceptance: Acceptance) -> None:
    """--allow-stale-known-issues turns a known issue that does not show into a warning of the report."""
    executable = acceptance.make_executable("stale", ["known-issues-stale"], "report-2026-03")
    outcome = acceptance.run(
        "--controllermgr", str(executable), "--profile", "report-2026-03", "--allow-stale-known-issues"
    )
    assert outcome.exit_code == 0, outcome.output
    assert outcome.record is not None
    assert outcome.record.warnings == [
        "known issue sparkjob-double-panic is stale",
        "known issue triggerrun-deleted is stale",
    ]


@pytest.mark.parametrize(
    ("profile", "kinds"),
    [
        ("upstream-main", ()),
        ("report-2026-03", _SPECIAL_IN_REPORT),
        (CLAIMING, ("model", "pipelinerun")),
        (RETAINING, ("model", "pipelinerun")),
    ],
    ids=lambda value: _name(value) if isinstance(value, str) else "",
)
def test_a_right_ingester_passes(
    profile: str, kinds: tuple[str, ...], acceptance: Acceptance, enter: Enter
) -> None:
    """The reference without a fault passes every chapter that disturbs nothing, in each profile.

    One profile is tried with all kinds, the others with those that they are special about; all kinds of the seed
    report's version are the main job, which is run with each change.
    """
    selection = [word for kind in kinds for word in ("--crd", kind)]
    outcome = acceptance.run("--profile", profile, "-m", "not faults", *selection)
    alarms = {cell for status in Status if not status.succeeds for cell in outcome.find(status)}
    enter(CleanEntry(_name(profile), alarms, outcome.seconds))
    assert alarms == set(), outcome.output
    assert outcome.exit_code == 0, outcome.output


def test_a_feature_that_nobody_knows_is_not_judged(acceptance: Acceptance) -> None:
    """What stands on it is not applicable and no pass, which the record warns of; the rest is judged as ever."""
    profile = CLAIMING.replace("claiming", "unknown")
    outcome = acceptance.run("--profile", profile, "-m", "contract", "--crd", "project")
    assert outcome.exit_code == 0, outcome.output
    assert outcome.record is not None
    reasons = {check.section: check.detail for check in outcome.record.checks if "webhook" in check.detail}
    assert set(reasons) == {"5.7", "5.11", "5.13"}
    assert {check.status for check in outcome.record.checks if check.section in reasons} == {Status.NOT_APPLICABLE}
    (warning,) = outcome.record.warnings
    assert warning == "feature finalizer is 'webhook': what stands on that could not be judged, and is no pass"
