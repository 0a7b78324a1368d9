"""Judges what is left after a fault: pure functions of what was acknowledged, and what Kubernetes and MySQL hold.

Each returns its findings and looks at nothing else. Only what the API server acknowledged binds the Ingester; what
it lost itself (`find_lost_writes`) is never the Ingester's fault.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness.chapters.faults.final_state import FinalState
from harness.chapters.faults.load.history import ObjectRecord, is_going
from harness.chapters.faults.load.sampler import Follower
from harness.clients.kube import get_version
from harness.core.codes import (
    FINALIZER_KEPT,
    OBJECT_GONE,
    OBJECT_KEPT,
    ROW_BEHIND,
    ROW_DELETED,
    ROW_DUPLICATE,
    ROW_LIVE,
    ROW_LOST,
    ROW_STRAY,
)
from harness.core.record import Finding
from harness.spec.annotations import INGESTER_FINALIZER, get_finalizers, is_released
from harness.spec.equality import compare_row
from harness.spec.model import JsonObject, Kind
from harness.spec.row import Row

WRITE_LOST = "write.lost"   # by Kubernetes, which had acknowledged it
_DELETION = "column delete_time"
_EDGE_S = 1.0   # what was created this shortly before the fault may not have been written


@dataclass(frozen=True)
class RoundHistory:
    """What happened: the objects' records, and when the fault was injected and recovered from (monotonic seconds).

    `newest` is the newest resourceVersion of all before the first final write, whose own is `first_final`.
    `indeterminate_names` are those whose creation may have been carried out unacknowledged. `errors` are the
    controller manager's last words about an object, by name.
    """

    records: Mapping[str, ObjectRecord]
    immutable: frozenset[str] = frozenset()
    retained: frozenset[str] = frozenset()
    injected_at: float = 0.0
    recovered_at: float = 0.0
    newest: int = 0
    first_final: int = 0
    indeterminate_names: frozenset[str] = frozenset()
    errors: Mapping[str, str] = field(default_factory=dict)

    def quote(self, name: str) -> str:
        """Return the controller manager's last error about the object, as the end of a sentence."""
        return f"; its last error: {self.errors[name]}" if name in self.errors else ""


def check_all(history: RoundHistory, final: FinalState, follower: Follower) -> list[Finding]:
    """Return every finding, each once."""
    findings = [
        *check_live_objects(history, final),
        *check_deletions(history, final),
        *check_immutable_objects(history, final),
        *check_departures(history, final),
        *check_rows(history, final),
        *follower.findings,
        *check_samples(history, final, follower),
    ]
    return list(dict.fromkeys(findings))


def find_lost_writes(history: RoundHistory, final: FinalState) -> list[Finding]:
    """Return what Kubernetes itself lost of what it had acknowledged: then nothing can be concluded.

    etcd numbers its writes through. So the first one after the fault has a higher number than all before, or some
    of those are gone.
    """
    findings = []
    if 0 < history.first_final <= history.newest:
        expected, actual = f"a write beyond version {history.newest}", f"one at {history.first_final}"
        findings.append(Finding(WRITE_LOST, "etcd", expected, actual))
    for uid, obj in final.objects.items():
        record = history.records.get(uid)
        if record is None:
            continue
        if get_version(obj) < record.acknowledged:
            expected = f"resourceVersion {record.acknowledged}"
            findings.append(Finding(
                WRITE_LOST, f"{record.title} in Kubernetes", expected, str(get_version(obj))
            ))
        if record.deleted and not is_going(obj):
            findings.append(Finding(
                WRITE_LOST, f"{record.title} in Kubernetes", "deleted, as acknowledged", "it lives"
            ))
    return findings


def check_live_objects(history: RoundHistory, final: FinalState) -> list[Finding]:
    """Every live object has exactly one live row, which equals it."""
    findings: list[Finding] = []
    for uid, obj in final.objects.items():
        if is_going(obj) or obj["kind"] in history.immutable:
            continue
        title, kind = _title(obj), final.kinds[obj["kind"]]
        rows = final.find_rows(uid)
        if not rows:
            actual = f"no row{history.quote(obj['metadata']['name'])}"
            findings.append(Finding(ROW_LOST, f"{title}, acknowledged", "a live row", actual))
        findings += [
            Finding(ROW_STRAY, title, f"a row in table {kind.table} only", f"one in the table of {other}")
            for other, _ in rows
            if other != kind.name
        ]
        for owner, row in rows:
            if owner == kind.name:
                findings += _compare_live(history, obj, kind, row)
        findings += [
            Finding(ROW_DUPLICATE, title, "one live row of that name", f"another one, uid {other.uid[:8]}")
            for other in final.rows.get(kind.name, [])
            if other.live and other.uid != uid and _has_name(other, obj) and obj["kind"] not in history.retained
        ]
    return findings


def _compare_live(history: RoundHistory, obj: JsonObject, kind: Kind, row: Row) -> list[Finding]:
    title, version = _title(obj), get_version(obj)
    if not row.live:
        return [Finding(ROW_DELETED, f"{title}, which lives", "a live row", "its row is soft-deleted")]
    if row.res_version != version:
        found = f"still {row.res_version}{history.quote(obj['metadata']['name'])}"
        return [Finding(ROW_BEHIND, f"{title}, column res_version", f"{version}, acknowledged", found)]
    return [finding.within(f"{title}, ") for finding in compare_row(kind, obj, row)]


def check_deletions(history: RoundHistory, final: FinalState) -> list[Finding]:
    """Every acknowledged deletion is a soft delete, and the Ingester has released the object.

    The row of a retained kind's object stays live instead.
    """
    findings: list[Finding] = []
    for record in history.records.values():
        obj = final.objects.get(record.uid)
        done = record.deleted or (record.delete_at is not None and obj is None)
        if not done or record.kind in history.immutable:
            continue
        rows = [row for kind, row in final.find_rows(record.uid) if kind == record.kind]
        if obj is not None and INGESTER_FINALIZER in get_finalizers(obj):
            findings.append(describe_stuck(history, record, rows[0].live if rows else None))
        if record.kind in history.retained:
            findings += _examine_retained(history, record, rows[0] if rows else None, obj)
        elif rows and rows[0].live:
            actual = f"it is live{history.quote(record.name)}"
            findings.append(Finding(ROW_LIVE, f"{record.title}, deleted", "its row soft-deleted", actual))
        elif not rows and is_released(obj) and not _was_born_within_fault(history, record):
            findings.append(Finding(ROW_LOST, f"{record.title}, deleted", "its row soft-deleted", "no row at all"))
        for row in rows:
            findings += _compare_known(final, record, row)
    return findings


def _examine_retained(
    history: RoundHistory, record: ObjectRecord, row: Row | None, obj: JsonObject | None
) -> list[Finding]:
    """Return that the final state was not written before the object was released, or that the row is not live."""
    title, quote = f"{record.title}, deleted, of a retained kind", history.quote(record.name)
    if row is None:
        return [Finding(ROW_LOST, title, "a live row", f"no row{quote}")] if is_released(obj) else []
    return [] if row.live else [Finding(ROW_DELETED, title, "a live row", f"its row is soft-deleted{quote}")]


def describe_stuck(history: RoundHistory, record: ObjectRecord, live: bool | None) -> Finding:
    """Return the finding that an object can't leave Kubernetes since the Ingester does not release it.

    `live` says what its row is, None that it has none.
    """
    if live is None:
        when = "during" if _was_born_within_fault(history, record) else "before"
        state = f"no row, created {when} the fault"
    else:
        state = "its row live" if live else "its row soft-deleted"
    return Finding(
        FINALIZER_KEPT,
        f"{record.title}, deleted",
        "the Ingester's finalizer gone",
        f"stuck in Terminating, {state}{history.quote(record.name)}",
    )


def _was_born_within_fault(history: RoundHistory, record: ObjectRecord) -> bool:
    """Whether the Ingester may have had no chance to write the object before its deletion."""
    born = record.created_at if record.created_at is not None else history.injected_at
    return history.injected_at - _EDGE_S <= born <= history.recovered_at + _EDGE_S


def check_immutable_objects(history: RoundHistory, final: FinalState) -> list[Finding]:
    """Every object of an immutable kind lives on in MySQL only."""
    findings: list[Finding] = []
    for record in history.records.values():
        if record.kind not in history.immutable:
            continue
        if record.uid in final.objects:
            actual = f"still there{history.quote(record.name)}"
            findings.append(Finding(OBJECT_KEPT, f"{record.title}, immutable", "to leave Kubernetes", actual))
        rows = [row for kind, row in final.find_rows(record.uid) if kind == record.kind]
        if not rows:
            actual = f"no row{history.quote(record.name)}"
            findings.append(Finding(ROW_LOST, f"{record.title}, acknowledged", "a live row", actual))
        for row in rows:
            if not row.live:
                actual = "its row is soft-deleted"
                findings.append(Finding(ROW_DELETED, f"{record.title}, immutable", "a live row", actual))
            findings += _compare_known(final, record, row)
    return findings


def check_departures(history: RoundHistory, final: FinalState) -> list[Finding]:
    """No object leaves Kubernetes that nobody deleted."""
    return [
        Finding(OBJECT_GONE, f"{record.title}, which nobody deleted", "to be in Kubernetes", "it is gone")
        for record in history.records.values()
        if record.uid not in final.objects and record.delete_at is None and record.kind not in history.immutable
    ]


def check_rows(history: RoundHistory, final: FinalState) -> list[Finding]:
    """No row belongs to an object that nobody created, and no labels or annotations to a row that is not there."""
    findings = [
        Finding(
            ROW_STRAY,
            f"labels and annotations of {kind}",
            "those of rows only",
            f"some of {uid[:8]}, which has no row",
        )
        for kind, uids in final.orphans.items()
        for uid in sorted(uids)
    ]
    for kind, rows in final.rows.items():
        for row in rows:
            known = row.uid in history.records or row.uid in final.objects
            name = str(row.columns["name"])
            excused = name in history.indeterminate_names and (not row.live or kind in history.immutable)
            if not known and not excused:
                findings.append(Finding(
                    ROW_STRAY,
                    f"table {final.kinds[kind].table}, {name}", "rows of objects only", f"uid {row.uid[:8]}"
                ))
    return findings


def check_samples(history: RoundHistory, final: FinalState, follower: Follower) -> list[Finding]:
    """Every row that was sampled was whole: itself and its children of one version, that which it claims."""
    findings: list[Finding] = []
    for (uid, version), (_, row) in follower.samples.items():
        record = history.records.get(uid)
        last = final.objects.get(uid)
        if record is None or not _has_all_columns(row, final.kinds[record.kind]):
            continue   # a fault has altered the table
        known = dict(record.versions)
        if last is not None:
            known[get_version(last)] = last
        if version in known:
            findings += _compare(final, record, known[version], row, "sampled")
    return findings


def _has_all_columns(row: Row, kind: Kind) -> bool:
    return all(column.name in row.columns for column in kind.columns)


def _compare_known(final: FinalState, record: ObjectRecord, row: Row) -> list[Finding]:
    """Compare a row with the version that it claims, if the clients know that one."""
    obj = record.versions.get(row.res_version)
    return [] if obj is None else _compare(final, record, obj, row, f"at {row.res_version}")


def _compare(final: FinalState, record: ObjectRecord, obj: JsonObject, row: Row, when: str) -> list[Finding]:
    return [
        finding.within(f"{record.title} {when}, ")
        for finding in compare_row(final.kinds[record.kind], obj, row)
        if finding.where != _DELETION
    ]


def summarise(findings: Sequence[Finding]) -> str:
    """Return how many findings there are, and the first of them."""
    return f"{len(findings)} findings, first: {findings[0]}" if findings else "no finding"


def _title(obj: JsonObject) -> str:
    metadata = obj["metadata"]
    return f"{obj['kind']} {metadata['name']} ({metadata['uid'][:8]})"


def _has_name(row: Row, obj: JsonObject) -> bool:
    metadata = obj["metadata"]
    return (row.columns["namespace"], row.columns["name"]) == (metadata["namespace"], metadata["name"])
