"""What a stage of the contract's chapter did with one kind, and what it found to be wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.chapters.seed.checks import examine_row
from harness.chapters.seed.run import Run
from harness.core.record import Check, Evidence, Finding
from harness.subject import evidence
from harness.subject.steps import Sync
from harness.suite.findings import conclude


class OverdueError(Exception):
    """A row did not follow its object in time: what its stage does next would be waited for in vain."""


@dataclass
class Account:
    """The findings of one kind in one stage, with their evidence; `facts` are what was measured."""

    findings: list[Finding] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)

    def find(self, where: str, expected: str, actual: str) -> None:
        """Take down a finding."""
        self.findings.append(Finding(where, expected, actual))

    def note(self, title: str, body: str = "") -> None:
        """Take down a remark."""
        self.evidence.append(evidence.of_note(title, body))

    def take_sync(self, sync: Sync, after: str, earlier: Sequence[str] = ()) -> None:
        """Compare an awaited row with its object; the evidence is whole where they differ, else one line.

        `earlier` are the uids of objects that had the name before. Raises OverdueError where it did not follow.
        """
        found = examine_row(sync, earlier)
        self.findings += [Finding(f"{after}: {m.where}", m.expected, m.actual) for m in found]
        if found or sync.row is None:
            self.evidence += sync.describe()
            self.evidence.append(evidence.of_comparison(found, f"{after}: the row against the object"))
            if sync.row is None or sync.row.res_version < sync.write.version:
                self.note("the rest of this section was not tried", "what it writes would be awaited in vain")
                raise OverdueError
            return
        labels, annotations = len(sync.row.labels), len(sync.row.annotations)
        self.note(
            f"{after}: the row equals the object at resourceVersion {sync.row.res_version}",
            f"reached after {sync.waited_s:.3f} s; {labels} labels, {annotations} annotations",
        )

    def conclude(self, run: Run, check: Check, problem: str) -> None:
        """End the check with what was found; raises as `harness.suite.findings.conclude` does."""
        check.evidence += self.evidence
        check.facts |= self.facts
        conclude(run, check, self.findings, problem=problem, look_at="the evidence of this check, in its order")
