"""A step is carried out once for all kinds, and what ended it is raised where it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from harness.chapters.contract.checks import check_step
from harness.chapters.contract.lifecycle import Lifecycle, Step
from harness.chapters.seed.issues import ISSUES as SEED_ISSUES
from harness.core import codes
from harness.core.errors import HarnessError, Refusal
from harness.core.outcomes import NotApplicable, NotRun
from harness.spec.annotations import INGESTER_FINALIZER, get_finalizers
from harness.spec.model import Case
from harness.subject.log import WORKERS_STARTED
from harness.suite.recorder import Recorder
from harness.suite.rows import OverdueError
from tests.fakes.context import make_context
from tests.fakes.contract import CONTRACT
from tests.fakes.world import World

PROJECT, MODEL, SPARK = (CONTRACT.get_case(name) for name in ("Project", "Model", "SparkJob"))
KINDS = ("Project", "Model", "ModelFamily")


class Journal:
    """What a step did, in its order."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def act(self, _: Lifecycle, case: Case, recorder: Recorder) -> None:
        """Write it down."""
        self.done.append(f"act {case.name}")
        recorder.note("acted")

    def observe(self, _: Lifecycle, case: Case, recorder: Recorder) -> None:
        """Write it down."""
        self.done.append(f"observe {case.name}")
        recorder.note("observed")


def make_life(world: World | None = None, kinds: Sequence[str] = KINDS, **options: Any) -> Lifecycle:
    """Return the objects' lives in a world."""
    return Lifecycle(make_context(world or World(), kinds=kinds, **options))


def fail_with(error: Exception) -> Any:
    """Return what ends a step so."""

    def act(_: Lifecycle, __: Case, recorder: Recorder) -> None:
        if isinstance(error, OverdueError):
            recorder.find(codes.ROW_BEHIND, "the row", "7", "6")
        raise error

    return act


def test_a_step_is_carried_out_once_for_all_kinds() -> None:
    """First all kinds act, then all are observed: what must not happen is waited for once."""
    life, journal = make_life(), Journal()
    step = Step("s", journal.act, journal.observe)
    brought = [life.get(step, case) for case in life.cases]
    assert journal.done == [f"{part} {case.name}" for part in ("act", "observe") for case in life.cases]
    assert [item.title for item in brought[0].evidence] == ["acted", "observed"]
    assert life.get(step, PROJECT) is brought[0]


def test_what_is_postponed_is_awaited_for_all_kinds_together() -> None:
    """Once all have been asked for it, and before any is observed."""
    life, journal = make_life(), Journal()

    def act(life: Lifecycle, case: Case, recorder: Recorder) -> None:
        journal.act(life, case, recorder)
        life.postpone(case, lambda _since: journal.done.append(f"wait {case.name}"))

    life.get(Step("s", act, journal.observe), PROJECT)
    assert journal.done == [f"{part} {case.name}" for part in ("act", "wait", "observe") for case in life.cases]


@pytest.mark.parametrize("comes", [True, False])
def test_a_row_that_comes_late_is_no_finding(comes: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was given up early is looked at again: the step counts as not tried then; else it fails."""
    life = make_life(kinds=["Project"])
    monkeypatch.setattr(life._arrivals, "confirm", lambda _write: comes)

    def act(life: Lifecycle, case: Case, recorder: Recorder) -> None:
        recorder.find(codes.ROW_BEHIND, "the row", "7", "6")
        raise OverdueError(life.make(case, "slow").created, recorder.findings[-1:])

    if comes:
        with pytest.raises(NotRun, match="came, but late"):
            life.get(Step("s", act), PROJECT)
    else:
        assert [f.code for f in life.get(Step("s", act), PROJECT).findings] == [codes.ROW_BEHIND]


def test_immutable_kinds_have_a_step_apart() -> None:
    """Few steps are for both; whoever prepares for all carries both out."""
    life, journal = make_life(World(immutable_kinds=["Model"])), Journal()
    step = Step("s", journal.act)
    life.get(step, PROJECT)
    assert journal.done == ["act Project", "act ModelFamily"]
    life.carry_out(step)
    assert journal.done[2:] == ["act Model"]


def test_what_a_step_stands_on_is_carried_out_before_it() -> None:
    """Once, whoever asks."""
    life, journal = make_life(kinds=["Project"]), Journal()
    first = Step("first", journal.act)
    life.get(Step("second", journal.act, after=(first,)), PROJECT)
    life.get(first, PROJECT)
    assert journal.done == ["act Project", "act Project"]


def test_a_late_row_ends_the_step_with_what_was_found() -> None:
    """It is observed all the same."""
    life, journal = make_life(kinds=["Project"]), Journal()
    recorder = life.get(Step("s", fail_with(OverdueError()), journal.observe), PROJECT)
    assert [finding.code for finding in recorder.findings] == [codes.ROW_BEHIND]
    assert journal.done == ["observe Project"]


@pytest.mark.parametrize("error", [HarnessError("gone"), Refusal(403, "Forbidden", "no"), NotRun("why")])
def test_what_ended_a_step_is_raised_by_the_kinds_own_check(error: Exception) -> None:
    """Each time it is asked for; the other kinds are not held up."""
    life = make_life(kinds=["Project", "Model"])

    def act(each: Lifecycle, case: Case, recorder: Recorder) -> None:
        if case is PROJECT:
            fail_with(error)(each, case, recorder)

    step = Step("s", act, Journal().observe)
    for _ in range(2):
        with pytest.raises(type(error)):
            life.get(step, PROJECT)
    assert life.get(step, MODEL).findings == []


def test_what_was_found_before_stands_though_nobody_can_observe() -> None:
    """A failed observation hides no finding."""
    life = make_life(kinds=["Project"])

    def act(_: Lifecycle, __: Case, recorder: Recorder) -> None:
        recorder.find(codes.ORDER, "the order", "a", "b")

    assert life.get(Step("s", act, fail_with(HarnessError("gone"))), PROJECT).findings
    with pytest.raises(HarnessError):
        life.get(Step("t", Journal().act, fail_with(HarnessError("gone"))), PROJECT)


def test_objects_are_found_by_their_role() -> None:
    """In the chapter's namespaces, each made by whichever step needs it first."""
    life = make_life()
    subject = life.make(PROJECT, "steady", finalizer=True, pairs={"k": "v"})
    assert life.find(PROJECT, "steady") is life.find_or_make(PROJECT, "steady") is subject
    assert subject.name.endswith("-steady")
    assert get_finalizers(subject.sent) == [INGESTER_FINALIZER]
    assert subject.sent["metadata"]["labels"]["k"] == subject.sent["metadata"]["annotations"]["k"] == "v"
    sibling = life.make(PROJECT, "steady", sibling=True)
    assert (sibling.name, sibling.namespace) == (subject.name, life.namespaces[1])
    assert life.find(PROJECT, "steady") is subject
    assert life.find(PROJECT, "steady sibling") is sibling
    with pytest.raises(NotRun, match="the object 'other' could not be made"):
        life.find(PROJECT, "other")


def test_an_object_that_is_refused_does_not_run() -> None:
    """Chapter 1 has failed on it already."""
    with pytest.raises(NotRun, match="400 INVALID_ARGUMENT"):
        make_life(World(["refuses creation"])).make(PROJECT, "steady")


def test_kinds_that_can_lead_no_normal_life_are_left_out() -> None:
    """By a known issue that makes the run act, or without a controller."""
    life = make_life(kinds=["Project", "SparkJob"], issues=SEED_ISSUES)
    assert [case.name for case in life.cases] == ["Project"]
    with pytest.raises(NotApplicable, match="known issue sparkjob-double-panic"):
        life.require(SPARK)
    world, journal = World(), Journal()
    half = make_life(world, registered=["Project"])
    world.sandbox.log(WORKERS_STARTED)
    half.get(Step("s", journal.act), PROJECT)
    assert journal.done == ["act Project"]
    with pytest.raises(NotRun, match=r"1\.3"):
        half.require(MODEL)


def test_a_step_for_objects_that_stay_is_not_for_immutable_ones() -> None:
    """Their checks say why."""
    life = make_life(World(immutable_kinds=["Model"]))
    check = check_step(Step("s", Journal().act), "p")
    with pytest.raises(NotApplicable, match="immutable kind"):
        check(life, MODEL, Recorder())
    recorder = Recorder()
    check(life, PROJECT, recorder)
    assert (recorder.problem, [item.title for item in recorder.evidence]) == ("Project: p", ["acted"])


def test_errors_are_quoted_once_each() -> None:
    """In their order, those about the object alone."""
    world = World()
    life = make_life(world)
    subject = life.make(PROJECT, "steady")
    about = {"logger": "ingester.Project", "namespace": subject.namespace, "name": subject.name}
    for error in ("a", "b", "a"):
        world.sandbox.log("failed", 0, **about, error=error)
    world.sandbox.log("failed", 0, **{**about, "name": "other"}, error="c")
    assert life.find_errors(subject) == "a; b"


def test_rows_that_no_account_may_lock_are_not_held() -> None:
    """The order is then not observed, which is a fact and no failure."""
    recorder = Recorder()
    make_life().wait_for_block(None, recorder)
    assert recorder.facts == {"order": "not observed: the account may not lock rows"}
