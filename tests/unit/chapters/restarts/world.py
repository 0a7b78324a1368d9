"""Chapter 6 in a made-up world."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.chapters.contract.lifecycle import Lifecycle
from harness.chapters.restarts.chapter import CHAPTER
from harness.chapters.restarts.gates import Gates
from harness.core.record import Check
from harness.suite.judge import conclude
from harness.suite.recorder import Recorder
from tests.fakes.context import make_context
from tests.fakes.contract import CONTRACT
from tests.fakes.controllermgr import make_reconfigurable_world
from tests.fakes.world import World

SECTIONS = {section.number: section for section in CHAPTER.sections}
BY_KIND = ("6.4", "6.5", "6.6", "6.7")


class Restarts:
    """The chapter in a world with the given faults."""

    def __init__(
        self, *faults: str, kinds: Sequence[str] = ("ModelFamily",), world: World | None = None, **options: Any
    ) -> None:
        self.world = world or make_reconfigurable_world(*faults, immutable_kinds=["Model"])
        context = make_context(self.world, kinds=kinds, **options)
        self.gates = Gates(context, Lifecycle(context))
        self.last = Check("", "")

    def record(self, number: str, kind: str = "ModelFamily") -> Recorder:
        """Carry the section's check out and return what it recorded."""
        recorder = Recorder()
        SECTIONS[number].check(self.gates, CONTRACT.get_case(kind) if number in BY_KIND else None, recorder)
        return recorder

    def conclude(self, number: str, kind: str = "ModelFamily") -> Check:
        """Carry the section's check out and return its place in the record; raises how it ended."""
        recorder = self.record(number, kind)
        self.last = Check(number, "t", kind if number in BY_KIND else None)
        conclude(self.last, recorder, self.gates.life.context.expectations)
        return self.last

    def find(self, number: str, kind: str = "ModelFamily") -> set[str]:
        """Return the codes of the section's findings."""
        return {finding.code for finding in self.record(number, kind).findings}
