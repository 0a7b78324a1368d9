"""Stages in which an object stays and is written to: relabelled, rewritten, hurried, overtaken, marked in vain."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from harness.chapters.contract.lifecycle import Lifecycle, Stage
from harness.chapters.contract.status import STATUS
from harness.clients.kube import get_version
from harness.core.errors import Refusal
from harness.spec.annotations import DELETING_ANNOTATION, IMMUTABLE_ANNOTATION, INGESTER_FINALIZER, get_finalizers
from harness.spec.equality import show
from harness.spec.model import Case, JsonObject
from harness.spec.row_rules import compare_contents, expect_live
from harness.suite.account import Account

MANY = 120
"""Labels, and as many annotations, of the object whose every label must arrive: one lost in a hundred shows."""

RAPID = 100
OURS = "contract.ingester-acceptance"
_CLIENTS = 2
_IGNORED = ("false", "True", "TRUE", "1", "yes", "")


def _relabel(life: Lifecycle, case: Case, account: Account) -> None:
    many = {f"{OURS}/n{number}": f"v{number}" for number in range(MANY)}
    specimen = life.make(case, "labels", marks=many)
    account.evidence = specimen.evidence
    account.take_sync(specimen.await_row(), f"created with {MANY} labels and annotations more")
    changed = {f"{OURS}/n1": "changed", f"{OURS}/n2": "", f"{OURS}/n3": None, f"{OURS}/new": "added"}
    for after, values in (
        ("some added, changed and removed", changed),
        ("the same patch once more", changed),
        ("most removed", {f"{OURS}/n{number}": None for number in range(8, MANY)}),
        ("removed ones added again", {f"{OURS}/n3": "again", f"{OURS}/n9": "v9"}),
    ):
        specimen.patch({"metadata": {"labels": values, "annotations": values}})
        account.take_sync(specimen.await_row(), after)
    specimen.patch({"metadata": {"labels": None, "annotations": None}})
    account.take_sync(specimen.await_row(), "all removed")
    specimen.patch({"metadata": {"labels": {f"{OURS}/last": "1", **life.run.labels}}})
    account.take_sync(specimen.await_row(), "one added to none")


def _rewrite(life: Lifecycle, case: Case, account: Account) -> None:
    specimen = life.find_or_make(case, "steady")
    account.evidence = specimen.evidence
    account.take_sync(specimen.await_row(), "created")
    before = specimen.read_row()
    answer = specimen.patch({"metadata": {"labels": specimen.sent["metadata"].get("labels") or {}}})
    account.take_sync(specimen.await_row(), "a patch that changes nothing")
    after = specimen.read_row()
    if before and after and get_version(answer) == before.res_version == after.res_version:
        account.findings += compare_contents(before, after, "a patch that changes nothing")
    status = STATUS.get(case.name)
    if status is None:
        account.facts["status"] = "the kind has no status field"
        return
    specimen.patch({"status": status}, status=True)
    account.take_sync(specimen.await_row(), "a write of the status")
    account.facts["status"] = ", ".join(status)


def _hurry(life: Lifecycle, case: Case, account: Account) -> None:
    specimen = life.find_or_make(case, "steady")
    specimen.await_row()

    def patch(number: int) -> JsonObject | Refusal:
        marks = {f"{OURS}/rapid": str(number)}
        body = {"metadata": {"labels": marks, "annotations": marks}}
        try:
            return life.run.cluster.patch(case.kind, specimen.namespace, specimen.name, body)
        except Refusal as refusal:
            return refusal

    started = time.monotonic()
    with ThreadPoolExecutor(_CLIENTS) as clients:
        answers = list(clients.map(patch, range(RAPID)))
    spent_s = time.monotonic() - started
    accepted = sorted((answer for answer in answers if not isinstance(answer, Refusal)), key=get_version)
    refused = [str(answer) for answer in answers if isinstance(answer, Refusal)]
    account.facts["patches"] = f"{len(accepted)} accepted, {len(refused)} refused, in {spent_s:.2f} s"
    account.note(f"{RAPID} patches of {specimen} by {_CLIENTS} clients", "\n".join(refused) or "all accepted")
    for answer in accepted:
        specimen.note_write(answer)
    account.take_sync(specimen.await_row(), f"{len(accepted)} patches at once")


def _overtake(life: Lifecycle, case: Case, account: Account) -> None:
    specimen = life.find_or_make(case, "steady")
    specimen.await_row()
    with life.run.database.hold_row(case.kind, specimen.uid) as held:
        specimen.patch({"metadata": {"labels": {f"{OURS}/overtaken": "first"}}})
        life.await_block(held, account)
        specimen.patch({"metadata": {"labels": {f"{OURS}/overtaken": "second"}}})
    specimen.restart_clock()
    account.take_sync(specimen.await_row(), "patched during a reconcile")
    account.evidence[:0] = specimen.evidence[-4:]


def _mark_in_vain(life: Lifecycle, case: Case, account: Account) -> None:
    specimen = life.make(case, "unmoved", finalizer=True)
    account.evidence = specimen.evidence
    account.take_sync(specimen.await_row(), "created")
    for value in _IGNORED:
        marks = {DELETING_ANNOTATION: value, IMMUTABLE_ANNOTATION: value}
        try:
            specimen.patch({"metadata": {"annotations": marks}})
        except Refusal as refusal:
            account.find(f"after annotations of value {show(value)}", "the object as it was", str(refusal))
            return
        account.take_sync(specimen.await_row(), f"annotations of value {show(value)}")


def _see_unmoved(life: Lifecycle, case: Case, account: Account) -> None:
    specimen = life.find(case, "unmoved")
    obj = specimen.read()
    if obj is None or "deletionTimestamp" in obj["metadata"]:
        account.find("the object in Kubernetes", "there, undeleted", "deleted")
    elif INGESTER_FINALIZER not in get_finalizers(obj):
        account.find("metadata.finalizers", f"with {INGESTER_FINALIZER}", show(get_finalizers(obj)))
    account.findings += expect_live(specimen.read_row())
    specimen.release()


RELABELLED = Stage("relabelled", _relabel)
REWRITTEN = Stage("rewritten", _rewrite)
HURRIED = Stage("hurried", _hurry)
OVERTAKEN = Stage("overtaken", _overtake)
UNMOVED = Stage("unmoved", _mark_in_vain, _see_unmoved)
