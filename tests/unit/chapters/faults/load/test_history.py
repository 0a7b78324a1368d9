"""`harness.chapters.faults.load.history`: what was answered, and the records that follow from it."""

from __future__ import annotations

from harness.chapters.faults.load.history import History, Outcome, describe, trace_objects
from harness.chapters.faults.load.plan import Verb
from tests.unit.chapters.faults.builders import make_event, make_obj


def test_a_life_is_traced_from_creation_to_deletion() -> None:
    """A record knows its versions, when it began, and that its end was acknowledged."""
    first, second = make_obj(version=10), make_obj(version=12)
    record = trace_objects([
        make_event(Verb.CREATE, first, at=1.0),
        make_event(Verb.PATCH, second, at=2.0),
        make_event(Verb.DELETE, uid=first["metadata"]["uid"], at=3.0),
    ])["uid-of-project-0"]
    assert (record.created_at, record.acknowledged, record.delete_at, record.deleted) == (1.0, 12, 3.0, True)
    assert record.versions == {10: first, 12: second}


def test_an_object_that_is_created_again_has_another_life() -> None:
    """Objects of one name are history apart by their uid."""
    records = trace_objects([
        make_event(Verb.CREATE, make_obj(uid="a")),
        make_event(Verb.DELETE, uid="a"),
        make_event(Verb.CREATE, make_obj(uid="b", version=20)),
    ])
    assert {uid: record.deleted for uid, record in records.items()} == {"a": True, "b": False}


def test_an_uncertain_deletion_counts_once_it_was_seen() -> None:
    """A deletion whose answer was lost is one if the object is then gone or going, and none if it records."""
    obj = make_obj()
    uid = obj["metadata"]["uid"]
    begin = [make_event(Verb.CREATE, obj), make_event(Verb.DELETE, uid=uid, outcome=Outcome.INDETERMINATE)]
    gone = make_event(Verb.CREATE, uid=uid, outcome=Outcome.SEEN)
    going = make_event(Verb.CREATE, make_obj(deletionTimestamp="2026-03-01T12:00:01Z"), outcome=Outcome.SEEN)
    alive = make_event(Verb.CREATE, obj, outcome=Outcome.SEEN)
    found = [trace_objects([*begin, seen])[uid].deleted for seen in (gone, going, alive)]
    assert found == [True, True, False]


def test_refused_operations_make_no_life() -> None:
    """What was refused or skipped without an object leaves no trace among the records."""
    assert trace_objects([make_event(Verb.CREATE, outcome=Outcome.REFUSED)]) == {}


def test_the_newest_version_of_each_live_object_is_found() -> None:
    """`find_newest` gives the versions acknowledged by a moment, without what was deleted by then."""
    history = History()
    history.add(make_event(Verb.CREATE, make_obj("a", 1), name="a", at=1.0))
    history.add(make_event(Verb.CREATE, make_obj("b", 2), name="b", at=1.0))
    history.add(make_event(Verb.PATCH, make_obj("a", 3), name="a", at=2.0))
    history.add(make_event(Verb.DELETE, uid="uid-of-b", name="b", at=2.0))
    history.add(make_event(Verb.PATCH, make_obj("a", 9), name="a", at=5.0))
    assert history.find_newest("Project", until=4.0) == {"uid-of-a": 3}


def test_operations_are_counted_by_outcome_and_time() -> None:
    """Only answers between two moments count."""
    history = History()
    for at in (1.0, 2.0, 3.0):
        history.add(make_event(Verb.PATCH, make_obj(), at=at))
    history.add(make_event(Verb.PATCH, outcome=Outcome.REFUSED, at=2.0))
    assert history.count(Outcome.ACKNOWLEDGED, since=1.5, until=3.0) == 1
    assert history.count_verbs() == {Verb.PATCH: 3}


def test_the_last_operations_on_an_object_can_be_read() -> None:
    """The history of one object names each operation and its answer."""
    events = [make_event(Verb.CREATE, make_obj()), make_event(Verb.DELETE, uid="other")]
    assert describe(events, "uid-of-project-0") == (
        "client 0, operation 0: create Project project-0: acknowledged at resourceVersion 10"
    )
