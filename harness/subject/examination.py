"""What is wrong with an awaited row: findings, and nothing raised."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from harness.core import codes
from harness.core.record import Finding
from harness.spec.equality import compare_row, show
from harness.spec.row import Row
from harness.spec.row_rules import CLOCK_TOLERANCE
from harness.subject.steps import Sync, Update


def examine_row(sync: Sync, earlier: Iterable[str] = ()) -> list[Finding]:
    """Return what is wrong with an awaited row; its absence, or that it stayed behind, is a finding as well.

    It must be the only one of its name, but for those of `earlier`: uids of objects of that name that are known to
    be gone. It must be in its own table only, and equal to the object at its own resourceVersion.
    """
    write, row = sync.write, sync.row
    kind = write.subject.case.kind
    if row is None or not sync.arrived:
        return [describe_absence(sync)]
    findings = []
    others = [r.uid for r in sync.rows if r.uid != write.key and r.uid not in set(earlier)]
    if others:
        where, what = f"rows of table {kind.table}", f"one, of uid {write.key}"
        findings.append(Finding(codes.ROW_DUPLICATE, where, what, f"also {', '.join(others)}"))
    if sync.stray_tables:
        stray = f"also {', '.join(sync.stray_tables)}"
        findings.append(Finding(codes.ROW_STRAY, "tables with this uid", kind.table, stray))
    if sync.obj is None:
        versions = [version.number for version in write.subject.history.versions]
        known = f"a version of the object: {versions}"
        findings.append(Finding(codes.ROW_VERSION, "column res_version", known, str(row.res_version)))
    else:
        findings += compare_row(kind, sync.obj, row)
    return findings + _examine_update_time(row, sync)


def describe_absence(sync: Sync) -> Finding:
    """Return that the row never came, or stayed behind: what was seen last, how long, and what came instead."""
    write, row = sync.write, sync.row
    table = write.subject.case.kind.table
    if row is None:
        code, where, expected = codes.ROW_MISSING, f"table {table}", f"a row with uid {write.key}"
        seen = f"no row with uid {write.key}"
    else:
        code, where, expected = codes.ROW_BEHIND, "column res_version", f"{write.version} or later"
        seen = f"{row.res_version}, {write.version - row.res_version} behind"
    seen += f", for {sync.waited_s:.1f} s"
    if sync.stray_tables:
        seen += f"; found in table {', '.join(sync.stray_tables)} instead"
    same_name = [r.uid for r in sync.rows if r.uid != write.key]
    if row is None and same_name:
        seen += f"; the name has rows of other uids: {', '.join(same_name)}"
    return Finding(code, where, expected, "; ".join(filter(None, (seen, describe_crash(sync)))))


def describe_crash(sync: Sync) -> str:
    """Return what the controller manager did instead of its work, with its panics; '' where it worked."""
    return "\n".join(filter(None, (sync.crash, *sync.traces))) if sync.crash else ""


def describe_refused_patch(update: Update) -> Finding:
    """Return that the API server did not accept a patch, with what is known of who deleted the object."""
    seen = "\n".join(filter(None, (str(update.answer), update.deletion)))
    return Finding(codes.REQUEST_REFUSED, f"the patch of {update.subject}", "accepted", seen)


def _examine_update_time(row: Row, sync: Sync) -> list[Finding]:
    """Return what is wrong with update_time: it lies between the object's creation and now."""
    created, now, found = row.columns["create_time"], sync.server_time, row.update_time
    if (
        isinstance(created, dt.datetime)
        and found is not None
        and created - CLOCK_TOLERANCE <= found <= now + CLOCK_TOLERANCE
    ):
        return []
    expected = f"between {show(created)} and {show(now)} (UTC)"
    return [Finding(codes.ROW_TIME, "column update_time", expected, show(found))]
