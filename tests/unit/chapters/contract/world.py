"""Chapter 5 in a made-up world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.chapters.contract.chapter import CHAPTER
from harness.chapters.contract.lifecycle import Lifecycle
from harness.core.known_issue import KnownIssue
from harness.core.record import Check
from harness.suite.judge import conclude
from harness.suite.recorder import Recorder
from tests.fakes.context import make_context
from tests.fakes.contract import CONTRACT
from tests.fakes.sandbox import FakeSandbox
from tests.fakes.world import World

SECTIONS = {section.number: section for section in CHAPTER.sections}


class Contract:
    """The chapter for a kind, beside others, in a world with faults, and of a version with known issues."""

    def __init__(
        self,
        *faults: str,
        kind: str = "Project",
        others: Sequence[str] = (),
        issues: Sequence[KnownIssue] = (),
        features: Mapping[str, str] | None = None,
        sandbox: FakeSandbox | None = None,
    ) -> None:
        self.world = World(
            faults,
            sandbox=sandbox,
            immutable_kinds=["Model"],
            retained_kinds=["PipelineRun"],
            features=features,
        )
        self.life = Lifecycle(make_context(self.world, kinds=[kind, *others], issues=issues))
        self.case = CONTRACT.get_case(kind)
        self.last = Check("", "")

    def record(self, number: str) -> Recorder:
        """Carry the section's check out and return what it recorded."""
        recorder = Recorder()
        SECTIONS[number].check(self.life, self.case, recorder)
        return recorder

    def conclude(self, number: str) -> Check:
        """Carry the section's check out and return its place in the record; raises how it ended."""
        recorder, self.last = self.record(number), Check(number, "t", self.case.name)
        conclude(self.last, recorder, self.life.context.expectations)
        return self.last

    def find(self, number: str) -> set[str]:
        """Return the codes of the section's findings."""
        return {finding.code for finding in self.record(number).findings}
