"""Looks again at what differed, until it agrees or a grace has passed: late is not lost.

Here the row is read before its object, so that a right row is never newer than its object. What is under way
changes its class or its version; only what stays as it is for the whole grace is a finding.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from harness.audit.classes import AuditClass
from harness.audit.classification import (
    EQUAL,
    Judgement,
    Policy,
    describe_unknown,
    judge_content,
    judge_object,
    judge_row,
)
from harness.audit.finding import Subject
from harness.audit.reading import Reader
from harness.audit.scan import get_utc, make_subject
from harness.audit.state import Suspect
from harness.clients.kube import get_version
from harness.core.errors import HarnessError, Refusal
from harness.core.polling import wait_for
from harness.spec.features import Life
from harness.spec.keys import get_key
from harness.spec.model import JsonObject
from harness.spec.row import Row

_INTERVAL_S = 0.25
_LONGEST_INTERVAL_S = 5.0
_CHUNK = 250
_FEW = 200   # all of which are looked at each time, objects included
_GRACES = 5   # what changes all the time is let go of then: it is under way
_MOVES = frozenset({AuditClass.AHEAD, AuditClass.ORPHAN, AuditClass.GHOST, AuditClass.ALIVE})
"""Classes that at the first look may only say that the object and the row were read at different moments."""


@dataclass(frozen=True)
class Resolution:
    """What became of a suspect. `lag_s` is how late at most its row was, None where lateness was not it."""

    suspect: Suspect
    judged: Judgement
    subject: Subject
    lag_s: float | None = None


@dataclass
class Recheck:
    """The suspects of all kinds, and what becomes of them.

    `resolve` takes each resolution at once; `fail` takes the kind and
    the error where one can't be looked at, whose suspects then stay as they are.
    """

    reader: Reader
    policies: Mapping[str, Policy]
    grace_s: float
    resolve: Callable[[Resolution], None]
    fail: Callable[[str, HarnessError | Refusal], None]
    clock: Callable[[], float] = time.time
    _open: dict[tuple[str, str], Suspect] = field(default_factory=dict)

    def run(self, suspects: Iterable[Suspect]) -> None:
        """Look again until all are resolved."""
        self._open = {(each.kind, each.key): each for each in suspects}
        if not self._open:
            return
        wait_for(
            self._look,
            lambda left: left == 0,
            timeout_s=_GRACES * self.grace_s,
            interval_s=_INTERVAL_S,
            max_interval_s=max(_INTERVAL_S, min(_LONGEST_INTERVAL_S, self.grace_s / 4)),
        )
        for suspect in list(self._open.values()):   # what still moves is no loss
            subject = Subject(suspect.kind, suspect.key, suspect.namespace, suspect.name, suspect.version)
            self._settle(suspect, Judgement(AuditClass.LATE), subject)

    def _look(self) -> int:
        """Look at all that are open; return how many are left."""
        by_kind: dict[str, list[Suspect]] = {}
        for suspect in self._open.values():
            by_kind.setdefault(suspect.kind, []).append(suspect)
        for kind, suspects in by_kind.items():
            try:
                self._look_at(self.policies[kind], suspects)
            except (HarnessError, Refusal) as error:
                self.fail(kind, error)
                for suspect in suspects:
                    self._open.pop((suspect.kind, suspect.key), None)
        return len(self._open)

    def _look_at(self, policy: Policy, suspects: Sequence[Suspect]) -> None:
        for start in range(0, len(suspects), _CHUNK):
            chunk = suspects[start : start + _CHUNK]
            self._look_at_some(policy, self._choose_due(policy, chunk) if len(suspects) > _FEW else chunk)

    def _choose_due(self, policy: Policy, suspects: Sequence[Suspect]) -> list[Suspect]:
        """Return those of many whose rows have changed, or whose grace has passed: the others are as they were."""
        keys = self.reader.tables.get_keys_of(policy.kind, [suspect.key for suspect in suspects])
        now_s = self.clock()
        due = []
        for suspect in suspects:
            row = keys.get(suspect.key)
            state = (row.res_version, row.live) if row is not None else (0, False)
            has_passed = suspect.first_at is None or now_s - suspect.first_at >= self.grace_s
            if has_passed or state != (suspect.row_version, suspect.row_live):
                due.append(suspect)
        return due

    def _look_at_some(self, policy: Policy, suspects: Sequence[Suspect]) -> None:
        kind = policy.kind
        rows = self.reader.read_whole(kind, [suspect.key for suspect in suspects])
        namesakes = self._find_namesakes(policy, rows.values())
        objects = self.reader.get_objects(kind, {(suspect.namespace, suspect.name) for suspect in suspects})
        now_s, now = self.clock(), get_utc()
        for suspect in suspects:
            row = rows.get(suspect.key)
            obj = objects.get((suspect.namespace, suspect.name))
            if obj is not None and get_key(kind, obj) != suspect.key:
                obj = None   # another one has taken its name
            suspect.row_version, suspect.row_live = (row.res_version, row.live) if row is not None else (0, False)
            judged = self._judge(policy, suspect, obj, row, namesakes, now)
            self._conclude(policy, suspect, judged, obj, row, now_s)

    def _find_namesakes(self, policy: Policy, rows: Iterable[Row]) -> dict[tuple[str, str], list[str]]:
        if policy.life is Life.RETAINED:
            return {}
        return self.reader.tables.find_live_of(policy.kind, {row.full_name for row in rows if row.live})

    def _judge(
        self,
        policy: Policy,
        suspect: Suspect,
        obj: JsonObject | None,
        row: Row | None,
        namesakes: Mapping[tuple[str, str], list[str]],
        now: dt.datetime,
    ) -> Judgement:
        if obj is None and row is None:
            return EQUAL   # both are gone
        if obj is None and row is not None:
            return judge_row(policy, row, namesakes.get(row.full_name, []))
        assert obj is not None  # noqa: S101  as the lines above say
        judged = judge_object(policy, obj, row, now)
        has_caught_up = (
            judged.audit_class is AuditClass.BEHIND
            and suspect.audit_class is AuditClass.BEHIND
            and row is not None
            and row.res_version >= suspect.version > 0
        )
        if has_caught_up and row is not None:   # it has reached what was seen, and the object has moved on
            return self._judge_earlier(policy, suspect, row) or EQUAL
        return judged

    def _judge_earlier(self, policy: Policy, suspect: Suspect, row: Row) -> Judgement | None:
        """Judge the row by its object at the row's own version; None where the API server no longer has that."""
        known, obj = self.reader.find_at(policy.kind, suspect.namespace, suspect.name, row.res_version)
        if not known:
            return None
        if obj is None or get_version(obj) != row.res_version:
            return Judgement(AuditClass.UNKNOWN_VERSION, (describe_unknown(row, obj),), row.update_time)
        return judge_content(policy, obj, row)

    def _conclude(
        self,
        policy: Policy,
        suspect: Suspect,
        judged: Judgement,
        obj: JsonObject | None,
        row: Row | None,
        now_s: float,
    ) -> None:
        subject = make_subject(policy.kind, suspect.key, obj, row)
        if not subject.name:
            subject = Subject(suspect.kind, suspect.key, suspect.namespace, suspect.name)
        if not judged.open:
            self._settle(suspect, judged, subject, now_s)
            return
        if judged.audit_class is not suspect.audit_class or suspect.first_at is None:
            suspect.audit_class, suspect.first_at = judged.audit_class, now_s
            suspect.version = subject.object_version
            return
        if now_s - suspect.first_at < self.grace_s:
            return
        if judged.audit_class is AuditClass.BEHIND and row is not None:
            earlier = self._judge_earlier(policy, suspect, row)
            if earlier is not None and earlier.audit_class is AuditClass.UNKNOWN_VERSION:
                judged = earlier
        self._settle(suspect, judged, subject)

    def _settle(
        self, suspect: Suspect, judged: Judgement, subject: Subject, agreed_at: float | None = None
    ) -> None:
        """Resolve it; what agrees now was late, unless the first look was at two moments."""
        lag_s = None
        if judged.audit_class in (AuditClass.EQUAL, AuditClass.ALONE) and suspect.audit_class not in _MOVES:
            if agreed_at is not None and suspect.first_at is not None:
                lag_s = max(agreed_at - suspect.first_at, 0.0)
            judged = Judgement(AuditClass.LATE)
        del self._open[suspect.kind, suspect.key]
        self.resolve(Resolution(suspect, judged, subject, lag_s))
