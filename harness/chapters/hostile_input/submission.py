"""Sends objects, and awaits for each what becomes of it: its row, or the Ingester's error. It judges nothing.

Rows are awaited by one query per table. What the log says fails again and again is not waited for; where nothing
is said, the wait ends once nothing has moved for as long as a row may take.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from harness.chapters.hostile_input.input import Input
from harness.clients.kube import Cluster, get_version
from harness.clients.mysql import Database
from harness.core.errors import Refusal
from harness.core.polling import wait_for
from harness.sandbox.base import CONTROLLERMGR
from harness.spec.features import FINALIZER, INGESTER
from harness.spec.keys import get_key
from harness.spec.model import Case, JsonObject, Kind
from harness.spec.row import Row
from harness.subject.clearing import clear
from harness.subject.pairing import pair_rows
from harness.subject.patience import Patience
from harness.subject.reconcile_errors import ReconcileErrors, list_own
from harness.suite.context import RunContext

_ATTEMPTS = 4
"""After how many failures an object counts as never synced."""
_UNTOLD_S = 3.0
"""How long a row is awaited, after the last one, where the log can't be read; or where others were in vain."""
_PAIR_S = 0.002
"""How much longer for each label and annotation: what is written one by one is slow, and not lost."""
_WAITS = 4
"""How many times as long as one row may take a whole section may."""


@dataclass
class Submission:
    """An input that was sent, the answer, and what it came to."""

    case: Case
    input: Input
    sent: JsonObject
    answer: JsonObject | Refusal
    at: float                             # of the answer, on the monotonic clock
    errors: list[str] = field(default_factory=list)   # of each failed attempt to write it
    arrived_s: float | None = None        # from the answer to the first look that found the row
    row: Row | None = None
    obj: JsonObject | None = None         # the object at the row's version, None where it never had that
    leftovers: Sequence[str] = ()         # tables that hold labels or annotations of an object without a row

    @property
    def stored(self) -> JsonObject | None:
        """The object as the API server stored it; None where it was refused."""
        return None if isinstance(self.answer, Refusal) else self.answer

    @property
    def own_errors(self) -> list[str]:
        """Those of `errors` that are the object's."""
        return list_own(self.errors)

    @property
    def has_failed(self) -> bool:
        """Whether it has been refused by the database, or by the Ingester, as often as it takes."""
        return len(self.own_errors) >= _ATTEMPTS

    @property
    def key(self) -> str:
        """What the object's row is found by; '' where it was refused."""
        return "" if self.stored is None else get_key(self.case.kind, self.stored)

    @property
    def version(self) -> int:
        """The resourceVersion that is awaited; 0 where the object was refused."""
        return 0 if self.stored is None else get_version(self.stored)


@dataclass
class Batch:
    """What became of one kind's inputs of a section."""

    case: Case
    submissions: list[Submission]
    strays: Sequence[str] = ()   # keys of rows in the namespace that belong to no object which was sent
    crashes: str = ""            # what the controller manager did meanwhile, beside its work


class Submitter:
    """Sends objects to one namespace, and reads what becomes of them."""

    def __init__(self, context: RunContext, namespace: str) -> None:
        self.namespace = namespace
        self._context = context
        self._cluster: Cluster = context.cluster
        self._database: Database = context.database
        self._errors = ReconcileErrors(context.sandbox)
        self._restarts = 0
        self._sent: set[str] = set()
        self._patience = Patience(context.timeouts.sync_s, _UNTOLD_S)   # with the rows of a kind in a section
        self._open: dict[tuple[str, str], Submission] = {}   # kind, name -> what is awaited

    def begin(self) -> None:
        """Begin a section: what happened before does not count."""
        self._errors = ReconcileErrors(self._context.sandbox)
        self._restarts = self._context.sandbox.component(CONTROLLERMGR).restarts
        self._open.clear()

    def send(self, case: Case, given: Input, plain: JsonObject, prefix: str) -> Submission:
        """Create one object; a refusal is an answer as well."""
        sent = given.build(plain, prefix)
        return self._record(case, given, sent, lambda: self._cluster.create(case.kind, sent))

    def patch(self, submission: Submission, given: Input, patch: JsonObject) -> Submission:
        """Patch an object that was accepted; the answer is awaited as that of a creation is."""
        kind, name = submission.case.kind, submission.sent["metadata"]["name"]
        return self._record(
            submission.case, given, submission.sent, lambda: self._cluster.patch(kind, self.namespace, name, patch)
        )

    def remove(self, submission: Submission) -> None:
        """Delete one object."""
        self._cluster.delete(submission.case.kind, self.namespace, submission.sent["metadata"]["name"])

    def read_log(self) -> list[str]:
        """Note what the log says of the objects that are awaited; return the lines on undecodable objects."""
        failures, undecodable = self._errors.read()
        for failure in failures:
            submission = self._open.get((failure.kind, failure.name))
            if submission is not None and failure.namespace == self.namespace:
                submission.errors.append(failure.error)
        return undecodable

    def await_rows(self, submissions: Iterable[Submission]) -> None:
        """Wait until each accepted object has a row, or has failed for good; or nothing moves any more."""
        pending = {d.key: d for d in submissions if d.key}
        timeout_s = self._context.timeouts.sync_s
        if self._context.explain_missing_log():   # nobody will say that there is nothing to wait for
            timeout_s = min(timeout_s, _UNTOLD_S)
        timeout_s = min(timeout_s, self._patience.seconds)
        timeout_s += _PAIR_S * max((count_pairs(d.sent) for d in pending.values()), default=0)
        moved_at, longest_s = time.monotonic(), 0.0

        def look() -> int:
            nonlocal moved_at, longest_s
            before = len(pending)
            for kind in {d.case.name: d.case.kind for d in pending.values()}.values():
                self._settle(kind, pending)
            if pending:
                self.read_log()
            for submission in [d for d in pending.values() if d.has_failed]:
                del pending[submission.key]
            if len(pending) < before:
                longest_s = max(longest_s, time.monotonic() - moved_at)
                moved_at = time.monotonic()
            return len(pending)

        waited = wait_for(
            look,
            lambda count: count == 0,
            give_up=lambda _: time.monotonic() - moved_at > timeout_s,
            timeout_s=_WAITS * timeout_s,
            interval_s=0.005,
        )
        self._patience.note(longest_s, in_vain=False)
        if not waited.satisfied:
            self._patience.note(waited.duration_s, in_vain=True)

    def has_rows(self, submissions: Sequence[Submission]) -> bool:
        """Whether each of the objects, of one kind, has a row now."""
        versions = self._database.get_versions(submissions[0].case.kind, self.namespace)
        return all(submission.key in versions for submission in submissions)

    def read(self, submissions: Sequence[Submission], case: Case) -> Batch:
        """Read the rows of one kind, each with the object at its version, and what is left where there is none.

        What the log says of them from now on is about their removal.
        """
        kind = case.kind
        for submission in submissions:
            self._open.pop((case.name, submission.sent["metadata"]["name"]), None)
        keys = [d.key for d in submissions if d.key]
        rows = self._database.get_rows_of(kind, keys)
        missing = [key for key in keys if key not in rows]
        children = {
            table: self._database.get_pairs_of(table, missing)
            for table in (kind.labels_table, kind.annotations_table)
        }
        for submission in submissions:
            submission.row = rows.get(submission.key)
            submission.leftovers = [table for table, found in children.items() if submission.key in found]
        self._find_objects(kind, [d for d in submissions if d.row is not None])
        strays = self._database.get_versions(kind, self.namespace).keys() - self._sent
        return Batch(case, list(submissions), sorted(strays))

    def clear(self, case: Case) -> None:
        """Delete the kind's objects, so that what can't be written is no longer tried; the rows stay.

        Where the Ingester adds its finalizer, it is taken off: what has no row might be held by it for ever.
        """
        if self._context.contract.get_feature(FINALIZER) == INGESTER:
            clear(self._cluster, [case.kind], [self.namespace])
        else:
            self._cluster.delete_all(case.kind, self.namespace)

    def describe_crashes(self) -> str:
        """Return what the controller manager did in this section; '' where it kept running."""
        component = self._context.sandbox.component(CONTROLLERMGR)
        more = component.restarts - self._restarts
        return f"{more} restarts, now {component.phase}: {component.reason or 'no reason known'}" if more else ""

    def _record(self, case: Case, given: Input, sent: JsonObject, request: Callable[[], JsonObject]) -> Submission:
        answer: JsonObject | Refusal
        try:
            answer = request()
        except Refusal as refusal:
            answer = refusal
        submission = Submission(case, given, sent, answer, time.monotonic())
        self._sent.add(submission.key)
        self._open[case.name, sent["metadata"]["name"]] = submission
        return submission

    def _settle(self, kind: Kind, pending: dict[str, Submission]) -> None:
        """Take those out of `pending` whose row is there."""
        own = [d for d in pending.values() if d.case.name == kind.name]
        if not own:
            return
        versions = self._database.get_versions(kind, self.namespace)
        now = time.monotonic()
        for submission in own:
            if versions.get(submission.key, -1) >= submission.version:
                submission.arrived_s = now - submission.at
                del pending[submission.key]

    def _find_objects(self, kind: Kind, submissions: Sequence[Submission]) -> None:
        """Find each object at its row's version: as it was answered, or as the API server's watch cache has it."""
        later = []
        for submission in submissions:
            if submission.row is not None and submission.row.res_version == submission.version:
                submission.obj = submission.stored
            else:
                later.append(submission)
        rows = [d.row for d in later if d.row is not None]
        known = [d.stored for d in later if d.stored is not None]
        found = pair_rows(self._cluster, kind, self.namespace, rows, known)
        for submission in later:
            submission.obj = found.get(submission.key)


def count_pairs(obj: JsonObject) -> int:
    """Return how many labels and annotations the object has."""
    return sum(len(obj["metadata"].get(field) or {}) for field in ("labels", "annotations"))
