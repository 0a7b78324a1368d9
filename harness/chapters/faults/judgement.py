"""Judges a round from its record: a pure function, so that a round can be judged again without being run.

What is pending at a look, how long convergence may take, and what the checkers say of the end. A wait stops by the
same rules that its looks are judged by: what known issues explain would not change, and what the back-off does not
try again for long has to be touched.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from harness.chapters.faults import checkers
from harness.chapters.faults.backoff import Allowance, get_retry_delay_s
from harness.chapters.faults.checkers import RoundHistory, describe_stuck
from harness.chapters.faults.errorlog import NO_TROUBLE, Trouble
from harness.chapters.faults.load.history import ObjectRecord, Outcome, describe, is_going, trace_objects
from harness.chapters.faults.load.plan import Verb
from harness.chapters.faults.load.sampler import Follower
from harness.chapters.faults.round_record import Look, RoundRecord, RoundResult, Settling
from harness.clients.kube import get_version
from harness.core.codes import OBJECT_KEPT, ROW_BEHIND, ROW_DELETED, ROW_LIVE, ROW_MISSING
from harness.core.errors import HarnessError
from harness.core.record import Finding
from harness.spec.annotations import INGESTER_FINALIZER, get_finalizers
from harness.spec.model import JsonObject

_BACKED_OFF = 0.8   # of what is allowed: a retry that may come so late is not waited for
_DESCRIBED = 5      # findings whose object's operations are quoted


@dataclass(frozen=True)
class Limits:
    """How long convergence may take, where not as the round itself had it: its margin, or all of it (seconds).

    Where all of it is given, the documented back-off is no excuse.
    """

    margin_s: float | None = None
    whole_s: float | None = None

    def apply(self, allowance: Allowance) -> Allowance:
        """Return what is allowed by these limits."""
        margin_s = allowance.margin_s if self.margin_s is None else self.margin_s
        if self.whole_s is not None:
            return Allowance((("margin", self.whole_s),))
        return Allowance(tuple((name, margin_s if name == "margin" else s) for name, s in allowance.parts))


AS_IT_WAS = Limits()


@dataclass(frozen=True)
class Pending:
    """What has not converged: the object's name, and what is wrong as long as it stays so."""

    name: str
    finding: Finding


@dataclass(frozen=True)
class Convergence:
    """How a wait ended: after how long, at which look, and `pending` is what had not converged."""

    waited_s: float
    look: Look
    pending: tuple[Pending, ...]


class Wait:
    """One of the round's two waits for convergence, after its fault or after its last writes.

    It may last for `allowed_s`; `is_explained` says what of its findings is known.
    """

    def __init__(
        self,
        record: RoundRecord,
        is_explained: Callable[[Finding], bool],
        limits: Limits = AS_IT_WAS,
        *,
        after_final_writes: bool,
    ) -> None:
        self._record = record
        self._is_explained = is_explained
        self._history = trace(record, with_final_writes=after_final_writes)
        self._is_last = after_final_writes
        self.allowance = get_allowance(record, limits)
        self._longest_retry_s = math.inf
        if limits.whole_s is None and not record.retry_s:
            self._longest_retry_s = _BACKED_OFF * get_allowance(record).seconds
        self.settling: Settling = record.settled_finally if after_final_writes else record.settled
        allowed_s = self.allowance.margin_s
        if not after_final_writes:
            spent_s = self.settling.began_at - record.recovered_at
            allowed_s = max(0.0, self.allowance.seconds - spent_s)
        self.allowed_s = allowed_s

    def find_pending(self, look: Look) -> tuple[Pending, ...]:
        """Return what had not converged then."""
        history = replace(self._history, errors={name: each.error for name, each in look.troubles.items()})
        return tuple(find_pending(history, look, self.settling.targets))

    def is_over(self, look: Look) -> bool:
        """Whether there was nothing more to wait for, however long the wait might have been."""
        return all(self.is_excused(each, look) for each in self.find_pending(look))

    def is_excused(self, each: Pending, look: Look) -> bool:
        """Whether waiting would not change it."""
        return self._is_explained(each.finding) or (not self._is_last and self.is_backed_off(each.name, look))

    def is_backed_off(self, name: str, look: Look) -> bool:
        """Whether the documented back-off may leave the object alone for longer than is waited for, or almost."""
        return get_retry_delay_s(look.troubles.get(name, NO_TROUBLE).failures) > self._longest_retry_s

    def is_not_due(self, name: str, look: Look) -> bool:
        """Whether the object has failed again after the fault, so that its next retry has time yet."""
        silence_s = look.troubles.get(name, NO_TROUBLE).get_silence_s(self._record.epoch + look.at)
        return 0.0 <= silence_s < self._record.retry_s

    def conclude(self) -> Convergence:
        """Return how the wait ended: at the first look with nothing to wait for, or when its time was up."""
        for look in self.settling.looks:
            waited_s = look.at - self.settling.began_at
            if waited_s >= self.allowed_s or self.is_over(look):
                break
        return Convergence(waited_s, look, self.find_pending(look))

    def list_deferred(self, convergence: Convergence) -> set[str]:
        """Return the names of what is not judged before it was touched: its next retry may come later."""
        look = convergence.look
        names = (each.name for each in convergence.pending)
        return {name for name in names if self.is_backed_off(name, look) or self.is_not_due(name, look)}


def get_allowance(record: RoundRecord, limits: Limits = AS_IT_WAS) -> Allowance:
    """Return how long convergence may take; HarnessError of a round that did not get so far."""
    if record.allowance is None:
        raise HarnessError("the round ended before anything was validated")
    return limits.apply(record.allowance)


def trace(record: RoundRecord, *, with_final_writes: bool = True) -> RoundHistory:
    """Return what happened, up to the final writes or with them."""
    records = trace_objects(record.events)
    newest = max((each.acknowledged for each in records.values()), default=0)
    for uid, obj in record.final_writes.items() if with_final_writes else ():
        each = records.setdefault(uid, ObjectRecord(obj["kind"], obj["metadata"]["name"], uid))
        each.versions[get_version(obj)] = obj
    indeterminate = {
        event.operation.name
        for event in record.events
        if event.operation.verb is Verb.CREATE and event.outcome is Outcome.INDETERMINATE
    }
    return RoundHistory(
        records, record.immutable, record.retained, record.injected_at, record.recovered_at, newest,
        record.first_final, frozenset(indeterminate), {n: each.error for n, each in record.troubles.items()},
    )  # fmt: skip


def judge(
    record: RoundRecord, is_explained: Callable[[Finding], bool], limits: Limits = AS_IT_WAS
) -> RoundResult:
    """Return what the round brought, judged by these limits and by what known issues explain.

    HarnessError where it was not validated to its end, or where Kubernetes itself lost what it had acknowledged.
    """
    noted = record.noted
    result = RoundResult(dict(noted.facts), list(noted.findings), list(noted.notes))
    first = Wait(record, is_explained, limits, after_final_writes=False)
    last = Wait(record, is_explained, limits, after_final_writes=True)
    if record.final is None:
        raise HarnessError("the round ended before all was read that it is judged from")
    _judge_convergence(record, first, result)
    end = last.conclude()
    result.findings += [each.finding for each in end.pending]
    result.facts["final writes"] = f"{len(record.final_writes)}, converged after {end.waited_s:.1f} s"
    _judge_end(record, result)
    return result


def _judge_convergence(record: RoundRecord, wait: Wait, result: RoundResult) -> None:
    """Find what had not converged by itself, which the final writes would cover up."""
    found = wait.conclude()
    deferred = wait.list_deferred(found)
    troubles, now = found.look.troubles, record.epoch + found.look.at
    pending = [_complete(each, troubles, now) for each in found.pending if each.name not in deferred]
    converged_s = found.look.at - record.recovered_at
    word = f"all but {len(pending)} after " if pending else ""
    result.facts["converged"] = f"{word}{converged_s:.1f} s (allowed {wait.allowance.seconds:.0f} s)"
    result.notes.append(("allowed by the documented back-off", str(wait.allowance)))
    if deferred:
        longest_s = max(get_retry_delay_s(troubles.get(name, NO_TROUBLE).failures) for name in deferred)
        result.facts["touched"] = f"{len(deferred)}, whose next retry may take {longest_s:.0f} s"
    if pending:
        result.findings += [each.finding for each in pending]
        result.notes.append(("not converged", "\n".join(str(each.finding) for each in pending)))


def _complete(each: Pending, troubles: Mapping[str, Trouble], now: float) -> Pending:
    """Return it with how often the Ingester has tried in vain."""
    failures = troubles.get(each.name, NO_TROUBLE).describe(now)
    actual = f"{each.finding.actual}; {failures}" if failures else each.finding.actual
    return replace(each, finding=replace(each.finding, actual=actual))


def _judge_end(record: RoundRecord, result: RoundResult) -> None:
    """Let the checkers look at what is left; HarnessError where Kubernetes lost what it had acknowledged."""
    assert record.final is not None  # noqa: S101  the caller has seen to it
    history, final = trace(record), record.final
    follower = Follower.replay(record.kinds_by_name, record.sightings, record.samples)
    lost = checkers.find_lost_writes(history, final)
    if lost:
        raise HarnessError(f"Kubernetes lost writes that it had acknowledged: {checkers.summarise(lost)}")
    result.findings = list(dict.fromkeys(result.findings + checkers.check_all(history, final, follower)))
    result.facts["checked"] = (
        f"{len(history.records)} objects, {sum(map(len, final.rows.values()))} rows,"
        f" {record.sampler_looks} looks ({record.failed_looks} in vain),"
        f" {len(follower.samples)} whole rows sampled"
    )
    for finding in result.findings[:_DESCRIBED]:
        uid = next((uid for uid in history.records if f"({uid[:8]})" in finding.where), "")
        if uid:
            result.notes.append((f"operations on {finding.where}", describe(record.events, uid)))


def find_pending(history: RoundHistory, look: Look, targets: Mapping[str, int]) -> list[Pending]:
    """Return what has not converged, of what is in Kubernetes and in MySQL at one moment."""
    objects, rows, found = look.objects, look.rows, []
    for uid, obj in objects.items():
        row = rows.get(obj["kind"], {}).get(uid)
        if obj["kind"] in history.immutable:
            found.append(_describe(history, OBJECT_KEPT, obj, "to leave Kubernetes", "still there"))
        elif is_going(obj):
            if INGESTER_FINALIZER in get_finalizers(obj):
                record = history.records.get(uid) or ObjectRecord(obj["kind"], obj["metadata"]["name"], uid)
                found.append(Pending(record.name, describe_stuck(history, record, row.live if row else None)))
        elif row is None or not row.live:
            code, state = (ROW_MISSING, "no row") if row is None else (ROW_DELETED, "soft-deleted")
            found.append(_describe(history, code, obj, "a live row", state))
        elif row.res_version < targets.get(uid, 0):
            state = f"still {row.res_version}"
            found.append(_describe(history, ROW_BEHIND, obj, f"its row at {targets[uid]}, acknowledged", state))
    for record in history.records.values():
        row = rows.get(record.kind, {}).get(record.uid)
        if record.kind in history.immutable and row is None:
            state = f"no row{history.quote(record.name)}"
            found.append(Pending(record.name, Finding(ROW_MISSING, record.title, "a live row", state)))
        elif record.kind in history.retained:
            continue   # its row stays live
        elif record.deleted and record.uid not in objects and row is not None and row.live:
            found.append(Pending(record.name, Finding(ROW_LIVE, record.title, "its row soft-deleted", "live")))
    return found


def _describe(history: RoundHistory, code: str, obj: JsonObject, expected: str, state: str) -> Pending:
    metadata = obj["metadata"]
    title = f"{obj['kind']} {metadata['name']} ({metadata['uid'][:8]})"
    return Pending(metadata["name"], Finding(code, title, expected, f"{state}{history.quote(metadata['name'])}"))
