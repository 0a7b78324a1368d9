"""The chapter in progress: sends each section's inputs once, for all kinds of the run, and remembers the outcome.

A section is sent kind by kind when the first of its checks asks for it. Each kind is removed as soon as its rows
have been read: what can't be written fills the log, and other controllers keep writing to what never is complete.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from harness.chapters.hostile_input.input_sets import INPUT_SETS_BY_SECTION, PLAIN
from harness.chapters.hostile_input.submission import Batch, Submission, Submitter
from harness.core.outcomes import NotApplicable
from harness.spec.model import Case, JsonObject
from harness.suite.context import RunContext

T = TypeVar("T")


class Inputs:
    """The hostile inputs of one run, in a namespace that is taken when the first of them is sent."""

    def __init__(self, context: RunContext) -> None:
        self.context = context
        self._outcomes: dict[str, Any] = {}   # by section

    @functools.cached_property
    def submitter(self) -> Submitter:
        """Who sends objects to the chapter's namespace."""
        return Submitter(self.context, self.context.take_namespace())

    def require(self, case: Case) -> None:
        """Raise NotRun or NotApplicable where the case's kind can't be judged, whatever is sent."""
        self.context.require_rows(case)
        if reason := self._explain_absence(case):
            raise NotApplicable(reason)

    def list_cases(self) -> list[Case]:
        """Return the cases of the run that can be judged."""
        return [c for c in self.context.cases if self.context.expects_rows(c) and not self._explain_absence(c)]

    def submit(self, section: str, case: Case) -> Batch:
        """Return what became of the section's inputs for the case; they are sent with those of all other cases."""
        return self.once(section, lambda: self._submit(section))[case.name]

    def once(self, section: str, submit: Callable[[], T]) -> T:
        """Return what `submit` brings for the section, which is called once."""
        if section not in self._outcomes:
            self._outcomes[section] = submit()
        outcome: T = self._outcomes[section]
        return outcome

    def render(self, case: Case) -> JsonObject:
        """Return the case's plain object, in the chapter's namespace."""
        return self.context.render(case, self.submitter.namespace)

    def _submit(self, section: str) -> dict[str, Batch]:
        inputs_of, submitter = INPUT_SETS_BY_SECTION[section].list_inputs, self.submitter
        prefix = f"in-{section.replace('.', '-')}"
        submitter.begin()
        sent: dict[str, list[Submission]] = {}
        batches: dict[str, Batch] = {}
        cases = [case for case in self.list_cases() if inputs_of(case)]
        for case, before in zip([*cases, None], [None, *cases], strict=True):
            if case is not None:
                plain = self.render(case)
                inputs = [PLAIN, *inputs_of(case)]
                sent[case.name] = [submitter.send(case, given, plain, prefix) for given in inputs]
            if before is not None:   # a kind is awaited while the next one is on its way
                submitter.await_rows(sent[before.name])
                batches[before.name] = submitter.read(sent[before.name], before)
                submitter.clear(before)
        crashes = submitter.describe_crashes()
        for batch in batches.values():
            batch.crashes = crashes
        return batches

    def _explain_absence(self, case: Case) -> str:
        """Return why none of the kind's objects can be sent or judged; '' where they can."""
        if not case.can_be_made:
            return f"there is no template for {case.name}"
        issue = self.context.expectations.find_blocking(case.name)
        return f"known issue {issue.id} would show again" if issue else ""
