"""`harness.chapters.faults.final_writes`: the last write to each object, once kube-apiserver answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from harness.chapters.faults.final_writes import write_finally
from harness.core.errors import HarnessError, Refusal
from harness.spec.model import JsonObject, Kind
from tests.fakes.contract import CONTRACT
from tests.unit.chapters.faults.builders import make_obj

PROJECT = CONTRACT.get_kind("Project")


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
    monkeypatch.setattr("harness.chapters.faults.final_writes._WRITE_TIMEOUT_S", 0.1)
    with pytest.raises(HarnessError, match="still refuses: 500"):
        write(FakeCluster(make_obj("a"), refusals=10_000))
