"""What must hold of rows that outlive their objects, or have namesakes; returns mismatches, reads nothing."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence

from harness.core import codes
from harness.core.record import Finding
from harness.spec.equality import show
from harness.spec.row import Row, Value

CLOCK_TOLERANCE = dt.timedelta(seconds=5)
"""How far the clocks of MySQL, of the API server and of the harness may be apart."""
_IDENTITY = ("uid", "namespace", "name", "create_time")
_MAY_CHANGE = ("update_time", "delete_time", "json")


def examine_deleted(
    row: Row | None,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    *,
    before: Row | None = None,
) -> list[Finding]:
    """Return what is wrong with the row of an object that was deleted between two moments of MySQL's clock.

    With `before`, the row as it was while the object lived, also where it is no longer that object's row.
    """
    if row is None:
        wanted, seen = "soft-deleted", "no row: it was deleted for good"
        return [Finding(codes.ROW_LOST, "the row of the deleted object", wanted, seen)]
    deleted_at = row.columns["delete_time"]
    if not isinstance(deleted_at, dt.datetime):
        return [Finding(codes.ROW_LIVE, "column delete_time", "set", "NULL: the row stays live")]
    found = []
    if since and until and not since - CLOCK_TOLERANCE <= deleted_at <= until + CLOCK_TOLERANCE:
        found.append(Finding(codes.ROW_TIME, "column delete_time", _span(since, until), show(deleted_at)))
    if before is not None:
        found += [
            Finding(codes.ROW_CHANGED, f"column {name}", show(before.columns[name]), show(row.columns.get(name)))
            for name in _IDENTITY
            if row.columns.get(name) != before.columns[name]
        ]
    return found


def examine_update_time(row: Row, until: dt.datetime) -> list[Finding]:
    """Return what is wrong with update_time, if it is not between the object's creation and MySQL's `until`."""
    created, written = row.columns["create_time"], row.update_time
    if (
        isinstance(created, dt.datetime)
        and written is not None
        and created - CLOCK_TOLERANCE <= written <= until + CLOCK_TOLERANCE
    ):
        return []
    return [Finding(codes.ROW_TIME, "column update_time", _span(created, until), show(written))]


def expect_live(row: Row | None) -> list[Finding]:
    """Return that the row is not there, or soft-deleted."""
    if row is None:
        return [Finding(codes.ROW_MISSING, "the row", "there, live", "no row")]
    if row.live:
        return []
    return [Finding(codes.ROW_DELETED, "column delete_time", "NULL", show(row.columns["delete_time"]))]


def expect_one_live(rows: Sequence[Row], when: str) -> list[Finding]:
    """Return that not exactly one of the rows of a name is live."""
    live = [row.uid for row in rows if row.live]
    if len(live) == 1:
        return []
    code = codes.ROW_DUPLICATE if live else codes.ROW_DELETED
    return [Finding(code, f"live rows of one name{when}", "1", f"{len(live)}, of uids {', '.join(live)}")]


def compare_contents(before: Row, after: Row, what: str) -> list[Finding]:
    """Return what of a row changed, its labels and annotations included, update_time and delete_time aside."""
    code = codes.ROW_CHANGED
    found = [
        Finding(code, f"{what}: column {name}", show(value), show(after.columns.get(name)))
        for name, value in before.columns.items()
        if name not in _MAY_CHANGE and value != after.columns.get(name)
    ]
    if json.loads(str(before.columns["json"])) != json.loads(str(after.columns["json"])):
        found.append(Finding(code, f"{what}: column json", "as before", "changed"))
    if before.labels != after.labels:
        found.append(Finding(code, f"{what}: labels", show(before.labels), show(after.labels)))
    if before.annotations != after.annotations:
        found.append(Finding(code, f"{what}: annotations", show(before.annotations), show(after.annotations)))
    return found


def compare_kept(before: Row | None, after: Row | None, what: str) -> list[Finding]:
    """Return what changed of a row that is to stay as it is, delete_time included, or that it is gone."""
    if before is None or after is None:
        return [Finding(codes.ROW_LOST, what, "there, as it was", "no row")]
    found = compare_contents(before, after, what)
    earlier, later = before.columns["delete_time"], after.columns["delete_time"]
    if earlier != later:
        found.append(Finding(codes.ROW_CHANGED, f"{what}: column delete_time", show(earlier), show(later)))
    return found


def _span(since: Value, until: dt.datetime) -> str:
    return f"between {show(since)} and {show(until)} (UTC)"
