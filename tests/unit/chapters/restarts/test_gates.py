"""Sections 6.1 to 6.3: one chain of starts, and each section's fault turns it red."""

from __future__ import annotations

from typing import Any

import pytest

from harness.chapters.restarts.gates import SETTINGS
from harness.core import codes
from harness.core.outcomes import NotApplicable, NotRun
from harness.sandbox.capabilities import BusyError, Overrides
from harness.subject.log import WORKERS_STARTED
from tests.fakes.controllermgr import ReconfigurableSandbox
from tests.fakes.world import World
from tests.unit.chapters.restarts.world import Restarts

NUMBERS = ("6.1", "6.2", "6.3")


@pytest.mark.parametrize("number", NUMBERS)
def test_a_right_product_passes(number: str) -> None:
    """Each alone: it takes the steps before it."""
    assert Restarts().record(number).findings == []


def test_the_chain_is_gone_through_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is asked for first: gate off, no mysql, then settings of its own."""
    started = []
    start = ReconfigurableSandbox.start_controllermgr

    def note(sandbox: ReconfigurableSandbox, overrides: Overrides = (), **options: Any) -> None:
        started.append((tuple(overrides), options.get("without", ())))
        start(sandbox, tuple(overrides), **options)

    monkeypatch.setattr(ReconfigurableSandbox, "start_controllermgr", note)
    restarts = Restarts()
    for number in (*NUMBERS[::-1], *NUMBERS):
        restarts.conclude(number)
    assert started == [
        ((("metadataStorage.enableMetadataStorage", False),), ()),
        ((), ("mysql",)),
        (SETTINGS, ()),
    ]


@pytest.mark.parametrize(
    ("number", "fault", "code"),
    [
        ("6.1", "says nothing", codes.LOG_MISSING),
        ("6.1", "ignores its gate", codes.CONTROLLER_UNEXPECTED),
        ("6.1", "loses rows", codes.ROW_CHANGED),
        ("6.1", "never starts", codes.CONTROLLERMGR_STATE),
        ("6.2", "starts without mysql", codes.CONTROLLERMGR_STATE),
        ("6.2", "gives no reason", codes.LOG_MISSING),
        ("6.3", "forgets a controller", codes.CONTROLLER_MISSING),
        ("6.3", "ignores its workers", "controller.workers"),
        ("6.3", "ignores its period", "controller.period"),
    ],
)
def test_a_fault_turns_its_section_red(number: str, fault: str, code: str) -> None:
    """With a code of its own."""
    assert code in Restarts(fault).find(number)


def test_it_needs_a_sandbox_that_can_start_it_anew() -> None:
    """A cluster of others can't."""
    restarts = Restarts(world=World())
    for number in NUMBERS:
        with pytest.raises(NotApplicable, match="the fake sandbox can't reconfigure the controller manager"):
            restarts.record(number)


def test_a_sandbox_that_others_use_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopping the controller manager would fail their run."""

    def refuse(_: object) -> None:
        raise BusyError("another run uses it")

    monkeypatch.setattr(ReconfigurableSandbox, "stop_controllermgr", refuse)
    with pytest.raises(NotRun, match="another run uses it"):
        Restarts().record("6.1")


def test_without_a_single_controller_nothing_is_proven() -> None:
    """1.3 has failed already: what does not register can't be switched off."""
    restarts = Restarts(registered=[])
    restarts.world.sandbox.log(WORKERS_STARTED)
    with pytest.raises(NotRun, match=r"1\.3: 0 of 13"):
        restarts.record("6.1")
