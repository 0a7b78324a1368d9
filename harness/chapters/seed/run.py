"""Carries out the steps of the scenario, each once, and remembers what they brought.

A step never judges: it sends, waits, reads and gathers evidence. Steps call the steps that they stand on, so
that any check can be run alone.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
import re
import time
from collections.abc import Callable, Iterable, Mapping

from harness.chapters.seed.issues import KnownIssue, Workaround
from harness.clients.kube import Cluster
from harness.clients.mysql import Database
from harness.core.errors import Refusal
from harness.core.outcomes import NotApplicable, NotRun
from harness.core.polling import hold, wait_for
from harness.core.record import Column, Evidence, Latency
from harness.core.settings import Timeouts
from harness.sandbox.base import CONTROLLERMGR, Phase, Sandbox
from harness.sandbox.log_coverage import LimitsLog, LogCoverage, get_log_coverage
from harness.spec.cases import CASES_BY_NAME
from harness.spec.model import Case, JsonObject
from harness.spec.profiles import Profile
from harness.spec.row import Row
from harness.spec.templates import Templates
from harness.subject import evidence
from harness.subject.arrival import Arrivals
from harness.subject.history import ObjectHistory
from harness.subject.log import RECONCILED, RECONCILED_IMMUTABLE, parse_log
from harness.subject.registration import Registration, await_registration
from harness.subject.steps import Creation, Sync, Update, Write, as_write, get_history

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


class Run:
    """One run of the scenario in one namespace of a sandbox."""

    def __init__(
        self,
        *,
        sandbox: Sandbox,
        cluster: Cluster,
        database: Database,
        templates: Templates,
        profile: Profile,
        namespace: str,
        bystander_namespace: str,
        timeouts: Timeouts | None = None,
        allow_stale: bool = False,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        self.sandbox = sandbox
        self.cluster = cluster
        self.database = database
        self.profile = profile
        self.namespace = namespace
        self._bystander_namespace = bystander_namespace
        self.timeouts = timeouts or Timeouts()
        self.allow_stale = allow_stale   # a known issue that does not show is no failure
        self.labels = dict(labels or {})   # what every object of the run carries
        self.reproduced: dict[str, list[Evidence]] = {}     # id of a known issue -> evidence that it showed
        self.worked_around: dict[str, list[Evidence]] = {}  # id of a known issue -> evidence of its workaround
        self._templates = templates
        self._arrivals = Arrivals(
            sandbox, database, self.timeouts, unblock=self._unblock, get_messages=self.get_expected_messages
        )
        self._registration: Registration | None = None
        self._creations: dict[str, Creation] = {}
        self._bystanders: dict[str, Creation] = {}
        self._syncs: dict[str, Sync] = {}
        self._updates: dict[str, Update] = {}
        self._update_syncs: dict[str, Sync] = {}

    @property
    def latencies(self) -> list[Latency]:
        """How long the writes took to reach MySQL, as far as that was measured."""
        return self._arrivals.latencies

    @functools.cached_property
    def tables(self) -> dict[str, dict[str, str]]:
        """Every table of the database with its columns and their types, as they were when first asked for."""
        return self.database.get_columns()

    def get_registration(self) -> Registration:
        """Return which controllers are registered; awaited once."""
        if self._registration is None:
            self._registration = await_registration(self.sandbox, self.timeouts.registration_s)
        return self._registration

    def explain_missing_log(self) -> str:
        """Return why the controller manager's log says nothing of this run; empty where it does."""
        if get_log_coverage(self.sandbox) is not LogCoverage.NONE:
            return ""
        return self.sandbox.log_limit if isinstance(self.sandbox, LimitsLog) else "there is no log"

    def get_expected_messages(self, case: Case) -> tuple[str, ...]:
        """Return the log lines that a reconcile of the case's kind writes."""
        return RECONCILED_IMMUTABLE if case.name in self.profile.immutable_kinds else RECONCILED

    def was_created(self, kind: str) -> bool:
        """Whether this run created an object of the kind."""
        creation = self._creations.get(kind)
        return creation is not None and not isinstance(creation.answer, Refusal)

    def create(self, case: Case) -> Creation:
        """Create the case's CR, after those that it requires and its bystander."""
        if case.name not in self._creations:
            for name in case.requires:
                self.create(CASES_BY_NAME[name])
            if not self._brings_down(case):
                self._bystanders[case.name] = self._create(case, self._bystander_namespace)
            self._creations[case.name] = self._create(case, self.namespace)
        return self._creations[case.name]

    def sync(self, case: Case) -> Sync:
        """Await the row of the created CR. Raises NotRun where the CR was not accepted."""
        if case.name not in self._syncs:
            creation = self._get_accepted(case)
            sync = self._arrivals.await_row(as_write(creation))
            self._syncs[case.name] = sync
            issue = self.profile.find_issue(case.name, Column.SYNCED)
            if issue and issue.step is Workaround.DELETE and not sync.row and matches(issue, sync.evidence):
                self._delete_culprit(issue, creation, sync.evidence)
        return self._syncs[case.name]

    def update(self, case: Case) -> Update:
        """Patch the CR, at the earliest in the second after its row was first seen to be written."""
        if case.name not in self._updates:
            synced = self.sync(case).row
            self._updates[case.name] = self._update(self._get_accepted(case), synced)
        return self._updates[case.name]

    def sync_update(self, case: Case) -> Sync:
        """Await the row of the patched (or re-created) CR. Raises NotRun where neither was accepted."""
        if case.name not in self._update_syncs:
            update = self.update(case)
            if update.recreation is not None:
                sync = self._arrivals.await_row(as_write(update.recreation))
                sync.evidence[:0] = update.recreation.evidence
            elif isinstance(update.answer, Refusal):
                raise NotRun(f"2.1: the patch was not accepted: {update.answer}")
            else:
                write = Write(update.creation, update.answer, update.at, update.cursor)
                sync = self._arrivals.await_row(write)
                before = evidence.of_row(update.previous, "the row before the patch", update.previous_at)
                sync.evidence.insert(0, before)
            self._update_syncs[case.name] = sync
        return self._update_syncs[case.name]

    def sync_bystander(self, case: Case) -> Sync:
        """Return the row of the object of the same kind and name in another namespace, which nobody touches.

        It is read once the case's own object has been written and patched. Raises NotApplicable where the profile
        rules a second object out, NotRun where it was not accepted.
        """
        update = self.update(case)
        if update.recreation is not None or not isinstance(update.answer, Refusal):
            self.sync_update(case)
        if case.name not in self._bystanders:
            raise NotApplicable("a second object would bring the controller manager down as well")
        bystander = self._bystanders[case.name]
        if isinstance(bystander.answer, Refusal):
            raise NotRun(f"the second object was not accepted: {bystander.answer}")
        sync = self._arrivals.await_row(as_write(bystander))
        sync.evidence[:0] = bystander.evidence
        return sync

    def read_row(self, case: Case) -> Row | None:
        """Return the row of the created CR as it is now."""
        creation = self._get_accepted(case)
        history = get_history(creation)
        rows = self.database.get_rows(case.kind, history.namespace, history.name)
        return next((row for row in rows if row.uid == history.uid), None)

    def _brings_down(self, case: Case) -> bool:
        """Whether the profile knows the case's CR to bring the controller manager down."""
        issue = self.profile.find_issue(case.name, Column.SYNCED)
        return issue is not None and issue.step is Workaround.DELETE

    def render(self, case: Case, namespace: str) -> JsonObject:
        """Return the case's object for that namespace, with the labels that every object of the run carries."""
        return add_labels(self._templates.render(case, {"namespace": namespace}), self.labels)

    def _create(self, case: Case, namespace: str) -> Creation:
        sent = as_applied(self.render(case, namespace))
        cursor = self.sandbox.log_cursor(CONTROLLERMGR)
        restarts = self.sandbox.component(CONTROLLERMGR).restarts
        request = evidence.of_request("create", case.kind, namespace, sent["metadata"]["name"], sent)
        answer = _attempt(lambda: self.cluster.create(case.kind, sent))
        creation = Creation(case, sent, answer, time.monotonic(), cursor, restarts)
        creation.evidence = [request, evidence.of_answer(answer)]
        if not isinstance(answer, Refusal):
            creation.history = ObjectHistory(self.cluster, case.kind, answer)
            if namespace == self.namespace:
                self._arrivals.glance(as_write(creation), "create")
        return creation

    def _update(self, creation: Creation, synced: Row | None) -> Update:
        case, history = creation.case, get_history(creation)
        issue = self.profile.find_issue(case.name, Column.UPDATED)
        recreates = issue is not None and issue.step is Workaround.RECREATE
        departed = False
        if recreates or case.name in self.profile.immutable_kinds:
            departed = wait_for(
                lambda: history.read() is None, bool, timeout_s=self.timeouts.issue_s, interval_s=0.02
            ).satisfied
        previous, previous_at = self.read_row(case), time.time()
        if synced is not None and synced.update_time is not None:
            self._await_second_after(synced.update_time)
        cursor = self.sandbox.log_cursor(CONTROLLERMGR)
        request = evidence.of_request("patch", case.kind, self.namespace, history.name, case.patch)
        answer = _attempt(lambda: self.cluster.patch(case.kind, self.namespace, history.name, case.patch))
        update = Update(creation, answer, time.monotonic(), cursor, previous, previous_at, departed, synced)
        update.evidence = [request, evidence.of_answer(answer)]
        if not isinstance(answer, Refusal):
            history.add(answer)
            self._arrivals.glance(Write(creation, answer, update.at, cursor), "patch")
        elif answer.not_found:
            update.evidence += self._find_deletion(creation)
            if issue is not None and recreates and matches(issue, update.evidence):
                self._recreate(issue, update)
        return update

    def _find_deletion(self, creation: Creation) -> list[Evidence]:
        """Return what is known of the object's deletion by somebody else."""
        history = get_history(creation)
        found = []
        deletion = history.find_deletion()
        if deletion is not None:
            found.append(evidence.of_object(deletion.object, "the object when it was deleted"))
        log = parse_log(self.sandbox.read_log(CONTROLLERMGR, creation.cursor))
        about = [e for e in log if e.fields.get("name") == history.name and "delet" in e.text.lower()]
        return [*found, evidence.of_log(about, "log lines about its deletion")]

    def _recreate(self, issue: KnownIssue, update: Update) -> None:
        """Create the CR again, and see that it is left alone."""
        self.reproduced[issue.id] = list(update.evidence)
        recreation = self._create(update.creation.case, self.namespace)
        self.worked_around[issue.id] = list(recreation.evidence)
        if recreation.history is None:
            return
        update.recreation = recreation
        alone = hold(lambda: get_history(recreation).read() is not None, bool, for_s=self.timeouts.hold_s)
        update.recreation_stays = alone.satisfied
        self.worked_around[issue.id].append(
            evidence.of_note(
                f"created {recreation.history.name} again",
                f"{'still there' if alone.satisfied else 'gone again'} after {alone.duration_s:.1f} s",
            )
        )

    def _unblock(self, waiting: Case) -> bool:
        """Judge the known issue that may hold up the controller manager; False where there is none left."""
        for issue in self.profile.known_issues:
            if issue.step is Workaround.DELETE and issue.kind != waiting.name and self.was_created(issue.kind):
                if issue.kind in self._syncs:
                    continue
                self.sync(CASES_BY_NAME[issue.kind])
                return issue.id in self.worked_around
        return False

    def _delete_culprit(self, issue: KnownIssue, creation: Creation, found: Iterable[Evidence]) -> None:
        """Delete the CR that brings the controller manager down, and await its recovery."""
        self.reproduced[issue.id] = list(found)
        kind, history = creation.case.kind, get_history(creation)
        before = self.sandbox.component(CONTROLLERMGR)
        self.cluster.delete(kind, self.namespace, history.name)
        recovered = wait_for(
            lambda: self.sandbox.component(CONTROLLERMGR).phase,
            lambda phase: phase is Phase.RUNNING,
            timeout_s=self.timeouts.issue_s,
            interval_s=0.02,
        )
        registration = await_registration(self.sandbox, self.timeouts.registration_s)
        after = self.sandbox.component(CONTROLLERMGR)
        self.worked_around[issue.id] = [
            evidence.of_note(
                f"deleted {kind.plural}/{history.name}",
                f"{CONTROLLERMGR}: {before.phase} with {before.restarts} restarts before, {after.phase} with "
                f"{after.restarts} restarts {recovered.duration_s:.1f} s later; {registration.headline}",
            ),
            *registration.evidence,
        ]

    def _await_second_after(self, moment: dt.datetime) -> None:
        """Wait until MySQL's clock is past the second of `moment`, so that a later write must show."""
        wait_for(self.database.get_time, lambda now: now > moment, timeout_s=3.0, interval_s=0.02)

    def _get_accepted(self, case: Case) -> Creation:
        creation = self.create(case)
        if isinstance(creation.answer, Refusal):
            raise NotRun(f"1.4: the CR was not accepted: {creation.answer}")
        return creation


def add_labels(obj: JsonObject, labels: Mapping[str, str]) -> JsonObject:
    """Return the object with more labels."""
    metadata = obj["metadata"]
    return {**obj, "metadata": {**metadata, "labels": {**metadata.get("labels", {}), **labels}}}


def as_applied(obj: JsonObject) -> JsonObject:
    """Return the object as `kubectl apply` sends it: with an annotation that has to reach MySQL as well."""
    configuration = json.dumps(obj, ensure_ascii=False, separators=(",", ":")) + "\n"
    metadata = obj["metadata"]
    annotations = {**metadata.get("annotations", {}), LAST_APPLIED: configuration}
    return {**obj, "metadata": {**metadata, "annotations": annotations}}


def matches(issue: KnownIssue, found: Iterable[Evidence]) -> bool:
    """Whether the evidence carries every part of the issue's signature."""
    text = "\n".join(f"{item.title}\n{item.body}" for item in found)
    return all(re.search(pattern, text) for pattern in issue.signature)


def _attempt(request: Callable[[], JsonObject]) -> JsonObject | Refusal:
    try:
        return request()
    except Refusal as refusal:
        return refusal
