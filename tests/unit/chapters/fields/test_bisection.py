"""The search for the fields that are to blame, in a world that is a set of rules."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from harness.chapters.fields.bisection import Culprit, find_culprits

LEAVES = [f"spec.f{number}" for number in range(64)]


class World:
    """Fails for objects that have all leaves of one of the `bad` groups."""

    def __init__(self, *bad: set[str]) -> None:
        self.bad = bad
        self.probes = 0

    def probe(self, leaves: Sequence[str]) -> str:
        """Return the error of an object with these leaves."""
        self.probes += 1
        return next((f"no {min(group)}" for group in self.bad if group <= set(leaves)), "")


@pytest.mark.parametrize("leaf", ["spec.f0", "spec.f41", "spec.f63"])
def test_one_field_is_found_by_halving(leaf: str) -> None:
    """It takes two probes a halving at most."""
    world = World({leaf})
    assert find_culprits(LEAVES, world.probe) == [Culprit((leaf,), f"no {leaf}")]
    assert world.probes <= 14


def test_several_fields_are_found_one_after_the_other() -> None:
    """Each is left out before the next is looked for."""
    world = World({"spec.f3"}, {"spec.f50"})
    assert {str(culprit) for culprit in find_culprits(LEAVES, world.probe)} == {"spec.f3", "spec.f50"}


def test_fields_that_fail_only_together_are_named_together() -> None:
    """No half of them fails alone."""
    world = World({"spec.f1", "spec.f60"})
    (culprit,) = find_culprits(LEAVES, world.probe)
    assert {"spec.f1", "spec.f60"} <= set(culprit.leaves)
    assert str(culprit).endswith("and 63 more, together")


def test_nothing_is_blamed_where_all_goes_well() -> None:
    """One probe says so."""
    world = World()
    assert find_culprits(LEAVES, world.probe) == []
    assert world.probes == 1


def test_a_search_ends_when_its_time_is_over() -> None:
    """What was found so far is named as a whole."""
    (culprit,) = find_culprits(LEAVES, World({"spec.f3"}).probe, first_error="late", may_go_on=lambda: False)
    assert (len(culprit.leaves), culprit.error) == (64, "late")
