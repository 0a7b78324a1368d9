"""Carries out the steps of the scenario, each once, and remembers what they brought.

A step never judges: it sends, waits, reads and gathers evidence. Steps call the steps that they stand on, so
that any check can be run alone. The chapter on the API server takes the same steps through another sender.
"""

from __future__ import annotations

import datetime as dt
import time

from harness.core.errors import Refusal
from harness.core.known_issue import Action, KnownIssue
from harness.core.outcomes import NotApplicable, NotRun
from harness.core.polling import hold, wait_for
from harness.core.record import Evidence
from harness.sandbox.base import CONTROLLERMGR, Phase
from harness.spec.manifest import as_applied
from harness.spec.model import Case, JsonObject
from harness.spec.row import Row
from harness.subject import evidence
from harness.subject.arrival import Arrivals
from harness.subject.examination import describe_absence, describe_refused_patch
from harness.subject.log import parse_log
from harness.subject.sender import Sender
from harness.subject.steps import Sync, Update
from harness.subject.subject import Subject
from harness.suite.context import RunContext


class Scenario:
    """Each case's object, created, awaited, patched and awaited again, in one namespace."""

    def __init__(self, context: RunContext, sender: Sender | None = None) -> None:
        self.context = context
        self._sender = sender
        self._arrivals = Arrivals(
            context.surroundings,
            context.timeouts,
            tables=[kind.table for kind in context.contract.kinds],
            latencies=context.latencies if sender is None else None,
            unblock=self._unblock,
            get_messages=context.get_expected_messages,
        )
        self._subjects: dict[str, Subject] = {}
        self._syncs: dict[str, Sync] = {}
        self._updates: dict[str, Update] = {}
        self._update_syncs: dict[str, Sync] = {}

    def create(self, case: Case) -> Subject:
        """Create the case's CR, after those that it requires."""
        if case.name not in self._subjects:
            for required in self.context.contract.get_prerequisites([case]):
                if not self.explain_absence(required):
                    self.create(required)
            self._subjects[case.name] = self._create(case)
        return self._subjects[case.name]

    def sync(self, case: Case) -> Sync:
        """Await the row of the created CR. Raises NotRun where the CR was not accepted."""
        if case.name not in self._syncs:
            self._syncs[case.name] = self._arrivals.await_row(self._get_accepted(case).created)
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
                sync = self._arrivals.await_row(update.recreation.created)
                sync.evidence[:0] = update.recreation.evidence
            elif update.write is None:
                raise NotRun(f"the patch was not accepted: {update.answer}")
            else:
                sync = self._arrivals.await_row(update.write)
                before = evidence.of_row(update.previous, "the row before the patch", update.previous_at)
                sync.evidence.insert(0, before)
            self._update_syncs[case.name] = sync
        return self._update_syncs[case.name]

    def read_row(self, case: Case) -> Row | None:
        """Return the row of the created CR as it is now."""
        return self._get_accepted(case).read_row()

    def explain_absence(self, _case: Case) -> str:
        """Return why there is nothing to send for the case, '' where there is."""
        return ""

    def _render(self, case: Case) -> JsonObject:
        return self.context.render(case, self._namespace)

    @property
    def _namespace(self) -> str:
        return self.context.namespace

    def _create(self, case: Case) -> Subject:
        return Subject(self.context.surroundings, case, self._render(case), self._sender)

    def _update(self, subject: Subject, synced: Row | None) -> Update:
        departed = self._await_departure(subject)
        previous, previous_at = subject.read_row(), time.time()
        if synced is not None and synced.update_time is not None:
            self._await_second_after(synced.update_time)
        reply = subject.try_patch(subject.case.patch)
        write = None if isinstance(reply.stored, Refusal) else subject.last
        update = Update(subject, reply.stored, write, previous, previous_at, departed, synced)
        update.evidence = list(reply.evidence)
        return update

    def _leaves(self, case: Case) -> bool:
        """Whether the case's object is expected to leave Kubernetes before it can be patched."""
        return self.context.is_immutable(case)

    def _await_departure(self, subject: Subject) -> bool:
        """Wait until an object that is to leave Kubernetes has left; return whether it has."""
        if not self._leaves(subject.case):
            return False
        gone = wait_for(
            lambda: subject.read() is None, bool, timeout_s=self.context.timeouts.issue_s, interval_s=0.02
        )
        return gone.satisfied

    def _await_second_after(self, moment: dt.datetime) -> None:
        """Wait until MySQL's clock is past the second of `moment`, so that a later write must show."""
        wait_for(self.context.database.get_time, lambda now: now > moment, timeout_s=3.0, interval_s=0.02)

    def _unblock(self, _waiting: Case) -> bool:
        return False

    def _get_accepted(self, case: Case) -> Subject:
        return self.create(case).require_accepted()


class SeedScenario(Scenario):
    """The scenario as the seed report has it: with kubectl, bystanders, and the workarounds of known issues."""

    def __init__(self, context: RunContext) -> None:
        super().__init__(context)
        self.worked_around: dict[str, list[Evidence]] = {}  # id of a known issue -> evidence of its workaround
        self.reproduced: set[str] = set()                   # ids of known issues that a workaround was applied for
        self._bystanders: dict[str, Subject] = {}
        self._bystander_namespace = context.take_namespace()

    def was_created(self, kind: str) -> bool:
        """Whether this run created an object of the kind."""
        subject = self._subjects.get(kind)
        return subject is not None and subject.accepted

    def sync(self, case: Case) -> Sync:
        """Await the row of the created CR; delete one that is known to bring the controller manager down."""
        if case.name not in self._syncs:
            sync = super().sync(case)
            self.context.notice(sync)
            issue = self.context.expectations.find_action(case.name, Action.DELETE)
            if issue and not sync.row and issue.explains(describe_absence(sync)):
                self._delete_culprit(issue, self._get_accepted(case))
        return self._syncs[case.name]

    def sync_bystander(self, case: Case) -> tuple[Subject, Sync]:
        """Return the object of the same kind and name in another namespace, which nobody touches, and its row.

        It is read once the case's own object has been written and patched. Raises NotApplicable where the profile
        rules a second object out, NotRun where it was not accepted.
        """
        update = self.update(case)
        if update.recreation is not None or update.write is not None:
            self.sync_update(case)
        if case.name not in self._bystanders:
            raise NotApplicable("a second object would bring the controller manager down as well")
        bystander = self._bystanders[case.name]
        if not bystander.accepted:
            raise NotRun(f"the second object was not accepted: {bystander.answer}")
        return bystander, self._arrivals.await_row(bystander.created)

    def _create(self, case: Case) -> Subject:
        if self.context.expectations.find_action(case.name, Action.DELETE) is None:
            obj = as_applied(self.context.render(case, self._bystander_namespace))
            self._bystanders[case.name] = Subject(self.context.surroundings, case, obj)
        return self._create_own(case)

    def _create_own(self, case: Case) -> Subject:
        subject = super()._create(case)
        if subject.accepted:
            self._arrivals.measure_latency(subject.created, "create")
        return subject

    def _render(self, case: Case) -> JsonObject:
        return as_applied(super()._render(case))

    def _update(self, subject: Subject, synced: Row | None) -> Update:
        update = super()._update(subject, synced)
        if update.write is not None:
            self._arrivals.measure_latency(update.write, "patch")
        elif isinstance(update.answer, Refusal) and update.answer.not_found:
            found = self._find_deletion(subject)
            update.evidence += found
            update.deletion = "\n".join(f"{item.title}: {item.data or item.body}" for item in found)
            issue = self.context.expectations.find_action(subject.case.name, Action.RECREATE)
            if issue is not None and issue.explains(describe_refused_patch(update)):
                self._recreate(issue, update)
        return update

    def _leaves(self, case: Case) -> bool:
        recreated = self.context.expectations.find_action(case.name, Action.RECREATE)
        return recreated is not None or super()._leaves(case)

    def _find_deletion(self, subject: Subject) -> list[Evidence]:
        """Return what is known of the object's deletion by somebody else."""
        found = []
        deletion = subject.history.find_deletion()
        if deletion is not None:
            found.append(evidence.of_object(deletion.object, "the object when it was deleted"))
        log = parse_log(self.context.sandbox.read_log(CONTROLLERMGR, subject.cursor))
        about = [e for e in log if e.fields.get("name") == subject.name and "delet" in e.text.lower()]
        return [*found, evidence.of_log(about, "log lines about its deletion")]

    def _recreate(self, issue: KnownIssue, update: Update) -> None:
        """Create the CR again, and see that it is left alone."""
        self.reproduced.add(issue.id)
        recreation = self._create_own(update.subject.case)
        self.worked_around[issue.id] = list(recreation.evidence)
        if not recreation.accepted:
            return
        update.recreation = recreation
        alone = hold(lambda: recreation.read() is not None, bool, for_s=self.context.timeouts.hold_s)
        update.recreation_stays = alone.satisfied
        self.worked_around[issue.id].append(
            evidence.of_note(
                f"created {recreation.name} again",
                f"{'still there' if alone.satisfied else 'gone again'} after {alone.duration_s:.1f} s",
            )
        )

    def _unblock(self, waiting: Case) -> bool:
        """Judge the known issue that may hold up the controller manager; False where there is none left."""
        for issue in self.context.expectations.issues:
            for kind in issue.kinds if issue.action is Action.DELETE else ():
                if kind != waiting.name and self.was_created(kind) and kind not in self._syncs:
                    self.sync(self.context.contract.get_case(kind))
                    return issue.id in self.worked_around
        return False

    def _delete_culprit(self, issue: KnownIssue, culprit: Subject) -> None:
        """Delete the CR that brings the controller manager down, and await its recovery."""
        context = self.context
        self.reproduced.add(issue.id)
        before = context.sandbox.component(CONTROLLERMGR)
        culprit.delete()
        recovered = wait_for(
            lambda: context.sandbox.component(CONTROLLERMGR).phase,
            lambda phase: phase is Phase.RUNNING,
            timeout_s=context.timeouts.issue_s,
            interval_s=0.02,
        )
        registration = context.await_registration()
        after = context.sandbox.component(CONTROLLERMGR)
        self.worked_around[issue.id] = [
            evidence.of_note(
                f"deleted {culprit.case.kind.plural}/{culprit.name}",
                f"{CONTROLLERMGR}: {before.phase} with {before.restarts} restarts before, {after.phase} with "
                f"{after.restarts} restarts {recovered.duration_s:.1f} s later; {registration.headline}",
            ),
            *registration.evidence,
        ]
