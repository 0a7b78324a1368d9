"""What follows a round's fault: convergence, one last write per object, convergence again, and the judgement.

What has not converged by itself is a finding that the final writes would cover up.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.chapters.faults import checkers
from harness.chapters.faults.backoff import Allowance, get_retry_delay_s
from harness.chapters.faults.checkers import RoundHistory
from harness.chapters.faults.convergence import (
    Convergence,
    FinalWrites,
    Pending,
    find_pending,
    read_finally,
    read_versions,
    wait_for_convergence,
    write_finally,
)
from harness.chapters.faults.environment import Environment, RoundResult
from harness.chapters.faults.errorlog import ErrorLog
from harness.chapters.faults.final_state import FinalState, gather, list_objects
from harness.chapters.faults.load.history import History, ObjectRecord, Outcome, describe, trace_objects
from harness.chapters.faults.load.plan import Verb
from harness.chapters.faults.load.sampler import Follower, Sampler
from harness.chapters.faults.load.workload import Load
from harness.clients.kube import Cluster, get_version
from harness.clients.mysql.tables import Tables
from harness.core.errors import HarnessError
from harness.spec.model import JsonObject


@dataclass(frozen=True)
class Outage:
    """When the fault was injected and recovered from (monotonic seconds), and how long convergence may take then.

    With `retry_s` every retry has to come within that time, however long the outage was.
    """

    injected_at: float
    recovered_at: float
    allowance: Allowance
    retry_s: float = 0.0


class Validation:
    """Validates what the `history` of a load, which has ended, left behind; writes it into `result`."""

    def __init__(
        self,
        environment: Environment,
        cluster: Cluster,
        load: Load,
        history: History,
        sampler: Sampler,
        errors: ErrorLog,
        outage: Outage,
        result: RoundResult,
    ) -> None:
        self._environment = environment
        self._cluster = cluster
        self._load = load
        self._history = history
        self._sampler = sampler
        self._errors = errors
        self._outage = outage
        self._result = result

    def run(self) -> None:
        """Wait, write, wait again, gather everything, and judge it; HarnessError where the sandbox gave way."""
        environment, load, allowance = self._environment, self._load, self._outage.allowance
        is_explained = environment.is_explained
        with contextlib.closing(Tables(environment.sandbox.mysql)) as tables:
            objects = read_finally(self._cluster, environment.kinds, load.namespace)
            spent_s = time.monotonic() - self._outage.recovered_at
            first = self._wait(
                tables,
                self._trace(FinalWrites()),
                _list_versions(objects),
                max(0.0, allowance.seconds - spent_s),
                lambda each: is_explained(each.finding) or self._is_backed_off(each),
            )
            deferred = {
                each.name for each in first.pending if self._is_backed_off(each) or self._is_not_due(each)
            }
            pending = [self._complete(each) for each in first.pending if each.name not in deferred]
            self._note_convergence(pending, deferred, spent_s + first.waited_s)
            written = write_finally(
                self._cluster,
                environment.kinds,
                load.namespace,
                mark=f"s{load.seed}",
                leave_alone=load.immutable,
                touched=deferred | {each.name for each in pending},
            )
            history = self._trace(written)
            last = self._wait(
                tables,
                history,
                _list_versions(written.objects),
                allowance.margin_s,
                lambda each: is_explained(each.finding),
            )
            self._note_final_writes(written, last)
            follower = self._sampler.end()
            final = gather(self._cluster, tables, environment.kinds, load.namespace, _list_uids(history))
        self._judge(history, final, follower)

    def _wait(
        self,
        tables: Tables,
        history: RoundHistory,
        targets: dict[str, int],
        allowed_s: float,
        is_excused: Callable[[Pending], bool],
    ) -> Convergence:
        kinds, namespace = self._environment.kinds, self._load.namespace

        def look() -> list[Pending]:
            self._errors.read()
            found = list_objects(self._cluster, kinds, namespace)
            return find_pending(history, found, read_versions(tables, kinds, namespace), targets)

        return wait_for_convergence(look, allowed_s=allowed_s, is_excused=is_excused)

    def _trace(self, written: FinalWrites) -> RoundHistory:
        """Return what happened, the final writes included."""
        events = self._history.events
        records = trace_objects(events)
        newest = max((record.acknowledged for record in records.values()), default=0)
        for uid, obj in written.objects.items():
            record = records.setdefault(uid, ObjectRecord(obj["kind"], obj["metadata"]["name"], uid))
            record.versions[get_version(obj)] = obj
        indeterminate = {
            event.operation.name
            for event in events
            if event.operation.verb is Verb.CREATE and event.outcome is Outcome.INDETERMINATE
        }
        return RoundHistory(
            records, self._load.immutable, self._load.retained, self._outage.injected_at,
            self._outage.recovered_at, newest,
            written.first_version, frozenset(indeterminate), self._errors.errors,
        )  # fmt: skip

    def _is_not_due(self, each: Pending) -> bool:
        """Whether the object has failed again after the fault, so that its next retry has time yet."""
        return 0.0 <= self._errors.get_silence_s(each.name) < self._outage.retry_s

    def _is_backed_off(self, each: Pending) -> bool:
        """Whether the documented back-off may leave the object alone for longer than is waited for, or almost."""
        if self._outage.retry_s:
            return False
        return get_retry_delay_s(self._errors.failures[each.name]) > 0.8 * self._outage.allowance.seconds

    def _complete(self, each: Pending) -> Pending:
        """Return it with how often the Ingester has tried in vain."""
        failures = self._errors.describe_failures(each.name)
        actual = f"{each.finding.actual}; {failures}" if failures else each.finding.actual
        return replace(each, finding=replace(each.finding, actual=actual))

    def _note_convergence(self, pending: Sequence[Pending], deferred: Collection[str], converged_s: float) -> None:
        allowance, result = self._outage.allowance, self._result
        word = f"all but {len(pending)} after " if pending else ""
        result.facts["converged"] = f"{word}{converged_s:.1f} s (allowed {allowance.seconds:.0f} s)"
        result.notes.append(("allowed by the documented back-off", str(allowance)))
        if deferred:
            longest_s = max(get_retry_delay_s(self._errors.failures[name]) for name in deferred)
            result.facts["touched"] = f"{len(deferred)}, whose next retry may take {longest_s:.0f} s"
        if pending:
            result.findings += [each.finding for each in pending]
            result.notes.append(("not converged", "\n".join(str(each.finding) for each in pending)))

    def _note_final_writes(self, written: FinalWrites, last: Convergence) -> None:
        self._result.findings += [each.finding for each in last.pending]
        self._result.facts["final writes"] = f"{len(written.objects)}, converged after {last.waited_s:.1f} s"

    def _judge(self, history: RoundHistory, final: FinalState, follower: Follower) -> None:
        """Collect the findings; HarnessError where Kubernetes itself lost what it had acknowledged."""
        result = self._result
        lost = checkers.find_lost_writes(history, final)
        if lost:
            raise HarnessError(f"Kubernetes lost writes that it had acknowledged: {checkers.summarise(lost)}")
        result.findings = list(dict.fromkeys(result.findings + checkers.check_all(history, final, follower)))
        result.facts["checked"] = (
            f"{len(history.records)} objects, {sum(map(len, final.rows.values()))} rows,"
            f" {self._sampler.looks} looks ({self._sampler.failed_looks} in vain),"
            f" {len(follower.samples)} whole rows sampled"
        )
        events = self._history.events
        for finding in result.findings[:5]:
            uid = next((uid for uid in history.records if f"({uid[:8]})" in finding.where), "")
            if uid:
                result.notes.append((f"operations on {finding.where}", describe(events, uid)))


def _list_versions(objects: Mapping[str, JsonObject]) -> dict[str, int]:
    return {uid: get_version(obj) for uid, obj in objects.items()}


def _list_uids(history: RoundHistory) -> dict[str, list[str]]:
    uids: dict[str, list[str]] = {}
    for record in history.records.values():
        uids.setdefault(record.kind, []).append(record.uid)
    return uids
