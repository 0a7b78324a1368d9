"""Steps in which an object stays and is written to: labels, no-op and status writes, rapid updates and others."""

from __future__ import annotations

import functools
import time
import unicodedata
from concurrent.futures import ThreadPoolExecutor

from harness.chapters.contract.lifecycle import Lifecycle, Step
from harness.clients.kube import get_version
from harness.core import codes
from harness.core.errors import Refusal
from harness.core.outcomes import NotApplicable
from harness.spec.annotations import (
    DELETING_ANNOTATION,
    IMMUTABLE_ANNOTATION,
    INGESTER_FINALIZER,
    OURS,
    get_finalizers,
    is_going,
)
from harness.spec.equality import show
from harness.spec.merge_patch import merge
from harness.spec.model import Case, JsonObject
from harness.spec.row_rules import compare_contents, expect_live
from harness.suite.recorder import Recorder
from harness.suite.rows import record_row

MANY = 120
"""Labels, and as many annotations, of the object whose every label must arrive: one lost in a hundred shows."""
TWINS = {f"{OURS}/n1": "v1", f"{OURS}/twin": "v1", "twins.example.com/n1": "another-prefix", "n1": "no-prefix"}
"""Pairs of which one has the value of another, and some the name of another behind another prefix, or none."""

RAPID = 100
_CLIENTS = 2
_HOLDS = f"{OURS}/holds"   # a finalizer of others
_MARKS = (DELETING_ANNOTATION, IMMUTABLE_ANNOTATION)
_IGNORED = ("false", "True", "TRUE", "1", "yes", "")
_ACCENTED = "R\u00c9SUM\u00c9"
_ALIKE = {
    "as it begins": ("resume", "key"),
    "capitals for small letters": ("RESUME", "KEY"),
    "accents on letters": (_ACCENTED, "KEY"),
    "composed characters taken apart": (unicodedata.normalize("NFD", _ACCENTED), "KEY"),
    "spaces at the end": (f"{unicodedata.normalize('NFD', _ACCENTED)}  ", "Key"),
}
"""Texts and keys, each of which MySQL's usual collations hold equal to the one before it, by what has changed."""


def _change_labels(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    many = {f"{OURS}/n{number}": f"v{number}" for number in range(MANY)} | TWINS
    subject = life.make(case, "labels", pairs=many)
    recorder.evidence = subject.evidence
    record_row(recorder, life.wait_for_row(subject), f"created with {MANY} labels and annotations more")
    changed = {f"{OURS}/n1": "changed", f"{OURS}/n2": "", f"{OURS}/n3": None, f"{OURS}/new": "added"}
    for after, values in (
        ("some added, changed and removed", changed),
        ("the same patch once more", changed),
        ("most removed", {f"{OURS}/n{number}": None for number in range(8, MANY)}),
        ("removed ones added again", {f"{OURS}/n3": "again", f"{OURS}/n9": "v9"}),
    ):
        subject.patch({"metadata": {"labels": values, "annotations": values}})
        record_row(recorder, life.wait_for_row(subject), after)
    subject.patch({"metadata": {"labels": {f"{OURS}/n1": "label"}, "annotations": {f"{OURS}/n1": "annotation"}}})
    record_row(recorder, life.wait_for_row(subject), "a label and an annotation of one key, and of two values")
    subject.patch({"metadata": {"labels": None, "annotations": None}})
    record_row(recorder, life.wait_for_row(subject), "all removed")
    subject.patch({"metadata": {"labels": {f"{OURS}/last": "1", **life.context.labels}}})
    record_row(recorder, life.wait_for_row(subject), "one added to none")


def _change_barely(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    """Write what a comparison by MySQL's collations takes for no change."""
    subject = life.make(case, "barely")
    recorder.evidence = subject.evidence
    record_row(recorder, life.wait_for_row(subject), "created")
    texts, earlier = case.texts, "key"
    for what, (text, key) in _ALIKE.items():
        pairs = {
            "labels": {f"{OURS}/{earlier}": None, f"{OURS}/{key}": key},
            "annotations": {f"{OURS}/{earlier}": None, f"{OURS}/{key}": text},
        }
        body: JsonObject = {"metadata": pairs}
        try:
            subject.patch(functools.reduce(merge, (_nest(path, text) for path in texts), body))
        except Refusal as refusal:   # of a text that its schema does not leave free
            recorder.facts["texts left alone"] = str(refusal)
            texts = []
            subject.patch(body)
        record_row(recorder, life.wait_for_row(subject), what)
        earlier = key
    recorder.facts["changed"] = ", ".join(["a label", "an annotation", *texts])


def _nest(path: str, value: object) -> JsonObject:
    """Return the object in which a value stands at that JSON path alone."""
    first, _, rest = path.partition(".")
    return {first: _nest(rest, value) if rest else value}


def _write_noop_and_status(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    subject = life.find_or_make(case, "steady")
    recorder.evidence = subject.evidence
    record_row(recorder, life.wait_for_row(subject), "created")
    before = subject.read_row()
    answer = subject.patch({"metadata": {"labels": subject.sent["metadata"].get("labels") or {}}})
    record_row(recorder, life.wait_for_row(subject), "a patch that changes nothing")
    after = subject.read_row()
    if before and after and get_version(answer) == before.res_version == after.res_version:
        recorder.findings += compare_contents(before, after, "a patch that changes nothing")
    subject.patch({"metadata": {"finalizers": [*get_finalizers(answer), _HOLDS]}})
    record_row(recorder, life.wait_for_row(subject), "a finalizer of others added")
    subject.patch({"metadata": {"finalizers": get_finalizers(answer) or None}})
    record_row(recorder, life.wait_for_row(subject), "a finalizer of others taken off")
    if case.status:
        subject.patch({"status": case.status}, status=True)
        record_row(recorder, life.wait_for_row(subject), "a write of the status")
    recorder.facts["status"] = ", ".join(case.status) or "the kind has no status field"
    subject.patch({"metadata": {"managedFields": [{}]}})   # which resets them, as Kubernetes documents it
    record_row(recorder, life.wait_for_row(subject), "managedFields reset")


def _lose_row(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    """Write to an object whose row is gone, as after a MySQL server was restored from an earlier day."""
    subject = life.make(case, "lost", namespace=life.namespace_of_lost)
    recorder.evidence = subject.evidence
    record_row(recorder, life.wait_for_row(subject), "created")
    if not life.context.database.lose_rows(case.kind, subject.namespace):
        raise NotApplicable("no row can be lost: the account may not delete any, or the server is a replica")
    recorder.note(f"the row of {subject}, its labels and its annotations were deleted in MySQL", "by this check")
    subject.patch({"metadata": {"labels": {f"{OURS}/lost": "found"}}})
    record_row(recorder, life.wait_for_row(subject), "patched after its row was lost")


def _update_rapidly(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    subject = life.find_or_make(case, "steady")
    life.wait_for_row(subject)

    def patch(number: int) -> JsonObject | Refusal:
        pairs = {f"{OURS}/rapid": str(number)}
        body = {"metadata": {"labels": pairs, "annotations": pairs}}
        try:
            return life.context.cluster.patch(case.kind, subject.namespace, subject.name, body)
        except Refusal as refusal:
            return refusal

    started = time.monotonic()
    with ThreadPoolExecutor(_CLIENTS) as clients:
        answers = list(clients.map(patch, range(RAPID)))
    spent_s = time.monotonic() - started
    accepted = sorted((answer for answer in answers if not isinstance(answer, Refusal)), key=get_version)
    refused = [str(answer) for answer in answers if isinstance(answer, Refusal)]
    recorder.facts["patches"] = f"{len(accepted)} accepted, {len(refused)} refused, in {spent_s:.2f} s"
    recorder.note(f"{RAPID} patches of {subject} by {_CLIENTS} clients", "\n".join(refused) or "all accepted")
    for answer in accepted:
        subject.note_write(answer)
    record_row(recorder, life.wait_for_row(subject), f"{len(accepted)} patches at once")


def _patch_during_reconcile(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    subject = life.find_or_make(case, "steady")
    record_row(recorder, life.wait_for_row(subject), "before")   # one that is not there can't be held
    with life.context.database.hold_row(case.kind, subject.key) as held:
        subject.patch({"metadata": {"labels": {f"{OURS}/during-reconcile": "first"}}})
        life.wait_for_block(held, recorder)
        subject.patch({"metadata": {"labels": {f"{OURS}/during-reconcile": "second"}}})
    subject.restart_clock()
    record_row(recorder, life.wait_for_row(subject), "patched during a reconcile")
    recorder.evidence[:0] = subject.evidence[-4:]


def _overtake(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    """Let a newer version be in the row by the time that the Ingester, which waits for it, writes an older one."""
    subject = life.make(case, "overtaken")
    recorder.evidence = subject.evidence
    record_row(recorder, life.wait_for_row(subject), "created")
    with life.context.database.overtake_row(case.kind, subject.key) as held:
        if held is None:
            reason = life.context.database.explain_no_lock()
            raise NotApplicable(f"nobody can write to rows as a second controller manager would: {reason}")
        older = get_version(subject.patch({"metadata": {"labels": {f"{OURS}/overtaken": "older"}}}))
        life.wait_for_block(held, recorder)
        newer = get_version(subject.patch({"metadata": {"labels": {f"{OURS}/overtaken": "newer"}}}))
        seen = held.overtake(newer)
    recorder.note(
        f"{older} waited to be written, and {newer} was in the row before it",
        f"the row was at {seen} when the first write was through",
    )
    if seen < newer:
        where = "column res_version, of a row that another controller manager has written a newer version of"
        recorder.find(codes.ROW_OVERTAKEN, where, f"{newer}, or later", str(seen))
    shorter = int("9" * (len(str(newer)) - 1))
    with life.context.database.overtake_row(case.kind, subject.key) as held:
        if held is not None:
            held.overtake(shorter)
    subject.patch({"metadata": {"labels": {f"{OURS}/overtaken": "last"}}})
    when = f"patched while its row was at {shorter}, which is less as a number, and more as a text"
    record_row(recorder, life.wait_for_row(subject), when)


def _annotate_in_vain(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    subject = life.make(case, "annotated", finalizer=True)
    recorder.evidence = subject.evidence
    record_row(recorder, life.wait_for_row(subject), "created")
    marks: dict[str, JsonObject] = {
        f"annotations of value {show(value)}": {"annotations": dict.fromkeys(_MARKS, value)} for value in _IGNORED
    }
    marks["labels of those keys"] = {"labels": dict.fromkeys(_MARKS, "true")}
    marks["annotations of longer keys"] = {"annotations": {f"{mark}-by-others": "true" for mark in _MARKS}}
    for what, metadata in marks.items():
        try:
            subject.patch({"metadata": metadata})
        except Refusal as refusal:
            recorder.find(codes.OBJECT_GONE, f"after {what}", "the object as it was", str(refusal))
            return
        record_row(recorder, life.wait_for_row(subject), what)


def _observe_annotated(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    subject = life.find(case, "annotated")
    obj = subject.read()
    if is_going(obj):
        recorder.find(codes.OBJECT_GONE, "the object in Kubernetes", "there, undeleted", "deleted")
    elif INGESTER_FINALIZER not in get_finalizers(obj):
        found = show(get_finalizers(obj))
        recorder.find(codes.FINALIZER_MISSING, "metadata.finalizers", f"with {INGESTER_FINALIZER}", found)
    recorder.findings += expect_live(subject.read_row())


LABELS = Step("labels", _change_labels)
BARE_CHANGES = Step("bare changes", _change_barely)
NOOP_AND_STATUS = Step("no-op and status", _write_noop_and_status)
OVERTAKEN = Step("overtaken", _overtake)
LOST = Step("lost", _lose_row)
RAPID_UPDATES = Step("rapid updates", _update_rapidly)
PATCH_DURING_RECONCILE = Step("patch during reconcile", _patch_during_reconcile)
IGNORED_ANNOTATIONS = Step("ignored annotations", _annotate_in_vain, _observe_annotated)
