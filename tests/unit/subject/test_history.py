"""Promises of `harness.subject.history`: every version of an object is found, however late it is told."""

from __future__ import annotations

from typing import Any, cast

import pytest

from harness.clients.kube import Cluster, Version
from harness.core.errors import HarnessError, Refusal
from harness.spec.model import JsonObject
from harness.subject.history import ObjectHistory
from tests.fakes.contract import CONTRACT

MODEL = CONTRACT.get_case("Model").kind


def make(number: int, uid: str = "u1") -> JsonObject:
    """Return the object at a version."""
    return {"metadata": {"namespace": "n", "name": "m", "uid": uid, "resourceVersion": str(number)}}


class SlowCluster:
    """Serves one object, whose watches each end after `pace` versions, as those of a loaded API server do."""

    def __init__(self, numbers: list[int], *, deleted: bool = False, pace: int = 1, late: int = 0) -> None:
        self.versions = [Version(number, make(number)) for number in numbers]
        if deleted:
            self.versions[-1] = Version(numbers[-1], make(numbers[-1]), deleted=True)
        self.deleted, self.pace, self.late = deleted, pace, late
        self.watches: list[tuple[int, int]] = []
        self.expired = False

    def get(self, *_: Any) -> JsonObject | None:
        """Return the object, None where it is gone."""
        return None if self.deleted else self.versions[-1].object

    def get_history(self, *_: Any, since: int, until: int, **__: int) -> list[Version]:
        """Return as many of the versions after `since` as a watch gets to tell."""
        if self.expired:
            raise Refusal(410, "Expired", "too old resource version")
        self.watches.append((since, until))
        if len(self.watches) <= self.late:
            return []
        return [version for version in self.versions if version.number > since][: self.pace]


def open_history(cluster: SlowCluster) -> ObjectHistory:
    """Return the history of the object, of which the first version is known."""
    return ObjectHistory(cast(Cluster, cluster), MODEL, make(10))


def test_a_version_that_is_told_late_is_found() -> None:
    """A watch that ends with nothing told proves nothing; the next one goes on where it stopped."""
    cluster = SlowCluster([10, 12, 14, 16], late=1)
    found = open_history(cluster).find(14)
    assert found == make(14)
    assert cluster.watches == [(10, 16), (10, 16), (12, 16), (14, 16)]


def test_a_version_of_a_deleted_object_is_found_by_its_end() -> None:
    """Its deletion is the last of its versions, and must be seen before one is said to be none of them."""
    cluster = SlowCluster([10, 12, 14], deleted=True, late=2)
    history = open_history(cluster)
    assert history.find(12) == make(12)
    assert history.find(13) is None
    assert history.find(99) is None
    assert not history.has_gaps


@pytest.mark.parametrize("number", [9, 17])
def test_a_version_that_it_can_not_have_had_is_not_waited_for(number: int) -> None:
    """Older than its creation, or newer than it is."""
    cluster = SlowCluster([10, 12, 16])
    assert open_history(cluster).find(number) is None
    assert cluster.watches == []


def test_a_version_between_is_none_of_its_own() -> None:
    """All that stand around it are known then."""
    history = open_history(SlowCluster([10, 12, 16]))
    assert history.find(14) is None
    assert [version.number for version in history.versions] == [10, 12, 16]
    assert not history.has_gaps


def test_all_versions_are_read() -> None:
    """From the first to the one that is now."""
    assert [v.number for v in open_history(SlowCluster([10, 12, 14, 16])).read_versions()] == [10, 12, 14, 16]


def test_a_gap_is_told_apart_from_a_version_that_never_was() -> None:
    """The API server keeps versions for a while only."""
    cluster = SlowCluster([10, 12, 16])
    cluster.expired = True
    history = open_history(cluster)
    assert history.find(12) is None
    assert history.has_gaps


def test_an_api_server_that_does_not_answer_is_no_finding() -> None:
    """The harness could not tell, and says why."""
    with pytest.raises(HarnessError, match="kube-apiserver told nothing of its version 16 in 31 s"):
        open_history(SlowCluster([10, 12, 16], late=99)).find(12)
