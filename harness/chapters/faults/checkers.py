"""Judges what is left after a fault: pure functions of what was acknowledged, and what Kubernetes and MySQL hold.

Each returns its findings and looks at nothing else. Only what the API server acknowledged binds the Ingester; what
it lost itself (`find_lost_writes`) is never the Ingester's fault.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness.chapters.faults.ending import Ending
from harness.chapters.faults.ledger import Life, is_going
from harness.chapters.faults.sampler import Follower
from harness.clients.kube import get_version
from harness.core.record import Finding
from harness.spec.annotations import INGESTER_FINALIZER, get_finalizers, is_released
from harness.spec.catalogue import KINDS_BY_NAME
from harness.spec.equality import compare_row
from harness.spec.model import JsonObject, Kind
from harness.spec.row import Row

_DELETION = "column delete_time"
_EDGE_S = 1.0   # what was created this shortly before the fault may not have been written


@dataclass(frozen=True)
class Story:
    """What happened: the objects' lives, and when the fault struck and was healed (monotonic seconds).

    `newest` is the newest resourceVersion of all before the first final write, whose own is `first_final`.
    `uncertain_names` are those whose creation may have been carried out unacknowledged. `errors` are the
    controller manager's last words about an object, by name.
    """

    lives: Mapping[str, Life]
    immutable: frozenset[str] = frozenset()
    struck_at: float = 0.0
    healed_at: float = 0.0
    newest: int = 0
    first_final: int = 0
    uncertain_names: frozenset[str] = frozenset()
    errors: Mapping[str, str] = field(default_factory=dict)

    def quote(self, name: str) -> str:
        """Return the controller manager's last error about the object, as the end of a sentence."""
        return f"; its last error: {self.errors[name]}" if name in self.errors else ""


def check_all(story: Story, ending: Ending, follower: Follower) -> list[Finding]:
    """Return every finding, each once."""
    findings = [
        *check_live_objects(story, ending),
        *check_deletions(story, ending),
        *check_immutable_objects(story, ending),
        *check_departures(story, ending),
        *check_rows(story, ending),
        *follower.findings,
        *check_samples(story, ending, follower),
    ]
    return list(dict.fromkeys(findings))


def find_lost_writes(story: Story, ending: Ending) -> list[Finding]:
    """Return what Kubernetes itself lost of what it had acknowledged: then nothing can be concluded.

    etcd numbers its writes through. So the first one after the fault has a higher number than all before, or some
    of those are gone.
    """
    findings = []
    if 0 < story.first_final <= story.newest:
        findings.append(Finding("etcd", f"a write beyond version {story.newest}", f"one at {story.first_final}"))
    for uid, obj in ending.objects.items():
        life = story.lives.get(uid)
        if life is None:
            continue
        if get_version(obj) < life.acknowledged:
            findings.append(Finding(
                f"{life.title} in Kubernetes", f"resourceVersion {life.acknowledged}", str(get_version(obj))
            ))
        if life.deleted and not is_going(obj):
            findings.append(Finding(f"{life.title} in Kubernetes", "deleted, as acknowledged", "it lives"))
    return findings


def check_live_objects(story: Story, ending: Ending) -> list[Finding]:
    """Every live object has exactly one live row, which equals it."""
    findings: list[Finding] = []
    for uid, obj in ending.objects.items():
        if is_going(obj) or obj["kind"] in story.immutable:
            continue
        title, kind = _title(obj), KINDS_BY_NAME[obj["kind"]]
        rows = ending.find_rows(uid)
        if not rows:
            findings.append(Finding(
                f"{title}, acknowledged", "a live row", f"no row{story.quote(obj['metadata']['name'])}"
            ))
        findings += [
            Finding(f"{title}", f"a row in table {kind.table} only", f"one in the table of {other}")
            for other, _ in rows
            if other != kind.name
        ]
        for owner, row in rows:
            if owner == kind.name:
                findings += _compare_live(story, obj, kind, row)
        findings += [
            Finding(f"{title}", "one live row of that name", f"another one, uid {other.uid[:8]}")
            for other in ending.rows.get(kind.name, [])
            if other.live and other.uid != uid and _has_name(other, obj)
        ]
    return findings


def _compare_live(story: Story, obj: JsonObject, kind: Kind, row: Row) -> list[Finding]:
    title, version = _title(obj), get_version(obj)
    if not row.live:
        return [Finding(f"{title}, which lives", "a live row", "its row is soft-deleted")]
    if row.res_version != version:
        found = f"still {row.res_version}{story.quote(obj['metadata']['name'])}"
        return [Finding(f"{title}, column res_version", f"{version}, acknowledged", found)]
    return [
        Finding(f"{title}, {finding.where}", finding.expected, finding.actual)
        for finding in compare_row(kind, obj, row)
    ]


def check_deletions(story: Story, ending: Ending) -> list[Finding]:
    """Every acknowledged deletion is a soft delete, and the Ingester has let go of the object."""
    findings: list[Finding] = []
    for life in story.lives.values():
        obj = ending.objects.get(life.uid)
        done = life.deleted or (life.delete_at is not None and obj is None)
        if not done or life.kind in story.immutable:
            continue
        rows = [row for kind, row in ending.find_rows(life.uid) if kind == life.kind]
        if obj is not None and INGESTER_FINALIZER in get_finalizers(obj):
            findings.append(describe_stuck(story, life, rows[0].live if rows else None))
        if rows and rows[0].live:
            findings.append(Finding(
                f"{life.title}, deleted", "its row soft-deleted", f"it is live{story.quote(life.name)}"
            ))
        elif not rows and is_released(obj) and not _was_born_within_fault(story, life):
            findings.append(Finding(f"{life.title}, deleted", "its row soft-deleted", "no row at all"))
        for row in rows:
            findings += _compare_known(life, row)
    return findings


def describe_stuck(story: Story, life: Life, live: bool | None) -> Finding:
    """Return the finding that an object can't leave Kubernetes since the Ingester does not let go of it.

    `live` says what its row is, None that it has none.
    """
    if live is None:
        when = "created during the fault" if _was_born_within_fault(story, life) else "created before the fault"
        state = f"no row, {when}"
    else:
        state = "its row live" if live else "its row soft-deleted"
    return Finding(
        f"{life.title}, deleted",
        "the Ingester's finalizer gone",
        f"stuck in Terminating, {state}{story.quote(life.name)}",
    )


def _was_born_within_fault(story: Story, life: Life) -> bool:
    """Whether the Ingester may have had no chance to write the object before its deletion."""
    born = life.created_at if life.created_at is not None else story.struck_at
    return story.struck_at - _EDGE_S <= born <= story.healed_at + _EDGE_S


def check_immutable_objects(story: Story, ending: Ending) -> list[Finding]:
    """Every object of an immutable kind lives on in MySQL only."""
    findings: list[Finding] = []
    for life in story.lives.values():
        if life.kind not in story.immutable:
            continue
        if life.uid in ending.objects:
            findings.append(Finding(
                f"{life.title}, immutable", "to leave Kubernetes", f"still there{story.quote(life.name)}"
            ))
        rows = [row for kind, row in ending.find_rows(life.uid) if kind == life.kind]
        if not rows:
            findings.append(Finding(
                f"{life.title}, acknowledged", "a live row", f"no row{story.quote(life.name)}"
            ))
        for row in rows:
            if not row.live:
                findings.append(Finding(f"{life.title}, immutable", "a live row", "its row is soft-deleted"))
            findings += _compare_known(life, row)
    return findings


def check_departures(story: Story, ending: Ending) -> list[Finding]:
    """No object leaves Kubernetes that nobody deleted."""
    return [
        Finding(f"{life.title}, which nobody deleted", "to be in Kubernetes", "it is gone")
        for life in story.lives.values()
        if life.uid not in ending.objects and life.delete_at is None and life.kind not in story.immutable
    ]


def check_rows(story: Story, ending: Ending) -> list[Finding]:
    """No row belongs to an object that nobody created, and no labels or annotations to a row that is not there."""
    findings = [
        Finding(f"labels and annotations of {kind}", "those of rows only", f"some of {uid[:8]}, which has no row")
        for kind, uids in ending.orphans.items()
        for uid in sorted(uids)
    ]
    for kind, rows in ending.rows.items():
        for row in rows:
            known = row.uid in story.lives or row.uid in ending.objects
            name = str(row.columns["name"])
            excused = name in story.uncertain_names and (not row.live or kind in story.immutable)
            if not known and not excused:
                findings.append(Finding(
                    f"table {KINDS_BY_NAME[kind].table}, {name}", "rows of objects only", f"uid {row.uid[:8]}"
                ))
    return findings


def check_samples(story: Story, ending: Ending, follower: Follower) -> list[Finding]:
    """Every row that was sampled was whole: itself and its children of one version, that which it claims."""
    findings: list[Finding] = []
    for (uid, version), (_, row) in follower.samples.items():
        life = story.lives.get(uid)
        final = ending.objects.get(uid)
        if life is None or not _has_all_columns(row, KINDS_BY_NAME[life.kind]):
            continue   # a fault has altered the table
        known = dict(life.versions)
        if final is not None:
            known[get_version(final)] = final
        if version in known:
            findings += _compare(life, known[version], row, "sampled")
    return findings


def _has_all_columns(row: Row, kind: Kind) -> bool:
    return all(column.name in row.columns for column in kind.columns)


def _compare_known(life: Life, row: Row) -> list[Finding]:
    """Compare a row with the version that it claims, if the clients know that one."""
    obj = life.versions.get(row.res_version)
    return [] if obj is None else _compare(life, obj, row, f"at {row.res_version}")


def _compare(life: Life, obj: JsonObject, row: Row, when: str) -> list[Finding]:
    return [
        Finding(f"{life.title} {when}, {finding.where}", finding.expected, finding.actual)
        for finding in compare_row(KINDS_BY_NAME[life.kind], obj, row)
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
