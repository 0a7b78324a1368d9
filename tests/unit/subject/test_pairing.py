"""Rows are compared with the versions that they claim, and with no other."""

from __future__ import annotations

from typing import Any, cast

import pytest

from harness.clients.kube import Cluster
from harness.core.errors import HarnessError, Refusal
from harness.spec.model import JsonObject
from harness.spec.row import Row
from harness.subject.pairing import pair_rows
from tests.fakes.contract import CONTRACT
from tests.fakes.world import World

KIND = CONTRACT.get_kind("Model")
LABEL = {"metadata": {"labels": {"a": "b"}}}


class Forgetful(World):
    """A cluster whose watch cache has nothing."""

    asked = 0

    def get_changes(self, *_: Any, **__: Any) -> Any:
        """Refuse."""
        self.asked += 1
        raise Refusal(410, "Expired", "too old")


def create(world: World, name: str) -> JsonObject:
    """Create a Model."""
    return world.create(KIND, {"metadata": {"namespace": "n", "name": name}, "spec": {}})


def pair(world: World, known: list[JsonObject]) -> dict[str, JsonObject]:
    """Pair all rows of Models."""
    rows = world.rows.get(KIND.table, {}).values()
    return dict(pair_rows(cast(Cluster, world), KIND, "n", rows, known))


def test_known_versions_are_not_asked_for() -> None:
    """What the API server has sent is enough, even where it remembers nothing."""
    world = Forgetful()
    known = [create(world, "a"), create(world, "b")]
    assert pair(world, known) == {"u1": known[0], "u2": known[1]}
    assert world.asked == 0


def test_a_version_of_somebody_elses_write_is_read_from_the_watch() -> None:
    """Business controllers write as well; the row's own version is what counts, never the newest."""
    world = World()
    known = [create(world, "a")]
    theirs = world.patch(KIND, "n", "a", LABEL)
    world.faults.add("syncs nothing")
    world.patch(KIND, "n", "a", {"metadata": {"labels": {"a": "c"}}})
    assert pair(world, known) == {"u1": theirs}


def test_a_version_that_the_object_never_had_has_no_pair() -> None:
    """It is left out, which the caller judges."""
    world = World()
    known = [create(world, "a"), create(world, "b")]
    row = world.rows[KIND.table]["u1"]
    world.rows[KIND.table]["u1"] = Row(row.table, {**row.columns, "res_version": 101})
    assert pair(world, known) == {"u2": known[1]}


def test_versions_that_are_gone_can_not_be_judged() -> None:
    """A watch cache that no longer has them is no failure of the product."""
    world = Forgetful()
    known = [create(world, "a")]
    world.patch(KIND, "n", "a", LABEL)
    with pytest.raises(HarnessError, match=r"Model: the versions since 99 are unknown: 410 Expired"):
        pair(world, known)


def test_without_rows_nothing_is_asked() -> None:
    """Nor where nothing was ever sent."""
    world = Forgetful()
    assert pair(world, []) == {}
    create(world, "a")
    assert pair(world, []) == {}
    assert world.asked == 0


class Slow(World):
    """A cluster that ends its watches before it has told anything, the first times."""

    asked = 0
    ends = 0

    def get_changes(self, *arguments: Any, **options: Any) -> Any:
        """Tell nothing, or all."""
        self.asked += 1
        return [] if self.asked <= self.ends else super().get_changes(*arguments, **options)


@pytest.mark.parametrize("ends", [1, 4])
def test_a_watch_that_ends_early_is_asked_again(ends: int) -> None:
    """An API server under load is late, which is no version that the object never had."""
    world = Slow()
    world.ends = ends
    known = [create(world, "a")]
    theirs = world.patch(KIND, "n", "a", LABEL)
    assert pair(world, known) == {"u1": theirs}
    assert world.asked == ends + 1


def test_a_server_that_tells_nothing_is_no_finding() -> None:
    """The harness says that it can't tell."""
    world = Slow()
    world.ends = 100
    known = [create(world, "a")]
    world.patch(KIND, "n", "a", LABEL)
    with pytest.raises(HarnessError, match="Model in n: kube-apiserver told nothing of version"):
        pair(world, known)
