"""Chapters 1 to 3 in a made-up world."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from harness.chapters.seed.chapter import CHAPTER
from harness.chapters.seed.steps import SeedScenario
from harness.core.errors import CheckFailure
from harness.core.known_issue import KnownIssue
from harness.core.record import Check
from harness.suite.chapter import Section, Selection
from harness.suite.judge import conclude
from harness.suite.recorder import Recorder
from tests.fakes.context import make_context
from tests.fakes.contract import CONTRACT
from tests.fakes.world import World


class Seed:
    """The chapters in a world with the given faults, of a version with the given known issues."""

    def __init__(
        self,
        *faults: str,
        kinds: Sequence[str] = ("Project",),
        issues: Sequence[KnownIssue] = (),
        immutable_kinds: Sequence[str] = (),
        world: World | None = None,
        **options: Any,
    ) -> None:
        self.world = world or World(faults, immutable_kinds=immutable_kinds)
        self.context = make_context(self.world, kinds=kinds, issues=issues, **options)
        self.scenario = SeedScenario(self.context)
        self.last = Check("", "")

    def carry_out(self, number: str, name: str = "project", *, stale_tolerated: str = "") -> Check:
        """Carry out the section's check of that topic, and return its place in the record; raises how it ended."""
        selection = Selection(self.context.cases, self.context.expectations)
        section, topic = next(
            (section, topic)
            for section in CHAPTER.sections
            for topic in section.topics(selection)
            if (section.number, topic.name) == (number, name)
        )
        return self._carry_out(section, topic.value, topic.kind, stale_tolerated=stale_tolerated)

    def fail(self, number: str, name: str = "project") -> list[tuple[str, str]]:
        """Return the findings with which the section's check fails, by code and place."""
        with pytest.raises(CheckFailure):
            self.carry_out(number, name)
        return [(finding.code, finding.where) for finding in self.last.findings]

    def _carry_out(self, section: Section, value: object, kind: str | None, *, stale_tolerated: str) -> Check:
        recorder, self.last = Recorder(), Check(section.number, section.title, kind)
        try:
            section.check(self.scenario, value, recorder)
            conclude(
                self.last,
                recorder,
                self.context.expectations,
                expects_issues=section.expects_issues,
                stale_tolerated=stale_tolerated,
            )
        finally:
            recorder.write_to(self.last)
        return self.last


SPARK, TRIGGER, MODEL = (CONTRACT.get_case(name) for name in ("SparkJob", "TriggerRun", "Model"))
