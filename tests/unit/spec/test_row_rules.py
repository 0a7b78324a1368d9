"""What must hold of rows that outlive their objects."""

from __future__ import annotations

import datetime as dt
from types import MappingProxyType
from typing import Any

from harness.core import codes
from harness.spec.row import Row
from harness.spec.row_rules import (
    compare_contents,
    examine_deleted,
    examine_update_time,
    expect_live,
    expect_one_live,
)

NOON = dt.datetime(2026, 3, 9, 12, 0, 0)


def make_row(uid: str = "u1", *, labels: tuple[tuple[str, str], ...] = (), **columns: Any) -> Row:
    """Return a row of a Project."""
    times = {"create_time": NOON, "update_time": NOON, "delete_time": None}
    values = {"uid": uid, "namespace": "n", "name": "p", "tier": "1", "json": "{}", **times, **columns}
    return Row("project", MappingProxyType(values), labels)


def test_a_row_deleted_in_time_is_right() -> None:
    """delete_time between the request and the look, give or take the clocks, is accepted."""
    row = make_row(delete_time=NOON + dt.timedelta(seconds=6))
    assert examine_deleted(row, NOON, NOON + dt.timedelta(seconds=2)) == []


def test_a_row_that_is_gone_is_said_to_be_deleted_for_good() -> None:
    """A hard delete is no soft delete."""
    (mismatch,) = examine_deleted(None)
    assert mismatch.actual == "no row: it was deleted for good"


def test_a_live_row_is_said_to_be_live() -> None:
    """A row without delete_time is not deleted."""
    (mismatch,) = examine_deleted(make_row())
    assert (mismatch.where, mismatch.actual) == ("column delete_time", "NULL: the row stays live")


def test_a_delete_time_of_another_zone_is_found() -> None:
    """A delete_time that lies hours beside the request is wrong."""
    row = make_row(delete_time=NOON + dt.timedelta(hours=2))
    (mismatch,) = examine_deleted(row, NOON, NOON)
    assert mismatch.actual == "2026-03-09 14:00:00"


def test_a_live_row_is_expected_to_be_there_and_undeleted() -> None:
    """No row, and a soft-deleted one, are not live."""
    assert expect_live(make_row()) == []
    assert [m.actual for m in expect_live(None)] == ["no row"]
    assert [m.actual for m in expect_live(make_row(delete_time=NOON))] == ["2026-03-09 12:00:00"]


def test_exactly_one_row_of_a_name_may_be_live() -> None:
    """Two live rows, and none, are named with their uids; deleted ones don't count."""
    deleted = make_row("u0", delete_time=NOON)
    assert expect_one_live([deleted, make_row()], "") == []
    (two,) = expect_one_live([make_row("u0"), make_row("u1")], " after something")
    assert str(two) == "live rows of one name after something: expected 1, got 2, of uids u0, u1"
    (none,) = expect_one_live([deleted], "")
    assert none.actual == "0, of uids "


def test_a_row_that_nobody_touched_has_the_same_contents() -> None:
    """Times may pass, and the order of JSON's keys says nothing."""
    before = make_row(json='{"a": 1, "b": 2}')
    after = make_row(json='{"b": 2, "a": 1}', update_time=NOON + dt.timedelta(seconds=1), delete_time=NOON)
    assert compare_contents(before, after, "it") == []


def test_each_part_of_a_row_that_changed_is_named() -> None:
    """Columns, JSON and labels are compared each by itself."""
    before, after = make_row(), make_row(tier="2", json='{"a": 1}', labels=(("k", "v"),))
    assert [m.where for m in compare_contents(before, after, "it")] == [
        "it: column tier",
        "it: column json",
        "it: labels",
    ]


def test_the_row_of_a_deleted_object_stays_that_objects() -> None:
    """A row that was soft-deleted in time and has become another object's is named by its column."""
    before, after = make_row(), make_row(delete_time=NOON, uid="u-2")
    (mismatch,) = examine_deleted(after, NOON, NOON, before=before)
    assert (mismatch.code, mismatch.where) == (codes.ROW_CHANGED, "column uid")


def test_update_time_lies_between_creation_and_now() -> None:
    """An update_time before the creation, after now, or none at all is wrong; clocks may be a little apart."""
    row = make_row(create_time=NOON, update_time=NOON - dt.timedelta(seconds=4))
    assert examine_update_time(row, NOON) == []
    for wrong in (None, NOON - dt.timedelta(seconds=6), NOON + dt.timedelta(seconds=6)):
        (mismatch,) = examine_update_time(make_row(create_time=NOON, update_time=wrong), NOON)
        assert (mismatch.code, mismatch.where) == (codes.ROW_TIME, "column update_time")
