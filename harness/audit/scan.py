"""Looks at every object and every row of a kind once: objects page by page, then the table by ranges of keys."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from harness.audit.classes import AuditClass
from harness.audit.classification import EQUAL, Judgement, Policy, judge_object, judge_row
from harness.audit.finding import AuditFinding, Subject, make_finding
from harness.audit.journal import Event, Journal
from harness.audit.reading import Batch, Reader
from harness.audit.state import KindState, Suspect, make_event
from harness.clients.kube import get_version
from harness.core import codes
from harness.core.record import Finding
from harness.spec.features import Life
from harness.spec.model import JsonObject, Kind
from harness.spec.row import Row


@dataclass
class _Yield:
    """What a batch brings."""

    show_values: bool
    now: float
    counts: Counter[AuditClass] = field(default_factory=Counter)
    findings: list[AuditFinding] = field(default_factory=list)
    suspects: list[Suspect] = field(default_factory=list)

    def take(self, judged: Judgement, subject: Subject, row: Row | None, first_at: float | None) -> None:
        if judged.open:
            self.suspects.append(
                Suspect(
                    subject.kind,
                    subject.key,
                    subject.namespace,
                    subject.name,
                    subject.object_version,
                    subject.row_version,
                    row is not None and row.live,
                    judged.audit_class,
                    first_at,
                )
            )
        elif judged.audit_class.is_finding:
            self.findings.append(make_finding(judged, subject, show_values=self.show_values))
        else:
            self.counts[judged.audit_class] += 1


def scan_kind(
    reader: Reader, policy: Policy, state: KindState, journal: Journal, *, show_values: bool = False
) -> Iterator[None]:
    """Scan the kind from where `state` stands on; yield whenever a batch is in the journal and in the state."""
    for event in _scan(reader, policy, state, show_values=show_values):
        journal.append(state.name, event)
        state.apply(event)
        yield


def _scan(reader: Reader, policy: Policy, state: KindState, *, show_values: bool) -> Iterator[Event]:
    """Yield a line for each batch, which is applied to the state before the next one is asked for."""
    kind = policy.kind
    if not state.listed:
        for batch in reader.read_batches(kind, state.token, state.limit):
            yield _judge_batch(policy, batch, show_values=show_values)
    if reader.scope.unread and not state.done:
        yield make_event(Counter(), (), (), rows=0, after="", done=True)
    while not state.done:
        keys, is_last = reader.read_keys(kind, state.after)
        yield _judge_range(reader, policy, state, keys, is_last=is_last, show_values=show_values)


def make_subject(kind: Kind, key: str, obj: JsonObject | None, row: Row | None) -> Subject:
    """Return which object and row it is about; namespace and name are the object's where there is one."""
    if obj is not None:
        namespace, name = obj["metadata"]["namespace"], obj["metadata"]["name"]
    else:
        columns = row.columns if row is not None else {}
        namespace, name = str(columns.get("namespace", "")), str(columns.get("name", ""))
    return Subject(
        kind.name,
        key,
        namespace,
        name,
        get_version(obj) if obj is not None else 0,
        row.res_version if row is not None else 0,
    )


def get_utc() -> dt.datetime:
    """Return the present moment as MySQL shows it: UTC, without zone."""
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


def _judge_batch(policy: Policy, batch: Batch, *, show_values: bool) -> Event:
    now = get_utc()
    found = _Yield(show_values, now.replace(tzinfo=dt.UTC).timestamp())
    headers_only = replace(policy, compare=None)
    whole = set(batch.whole)
    for key, obj in batch.objects.items():
        row = batch.rows.get(key)
        judged = judge_object(policy if key in whole else headers_only, obj, row, now)
        if judged is EQUAL:
            found.counts[AuditClass.EQUAL] += 1
        else:   # a row may be newer than its object here, so that it is not known yet how long
            first_at = None if judged.audit_class is AuditClass.AHEAD else found.now
            found.take(judged, make_subject(policy.kind, key, obj, row), row, first_at)
    return make_event(
        found.counts,
        found.findings,
        found.suspects,
        token=batch.token,
        limit=batch.limit,
        keys=list(batch.objects),
        compared=len(whole & batch.rows.keys()),
    )


def _judge_range(
    reader: Reader,
    policy: Policy,
    state: KindState,
    keys: dict[str, bool],   # in their order
    *,
    is_last: bool,
    show_values: bool,
) -> Event:
    kind = policy.kind
    found = _Yield(show_values, 0.0)
    alone = keys.keys() - state.seen
    live = [key for key, is_live in keys.items() if is_live and key in alone]
    found.counts[AuditClass.ALONE] += len(alone) - len(live)
    if policy.life is Life.RETAINED:
        found.counts[AuditClass.ALONE] += len(live)
    elif live:
        rows = reader.read_whole(kind, live)
        namesakes = reader.tables.find_live_of(kind, {row.full_name for row in rows.values()})
        for key in live:
            if row := rows.get(key):   # else it is gone for good, which only somebody else can have done
                judged = judge_row(policy, row, namesakes.get(row.full_name, []))
                found.take(judged, make_subject(kind, key, None, row), row, None)
    until = None if is_last else next(reversed(keys))
    for key, counts in reader.find_parentless(kind, state.after, until).items():
        found.take(_judge_parentless(kind, counts), Subject(kind.name, key, "", ""), None, None)
    return make_event(
        found.counts,
        found.findings,
        found.suspects,
        rows=len(alone),
        after=state.after if until is None else until,
        done=is_last,
    )


def _judge_parentless(kind: Kind, counts: dict[str, int]) -> Judgement:
    expected = f"rows of an object of table {kind.table}"
    findings = [
        Finding(codes.ROW_STRAY, f"table {table}", expected, f"{count} of none") for table, count in counts.items()
    ]
    return Judgement(AuditClass.CHILDREN, tuple(findings))
