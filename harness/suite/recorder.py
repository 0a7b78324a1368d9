"""What a check, or a step that several checks stand on, has found, seen and measured.

Whoever carries something out records here, and judges nothing; `harness.suite.judge` concludes the check from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from harness.core.known_issue import KnownIssue
from harness.core.record import Check, Evidence, Finding
from harness.subject import evidence


@dataclass
class Recorder:
    """The findings of one check, with their evidence; `facts` are what was measured.

    `problem` heads the message of a failure, `look_at` ends it; `detail` is what the report says of a check that
    passes. `shown` and `missed` are known issues that it was the check's purpose to look for. `reproduce` is the
    command that repeats the check, where that is not pytest's.
    """

    findings: list[Finding] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)
    problem: str = ""
    look_at: str = ""
    detail: str = ""
    reproduce: str = ""
    shown: list[KnownIssue] = field(default_factory=list)
    missed: list[KnownIssue] = field(default_factory=list)

    def find(self, code: str, where: str, expected: str, actual: str) -> None:
        """Record a finding."""
        self.findings.append(Finding(code, where, expected, actual))

    def note(self, title: str, body: str = "") -> None:
        """Record a remark."""
        self.evidence.append(evidence.of_note(title, body))

    def look_for(self, issue: KnownIssue, *, shown: bool) -> None:
        """Record whether a known issue showed that was looked for."""
        (self.shown if shown else self.missed).append(issue)

    def take(self, other: Recorder) -> None:
        """Record all that another one has, such as a step's that was carried out before."""
        self.findings += other.findings
        self.evidence += other.evidence
        self.facts |= other.facts
        self.problem, self.look_at = other.problem or self.problem, other.look_at or self.look_at
        self.detail = other.detail or self.detail

    def compare(self, findings: Iterable[Finding], what: str) -> None:
        """Record what a comparison brought, and that it was made."""
        found = list(findings)
        self.findings += found
        self.evidence.append(evidence.of_comparison(found, what))

    def write_to(self, check: Check) -> None:
        """Write evidence and facts into the record, whatever the verdict will be."""
        check.evidence += self.evidence
        check.facts |= self.facts
        check.reproduce = self.reproduce or check.reproduce
