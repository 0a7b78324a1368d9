"""One audit: every kind in turn, then what differed once more, then the result. What can't be told is a problem.

A kind that can't be read costs no other kind its answer. What was gathered is in the journal before it counts.
"""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.audit.classification import Compare, Policy
from harness.audit.finding import AuditFinding, make_finding
from harness.audit.journal import Event, Journal
from harness.audit.problem import describe_problem
from harness.audit.reading import Reader
from harness.audit.recheck import Recheck, Resolution
from harness.audit.result import FINDINGS, AuditResult, KindResult, Problem
from harness.audit.scan import scan_kind
from harness.audit.state import KindState
from harness.audit.workers import Outcome, Source, Task, Workers
from harness.core.errors import HarnessError, Refusal
from harness.core.moment import get_moment
from harness.core.progress import Progress
from harness.spec.contract import Contract
from harness.spec.model import Kind

_STAGE = "look again"


@dataclass(frozen=True)
class AuditSettings:
    """How an audit is made. `output` is its folder; `scope` says what it is of, which a resumed one repeats.

    `compare` finds what differs between an object and its row.
    """

    output: Path
    scope: Event
    compare: Compare
    grace_s: float = 30.0
    stuck_after_s: float = 300.0
    show_values: bool = False
    resume: bool = False


@dataclass
class Audit:
    """An audit of some kinds of a contract; with `workers` these scan the kinds of the `source` side by side."""

    settings: AuditSettings
    reader: Reader
    contract: Contract
    kinds: Sequence[Kind]
    progress: Progress
    result: AuditResult = field(default_factory=AuditResult)
    workers: Workers | None = None
    source: Source | None = None
    _paused_s: float = 0.0
    _states: dict[str, KindState] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._policies = {
            kind.name: Policy.of(self.contract, kind, self.settings.stuck_after_s, self.settings.compare)
            for kind in self.kinds
        }
        self._journal = Journal(self.settings.output / "journal")

    def run(self) -> AuditResult:
        """Audit all kinds, and return the result, which is also `result` where it is interrupted."""
        began = time.monotonic()
        self.result.started_at = get_moment()
        (self._journal.resume if self.settings.resume else self._journal.begin)(self.settings.scope)
        (self.settings.output / FINDINGS).write_text("", encoding="utf-8")
        try:
            try:
                if self.workers is not None and self.source is not None:
                    self._scan_side_by_side(self.workers, self.source)
                else:
                    for kind in self.kinds:
                        self._scan(kind)
            finally:
                self._write_scanned()
            self._recheck()
        except KeyboardInterrupt:
            self._tell("", HarnessError("the audit was interrupted", hint="Go on with it: --resume"))
            raise
        finally:
            self.result.kinds = [self._describe(kind) for kind in self.kinds if kind.name in self._states]
            self.result.duration_s = time.monotonic() - began
            paused_s = self._paused_s + self.reader.throttle.paused_s
            if paused_s:
                self.result.facts["paused"] = f"{paused_s:.1f} s, for the servers' sake"
        return self.result

    def _scan_side_by_side(self, workers: Workers, source: Source) -> None:
        """Have the workers scan all kinds; what their journals have by then counts, also where it is cut short."""
        tasks = [
            Task(source, self._policies[kind.name], self._journal.folder, self.settings.show_values)
            for kind in self.kinds
        ]
        for kind in self.kinds:
            self.progress.begin(kind.name)
        ended: dict[str, Outcome] = {}
        try:
            for outcome in workers.scan(tasks):
                ended[outcome.kind] = outcome
                self._recall(outcome.kind)
        finally:
            for kind in self.kinds:
                if kind.name not in ended:
                    self._recall(kind.name)
            for kind in self.kinds:   # in this order they are told, whichever ended first
                self._states[kind.name] = self._states.pop(kind.name)
                if kind.name in ended:
                    self._paused_s += ended[kind.name].paused_s
                    for problem in ended[kind.name].problems:
                        self._add(problem)

    def _recall(self, kind: str) -> None:
        """Make a kind's state of its journal."""
        state = self._states[kind] = KindState.recall(kind, self._journal.read(kind))
        self._tell_end(state)

    def _tell_end(self, state: KindState) -> None:
        self.progress.end(state.name, f"{state.objects:,} objects, {state.rows:,} rows without one")

    def _scan(self, kind: Kind) -> None:
        earlier = self._journal.read(kind.name) if self.settings.resume else ()
        state = self._states[kind.name] = KindState.recall(kind.name, earlier)
        self.progress.begin(kind.name)
        try:
            policy, show_values = self._policies[kind.name], self.settings.show_values
            for _ in scan_kind(self.reader, policy, state, self._journal, show_values=show_values):
                self.progress.advance(kind.name, state.objects + state.rows)
        except (HarnessError, Refusal) as error:
            self._tell(kind.name, error)
            self._reconnect()
        self._tell_end(state)

    def _reconnect(self) -> None:
        """Connect to MySQL anew: whatever broke, the next kind begins with a connection that is whole."""
        try:
            self.reader.tables.reconnect()
        except HarnessError as error:
            self._tell("", error)

    def _recheck(self) -> None:
        suspects = [suspect for state in self._states.values() for suspect in state.suspects]
        if not suspects:
            return
        self.progress.begin(_STAGE)
        if self.workers is not None:   # its own connection has had nothing to do meanwhile
            self._reconnect()
        recheck = Recheck(self.reader, self._policies, self.settings.grace_s, self._resolve, self._fail)
        recheck.run([dataclasses.replace(suspect) for suspect in suspects])
        self.progress.end(_STAGE, f"at {len(suspects):,}")

    def _resolve(self, resolution: Resolution) -> None:
        tally = self._states[resolution.suspect.kind].tally
        judged = resolution.judged
        if judged.audit_class.is_finding:
            finding = make_finding(judged, resolution.subject, show_values=self.settings.show_values)
            tally.add(finding)
            self._append([finding])
        else:
            tally.count(judged.audit_class)
        if resolution.lag_s is not None:
            self.result.lags_s.append(resolution.lag_s)

    def _fail(self, kind: str, error: HarnessError | Refusal) -> None:
        self._tell(kind, error)
        self._reconnect()

    def _tell(self, kind: str, error: HarnessError | Refusal) -> None:
        self._add(describe_problem(kind, error))

    def _add(self, problem: Problem) -> None:
        if problem not in self.result.problems:
            self.result.problems.append(problem)

    def _describe(self, kind: Kind) -> KindResult:
        state = self._states[kind.name]
        return KindResult(
            kind.name, kind.plural, kind.tables, state.objects, state.rows, state.compared, state.tally
        )

    def _write_scanned(self) -> None:
        """Write the findings of the first look, of all kinds, from their journals: there may be very many."""
        for kind in self._states:
            for event in self._journal.read(kind):
                self._append(map(AuditFinding.from_json, event["findings"]))

    def _append(self, findings: Iterable[AuditFinding]) -> None:
        lines = [json.dumps(finding.to_json(), ensure_ascii=False) + "\n" for finding in findings]
        if lines:
            with (self.settings.output / FINDINGS).open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.writelines(lines)
