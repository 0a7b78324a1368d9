"""What is sent for which kinds, and that it carries what every object of a run does."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.chapters.hostile_input.inputs import Inputs
from harness.core.known_issue import Action, KnownIssue
from harness.core.outcomes import NotApplicable, NotRun
from harness.core.settings import Timeouts
from harness.spec.manifest import add_labels
from harness.spec.model import Case, JsonObject
from harness.spec.templates import Templates
from harness.suite.context import RunContext
from harness.suite.expectations import Expectations
from tests.fakes.contract import CONTRACT

BLOCKS = KnownIssue("panic", "It panics", ("1.6",), "", "", kinds=("SparkJob",), action=Action.DELETE)


class Context:
    """As much of a run's context as sends nothing; RayJob has no controller."""

    def __init__(self, cases: tuple[Case, ...] = CONTRACT.cases) -> None:
        self.cases = cases
        self.expectations = Expectations((BLOCKS,))
        self.registration = SimpleNamespace(missing=["RayJob"])
        self.cluster = self.database = self.sandbox = cast(Any, SimpleNamespace(log_cursor=lambda _: None))
        self.namespaces: list[str] = []
        self.timeouts = Timeouts()

    def take_namespace(self) -> str:
        """Return a namespace, and count it."""
        self.namespaces.append("n")
        return "n"

    def expects_rows(self, case: Case) -> bool:
        """Whether it is not the kind without a controller."""
        return case.name not in self.registration.missing

    def require_rows(self, case: Case) -> None:
        """Raise NotRun for the kind without a controller."""
        if not self.expects_rows(case):
            raise NotRun("1.3")

    def render(self, case: Case, namespace: str) -> JsonObject:
        """Return the object with a label of the run."""
        return add_labels(Templates().render(case, {"namespace": namespace}), {"run": "r1"})


def make_inputs(context: Context) -> Inputs:
    """Return the chapter's state in that context."""
    return Inputs(cast(RunContext, context))


def test_everything_carries_the_run_s_labels() -> None:
    """Objects are rendered by the run, in a namespace that is taken once, and not early."""
    context = Context()
    inputs = make_inputs(context)
    assert context.namespaces == []
    objects = [inputs.render(case) for case in CONTRACT.cases[:2]]
    assert [obj["metadata"]["labels"]["run"] for obj in objects] == ["r1", "r1"]
    assert context.namespaces == ["n"]


def test_kinds_that_can_t_be_judged_are_left_out_with_a_reason() -> None:
    """A kind without controller, without template, or with an issue that always shows is sent nothing of."""
    cluster = dataclasses.replace(CONTRACT.get_case("Cluster"), template=None)
    cases = (CONTRACT.get_case("Project"), cluster, CONTRACT.get_case("RayJob"), CONTRACT.get_case("SparkJob"))
    inputs = make_inputs(Context(cases))
    assert [case.name for case in inputs.list_cases()] == ["Project"]
    with pytest.raises(NotApplicable, match="no template for Cluster"):
        inputs.require(cluster)
    with pytest.raises(NotRun):
        inputs.require(CONTRACT.get_case("RayJob"))
    with pytest.raises(NotApplicable, match="known issue panic would show again"):
        inputs.require(CONTRACT.get_case("SparkJob"))
