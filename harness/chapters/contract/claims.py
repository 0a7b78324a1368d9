"""Steps in which the Ingester writes to an object itself: its finalizer, and the key that its row is found by.

Both are written once, beside whatever others write, and before the row stands on them.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.chapters.contract.deletions import describe_version
from harness.chapters.contract.lifecycle import Lifecycle, Step
from harness.clients.kube import Version, get_version
from harness.core import codes
from harness.core.record import Finding
from harness.spec.annotations import INGESTER_FINALIZER, KEY_ANNOTATION, OURS, get_finalizers
from harness.spec.equality import compare_json, show
from harness.spec.model import Case, JsonObject
from harness.subject.examination import examine_row
from harness.suite.recorder import Recorder
from harness.suite.rows import record_row

_BOOKKEEPING = ("finalizers", "managedFields", "resourceVersion", "generation")
_IDENTITY = ("column namespace", "column create_time")


def _claim(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    subject = life.make(case, "claimed")
    recorder.evidence = subject.evidence
    sync = life.wait_for_row(subject)
    record_row(recorder, sync, "created without finalizer")
    if sync.obj is not None and INGESTER_FINALIZER not in get_finalizers(sync.obj):
        expected, version = f"{INGESTER_FINALIZER} is there before the row", get_version(sync.obj)
        recorder.find(codes.ORDER, "the order", expected, f"a row at {version}, without it")


def _observe_claimed(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    subject = life.find(case, "claimed")
    versions = subject.history.read_versions()
    recorder.note("versions of the object", "\n".join(map(describe_version, versions[:20])))
    recorder.findings += examine_claim(versions)
    recorder.facts["versions"] = str(len(versions))
    subject.release()


def examine_claim(versions: Sequence[Version]) -> list[Finding]:
    """Return what is wrong with how the finalizer came: once, for good, and alone. Oldest version first."""
    first = next((n for n, v in enumerate(versions) if INGESTER_FINALIZER in get_finalizers(v.object)), None)
    if first is None:
        found = show(get_finalizers(versions[-1].object))
        return [Finding(codes.FINALIZER_MISSING, "metadata.finalizers", f"with {INGESTER_FINALIZER}", found)]
    findings = []
    for version in versions[first:]:
        finalizers = get_finalizers(version.object)
        if finalizers.count(INGESTER_FINALIZER) != 1:
            code = codes.FINALIZER_KEPT if INGESTER_FINALIZER in finalizers else codes.FINALIZER_MISSING
            where = f"metadata.finalizers at {version.number}"
            findings.append(Finding(code, where, f"{INGESTER_FINALIZER} once, and for good", show(finalizers)))
            break
    if first:
        before, after = (_without_bookkeeping(version.object) for version in versions[first - 1 : first + 1])
        findings += [
            Finding(codes.OBJECT_FIELD, f"{each.where}, when the finalizer was added", each.expected, each.actual)
            for each in compare_json(before, after)
        ]
    return findings


def _without_bookkeeping(obj: JsonObject) -> JsonObject:
    metadata = {name: value for name, value in obj["metadata"].items() if name not in _BOOKKEEPING}
    return {**obj, "metadata": metadata}


def _restore(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    """Create an object as it is restored from a backup: it brings the key along that an earlier one was given."""
    first = life.make(case, "pinned")
    recorder.evidence = first.evidence
    record_row(recorder, life.wait_for_row(first), "created")
    pinned = life.wait_until(lambda: _get_pinned(first.read()), bool)
    if pinned != first.uid:
        found = show(pinned or None)
        recorder.find(codes.ANNOTATION_MISSING, f"annotation {KEY_ANNOTATION}", f"the uid, {first.uid}", found)
        return
    if not life.adds_finalizer:   # else its row would be soft-deleted with it
        first.delete()
    earlier = first.read_row()
    second = life.make(
        case, "pinned", sibling=True, annotations={KEY_ANNOTATION: pinned}, pairs={f"{OURS}/restored": "yes"}
    )
    recorder.evidence += second.evidence
    sync = life.wait_for_row(second)
    kept = {} if earlier is None else {f"column {name}": show(value) for name, value in earlier.columns.items()}
    findings = [
        each
        for each in examine_row(sync)
        # its row is updated, and which columns an update leaves as they were is not for this section to say
        if not (each.where in _IDENTITY and each.actual == kept.get(each.where))
    ]
    if findings:
        recorder.evidence += sync.describe()
    recorder.compare(findings, f"restored with the key {pinned}: the row of that key against the object")


def _observe_restored(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    second, first = life.find(case, "pinned sibling"), life.find(case, "pinned")
    pinned = _get_pinned(second.read())
    if pinned != first.uid:
        where, expected = f"annotation {KEY_ANNOTATION} of the restored object", f"{first.uid}, as it was created"
        recorder.find(codes.OBJECT_FIELD, where, expected, show(pinned or None))
    rows = life.context.database.get_rows_of(case.kind, [second.uid])
    for key in rows:
        where, expected = "rows of the restored object", f"one, of key {first.uid}"
        recorder.find(codes.ROW_DUPLICATE, where, expected, f"also {key}")
    children = {
        table: life.context.database.get_pairs_of(table, [second.uid])
        for table in (case.kind.labels_table, case.kind.annotations_table)
    }
    for table in (table for table, found in children.items() if found):
        recorder.find(codes.ROW_STRAY, f"table {table}", f"its rows under {first.uid}", f"some under {second.uid}")
    for subject in (first, second):
        subject.release()


def _get_pinned(obj: JsonObject | None) -> str:
    return str(((obj or {}).get("metadata", {}).get("annotations") or {}).get(KEY_ANNOTATION) or "")


CLAIMED = Step("claimed", _claim, _observe_claimed)
RESTORED = Step("restored", _restore, _observe_restored)
