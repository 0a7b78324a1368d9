"""Stages in which an object goes: deleted, orphaned, marked for deletion, retired to MySQL, and created again.

The order of a deletion is observed, not assumed: nobody can write to the row while it is set in motion, and
whatever the Ingester does before its write to MySQL has then been done.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from harness.chapters.contract.lifecycle import Lifecycle, Stage
from harness.chapters.contract.writes import OURS
from harness.core.polling import wait_for
from harness.core.record import Finding
from harness.spec.annotations import (
    DELETING_ANNOTATION,
    IMMUTABLE_ANNOTATION,
    INGESTER_FINALIZER,
    get_finalizers,
    is_released,
)
from harness.spec.equality import compare_row, show
from harness.spec.model import Case, JsonObject
from harness.spec.row import Row
from harness.spec.row_rules import compare_contents, examine_deleted, expect_live, expect_one_live
from harness.subject import evidence
from harness.subject.specimen import Specimen
from harness.suite.account import Account

_USUALLY_S = 2.0   # within which a deletion is over
_MARK = {"metadata": {"annotations": {DELETING_ANNOTATION: "true"}}}


def _delete(life: Lifecycle, case: Case, account: Account) -> None:
    namesake = life.make(case, "deleted", elsewhere=True)
    specimen = life.make(case, "deleted", finalizer=True)
    account.evidence = specimen.evidence
    account.take_sync(namesake.await_row(), "a namesake in another namespace, created")
    account.take_sync(specimen.await_row(), "created")
    _delete_while_held(life, specimen, account, specimen.delete)


def _see_deleted(life: Lifecycle, case: Case, account: Account) -> None:
    see_soft_deleted(life, life.find(case, "deleted"), account)
    account.take_sync(life.find(case, "deleted elsewhere").await_row(), "the namesake, afterwards")


def _orphan(life: Lifecycle, case: Case, account: Account) -> None:
    specimen = life.make(case, "orphan")
    account.evidence = specimen.evidence
    account.take_sync(specimen.await_row(), "created")
    specimen.delete()


def _see_orphaned(life: Lifecycle, case: Case, account: Account) -> None:
    specimen = life.find(case, "orphan")
    row = specimen.read_row()
    account.evidence.append(evidence.of_row(row, "the row afterwards", time.time()))
    account.findings += examine_release(life, specimen)
    if row is not None and row.live:
        account.find("the row of the deleted object", "soft-deleted", "live: an orphan")
    else:
        account.findings += examine_deleted(row)
    if row is not None:
        account.findings += _compare_with_version(specimen, row)
    specimen.release()


def _mark_deleting(life: Lifecycle, case: Case, account: Account) -> None:
    specimen = life.make(case, "deleting", finalizer=True)
    account.evidence = specimen.evidence
    account.take_sync(specimen.await_row(), "created")
    _delete_while_held(life, specimen, account, lambda: specimen.patch(_MARK))
    plain = life.make(case, "deleting-plain")
    account.take_sync(plain.await_row(), "created without finalizer")
    plain.asked_at = life.run.database.get_time()
    plain.patch(_MARK)
    await_deletion(life, plain)
    account.evidence += plain.evidence


def _see_marked_deleting(life: Lifecycle, case: Case, account: Account) -> None:
    for role in ("deleting", "deleting-plain"):
        see_soft_deleted(life, life.find(case, role), account)


def _retire(life: Lifecycle, case: Case, account: Account) -> None:
    specimen = life.make(case, "immutable", finalizer=True)
    account.evidence = specimen.evidence
    account.take_sync(specimen.await_row(), "created")
    if not life.is_immutable(case):
        marks = {"annotations": {IMMUTABLE_ANNOTATION: "true"}, "labels": {f"{OURS}/last": "word"}}
        with life.run.database.hold_row(case.kind, specimen.uid) as held:
            specimen.patch({"metadata": marks})
            life.await_block(held, account, lambda: is_released(specimen.read()))
            left = is_released(specimen.read())
        if held is not None and left:
            account.find("the order", "the object leaves Kubernetes after its row is written", "it left before")
        specimen.restart_clock()
        account.take_sync(specimen.await_row(), "marked immutable")
    wait_for(specimen.read, is_released, timeout_s=life.sync_s)


def _see_retired(life: Lifecycle, case: Case, account: Account) -> None:
    specimen = life.find(case, "immutable")
    row = specimen.read_row()
    account.evidence.append(evidence.of_row(row, "the row afterwards", time.time()))
    account.findings += examine_release(life, specimen)
    account.findings += expect_live(row)
    if row is not None:
        account.findings += _compare_with_version(specimen, row)
    specimen.release()


def _recreate(life: Lifecycle, case: Case, account: Account) -> None:
    first = life.find(case, "deleted")
    earlier = first.read_row()
    second = life.make(case, "deleted", finalizer=True)
    account.evidence = second.evidence
    account.take_sync(second.await_row(), "created again", earlier=[first.uid])
    second.patch({"metadata": {"labels": {f"{OURS}/life": "second"}}})
    account.take_sync(second.await_row(), "created again, and patched", earlier=[first.uid])
    later = first.read_row()
    if earlier is None or later is None:
        account.find("the first object's row", "there, soft-deleted", "no row")
    else:
        account.findings += compare_contents(earlier, later, "the first object's row")
        before, after = earlier.columns["delete_time"], later.columns["delete_time"]
        if before != after or before is None:
            seen = f"{show(before)}, then {show(after)}"
            account.find("the first object's delete_time", "set once and for all", seen)


def _see_recreated(life: Lifecycle, case: Case, account: Account) -> None:
    specimen = life.find(case, "deleted")
    account.findings += expect_one_live(specimen.read_rows(), "")
    specimen.release()


def _succeed(life: Lifecycle, case: Case, account: Account) -> None:
    """Create an object under the name of one whose row stayed live."""
    role, when = (
        ("immutable", " of an immutable kind")
        if life.is_immutable(case)
        else ("orphan", " after a deletion without finalizer")
    )
    first = life.find(case, role)
    second = life.make(case, role)
    account.evidence = second.evidence
    account.take_sync(second.await_row(), "created again", earlier=[first.uid])
    account.findings += expect_one_live(second.read_rows(), when)


def _delete_while_held(life: Lifecycle, specimen: Specimen, account: Account, ask: Callable[[], object]) -> None:
    """Set a deletion in motion while nobody can write to the row; then let it run, and wait for its end."""
    with life.run.database.hold_row(specimen.case.kind, specimen.uid) as held:
        specimen.asked_at = life.run.database.get_time()
        ask()
        life.await_block(held, account, lambda: is_released(specimen.read()))
        obj = specimen.read()
    if held is not None and (obj is None or INGESTER_FINALIZER not in get_finalizers(obj)):
        what = "gone from Kubernetes" if obj is None else f"finalizers {show(get_finalizers(obj))}"
        account.find("the order", f"{INGESTER_FINALIZER} goes after delete_time is set", f"{what} before it")
    await_deletion(life, specimen)


def await_deletion(life: Lifecycle, specimen: Specimen) -> None:
    """Wait until the object is released and its row soft-deleted, or the time for both is over."""

    def is_done(seen: tuple[JsonObject | None, Row | None]) -> bool:
        obj, row = seen
        return is_released(obj) and row is not None and not row.live

    for timeout_s in (_USUALLY_S, life.sync_s - _USUALLY_S):
        wait = wait_for(
            lambda: (specimen.read(), specimen.read_row()), is_done, timeout_s=timeout_s, max_interval_s=0.05
        )
        if wait.satisfied or any(life.explains(finding) for finding in examine_release(life, specimen)):
            return   # of a deletion that is known never to end, no more need be seen


def see_soft_deleted(life: Lifecycle, specimen: Specimen, account: Account) -> None:
    """Take down what is wrong with a deleted object and its row, and what else holds it; then let it go."""
    row = specimen.read_row()
    account.evidence.append(evidence.of_row(row, f"the row of {specimen} afterwards", time.time()))
    account.findings += examine_release(life, specimen)
    account.findings += examine_deleted(row, specimen.asked_at, life.run.database.get_time())
    if row is not None:
        account.findings += _compare_with_version(specimen, row)
    if others := get_finalizers(specimen.read()):
        account.facts["held by"] = ", ".join(others)
    specimen.release()


def examine_release(life: Lifecycle, specimen: Specimen) -> list[Finding]:
    """Return that the Ingester has not let go of a deleted object, with the errors that it logged about it."""
    obj = specimen.read()
    if is_released(obj):
        return []
    seen = f"there; finalizers {show(get_finalizers(obj))}; errors logged: {life.find_errors(specimen) or 'none'}"
    return [Finding(f"{specimen} in Kubernetes", "released", seen)]


def _compare_with_version(specimen: Specimen, row: Row) -> list[Finding]:
    """Return where a row that outlives its object differs from the version that it holds, delete_time aside."""
    obj = specimen.history.find(row.res_version)
    if obj is None:
        return [Finding("column res_version", "a version of the object", str(row.res_version))]
    return [m for m in compare_row(specimen.case.kind, obj, row) if m.where != "column delete_time"]


DELETED = Stage("deleted", _delete, _see_deleted)
ORPHANED = Stage("orphaned", _orphan, _see_orphaned)
MARKED_DELETING = Stage("marked deleting", _mark_deleting, _see_marked_deleting)
RETIRED = Stage("retired", _retire, _see_retired)
RECREATED = Stage("recreated", _recreate, _see_recreated, after=(DELETED,))
SUCCEEDED = Stage("succeeded", _succeed, after=(ORPHANED,))
SUCCEEDED_RETIRED = Stage("succeeded after it was retired", _succeed, after=(RETIRED,))
