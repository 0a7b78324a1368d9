"""`harness.chapters.faults.ledger`: what was answered, and the lives that follow from it."""

from __future__ import annotations

from harness.chapters.faults.ledger import Ledger, Outcome, describe, trace_lives
from harness.chapters.faults.plan import Verb

from .builders import make_entry, make_obj


def test_a_life_is_traced_from_creation_to_deletion() -> None:
    """A life knows its versions, when it began, and that its end was acknowledged."""
    first, second = make_obj(version=10), make_obj(version=12)
    life = trace_lives([
        make_entry(Verb.CREATE, first, at=1.0),
        make_entry(Verb.PATCH, second, at=2.0),
        make_entry(Verb.DELETE, uid=first["metadata"]["uid"], at=3.0),
    ])["uid-of-project-0"]
    assert (life.created_at, life.acknowledged, life.delete_at, life.deleted) == (1.0, 12, 3.0, True)
    assert life.versions == {10: first, 12: second}


def test_an_object_that_is_created_again_has_another_life() -> None:
    """Objects of one name are told apart by their uid."""
    lives = trace_lives([
        make_entry(Verb.CREATE, make_obj(uid="a")),
        make_entry(Verb.DELETE, uid="a"),
        make_entry(Verb.CREATE, make_obj(uid="b", version=20)),
    ])
    assert {uid: life.deleted for uid, life in lives.items()} == {"a": True, "b": False}


def test_an_uncertain_deletion_counts_once_it_was_seen() -> None:
    """A deletion whose answer was lost is one if the object is then gone or going, and none if it lives."""
    obj = make_obj()
    uid = obj["metadata"]["uid"]
    begin = [make_entry(Verb.CREATE, obj), make_entry(Verb.DELETE, uid=uid, outcome=Outcome.UNCERTAIN)]
    gone = make_entry(Verb.CREATE, uid=uid, outcome=Outcome.SEEN)
    going = make_entry(Verb.CREATE, make_obj(deletionTimestamp="2026-03-01T12:00:01Z"), outcome=Outcome.SEEN)
    alive = make_entry(Verb.CREATE, obj, outcome=Outcome.SEEN)
    found = [trace_lives([*begin, seen])[uid].deleted for seen in (gone, going, alive)]
    assert found == [True, True, False]


def test_refused_operations_make_no_life() -> None:
    """What was refused or skipped without an object leaves no trace among the lives."""
    assert trace_lives([make_entry(Verb.CREATE, outcome=Outcome.REFUSED)]) == {}


def test_the_newest_version_of_each_live_object_is_found() -> None:
    """`find_newest` gives the versions acknowledged by a moment, without what was deleted by then."""
    ledger = Ledger()
    ledger.add(make_entry(Verb.CREATE, make_obj("a", 1), name="a", at=1.0))
    ledger.add(make_entry(Verb.CREATE, make_obj("b", 2), name="b", at=1.0))
    ledger.add(make_entry(Verb.PATCH, make_obj("a", 3), name="a", at=2.0))
    ledger.add(make_entry(Verb.DELETE, uid="uid-of-b", name="b", at=2.0))
    ledger.add(make_entry(Verb.PATCH, make_obj("a", 9), name="a", at=5.0))
    assert ledger.find_newest("Project", until=4.0) == {"uid-of-a": 3}


def test_operations_are_counted_by_outcome_and_time() -> None:
    """Only answers between two moments count."""
    ledger = Ledger()
    for at in (1.0, 2.0, 3.0):
        ledger.add(make_entry(Verb.PATCH, make_obj(), at=at))
    ledger.add(make_entry(Verb.PATCH, outcome=Outcome.REFUSED, at=2.0))
    assert ledger.count(Outcome.ACKNOWLEDGED, since=1.5, until=3.0) == 1
    assert ledger.count_verbs() == {Verb.PATCH: 3}


def test_the_last_operations_on_an_object_can_be_read() -> None:
    """The story of one object names each operation and its answer."""
    entries = [make_entry(Verb.CREATE, make_obj()), make_entry(Verb.DELETE, uid="other")]
    assert describe(entries, "uid-of-project-0") == (
        "client 0, operation 0: create Project project-0: acknowledged at resourceVersion 10"
    )
