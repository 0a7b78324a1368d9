"""The chapter in progress: sends each section's inputs once, for all kinds of the run, and remembers the outcome.

A section is sent kind by kind when the first of its checks asks for it. Each kind is removed as soon as its rows
have been read: what can't be written fills the log, and other controllers keep writing to what never is complete.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from harness.chapters.hostile_input.delivery import Batch, Courier, Delivery
from harness.chapters.hostile_input.sections import PLAIN, SECTIONS_BY_NUMBER
from harness.chapters.seed.run import Run
from harness.core.outcomes import NotApplicable
from harness.spec.model import Case, JsonObject
from harness.spec.templates import Templates
from harness.suite.verdict import require_controller

T = TypeVar("T")


class Inputs:
    """The hostile inputs of one run. `take_namespace` creates a namespace; it is called once, and not early."""

    def __init__(self, run: Run, cases: Sequence[Case], take_namespace: Callable[[], str]) -> None:
        self.run = run
        self._cases = cases
        self._take_namespace = take_namespace
        self._templates = Templates()
        self._outcomes: dict[str, Any] = {}   # by section

    @functools.cached_property
    def courier(self) -> Courier:
        """Who sends objects to the chapter's namespace."""
        return Courier(self.run, self._take_namespace())

    def require(self, case: Case) -> None:
        """Raise NotRun or NotApplicable where the case's kind can't be judged, whatever is sent."""
        require_controller(self.run, case)
        if reason := self._explain_absence(case):
            raise NotApplicable(reason)

    def list_cases(self) -> list[Case]:
        """Return the cases of the run that can be judged."""
        missing = self.run.get_registration().missing
        return [c for c in self._cases if c.name not in missing and not self._explain_absence(c)]

    def deliver(self, number: str, case: Case) -> Batch:
        """Return what became of the section's inputs for the case; they are sent with those of all other cases."""
        return self.once(number, lambda: self._deliver(number))[case.name]

    def once(self, number: str, deliver: Callable[[], T]) -> T:
        """Return what `deliver` brings for the section, which is called once."""
        if number not in self._outcomes:
            self._outcomes[number] = deliver()
        outcome: T = self._outcomes[number]
        return outcome

    def render(self, case: Case) -> JsonObject:
        """Return the case's plain object, in the chapter's namespace."""
        return self._templates.render(case, {"namespace": self.courier.namespace})

    def _deliver(self, number: str) -> dict[str, Batch]:
        section, courier = SECTIONS_BY_NUMBER[number], self.courier
        prefix = f"in-{number.replace('.', '-')}"
        courier.begin()
        sent: dict[str, list[Delivery]] = {}
        batches: dict[str, Batch] = {}
        cases = [case for case in self.list_cases() if section.list_inputs(case.kind)]
        for case, before in zip([*cases, None], [None, *cases], strict=True):
            if case is not None:
                plain = self.render(case)
                inputs = [PLAIN, *section.list_inputs(case.kind)]
                sent[case.name] = [courier.send(case, given, plain, prefix) for given in inputs]
            if before is not None:   # a kind is awaited while the next one is on its way
                courier.await_rows(sent[before.name])
                batches[before.name] = courier.read(sent[before.name], before)
                courier.clear(before)
        crashes = courier.describe_crashes()
        for batch in batches.values():
            batch.crashes = crashes
        return batches

    def _explain_absence(self, case: Case) -> str:
        """Return the known issue that would show in every one of the kind's objects; '' where there is none."""
        issue = self.run.profile.find_obstacle(case.name)
        return f"known issue {issue.id} would show again" if issue else ""
