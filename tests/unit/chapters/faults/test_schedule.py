"""`harness.chapters.faults.schedule` and `.catalogue`: which faults there are, and which rounds a seed draws."""

from __future__ import annotations

from itertools import islice

import pytest

from harness.chapters.faults.catalogue import FAULTS, FAULTS_BY_NAME, Part, find_fault
from harness.chapters.faults.schedule import RoundPlan, can_join, draw_schedule, order_faults
from harness.core.errors import SettingsError


def draw(seed: int, number: int = 200) -> list[RoundPlan]:
    """Return the first rounds of a seed."""
    return list(islice(draw_schedule(seed, FAULTS), number))


def test_every_fault_has_a_name_and_a_section_of_the_chapter() -> None:
    """Names are unique and every section is one of chapter 8."""
    assert len(FAULTS_BY_NAME) == len(FAULTS)
    assert {fault.section.partition(".")[0] for fault in FAULTS} == {"8"}


def test_every_injection_is_made_anew() -> None:
    """No two rounds share an injection."""
    assert all(fault.make() is not fault.make() for fault in FAULTS)


def test_a_wrong_fault_is_refused_with_the_nearest() -> None:
    """An unknown name ends with the names that are near."""
    assert find_fault("mysql-kill").title == "mysql is killed"
    with pytest.raises(SettingsError, match="did you mean mysql-kill"):
        find_fault("mysql-kil")


def test_one_seed_draws_one_schedule() -> None:
    """The same seed draws the same rounds, another one others."""
    assert draw(3) == draw(3)
    assert draw(3) != draw(4)


def test_every_fault_has_its_turn_before_any_comes_again() -> None:
    """A soak of as many rounds as there are faults has injected each of them."""
    names = {fault.name for plan in draw(5, len(FAULTS)) for fault in plan.faults}
    assert names == set(FAULTS_BY_NAME)


def test_rounds_have_a_seed_of_their_own() -> None:
    """Each round has its number and the seed that repeats it alone."""
    assert [(plan.number, plan.seed) for plan in draw(9, 3)] == [(1, 9), (2, 10), (3, 11)]


def test_two_faults_at_once_are_in_different_parts_in_order() -> None:
    """Two at once are never in one part, and MySQL's come first, since they need a working controller manager."""
    pairs = [plan.faults for plan in draw(1, 400) if len(plan.faults) == 2]
    assert len(pairs) > 20
    assert all(can_join(one, other) and one.part < other.part for one, other in pairs)


def test_a_fault_of_several_parts_is_alone() -> None:
    """What needs more than one part to be as it is joins no other."""
    lone = next(fault for fault in FAULTS if fault.part is Part.SEVERAL)
    assert not any(can_join(lone, other) for other in FAULTS)


def test_outages_are_as_short_or_as_long_as_their_faults_say() -> None:
    """No outage is shorter than the short run's or longer than the longest."""
    plans = draw(2, 300)
    for plan in plans:
        longest_s = max(fault.long_s for fault in plan.faults)
        shortest_s = max(fault.outage_s for fault in plan.faults)
        assert shortest_s <= plan.outage_s <= max(longest_s, shortest_s)
    assert any(plan.outage_s > max(fault.outage_s for fault in plan.faults) for plan in plans)


def test_a_round_is_named_after_its_faults() -> None:
    """A round of two says both."""
    faults = order_faults([find_fault("controllermgr-kill"), find_fault("mysql-kill")])
    plan = RoundPlan(4, faults, 1, 2.0)
    assert plan.name == "mysql-kill + controllermgr-kill"
    assert plan.title == "mysql is killed and controllermgr is killed (round 4)"
