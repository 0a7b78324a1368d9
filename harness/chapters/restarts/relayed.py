"""Writes that fail when they are to last, and a server that is read-only for good: with a relay before MySQL.

The controller manager is started so that it reaches MySQL by the relay, whose connections are to be of use for
two seconds at most. A write fails once, at its COMMIT or, in no transaction, as a whole, or at one of its
statements (`statements`); whoever is told so tries again. That nobody heeds a COMMIT that failed shows in nothing
but the row. Where another server takes over the address, the connections that are kept lead to the old one:
whoever keeps them for ever writes nothing more.
"""

from __future__ import annotations

import functools

from harness.chapters.contract.deletions import examine_release, observe_ended, wait_for_release
from harness.chapters.contract.lifecycle import Lifecycle, Step
from harness.chapters.restarts.statements import FailingStatements, await_failed_end, name_new
from harness.core.errors import HarnessError
from harness.core.outcomes import Invalid, NotApplicable, NotRun
from harness.sandbox.capabilities import (
    BusyError,
    FailedWrite,
    MySQLRelay,
    ReconfiguresControllerManager,
    RelaysMySQL,
    WriteFault,
)
from harness.spec.annotations import OURS
from harness.spec.model import Case
from harness.spec.row_rules import expect_live
from harness.subject.subject import Subject
from harness.suite.recorder import Recorder
from harness.suite.rows import record_row

_LIFETIME = (("mysql.connMaxLifetime", "2s"),)
_FAILED, _LOST, _MOVED = "commit-fails", "answer-lost", "failed-over"


class Relayed:
    """What was seen behind the relay, once; it stays in the way until the next start, and open until `close`."""

    def __init__(self, life: Lifecycle) -> None:
        self._life = life
        self._relay: MySQLRelay | None = None
        self._reason: Exception | None = None   # why there is none
        self._kept = 0                          # connections that led to the server that became read-only
        self._written = Step("writes that fail at their end", self._fail_writes, self._observe_failed)
        self._statements = FailingStatements(self._get_relay)
        self._prepared = Step("before anything fails", _prepare)
        self._in_use = Step("before another server takes over", _use)
        self._moved = Step("another server has taken over", self._write_to_successor)

    def get_failed_writes(self, case: Case) -> Recorder:
        """Return what became of a kind's writes that failed; raises what kept it from being seen."""
        self.pass_through()
        return self._get(self._written, case)

    def get_failed_statements(self, case: Case) -> Recorder:
        """Return what became of a kind's writes of which a statement failed; raises as above."""
        self.pass_through()
        if self._reason is not None:
            raise self._reason
        return self._statements.get(self._life, case)

    def get_failover(self, case: Case) -> Recorder:
        """Return what became of a kind's writes once another server had taken over; raises as above."""
        self.pass_through()
        recorder = self._get(self._moved, case)
        refused = self._get_relay().count_refused()
        if not recorder.findings and not refused:
            raise NotApplicable("no write came over an earlier connection: nothing kept it to the old server")
        recorder.facts["of all kinds"] = f"{self._kept} connections were kept, {refused} writes over them refused"
        return recorder

    def pass_through(self) -> None:
        """Start the controller manager behind a relay and carry everything out, unless that was tried before."""
        if self._relay is not None or self._reason is not None:
            return
        try:
            self._relay = self._open()
        except (HarnessError, NotApplicable, NotRun) as reason:
            self._reason = reason
            return
        for step in (self._prepared, self._written, *self._statements.steps, self._in_use):
            self._life.carry_out(step)
        self._kept = self._relay.fail_over()
        self._life.carry_out(self._moved)
        self._relay.cut()   # what is wrong with old connections is seen by now

    def close(self) -> None:
        """Close the relay."""
        if self._relay is not None:
            self._relay.close()

    def _get_relay(self) -> MySQLRelay:
        assert self._relay is not None  # noqa: S101  nothing is carried out without it
        return self._relay

    def _get(self, step: Step, case: Case) -> Recorder:
        if self._reason is not None:
            raise self._reason
        return self._life.get(step, case)

    def _open(self) -> MySQLRelay:
        context, sandbox = self._life.context, self._life.context.sandbox
        if not isinstance(sandbox, RelaysMySQL) or not isinstance(sandbox, ReconfiguresControllerManager):
            raise NotApplicable(f"the {sandbox.name} sandbox can't put a relay between Ingester and MySQL")
        if sandbox.mysql.tls:
            raise NotApplicable("a relay can't follow what is encrypted, and this server is reached by TLS")
        relay = sandbox.relay_mysql()
        place = (("mysql.host", relay.host), ("mysql.port", relay.port))
        try:
            sandbox.start_controllermgr((*place, *_LIFETIME))
            context.await_registration()
        except BusyError as busy:
            relay.close()
            raise NotRun(busy.problem) from busy
        except HarnessError:
            relay.close()
            raise
        return relay

    def _fail_writes(self, life: Lifecycle, case: Case, recorder: Recorder) -> None:
        refused, unanswered = self._fail(life, case, _FAILED), self._fail(life, case, _LOST, WriteFault.UNANSWERED)
        subject, other = life.make(case, _FAILED, finalizer=True), life.make(case, _LOST, finalizer=True)
        recorder.evidence = [*subject.evidence, *other.evidence]
        _record(life, subject, "created", refused, recorder)
        _record(life, other, "created", unanswered, recorder)
        if life.is_immutable(case):
            for each in (subject, other):
                life.postpone(case, functools.partial(wait_for_release, life, each))
            return
        cut = self._fail(life, case, _FAILED, WriteFault.CUT)
        subject.patch({"metadata": {"labels": {f"{OURS}/{_FAILED}": "cut"}}})
        _record(life, subject, "patched", cut, recorder)
        refused, unanswered = self._fail(life, case, _FAILED), self._fail(life, case, _LOST, WriteFault.UNANSWERED)
        for each, failed in ((subject, refused), (other, unanswered)):
            each.asked_at = life.context.database.get_time()
            each.delete()
            life.postpone(case, functools.partial(await_failed_end, life, each, failed, recorder))

    def _observe_failed(self, life: Lifecycle, case: Case, recorder: Recorder) -> None:
        for subject in (life.find(case, _FAILED), life.find(case, _LOST)):
            if life.is_immutable(case):
                recorder.findings += examine_release(life, subject)
                recorder.findings += expect_live(subject.read_row())
            elif subject.asked_at is not None:
                observe_ended(life, subject, recorder)

    def _fail(self, life: Lifecycle, case: Case, role: str, fault: WriteFault = WriteFault.REFUSED) -> FailedWrite:
        """Have the next write of the kind's object in that role fail."""
        namespace, name = name_new(life, case, role)
        return self._get_relay().fail_write(fault, (case.kind.table, namespace, name))

    def _write_to_successor(self, life: Lifecycle, case: Case, recorder: Recorder) -> None:
        if life.is_immutable(case):
            subject, what = life.make(case, f"{_MOVED}-later"), "created"
        else:
            subject, what = life.find(case, _MOVED), "patched"
            subject.patch({"metadata": {"labels": {f"{OURS}/{_MOVED}": "yes"}}})
        recorder.evidence = subject.evidence
        after = f"{what} when the server of earlier connections is read-only for good"
        life.postpone(case, lambda _: record_row(recorder, life.wait_for_row(subject), after))


def _prepare(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    record_row(recorder, life.wait_for_row(life.make(case, _MOVED)), "created before")


def _use(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    """Have a row written, so that there is a connection that may be kept."""
    if not life.is_immutable(case):
        subject = life.find(case, _MOVED)
        subject.patch({"metadata": {"labels": {f"{OURS}/{_MOVED}": "not-yet"}}})
        record_row(recorder, life.wait_for_row(subject), "patched before")


def _record(life: Lifecycle, subject: Subject, what: str, failed: FailedWrite, recorder: Recorder) -> None:
    """Record the row of a write that failed, or was told to have; Invalid where it did not."""
    sync = life.wait_for_row(subject)
    record_row(recorder, sync, f"{what}, and {failed.seen}" if failed.seen else what)
    if not failed.seen:
        raise Invalid(f"no COMMIT, and no statement without one, was seen when it was {what}: none could fail")
