"""`harness.subject.registration`: too few controllers are seen within seconds, with what to look at."""

from __future__ import annotations

import re
from collections.abc import Collection
from types import SimpleNamespace
from typing import cast

import pytest

from harness.chapters.seed.setup import check_registration
from harness.chapters.seed.steps import Scenario
from harness.core import codes
from harness.core.errors import CheckFailure
from harness.core.outcomes import NotApplicable
from harness.core.record import Check
from harness.sandbox.base import Phase
from harness.sandbox.log_coverage import LogCoverage
from harness.spec.read import SetupLines
from harness.subject.log import WORKERS_STARTED
from harness.subject.registration import Registration, await_registration
from harness.suite.expectations import Expectations
from harness.suite.judge import conclude
from harness.suite.recorder import Recorder
from tests.fakes.contract import CONTRACT
from tests.fakes.sandbox import LINES, FakeSandbox

NAMES = CONTRACT.names


def check(registration: Registration, tables: Collection[str] = ()) -> Check:
    """Conclude section 1.3 with that registration and database; return its place in the record in any case."""
    recorder, place = Recorder(), Check("1.3", "t")
    scenario = SimpleNamespace(context=SimpleNamespace(registration=registration, tables=tables))
    check_registration(cast(Scenario, scenario), None, recorder)
    try:
        conclude(place, recorder, Expectations())
    except CheckFailure as failure:
        place.detail = str(failure)
    recorder.write_to(place)
    return place


def test_all_controllers_end_the_wait_at_once(sandbox: FakeSandbox) -> None:
    """Thirteen registrations are enough, whether or not the workers have started."""
    sandbox.register(NAMES)
    registration = await_registration(sandbox, NAMES, timeout_s=0)
    assert registration.headline == "13 of 13 ingester controllers registered"
    assert (registration.missing, registration.unexpected, registration.look_at) == ([], [], "")
    assert check(registration).findings == []


def test_a_version_may_word_it_otherwise(sandbox: FakeSandbox) -> None:
    """What its code logs counts, and nothing else."""
    lines = SetupLines(registered="Now watching")
    sandbox.register(NAMES)
    sandbox.log(WORKERS_STARTED, controller="pipelinerun")
    assert await_registration(sandbox, NAMES, 3600, lines).missing == list(NAMES)
    for name in NAMES:
        sandbox.log("Now watching", kind=name)
    assert await_registration(sandbox, NAMES, 0, lines).missing == []


def test_of_a_version_that_says_nothing_the_started_controllers_count(sandbox: FakeSandbox) -> None:
    """Those of the Ingester, and not the business controllers of the same kinds."""
    for name in NAMES:
        sandbox.log("Starting Controller", controller=name.lower(), controllerKind=name)
    sandbox.log(WORKERS_STARTED, controller="pipelinerun")
    assert await_registration(sandbox, NAMES, 3600).missing == list(NAMES)
    for name in NAMES:
        sandbox.log("Starting Controller", controller=f"ingester_{name}", controllerKind=name)
    registration = await_registration(sandbox, NAMES, 0)
    assert registration.missing == registration.unexpected == []
    assert check(registration).findings == []


def test_none_is_told_apart_from_slow(sandbox: FakeSandbox) -> None:
    """Workers that start without a registration end the wait long before its time-out."""
    sandbox.register([])
    sandbox.log(WORKERS_STARTED, controller="pipelinerun")
    registration = await_registration(sandbox, NAMES, timeout_s=3600)
    assert registration.headline == "0 of 13 ingester controllers registered"
    assert registration.missing == list(NAMES)
    assert "module.go" in registration.look_at


def test_a_missing_kind_is_named(sandbox: FakeSandbox) -> None:
    """The failure names the kind that has no controller."""
    sandbox.register([name for name in NAMES if name != "Revision"])
    sandbox.log(WORKERS_STARTED)
    found = check(await_registration(sandbox, NAMES, timeout_s=3600))
    assert re.match(r"12 of 13 .*\n  controller of Revision: expected registered", found.detail)
    assert [(finding.code, finding.where) for finding in found.findings] == [
        (codes.CONTROLLER_MISSING, "controller of Revision")
    ]
    assert [item.kind for item in found.evidence] == ["log", "log"]


@pytest.mark.parametrize("extra", ["CachedOutput", "Model"])
def test_a_controller_too_many_is_named(extra: str) -> None:
    """A kind that is unknown, or registered twice, fails as well."""
    found = check(Registration((*NAMES, extra), NAMES, "", ()))
    assert f"unexpected or repeated: {extra}" in found.detail
    assert [(finding.code, finding.where) for finding in found.findings] == [
        (codes.CONTROLLER_UNEXPECTED, f"controller of {extra}")
    ]


def test_a_controller_with_a_table_is_no_mistake() -> None:
    """Where nothing said beforehand that there is such a kind, its table does; that it was not tested is told."""
    found = check(Registration((*NAMES, "CachedOutput"), NAMES, "", ()), {"cached_output"})
    assert found.findings == []
    assert found.facts == {
        "CachedOutput": "registered and not tested: nothing is known of it but its table cached_output"
    }
    twice = check(Registration((*NAMES, "CachedOutput", "CachedOutput"), NAMES, "", ()), {"cached_output"})
    assert [finding.code for finding in twice.findings] == [codes.CONTROLLER_UNEXPECTED] * 2


def test_a_closed_gate_is_recognised(sandbox: FakeSandbox) -> None:
    """The first gate's own log line leads to advice about that gate."""
    sandbox.log(LINES.skipped)
    assert "enableMetadataStorage" in await_registration(sandbox, NAMES, timeout_s=3600).look_at


def test_only_the_current_run_counts(sandbox: FakeSandbox) -> None:
    """What an earlier process registered says nothing about the one that runs now."""
    sandbox.register(NAMES, run=0)
    sandbox.register([], run=1)
    sandbox.log(WORKERS_STARTED, run=1)
    assert len(await_registration(sandbox, NAMES, timeout_s=3600).missing) == 13


def test_a_dead_controller_manager_is_quoted(sandbox: FakeSandbox) -> None:
    """A controller manager that is down ends the wait, and its last lines are shown."""
    sandbox.phase, sandbox.reason = Phase.CRASH_LOOP, "exit code 2; starts again in 2 s"
    sandbox.log("metadata storage is enabled but mysql config is empty")
    registration = await_registration(sandbox, NAMES, timeout_s=3600)
    assert registration.headline == (
        "0 of 13 ingester controllers registered: michelangelo-controllermgr is CrashLoopBackOff (exit code 2): "
        "metadata storage is enabled but mysql config is empty"
    )


def test_a_log_that_does_not_tell_is_no_failure(sandbox: FakeSandbox) -> None:
    """Where it can't be read, or not from the start, the rows are the proof: nothing is missing."""

    class Deaf(FakeSandbox):
        log_coverage = LogCoverage.NONE
        log_limit = "the logs are somebody else's"

    registration = await_registration(Deaf(), NAMES, timeout_s=3600)
    assert (registration.missing, registration.unknown) == ([], "the logs are somebody else's")
    with pytest.raises(NotApplicable, match="somebody else's"):
        check(registration)


def test_a_version_has_as_many_controllers_as_kinds(sandbox: FakeSandbox) -> None:
    """How many, its contract says."""
    sandbox.register(["Project", "Model"])
    registration = await_registration(sandbox, ["Project", "Model"], timeout_s=0)
    assert registration.headline == "2 of 2 ingester controllers registered"
