"""`harness.chapters.faults.rest`: what is waited for after a fault, and for how long."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from harness.chapters.faults.checkers import Story
from harness.chapters.faults.ledger import Life
from harness.chapters.faults.rest import Open, await_rest, find_open, write_finally
from harness.chapters.faults.tables import RowVersion
from harness.core.errors import HarnessError, Refusal
from harness.core.record import Finding
from harness.spec.catalogue import KINDS_BY_NAME
from harness.spec.model import JsonObject, Kind

from .builders import make_life, make_obj

PROJECT = KINDS_BY_NAME["Project"]
STUCK = Open("p", Finding("Project p", "gone", "stuck"))


class FakeCluster:
    """An API server that refuses the first requests."""

    def __init__(self, *objects: JsonObject, refusals: int = 0, status: int = 500) -> None:
        self.objects = list(objects)
        self.patched: list[str] = []
        self._refusals = refusals
        self._status = status

    def list_objects(self, _kind: Kind, _namespace: str) -> list[JsonObject]:
        """Return all objects."""
        return self.objects

    def patch(self, _kind: Kind, _namespace: str, name: str, _patch: Mapping[str, Any]) -> JsonObject:
        """Return the object at its next version."""
        if self._refusals:
            self._refusals -= 1
            raise Refusal(self._status, "no", "not now")
        self.patched.append(name)
        return make_obj(name, 50)


def write(cluster: FakeCluster, nudged: tuple[str, ...] = ()) -> Mapping[str, JsonObject]:
    """Return what the final writes came to."""
    return write_finally(
        cluster, [PROJECT], "load", mark="s1", nudged=nudged  # type: ignore[arg-type]
    ).objects


def test_every_live_object_is_written_once_more() -> None:
    """Each live object gets a final write; one that is going does not."""
    cluster = FakeCluster(make_obj("a"), make_obj("b", deletionTimestamp="2026-03-01T12:00:00Z"))
    assert list(write(cluster)) == ["uid-of-a"]
    assert cluster.patched == ["a"]


def test_an_object_that_is_going_can_be_nudged() -> None:
    """An object that waits for a retry after its deletion is written to, so that the retry comes now."""
    cluster = FakeCluster(make_obj("b", deletionTimestamp="2026-03-01T12:00:00Z"))
    assert list(write(cluster, nudged=("b",))) == []
    assert cluster.patched == ["b"]


def test_a_final_write_is_insisted_on() -> None:
    """A server that is not itself yet is asked again."""
    assert list(write(FakeCluster(make_obj("a"), refusals=3))) == ["uid-of-a"]


def test_an_object_that_has_gone_meanwhile_gets_no_final_write() -> None:
    """A final write to what is not there any more is left out."""
    assert write(FakeCluster(make_obj("a"), refusals=1, status=404)) == {}


def test_a_server_that_stays_away_ends_the_round(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no final write goes through, nothing can be judged."""
    monkeypatch.setattr("harness.chapters.faults.rest._WRITE_TIMEOUT_S", 0.1)
    with pytest.raises(HarnessError, match="still refuses: 500"):
        write(FakeCluster(make_obj("a"), refusals=10_000))


def open_things(
    objects: list[JsonObject],
    rows: dict[str, RowVersion],
    *lives: Life,
    targets: dict[str, int] | None = None,
    immutable: frozenset[str] = frozenset(),
) -> list[str]:
    """Return what is open, in words."""
    story = Story({life.uid: life for life in lives}, immutable)
    kinds = {obj["kind"] for obj in objects} | {life.kind for life in lives}
    found = find_open(
        story, {obj["metadata"]["uid"]: obj for obj in objects}, dict.fromkeys(kinds, rows), targets or {}
    )
    return [each.finding.actual for each in found]


def test_a_row_has_to_reach_its_target() -> None:
    """A live object is open until its row is there, live, and at the version that was acknowledged."""
    obj, targets = make_obj(), {"uid-of-project-0": 10}
    row = RowVersion("project-0", 10, live=True)
    assert open_things([obj], {"uid-of-project-0": row}, targets=targets) == []
    assert open_things([obj], {}, targets=targets) == ["no row"]
    assert open_things([obj], {"uid-of-project-0": RowVersion("", 9, live=True)}, targets=targets) == ["still 9"]
    assert open_things([obj], {"uid-of-project-0": RowVersion("", 10, live=False)}, targets=targets) == [
        "soft-deleted"
    ]


def test_an_object_that_is_going_has_to_be_let_go() -> None:
    """A deleted object is open while it has the Ingester's finalizer; with another's only it is not."""
    going = {"deletionTimestamp": "2026-03-01T12:00:00Z"}
    row = {"uid-of-project-0": RowVersion("", 10, live=False)}
    held, released = make_obj(**going), make_obj(**going, finalizers=["other"])  # type: ignore[arg-type]
    life = make_life(make_obj(), deleted=True)
    assert open_things([held], row, life) == ["stuck in Terminating, its row soft-deleted"]
    assert open_things([released], row, life) == []


def test_an_immutable_object_has_to_leave() -> None:
    """An object of an immutable kind is open while it is in Kubernetes, and while it has no row."""
    model = make_obj("m", kind="Model")
    row = {"uid-of-m": RowVersion("m", 10, live=True)}
    immutable = frozenset({"Model"})
    assert open_things([model], row, make_life(model), immutable=immutable) == ["still there"]
    assert open_things([], {}, make_life(model), immutable=immutable) == ["no row"]
    assert open_things([], row, make_life(model), immutable=immutable) == []


def test_the_wait_ends_with_nothing_open() -> None:
    """The wait is over at the first look at which nothing is open."""
    looks = iter([[STUCK], [STUCK], []])
    rest = await_rest(lambda: next(looks), allowed_s=5.0, is_excused=lambda _: False)
    assert rest.open == ()


def test_what_known_issues_explain_is_not_waited_for() -> None:
    """The wait is over once all that is open is explained, and what is open is returned."""
    rest = await_rest(lambda: [STUCK], allowed_s=30.0, is_excused=lambda _: True)
    assert rest.open == (STUCK,)
    assert rest.waited_s < 1.0


def test_the_wait_has_an_end() -> None:
    """What is open when the allowed time has passed is returned."""
    rest = await_rest(lambda: [STUCK], allowed_s=0.2, is_excused=lambda _: False)
    assert rest.open == (STUCK,)
