"""`harness.chapters.faults.convergence`: what is waited for after a fault, and for how long."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from harness.chapters.faults.checkers import RoundHistory
from harness.chapters.faults.convergence import Pending, find_pending, wait_for_convergence, write_finally
from harness.chapters.faults.load.history import ObjectRecord
from harness.clients.mysql.tables import RowVersion
from harness.core.errors import HarnessError, Refusal
from harness.core.record import Finding
from harness.spec.model import JsonObject, Kind
from tests.fakes.contract import CONTRACT
from tests.unit.chapters.faults.builders import make_obj, make_record

PROJECT = CONTRACT.get_kind("Project")
STUCK = Pending("p", Finding("finalizer.kept", "Project p", "gone", "stuck"))


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


def write(cluster: FakeCluster, touched: tuple[str, ...] = ()) -> Mapping[str, JsonObject]:
    """Return what the final writes came to."""
    return write_finally(
        cluster, [PROJECT], "load", mark="s1", touched=touched  # type: ignore[arg-type]
    ).objects


def test_every_live_object_is_written_once_more() -> None:
    """Each live object gets a final write; one that is going does not."""
    cluster = FakeCluster(make_obj("a"), make_obj("b", deletionTimestamp="2026-03-01T12:00:00Z"))
    assert list(write(cluster)) == ["uid-of-a"]
    assert cluster.patched == ["a"]


def test_an_object_that_is_going_can_be_touched() -> None:
    """An object that waits for a retry after its deletion is written to, so that the retry comes now."""
    cluster = FakeCluster(make_obj("b", deletionTimestamp="2026-03-01T12:00:00Z"))
    assert list(write(cluster, touched=("b",))) == []
    assert cluster.patched == ["b"]


def test_a_final_write_is_insisted_on() -> None:
    """A server that is not itself yet is asked again."""
    assert list(write(FakeCluster(make_obj("a"), refusals=3))) == ["uid-of-a"]


def test_an_object_that_has_gone_meanwhile_gets_no_final_write() -> None:
    """A final write to what is not there any more is left out."""
    assert write(FakeCluster(make_obj("a"), refusals=1, status=404)) == {}


def test_a_server_that_stays_away_ends_the_round(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no final write goes through, nothing can be judged."""
    monkeypatch.setattr("harness.chapters.faults.convergence._WRITE_TIMEOUT_S", 0.1)
    with pytest.raises(HarnessError, match="still refuses: 500"):
        write(FakeCluster(make_obj("a"), refusals=10_000))


def list_pending(
    objects: list[JsonObject],
    rows: dict[str, RowVersion],
    *records: ObjectRecord,
    targets: dict[str, int] | None = None,
    immutable: frozenset[str] = frozenset(),
) -> list[str]:
    """Return what is pending, in words."""
    history = RoundHistory({record.uid: record for record in records}, immutable)
    kinds = {obj["kind"] for obj in objects} | {record.kind for record in records}
    found = find_pending(
        history, {obj["metadata"]["uid"]: obj for obj in objects}, dict.fromkeys(kinds, rows), targets or {}
    )
    return [each.finding.actual for each in found]


def test_a_row_has_to_reach_its_target() -> None:
    """A live object is pending until its row is there, live, and at the version that was acknowledged."""
    obj, targets = make_obj(), {"uid-of-project-0": 10}
    row = RowVersion("project-0", 10, live=True)
    assert list_pending([obj], {"uid-of-project-0": row}, targets=targets) == []
    assert list_pending([obj], {}, targets=targets) == ["no row"]
    assert list_pending([obj], {"uid-of-project-0": RowVersion("", 9, live=True)}, targets=targets) == ["still 9"]
    assert list_pending([obj], {"uid-of-project-0": RowVersion("", 10, live=False)}, targets=targets) == [
        "soft-deleted"
    ]


def test_an_object_that_is_going_has_to_be_released() -> None:
    """A deleted object is pending while it has the Ingester's finalizer; with another's only it is not."""
    going = {"deletionTimestamp": "2026-03-01T12:00:00Z"}
    row = {"uid-of-project-0": RowVersion("", 10, live=False)}
    held, released = make_obj(**going), make_obj(**going, finalizers=["other"])  # type: ignore[arg-type]
    record = make_record(make_obj(), deleted=True)
    assert list_pending([held], row, record) == ["stuck in Terminating, its row soft-deleted"]
    assert list_pending([released], row, record) == []


def test_an_immutable_object_has_to_leave() -> None:
    """An object of an immutable kind is pending while it is in Kubernetes, and while it has no row."""
    model = make_obj("m", kind="Model")
    row = {"uid-of-m": RowVersion("m", 10, live=True)}
    immutable = frozenset({"Model"})
    assert list_pending([model], row, make_record(model), immutable=immutable) == ["still there"]
    assert list_pending([], {}, make_record(model), immutable=immutable) == ["no row"]
    assert list_pending([], row, make_record(model), immutable=immutable) == []


def test_the_wait_ends_with_nothing_pending() -> None:
    """The wait is over at the first look at which nothing is pending."""
    looks = iter([[STUCK], [STUCK], []])
    ended = wait_for_convergence(lambda: next(looks), allowed_s=5.0, is_excused=lambda _: False)
    assert ended.pending == ()


def test_what_known_issues_explain_is_not_waited_for() -> None:
    """The wait is over once all that is pending is explained, and what is pending is returned."""
    ended = wait_for_convergence(lambda: [STUCK], allowed_s=30.0, is_excused=lambda _: True)
    assert ended.pending == (STUCK,)
    assert ended.waited_s < 1.0


def test_the_wait_has_an_end() -> None:
    """What is pending when the allowed time has passed is returned."""
    ended = wait_for_convergence(lambda: [STUCK], allowed_s=0.2, is_excused=lambda _: False)
    assert ended.pending == (STUCK,)
