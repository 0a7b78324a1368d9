"""`harness.subject.registration`: too few controllers are seen within seconds, with what to look at."""

from __future__ import annotations

import pytest

from harness.chapters.seed.setup import check_registration
from harness.core.errors import CheckFailure
from harness.core.record import Check
from harness.sandbox.base import Phase
from harness.subject.log import REGISTERED, SETTING_UP, SKIPPED, WORKERS_STARTED
from harness.subject.registration import Registration, await_registration
from tests.fakes.contract import CONTRACT
from tests.fakes.sandbox import FakeSandbox

NAMES = [kind.name for kind in CONTRACT.kinds]


def register(sandbox: FakeSandbox, names: list[str], run: int = 0) -> None:
    """Let the controller manager register the kinds."""
    sandbox.log(SETTING_UP, run)
    for name in names:
        sandbox.log(REGISTERED, run, kind=name)


def test_all_controllers_end_the_wait_at_once(sandbox: FakeSandbox) -> None:
    """Thirteen registrations are enough, whether or not the workers have started."""
    register(sandbox, NAMES)
    registration = await_registration(sandbox, timeout_s=0)
    assert registration.headline == "13 of 13 ingester controllers registered"
    assert (registration.missing, registration.unexpected, registration.look_at) == ([], [], "")
    check_registration(registration, Check("1.3", "t"))


def test_none_is_told_apart_from_slow(sandbox: FakeSandbox) -> None:
    """Workers that start without a registration end the wait long before its time-out."""
    register(sandbox, [])
    sandbox.log(WORKERS_STARTED, controller="pipelinerun")
    registration = await_registration(sandbox, timeout_s=3600)
    assert registration.headline == "0 of 13 ingester controllers registered"
    assert registration.missing == NAMES
    assert "module.go" in registration.look_at


def test_a_missing_kind_is_named(sandbox: FakeSandbox) -> None:
    """The failure names the kind that has no controller."""
    register(sandbox, [name for name in NAMES if name != "Revision"])
    sandbox.log(WORKERS_STARTED)
    check = Check("1.3", "t")
    with pytest.raises(CheckFailure, match=r"12 of 13 .*\n  controller of Revision: expected registered"):
        check_registration(await_registration(sandbox, timeout_s=3600), check)
    assert [mismatch.where for mismatch in check.findings] == ["controller of Revision"]


@pytest.mark.parametrize("extra", ["CachedOutput", "Model"])
def test_a_controller_too_many_is_named(extra: str) -> None:
    """A kind that is unknown, or registered twice, fails as well."""
    registration = Registration((*NAMES, extra), "", ())
    with pytest.raises(CheckFailure, match=f"unexpected or repeated: {extra}"):
        check_registration(registration, Check("1.3", "t"))


def test_a_closed_gate_is_recognised(sandbox: FakeSandbox) -> None:
    """The first gate's own log line leads to advice about that gate."""
    sandbox.log(SKIPPED)
    assert "enableMetadataStorage" in await_registration(sandbox, timeout_s=3600).look_at


def test_only_the_current_run_counts(sandbox: FakeSandbox) -> None:
    """What an earlier process registered says nothing about the one that runs now."""
    register(sandbox, NAMES, run=0)
    register(sandbox, [], run=1)
    sandbox.log(WORKERS_STARTED, run=1)
    assert len(await_registration(sandbox, timeout_s=3600).missing) == 13


def test_a_dead_controller_manager_is_quoted(sandbox: FakeSandbox) -> None:
    """A controller manager that is down ends the wait, and its last lines are shown."""
    sandbox.phase, sandbox.reason = Phase.CRASH_LOOP, "exit code 2; starts again in 2 s"
    sandbox.log("metadata storage is enabled but mysql config is empty")
    registration = await_registration(sandbox, timeout_s=3600)
    assert registration.headline == (
        "0 of 13 ingester controllers registered: michelangelo-controllermgr is CrashLoopBackOff (exit code 2): "
        "metadata storage is enabled but mysql config is empty"
    )
