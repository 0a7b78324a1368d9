"""An informer knows the newest version of every object, whatever happens to its watch."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator

import pytest

from harness.reference.api import Api
from harness.reference.informer import Informer
from harness.reference.workqueue import Key
from harness.spec.model import JsonObject
from tests.fakes.contract import CONTRACT
from tests.unit.reference.apiserver import FakeApiServer
from tests.unit.reference.conftest import LogLines, make_object

PROJECT = CONTRACT.get_kind("Project")
LONG_S = 20.0
Change = tuple[str, str, str]


class _Followed:
    """An informer that runs, and the changes that it told: type, name, resourceVersion."""

    def __init__(self, informer: Informer) -> None:
        self.informer = informer
        self._changes: queue.SimpleQueue[Change] = queue.SimpleQueue()
        informer.subscribe(self._keep)

    def next_change(self) -> Change:
        return self._changes.get(timeout=LONG_S)

    def _keep(self, change: str, obj: JsonObject) -> None:
        known = self.informer.get(Key("n", obj["metadata"]["name"]))
        # Whoever is told of a change finds it in what the informer knows.
        assert known == (None if change == "DELETED" else obj)
        self._changes.put((change, obj["metadata"]["name"], obj["metadata"]["resourceVersion"]))


@pytest.fixture
def follow(apiserver: FakeApiServer, kept: LogLines) -> Iterator[Callable[[], _Followed]]:
    """Starts an informer for projects; it is stopped at the end."""
    stop = threading.Event()

    def start() -> _Followed:
        followed = _Followed(Informer(PROJECT, Api(apiserver.cluster), kept.log, stop))
        followed.informer.start()
        return followed

    yield start
    stop.set()


Follow = Callable[[], _Followed]


def test_objects_that_exist_are_told_at_the_start(apiserver: FakeApiServer, follow: Follow) -> None:
    """The backfill: everything there is counts as added, and is known before `synced`."""
    apiserver.objects["projects"] = [make_object(name="a"), make_object(name="b")]
    followed = follow()
    changes = {followed.next_change(), followed.next_change()}
    assert (changes, followed.informer.synced.wait(LONG_S)) == ({("ADDED", "a", "41"), ("ADDED", "b", "41")}, True)


def test_changes_are_told_as_they_come(apiserver: FakeApiServer, follow: Follow) -> None:
    """Additions, modifications and deletions arrive in order, bookmarks don't."""
    followed = follow()
    apiserver.send("projects", "ADDED", make_object(resourceVersion="101"))
    apiserver.send("projects", "BOOKMARK", {"metadata": {"resourceVersion": "102"}})
    apiserver.send("projects", "MODIFIED", make_object(resourceVersion="103"))
    apiserver.send("projects", "DELETED", make_object(resourceVersion="104"))
    assert [followed.next_change() for _ in range(3)] == [
        ("ADDED", "a", "101"),
        ("MODIFIED", "a", "103"),
        ("DELETED", "a", "104"),
    ]


def test_watch_that_ends_goes_on_where_it_was(apiserver: FakeApiServer, follow: Follow) -> None:
    """The end of a watch's time costs no new list; bookmarks move the place to go on from."""
    followed = follow()
    apiserver.send("projects", "BOOKMARK", {"metadata": {"resourceVersion": "150"}})
    apiserver.end_watch("projects")
    apiserver.send("projects", "ADDED", make_object(resourceVersion="151"))
    followed.next_change()
    assert (apiserver.lists, apiserver.watches) == (["projects"], [("projects", "100"), ("projects", "150")])


def test_watch_that_is_too_old_lists_again(apiserver: FakeApiServer, follow: Follow) -> None:
    """Status 410: what changed meanwhile is found by comparing, deletions included."""
    apiserver.objects["projects"] = [make_object(name=name) for name in ("a", "b", "c")]
    followed = follow()
    for _ in range(3):
        followed.next_change()
    apiserver.objects["projects"] = [
        make_object(name="a"),
        make_object(name="b", resourceVersion="160"),
        make_object(name="d", resourceVersion="161"),
    ]
    apiserver.send("projects", "ERROR", {"kind": "Status", "code": 410, "message": "too old resource version"})
    changes = [followed.next_change() for _ in range(3)]
    assert changes == [("MODIFIED", "b", "160"), ("ADDED", "d", "161"), ("DELETED", "c", "41")]


def test_trouble_is_logged(apiserver: FakeApiServer, follow: Follow, kept: LogLines) -> None:
    """A broken watch leaves a line that names the kind and the reason."""
    followed = follow()
    apiserver.send("projects", "ERROR", {"kind": "Status", "code": 410, "message": "too old"})
    apiserver.send("projects", "ADDED", make_object(resourceVersion="101"))   # for the next watch
    followed.next_change()
    found = [(line["level"], line["kind"], line["error"]) for line in kept.lines]
    assert found == [("error", "Project", "watch of projects: too old")]
