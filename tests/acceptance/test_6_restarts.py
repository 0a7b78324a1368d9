"""Section 6 of the report: the Ingester's gates and settings, and what it catches up with after a time away."""

from __future__ import annotations

import pytest

from harness.chapters.contract.lifecycle import Lifecycle
from harness.chapters.restarts.gates import Gates
from harness.chapters.seed.run import Run
from harness.core.record import Check
from harness.spec.model import Case

pytestmark = pytest.mark.restarts


@pytest.mark.order(91)
@pytest.mark.section("6.1", "With the first gate off nothing registers, and all else is healthy")
def test_6_1_ingester_disabled(run: Run, gates: Gates, check: Check) -> None:
    """With metadata storage disabled no Ingester controller registers, no row changes, nothing restarts."""
    account = gates.close_first()
    account.conclude(run, check, "the first gate does not disable the Ingester, or harms the rest")


@pytest.mark.order(92)
@pytest.mark.section("6.2", "Without its mysql stanza it refuses to start, and says why")
def test_6_2_first_gate_only(run: Run, gates: Gates, check: Check) -> None:
    """With metadata storage enabled and no mysql stanza, the controller manager ends with a clear error."""
    account = gates.close_second()
    account.conclude(run, check, "without its mysql stanza it does not refuse to start as it should")


@pytest.mark.order(93)
@pytest.mark.section("6.3", "Settings are accepted, per kind as well")
def test_6_3_settings_accepted(run: Run, gates: Gates, check: Check) -> None:
    """Enabled again, every controller registers, with the workers and the requeue period of its kind."""
    account = gates.open()
    account.conclude(run, check, "settings did not take")


@pytest.mark.order(94)
@pytest.mark.section("6.4", "Created while down")
def test_6_4_created_while_down(case: Case, lifecycle: Lifecycle, gates: Gates, check: Check) -> None:
    """An object that was created while the controller manager was down has one row, equal to it."""
    lifecycle.require(case)
    account = gates.get_backfill().get_created(case)
    account.conclude(lifecycle.run, check, f"{case.name}: its creation was not caught up with")


@pytest.mark.order(95)
@pytest.mark.section("6.5", "Patched while down")
def test_6_5_patched_while_down(case: Case, lifecycle: Lifecycle, gates: Gates, check: Check) -> None:
    """The row of an object that was patched meanwhile equals it."""
    lifecycle.require_mutable(case)
    account = gates.get_backfill().get_patched(case)
    account.conclude(lifecycle.run, check, f"{case.name}: its patch was not caught up with")


@pytest.mark.order(96)
@pytest.mark.section("6.6", "Deleted while down")
def test_6_6_deleted_while_down(case: Case, lifecycle: Lifecycle, gates: Gates, check: Check) -> None:
    """An object that was deleted meanwhile is soft-deleted and released."""
    lifecycle.require_mutable(case)
    account = gates.get_backfill().get_deleted(case)
    account.conclude(lifecycle.run, check, f"{case.name}: its deletion was not caught up with")


@pytest.mark.order(97)
@pytest.mark.section("6.7", "Come and gone while down")
def test_6_7_come_and_gone_while_down(case: Case, lifecycle: Lifecycle, gates: Gates, check: Check) -> None:
    """An object that was created and deleted meanwhile, and never had a row, is released."""
    lifecycle.require_mutable(case)
    account = gates.get_backfill().get_fleeting(case)
    account.conclude(lifecycle.run, check, f"{case.name}: an object without a row is held")


@pytest.mark.order(98)
@pytest.mark.section("6.8", "A thousand objects are caught up with")
def test_6_8_many_objects(run: Run, gates: Gates, check: Check) -> None:
    """A thousand objects that were created meanwhile each have a row, equal to the object."""
    gates.get_backfill().get_many().conclude(run, check, "not all objects were caught up with")
