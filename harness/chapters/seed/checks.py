"""Judges what the steps brought. Each function is one check of the report: it returns, or raises CheckFailure.

The differences go into the check's own record before it fails, so that the report shows all of them and not
only the first.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from harness.clients.kube import get_version
from harness.core.errors import Refusal
from harness.core.record import Check, Finding, IssueResult, IssueStatus
from harness.spec.equality import (
    compare_json,
    compare_proto,
    compare_row,
    compare_spots,
    expect_column,
    get_path,
    show,
)
from harness.spec.model import JsonObject
from harness.spec.row import Row
from harness.subject import evidence
from harness.subject.log import find_sequence
from harness.subject.steps import Creation, Sync, Update, get_history, get_object
from harness.suite.failure import fail, fail_on, report_stale

_CLOCK_TOLERANCE = dt.timedelta(seconds=5)

def check_created(creation: Creation, check: Check) -> None:
    """1.4: the API server accepts the CR, and stores all of what was sent."""
    check.evidence += creation.evidence
    name = _name(creation.sent)
    if isinstance(creation.answer, Refusal):
        fail(
            f"{name} was not accepted",
            expected="the API server to create it",
            seen=str(creation.answer),
            look_at=f"the template {creation.case.template} and the CRD of {creation.case.name}",
        )
    stored = creation.answer
    mismatches = _compare_sent(creation.sent, stored)
    if not stored["metadata"].get("uid"):
        mismatches.append(Finding("metadata.uid", "a uid", "nothing"))
    check.evidence.append(evidence.of_comparison(mismatches, "what was sent against what was stored"))
    fail_on(mismatches, check, f"{name} was not stored as it was sent", "the CRD's schema, which prunes fields")


def check_log_lines(sync: Sync, messages: Sequence[str], check: Check) -> None:
    """1.5 and 2.2: the Ingester logs its reconcile of the object, in its order."""
    found = find_sequence(sync.entries, messages)
    check.evidence.append(evidence.of_log(found or sync.entries[:12], "log lines about the object"))
    if sync.crash:
        check.evidence += sync.evidence
    if len(found) < len(messages):
        missing = messages[len(found)]
        check.findings.append(Finding("controller manager's log", show(missing), f"{len(found)} of the lines"))
        fail(
            f"{_name(sync.write.answer)}: the log lacks {missing!r}",
            expected=" → ".join(messages),
            seen=sync.crash or " → ".join(entry.message for entry in sync.entries) or "no line about this object",
            look_at="python -m harness sandbox logs michelangelo-controllermgr",
        )


def check_row(sync: Sync, check: Check, deleted_uids: Iterable[str] = ()) -> Row:
    """1.6: exactly one row, at the write's version or a later one, equal to the object at that version.

    Rows of `deleted_uids`, objects of the same name that are known to be gone, don't count. Returns the row.
    """
    check.evidence += sync.evidence
    write, row = sync.write, sync.row
    if row is None or row.res_version < write.version:
        _fail_on_absence(sync, check)
    mismatches = examine_row(sync, deleted_uids)
    check.evidence.append(evidence.of_comparison(mismatches, f"the row against the object at {row.res_version}"))
    place = f"table {write.creation.case.kind.table}, uid {write.uid}"
    fail_on(mismatches, check, f"{_name(write.answer)}: its row differs from the object", place)
    return row


def examine_row(sync: Sync, deleted_uids: Iterable[str] = ()) -> list[Finding]:
    """Return what is wrong with an awaited row; its absence, or that it stayed behind, is a mismatch as well."""
    write, row = sync.write, sync.row
    kind = write.creation.case.kind
    if row is None or row.res_version < write.version:
        return _describe_absence(sync)
    mismatches = []
    others = [r.uid for r in sync.rows if r.uid != write.uid and r.uid not in set(deleted_uids)]
    if others:
        mismatches.append(
            Finding(f"rows of table {kind.table}", f"one, of uid {write.uid}", f"also {', '.join(others)}")
        )
    if sync.stray_tables:
        mismatches.append(
            Finding("tables with this uid", kind.table, f"also {', '.join(sync.stray_tables)}")
        )
    if sync.obj is None:
        versions = [v.number for v in write.creation.history.versions] if write.creation.history else []
        mismatches.append(
            Finding("column res_version", f"a version of the object: {versions}", str(row.res_version))
        )
    else:
        mismatches += compare_row(kind, sync.obj, row)
    return mismatches + _check_update_time(row, sync)


def check_patched(update: Update, check: Check) -> None:
    """2.1: the API server accepts the patch, as a new version that holds the patched values."""
    check.evidence += update.evidence
    case, name = update.creation.case, _name(update.creation.sent)
    if isinstance(update.answer, Refusal):
        fail(
            f"{name} can't be patched",
            expected="the API server to accept the merge patch",
            seen=str(update.answer),
            look_at="who deletes or locks the object: its log lines are in the evidence",
        )
    mismatches = compare_spots(case.spot_checks, update.answer, "the answer")
    before, after = get_version(get_object(update.creation)), get_version(update.answer)
    if after <= before:
        mismatches.append(Finding("resourceVersion", f"above {before}", str(after)))
    fail_on(mismatches, check, f"{name}: the patch did not take", f"the CRD of {case.name}")
    if "spec" not in case.patch:
        check.detail = "label update"


def check_departed(update: Update, check: Check) -> None:
    """2.1 of an immutable kind: the object has left Kubernetes, so that there is nothing to patch."""
    check.evidence += update.evidence
    gone = isinstance(update.answer, Refusal) and update.answer.not_found
    if not (update.departed and gone):
        fail(
            f"{_name(update.creation.sent)} is still in Kubernetes",
            expected="an object of an immutable kind to leave Kubernetes once it is in MySQL",
            seen="the API server still has it",
            look_at="the profile (--profile): does this version treat the kind as immutable?",
        )


def check_row_stays(update: Update, row: Row | None, check: Check) -> None:
    """2.3 of an immutable kind: its row outlives the object, live and unchanged."""
    check.evidence.append(evidence.of_row(update.previous, "the row before", update.previous_at))
    check.evidence.append(evidence.of_row(row, "the row now", time.time()))
    if update.previous is None or row is None or not row.live or row.columns != update.previous.columns:
        fail(
            f"{_name(update.creation.sent)}: its row did not outlive the object",
            expected="a live row, as it was when the object left Kubernetes",
            seen="no row" if row is None else f"delete_time {show(row.columns['delete_time'])}, or other values",
            look_at=f"table {update.creation.case.kind.table}",
        )


def check_recreated_row(sync: Sync, update: Update, check: Check) -> None:
    """2.3 of a CR that had to be created again: it is left alone, and has a row of its own beside the old one."""
    check_row(sync, check, [get_history(update.creation).uid])
    if not update.recreation_stays:
        fail(
            f"{_name(sync.write.answer)} was deleted again",
            expected="the CR to be left alone once it is created again",
            seen="it is gone",
            look_at="python -m harness sandbox logs michelangelo-controllermgr",
        )
    check.detail = "on re-create"


def check_updated_row(sync: Sync, update: Update, check: Check) -> None:
    """2.3: the row has reached the patch's version, was written again, and holds what was patched."""
    row = check_row(sync, check)
    case, earlier = update.creation.case, update.synced or update.previous
    mismatches = []
    if earlier is not None and not _is_later(row.update_time, earlier.update_time):
        mismatches.append(
            Finding("column update_time", f"after {show(earlier.update_time)}", show(row.update_time))
        )
    kept = [spot for spot in case.spot_checks if not _was_rewritten(sync, spot.path)]
    if len(kept) < len(case.spot_checks):
        check.evidence.append(
            evidence.of_note("a patched field was rewritten by another controller before the row was read")
        )
    stored = json.loads(str(row.columns["json"]))
    mismatches += compare_spots(kept, stored, "column json")
    mismatches += compare_proto([spot.value for spot in kept if isinstance(spot.value, str)], row)
    paths = {spot.path for spot in kept}
    for column in case.kind.columns:
        if column.path in paths:
            expected = expect_column(column, sync.write.answer)
            if row.columns.get(column.name) != expected:
                mismatches.append(
                    Finding(f"column {column.name}", show(expected), show(row.columns.get(column.name)))
                )
    check.evidence.append(evidence.of_comparison(mismatches, "spot checks of the patched values"))
    fail_on(mismatches, check, f"{_name(sync.write.answer)}: the row does not hold the patch", "")


def check_issue(result: IssueResult, check: Check, *, allow_stale: bool) -> None:
    """Last section: the known issue shows, with its workaround applied; one that does not is stale."""
    check.evidence += result.evidence
    if result.status is IssueStatus.STALE and allow_stale:
        check.detail = "stale; tolerated by --allow-stale-known-issues"
    if result.status is IssueStatus.STALE:
        report_stale(result.id, result.title, "no sign of it", allow_stale=allow_stale)


def _describe_absence(sync: Sync) -> list[Finding]:
    """Return that the row never came, or stayed behind, and where it is instead, if anywhere."""
    write, row = sync.write, sync.row
    table = write.creation.case.kind.table
    if row is None:
        mismatches = [Finding(f"table {table}", f"a row with uid {write.uid}", "no row")]
    else:
        mismatches = [Finding("column res_version", f"{write.version} or later", str(row.res_version))]
    if sync.stray_tables:
        mismatches.append(Finding("tables with this uid", table, ", ".join(sync.stray_tables)))
    return mismatches


def _fail_on_absence(sync: Sync, check: Check) -> NoReturn:
    """Fail because the row never came, or stayed behind."""
    write, row = sync.write, sync.row
    table = write.creation.case.kind.table
    check.findings += _describe_absence(sync)
    if row is None:
        seen = f"no row with uid {write.uid} in table {table}"
    else:
        seen = f"res_version {row.res_version}, {write.version - row.res_version} behind"
    if sync.stray_tables:
        seen += f"; found in table {', '.join(sync.stray_tables)} instead"
    same_name = [r for r in sync.rows if r.uid != write.uid]
    if row is None and same_name:
        seen += f"; the name has rows of other uids: {', '.join(r.uid for r in same_name)}"
    last = sync.entries[-1].text if sync.entries else "no line about this object"
    fail(
        f"{_name(write.answer)}: its row did not reach resourceVersion {write.version}",
        expected=f"a row in table {table} at {write.version} or later",
        seen=f"{seen}, for {sync.waited_s:.1f} s{'; ' + sync.crash if sync.crash else ''}",
        look_at=f"its last log line: {last}",
    )


def _check_update_time(row: Row, sync: Sync) -> list[Finding]:
    """Return what is wrong with update_time: it lies between the object's creation and now."""
    created, now, found = row.columns["create_time"], sync.server_time, row.update_time
    if (
        isinstance(created, dt.datetime)
        and found is not None
        and created - _CLOCK_TOLERANCE <= found <= now + _CLOCK_TOLERANCE
    ):
        return []
    return [Finding("column update_time", f"between {show(created)} and {show(now)} (UTC)", show(found))]


def _was_rewritten(sync: Sync, path: str) -> bool:
    """Whether somebody else changed the patched field between the patch and the version of the row."""
    return sync.obj is not None and get_path(sync.obj, path) != get_path(sync.write.answer, path)


def _compare_sent(sent: JsonObject, stored: JsonObject) -> list[Finding]:
    """Return what was sent and is not in the stored object; what the server adds doesn't count."""

    def narrow(stored_part: Any, sent_part: Any) -> Any:
        if isinstance(stored_part, dict) and isinstance(sent_part, dict):
            return {key: narrow(stored_part[key], sent_part[key]) for key in sent_part if key in stored_part}
        return stored_part

    return compare_json(sent, narrow(stored, sent))


def _is_later(found: dt.datetime | None, than: dt.datetime | None) -> bool:
    return found is not None and (than is None or found > than)


def _name(obj: JsonObject) -> str:
    return f"{obj['kind']} {obj['metadata']['name']}"
