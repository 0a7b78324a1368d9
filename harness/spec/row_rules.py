"""What must hold of rows that outlive their objects, or have namesakes; returns mismatches, reads nothing."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence

from harness.core.record import Finding
from harness.spec.equality import show
from harness.spec.row import Row

CLOCK_TOLERANCE = dt.timedelta(seconds=5)
_MAY_CHANGE = ("update_time", "delete_time", "json")


def examine_deleted(
    row: Row | None, since: dt.datetime | None = None, until: dt.datetime | None = None
) -> list[Finding]:
    """Return what is wrong with the row of an object that was deleted between two moments of MySQL's clock."""
    if row is None:
        return [Finding("the row of the deleted object", "soft-deleted", "no row: it was deleted for good")]
    deleted_at = row.columns["delete_time"]
    if not isinstance(deleted_at, dt.datetime):
        return [Finding("column delete_time", "set", "NULL: the row stays live")]
    if since and until and not since - CLOCK_TOLERANCE <= deleted_at <= until + CLOCK_TOLERANCE:
        return [Finding("column delete_time", f"between {show(since)} and {show(until)} (UTC)", show(deleted_at))]
    return []


def expect_live(row: Row | None) -> list[Finding]:
    """Return that the row is not there, or soft-deleted."""
    if row is None:
        return [Finding("the row", "there, live", "no row")]
    return [] if row.live else [Finding("column delete_time", "NULL", show(row.columns["delete_time"]))]


def expect_one_live(rows: Sequence[Row], when: str) -> list[Finding]:
    """Return that not exactly one of the rows of a name is live."""
    live = [row.uid for row in rows if row.live]
    if len(live) == 1:
        return []
    return [Finding(f"live rows of one name{when}", "1", f"{len(live)}, of uids {', '.join(live)}")]


def compare_contents(before: Row, after: Row, what: str) -> list[Finding]:
    """Return what of a row changed, its labels and annotations included, update_time and delete_time aside."""
    found = [
        Finding(f"{what}: column {name}", show(value), show(after.columns.get(name)))
        for name, value in before.columns.items()
        if name not in _MAY_CHANGE and value != after.columns.get(name)
    ]
    if json.loads(str(before.columns["json"])) != json.loads(str(after.columns["json"])):
        found.append(Finding(f"{what}: column json", "as before", "changed"))
    if before.labels != after.labels:
        found.append(Finding(f"{what}: labels", show(before.labels), show(after.labels)))
    if before.annotations != after.annotations:
        found.append(Finding(f"{what}: annotations", show(before.annotations), show(after.annotations)))
    return found
