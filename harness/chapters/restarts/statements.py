"""A write of which one statement fails: each that it is made of, with what servers say when others are in the way.

A row, its labels and its annotations are written in one transaction, and any of its statements may be refused for
a reason that passes: a lock, a deadlock, a full table. Whoever takes such an answer for done leaves a part of the
object unwritten; if the next statement is refused as well, the write is repeated, and nothing shows. So of each
write one statement fails, once, and nothing else is written to the object until its row has been looked at.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.chapters.contract.deletions import observe_ended, wait_for_end
from harness.chapters.contract.lifecycle import Lifecycle, Step
from harness.core.errors import HarnessError, Refusal
from harness.core.outcomes import Invalid, Outcome
from harness.sandbox.capabilities import FailedWrite, MySQLRelay, StatementError, StatementFault
from harness.spec.annotations import OURS
from harness.spec.model import Case, Kind
from harness.subject.subject import Subject
from harness.suite.recorder import Recorder
from harness.suite.rows import record_row

_ROLE, _AWAY = "statement", "statement-away"
_INSERT = ("INSERT", "REPLACE")
_UPSERT = (*_INSERT, "UPDATE")
_LIFTED = (StatementError.LOCK_WAIT, StatementError.DEADLOCK)   # once others are done


@dataclass(frozen=True)
class _Failure:
    """Which statement of a write fails, and how."""

    name: str
    error: StatementError
    verbs: tuple[str, ...]
    table: Callable[[Kind], str]

    def make(self, kind: Kind) -> StatementFault:
        return StatementFault(self.error, self.verbs, self.table(kind))


_TABLE, _LABELS, _ANNOTATIONS = map(operator.attrgetter, ("table", "labels_table", "annotations_table"))
_FAILURES = (
    *(_Failure(f"row-{error}", error, _UPSERT, _TABLE) for error in StatementError),
    _Failure("old-labels-lock-wait", StatementError.LOCK_WAIT, ("DELETE",), _LABELS),
    _Failure("labels-deadlock", StatementError.DEADLOCK, _INSERT, _LABELS),
    _Failure("old-annotations-deadlock", StatementError.DEADLOCK, ("DELETE",), _ANNOTATIONS),
    _Failure("annotations-lock-wait", StatementError.LOCK_WAIT, _INSERT, _ANNOTATIONS),
)


class FailingStatements:
    """What became of writes with a statement that failed, once; `get_relay` returns what fails them."""

    def __init__(self, get_relay: Callable[[], MySQLRelay]) -> None:
        self._get_relay = get_relay
        self._unfit: set[str] = set()   # kinds whose row does not follow any more
        self._seen: set[str] = set()    # kinds of whose rows a statement failed
        made = Step("before any statement fails", _make)
        self._written = tuple(
            Step(f"a statement fails: {each.name}", functools.partial(self._write, each), after=(made,))
            for each in _FAILURES
        )
        self._gone = Step("the statement of a deletion fails", self._delete, self._observe_gone, after=(made,))

    @property
    def steps(self) -> tuple[Step, ...]:
        """All that is to be carried out, in its order."""
        return (*self._written, self._gone)

    def get(self, life: Lifecycle, case: Case) -> Recorder:
        """Return what became of a kind's writes; Invalid where no statement that writes its row was seen."""
        recorder = Recorder()
        steps = self._written if life.is_immutable(case) else self.steps
        for step in steps:
            try:
                recorder.take(life.get(step, case))
            except (HarnessError, Refusal, Outcome):
                if not recorder.findings:
                    raise
                break   # what was found before stands
        if not recorder.findings and case.name not in self._seen:
            raise Invalid(f"no statement that writes to {case.kind.table} was seen: none could fail")
        return recorder

    def _write(self, failure: _Failure, life: Lifecycle, case: Case, recorder: Recorder) -> None:
        if case.name in self._unfit:
            return
        fault, value = failure.make(case.kind), {f"{OURS}/{_ROLE}": failure.name}
        if life.is_immutable(case):
            what, role = "created", f"{_ROLE}-{failure.name}"
            failed = self._get_relay().fail_write(fault, name_new(life, case, role))
            subject = life.make(case, role, finalizer=True, pairs=value)
            recorder.evidence = subject.evidence
        else:
            what, subject = "patched", life.find(case, _ROLE)
            named, known = ((*each, failure.name) for each in _name(subject)), len(subject.evidence)
            failed = self._get_relay().fail_write(fault, *named)
            subject.patch({"metadata": {"labels": value, "annotations": value}})
            recorder.evidence = subject.evidence[known:]
        life.postpone(case, lambda _: self._record(life, subject, f"{what} ({failure.name})", failed, recorder))

    def _record(
        self, life: Lifecycle, subject: Subject, what: str, failed: FailedWrite, recorder: Recorder
    ) -> None:
        sync = life.wait_for_row(subject)
        self._get_relay().disarm(failed)
        if failed.seen:
            self._seen.add(subject.case.name)
        try:
            record_row(recorder, sync, f"{what}, and {failed.seen or 'no such statement came'}")
        finally:
            if recorder.findings:
                self._unfit.add(subject.case.name)

    def _delete(self, life: Lifecycle, case: Case, recorder: Recorder) -> None:
        if life.is_immutable(case) or case.name in self._unfit:
            return
        for error in _LIFTED:
            subject = life.find(case, f"{_AWAY}-{error}")
            fault = StatementFault(error, (*_UPSERT, "DELETE"), case.kind.table)
            failed = self._get_relay().fail_write(fault, *_name(subject))
            subject.asked_at = life.context.database.get_time()
            subject.delete()
            life.postpone(case, functools.partial(self._await_end, life, subject, failed, recorder))

    def _await_end(
        self, life: Lifecycle, subject: Subject, failed: FailedWrite, recorder: Recorder, since: float
    ) -> None:
        await_failed_end(life, subject, failed, recorder, since)
        self._get_relay().disarm(failed)

    def _observe_gone(self, life: Lifecycle, case: Case, recorder: Recorder) -> None:
        if life.is_immutable(case):
            return
        for error in _LIFTED:
            subject = life.find(case, f"{_AWAY}-{error}")
            recorder.evidence += subject.evidence
            if subject.asked_at is not None:
                observe_ended(life, subject, recorder)


def _make(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    if life.is_immutable(case):
        return
    for role in (_ROLE, *(f"{_AWAY}-{error}" for error in _LIFTED)):
        subject = life.make(case, role, finalizer=True)
        life.postpone(case, functools.partial(_record_made, life, subject, recorder))


def _record_made(life: Lifecycle, subject: Subject, recorder: Recorder, _since: float) -> None:
    record_row(recorder, life.wait_for_row(subject), "created before")


def _name(subject: Subject) -> Sequence[Sequence[str]]:
    """Return what a transaction says that is about the object: its row's key, or its name."""
    return (subject.key,), (subject.namespace, subject.name)


def await_failed_end(
    life: Lifecycle, subject: Subject, failed: FailedWrite, recorder: Recorder, since: float
) -> None:
    """Wait for the end of a deletion of which a write was to fail, and note whether one did."""
    wait_for_end(life, subject, since)
    recorder.note(f"{subject} was deleted", failed.seen or "no write came of it that could have failed")


def name_new(life: Lifecycle, case: Case, role: str) -> tuple[str, str]:
    """Return the namespace and the name of the object that `role` will be made of."""
    namespace = life.namespaces[0]
    return namespace, f"{life.context.render(case, namespace)['metadata']['name']}-{role}"
