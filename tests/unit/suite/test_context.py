"""What every chapter's objects have in common."""

from __future__ import annotations

from typing import Any, cast

import pytest

from harness.chapters.api_server.steps import ApiScenario
from harness.chapters.contract.lifecycle import Lifecycle
from harness.chapters.seed.steps import SeedScenario
from harness.core.outcomes import NotApplicable, NotRun
from harness.sandbox.log_coverage import LogCoverage
from harness.subject.log import RECONCILED, RECONCILED_IMMUTABLE, WORKERS_STARTED
from tests.fakes.api_server import FakeApiServer
from tests.fakes.context import make_context
from tests.fakes.contract import CONTRACT
from tests.fakes.sandbox import FakeSandbox
from tests.fakes.world import World

MODEL = CONTRACT.get_case("Model")
LABELS = {"ingester-acceptance/run": "r7"}


class DeafSandbox(FakeSandbox):
    """A sandbox whose log can't be read."""

    log_coverage = LogCoverage.NONE
    log_limit = "the logs are somebody else's"


@pytest.mark.parametrize("suffix", ["", "r7"])
@pytest.mark.parametrize("case", CONTRACT.cases, ids=lambda case: case.name)
def test_every_object_carries_the_runs_labels(case: Any, suffix: str) -> None:
    """Beside its own, with the run's suffix as well, so that a guest's objects are told from others'."""
    bare = make_context(World()).render(case, "there")
    obj = make_context(World(), labels=LABELS, suffix=suffix).render(case, "there")
    assert obj["metadata"]["labels"] == {**bare["metadata"].get("labels", {}), **LABELS}
    assert obj["metadata"]["namespace"] == "there"
    assert obj["metadata"]["name"] == bare["metadata"]["name"] + (f"-{suffix}" if suffix else "")


@pytest.mark.parametrize("suffix", ["", "r7"])
@pytest.mark.parametrize("kind", ["Project", "Cluster", "Model"])
def test_objects_of_each_chapter_carry_them(kind: str, suffix: str) -> None:
    """Of the kubectl path with its bystanders, of the API server's, and of the contract's checks."""
    world = World()
    context = make_context(world, labels=LABELS, suffix=suffix)
    case = context.contract.get_case(kind)
    seed = SeedScenario(context)
    seed.create(case)
    ApiScenario(context, seed, cast(Any, FakeApiServer(world))).create(case)
    Lifecycle(context).make(case, "steady")
    found = world.list_objects(case.kind, "")
    assert len(found) == 4   # a bystander among them
    for obj in found:
        assert LABELS.items() <= obj["metadata"]["labels"].items()


def test_an_object_that_is_named_as_its_namespace_keeps_the_runs_label() -> None:
    """A Project's name must be its namespace's, which no other run has; labels tell whose it is."""
    world = World()
    context = make_context(world, labels=LABELS, suffix="r7")
    scenario = ApiScenario(context, cast(Any, None), cast(Any, FakeApiServer(world)))
    subject = scenario.create(context.contract.get_case("Project"))
    assert subject.name.startswith(subject.namespace)
    assert subject.sent["metadata"]["labels"]["ingester-acceptance/run"] == "r7"


def test_namespaces_are_taken_when_they_are_needed() -> None:
    """The run's first one once for all, and another one for whoever asks."""
    context = make_context(World())
    assert [context.namespace, context.take_namespace(), context.namespace] == ["there-1", "there-2", "there-1"]


def test_a_kind_without_controller_is_not_judged() -> None:
    """Its checks say that 1.3 failed, with its verdict."""
    world = World()
    context = make_context(world, registered=["Project"])
    world.sandbox.log(WORKERS_STARTED)
    context.require_controller(context.contract.get_case("Project"))
    with pytest.raises(NotRun, match=r"1\.3: 1 of 13 ingester controllers registered"):
        context.require_controller(MODEL)


def test_a_log_that_cannot_be_read_is_no_failure() -> None:
    """What would be read from it is not applicable, and says why."""
    context = make_context(World())
    context.require_log()
    assert context.explain_missing_log() == ""
    deaf = make_context(World(sandbox=DeafSandbox()))
    with pytest.raises(NotApplicable, match="the logs are somebody else's"):
        deaf.require_log()


def test_immutable_kinds_have_lines_of_their_own() -> None:
    """As the contract of this version says."""
    assert make_context(World()).get_expected_messages(MODEL) == RECONCILED
    context = make_context(World(immutable_kinds={"Model"}))
    assert context.is_immutable(MODEL)
    assert context.get_expected_messages(MODEL) == RECONCILED_IMMUTABLE


def test_tables_and_registration_are_read_once() -> None:
    """They do not change by themselves, and each is asked for by many."""
    world = World()
    context = make_context(world)
    SeedScenario(context).create(context.contract.get_case("Project"))
    assert context.tables is context.tables
    assert context.registration is context.registration


def test_a_kind_without_any_row_is_no_longer_waited_for() -> None:
    """Once two of its rows were awaited in vain; not where one has come since, however late."""
    world = World(["syncs nothing"])
    context = make_context(world)
    case = context.contract.get_case("Model")
    subject = Lifecycle(context).make(case, "steady")
    for expected in (True, False):
        subject.note_wait(came=False)
        assert context.expects_rows(case) is expected
    with pytest.raises(NotRun, match="no row of Model has come"):
        context.require_rows(case)


def test_a_kind_whose_row_was_late_is_waited_for() -> None:
    """A row that is there by the time of the question speaks for those to come."""
    context = make_context(World())
    case = context.contract.get_case("Cluster")
    subject = Lifecycle(context).make(case, "steady")
    for _ in range(3):
        subject.note_wait(came=False)
    assert context.expects_rows(case)
    context.require_rows(case)
