"""How long an object is awaited, and what is read of it, against a made-up cluster and database."""

# ruff: noqa: ARG002  the methods take what the real ones take, whether or not it matters here

from __future__ import annotations

import json
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.chapters.hostile_input.input import Input
from harness.chapters.hostile_input.places import split
from harness.chapters.hostile_input.submission import Submission, Submitter
from harness.clients.kube import Version
from harness.core.errors import HarnessError, Refusal
from harness.spec.model import JsonObject, Kind
from harness.spec.row import Row
from harness.suite.context import RunContext
from tests.fakes.growing_log import GrowingLog

from .builders import CASE, NAMESPACE, make_object, make_row


class Place(GrowingLog):
    """Cluster, database, sandbox and run in one; `answers` decides what becomes of an object, by name."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, Row] = {}
        self.strays: dict[str, int] = {}
        self.children: dict[str, tuple[tuple[str, str], ...]] = {}
        self.changes: list[Version] = []
        self.expired = False
        self.restarts = 0
        self.unlogged = ""
        self.deleted: list[str] = []
        self.fails: set[str] = set()
        self.refuses: set[str] = set()
        self.timeouts = SimpleNamespace(sync_s=0.3)
        self.cluster = self.database = self.sandbox = self

    def create(self, kind: Kind, obj: JsonObject) -> JsonObject:
        """Accept the object, and write its row at once unless it is to fail."""
        name = obj["metadata"]["name"]
        if name in self.refuses:
            raise Refusal(422, "Invalid", name)
        stored = make_object(Input(name, {}, object_name=name))
        labels = {"labels": obj["metadata"]["labels"]}
        stored = {**obj, "metadata": {**obj["metadata"], **stored["metadata"], **labels}}
        if name in self.fails:
            line = {"logger": "ingester.Pipeline", "namespace": NAMESPACE, "name": name, "error": "too long"}
            message = {"msg": "Failed to upsert object to metadata storage"}
            self.lines += [json.dumps({**line, **message, "ts": i}) for i in range(4)]
        elif not name.endswith("lost"):
            self.rows[stored["metadata"]["uid"]] = make_row(stored)
        return stored

    def delete_all(self, kind: Kind, namespace: str) -> None:
        """Note that the kind's objects were deleted."""
        self.deleted.append(kind.name)

    def list_objects(self, kind: Kind, namespace: str) -> list[JsonObject]:
        """Return none: they are gone by now."""
        return []

    def get_changes(self, kind: Kind, namespace: str, **_: int) -> list[Version]:
        """Return what the watch cache has."""
        if self.expired:
            raise Refusal(410, "Expired", "too old")
        return self.changes

    def get_versions(self, kind: Kind, namespace: str) -> dict[str, int]:
        """Return the version of each row."""
        return {uid: row.res_version for uid, row in self.rows.items()} | self.strays

    def get_rows_of(self, kind: Kind, uids: Sequence[str]) -> dict[str, Row]:
        """Return the rows."""
        return {uid: self.rows[uid] for uid in uids if uid in self.rows}

    def get_pairs_of(self, table: str, uids: Sequence[str]) -> dict[str, tuple[tuple[str, str], ...]]:
        """Return the labels or annotations that are left."""
        return {uid: pairs for uid, pairs in self.children.items() if uid in uids and table.endswith("_labels")}

    def component(self, name: str) -> Any:
        """Return the controller manager's state."""
        return SimpleNamespace(restarts=self.restarts, phase="Running", reason="exit code 2")

    def explain_missing_log(self) -> str:
        """Return why there is no log."""
        return self.unlogged


@pytest.fixture
def place() -> Place:
    """A place where everything works."""
    return Place()


@pytest.fixture
def submitter(place: Place) -> Submitter:
    """A submitter at its section's beginning."""
    submitter = Submitter(cast(RunContext, place), NAMESPACE)
    submitter.begin()
    return submitter


def send(submitter: Submitter, name: str) -> Submission:
    """Send one object called `name`."""
    plain = make_object(Input("plain", {}))
    return submitter.send(CASE, Input(name, {split("spec.description"): name}, object_name=name), plain, "in")


def test_an_accepted_object_gets_its_row_and_its_version(submitter: Submitter) -> None:
    """An object whose row is there is no longer awaited, and is read with the object that the row holds."""
    submission = send(submitter, "good")
    submitter.await_rows([submission])
    batch = submitter.read([submission], CASE)
    assert submission.arrived_s is not None
    assert submission.row is not None
    assert submission.obj == submission.stored
    assert batch.strays == []


def test_a_refusal_is_kept_and_not_awaited(submitter: Submitter, place: Place) -> None:
    """A refused object is an answer; nothing is awaited or read for it."""
    place.refuses.add("bad")
    submission = send(submitter, "bad")
    submitter.await_rows([submission])
    submitter.read([submission], CASE)
    assert isinstance(submission.answer, Refusal)
    assert (submission.key, submission.row, submission.errors) == ("", None, [])


def test_what_fails_again_and_again_is_not_awaited(submitter: Submitter, place: Place) -> None:
    """Four logged failures end the wait long before the time for a row is over."""
    place.timeouts.sync_s = 60.0
    place.fails.add("bad")
    submission = send(submitter, "bad")
    submitter.await_rows([submission])
    assert submission.errors == ["too long"] * 4
    assert submission.arrived_s is None


@pytest.mark.parametrize(
    ("error", "fails"),
    [
        ("Error 1213 (40001): Deadlock found when trying to get lock", False),
        ("Error 1205 (HY000): Lock wait timeout exceeded", False),
        ("driver: bad connection", False),
        ("Error 1406 (22001): Data too long for column 'name'", True),
    ],
)
def test_what_passes_is_no_reason_for_a_missing_row(submitter: Submitter, error: str, fails: bool) -> None:
    """A deadlock is tried again, and says nothing of the object, however often it comes."""
    submission = send(submitter, "good")
    submission.errors = [error] * 20
    assert submission.has_failed is fails


def test_errors_of_objects_that_are_not_awaited_yet_are_kept(submitter: Submitter, place: Place) -> None:
    """While one kind is awaited, what the log says of objects sent meanwhile is noted as well."""
    place.fails |= {"first", "second"}
    first, second = send(submitter, "first"), send(submitter, "second")
    submitter.await_rows([first])
    assert second.errors == ["too long"] * 4


def test_what_nobody_tells_of_is_awaited_for_its_time(submitter: Submitter) -> None:
    """An object without row and error ends the wait once nothing has moved for the time that a row may take."""
    submission = send(submitter, "lost")
    submitter.await_rows([submission])
    submitter.read([submission], CASE)
    assert (submission.row, submission.errors) == (None, [])


def test_leftovers_and_strays_are_read(submitter: Submitter, place: Place) -> None:
    """Labels without a row, and rows without an object, are read."""
    submission = send(submitter, "lost")
    place.children[submission.key] = (("a", "b"),)
    place.strays["uid-stranger"] = 3
    batch = submitter.read([submission], CASE)
    assert submission.leftovers == ["pipeline_labels"]
    assert batch.strays == ["uid-stranger"]


def test_a_later_version_is_found_in_the_watch_cache(submitter: Submitter, place: Place) -> None:
    """A row at a version that another controller made is read with the object of that version."""
    submission = send(submitter, "good")
    stored = cast(JsonObject, submission.stored)
    later = {**stored, "metadata": {**stored["metadata"], "resourceVersion": "9"}}
    place.rows[submission.key] = make_row(later)
    place.changes = [Version(9, later)]
    submitter.read([submission], CASE)
    assert submission.obj == later


def test_an_invented_version_has_no_object(submitter: Submitter, place: Place) -> None:
    """A row at a version that the object never had is read without one."""
    submission = send(submitter, "good")
    stored = cast(JsonObject, submission.stored)
    place.rows[submission.key] = make_row({**stored, "metadata": {**stored["metadata"], "resourceVersion": "99"}})
    submitter.read([submission], CASE)
    assert submission.obj is None


def test_an_expired_watch_cache_is_no_finding(submitter: Submitter, place: Place) -> None:
    """Where the versions are no longer kept, the harness says that it can't tell."""
    submission = send(submitter, "good")
    stored = cast(JsonObject, submission.stored)
    place.rows[submission.key] = make_row({**stored, "metadata": {**stored["metadata"], "resourceVersion": "9"}})
    place.expired = True
    with pytest.raises(HarnessError, match="versions since 6 are unknown"):
        submitter.read([submission], CASE)


def test_restarts_are_counted_by_section(submitter: Submitter, place: Place) -> None:
    """Only what the controller manager does within the section is told."""
    assert submitter.describe_crashes() == ""
    place.restarts = 2
    assert submitter.describe_crashes() == "2 restarts, now Running: exit code 2"
    submitter.begin()
    assert submitter.describe_crashes() == ""


def test_without_a_log_nothing_is_awaited_for_long(submitter: Submitter, place: Place) -> None:
    """Where no log can say that a row will not come, the wait is shorter than a row's time."""
    place.unlogged = "the log can't be read"
    place.timeouts.sync_s = 3600.0
    submitter.await_rows([send(submitter, "good")])
