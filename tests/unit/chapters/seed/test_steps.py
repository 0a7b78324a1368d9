"""The scenario's steps: each once, on those that it stands on, and judging nothing."""

from __future__ import annotations

import pytest

from harness.chapters.seed.issues import ISSUES
from harness.core.errors import Refusal
from harness.core.outcomes import NotApplicable, NotRun
from harness.spec.manifest import LAST_APPLIED
from harness.subject.subject import Subject
from tests.fakes.contract import CONTRACT
from tests.unit.chapters.seed.world import MODEL, SPARK, TRIGGER, Seed

PROJECT = CONTRACT.get_case("Project")


def count(seed: Seed, verb: str, kind: str) -> int:
    """Return how often that was asked for."""
    return sum(request.startswith(f"{verb} {kind} ") for request in seed.world.requests)


def test_a_step_calls_those_that_it_stands_on() -> None:
    """So that any check can be run alone; and each is carried out once."""
    seed = Seed()
    sync = seed.scenario.sync_update(PROJECT)
    assert seed.scenario.sync_update(PROJECT) is sync
    assert seed.scenario.update(PROJECT).write is sync.write
    assert seed.scenario.sync(PROJECT).write is seed.scenario.create(PROJECT).created
    assert (count(seed, "create", "Project"), count(seed, "patch", "Project")) == (2, 1)


def test_what_an_object_refers_to_is_created_before_it() -> None:
    """Whether or not its kind is part of the run."""
    seed = Seed(kinds=["Model"])
    seed.scenario.create(MODEL)
    kinds = [request.split(" ")[1] for request in seed.world.requests]
    assert kinds == ["ModelFamily", "ModelFamily", "Model", "Model"]   # each with its bystander


def test_objects_are_sent_as_kubectl_apply_does() -> None:
    """With an annotation that has to reach MySQL as well; the bystander in a namespace of its own."""
    seed = Seed()
    seed.scenario.create(PROJECT)
    found = seed.world.list_objects(PROJECT.kind, "")
    assert len({obj["metadata"]["namespace"] for obj in found}) == 2
    assert all(LAST_APPLIED in obj["metadata"]["annotations"] for obj in found)


def test_the_bystander_is_read_after_the_patch() -> None:
    """It is the same name in another namespace, which nobody touched."""
    seed = Seed()
    bystander, sync = seed.scenario.sync_bystander(PROJECT)
    assert count(seed, "patch", "Project") == 1
    assert bystander.name == seed.scenario.create(PROJECT).name
    assert sync.obj == bystander.answer


def test_a_step_judges_nothing() -> None:
    """A refusal is a part of what it brought, and what stands on it does not run."""
    seed = Seed("refuses creation")
    assert isinstance(seed.scenario.create(PROJECT), Subject)
    for step in (seed.scenario.sync, seed.scenario.update, seed.scenario.sync_update, seed.scenario.read_row):
        with pytest.raises(NotRun, match="the CR was not accepted"):
            step(PROJECT)
    gone = Seed("deletes trigger runs", kinds=["TriggerRun"])
    assert isinstance(gone.scenario.update(TRIGGER).answer, Refusal)
    with pytest.raises(NotRun, match="the patch was not accepted: 404"):
        gone.scenario.sync_update(TRIGGER)


def test_latencies_are_measured_of_the_kubectl_path() -> None:
    """Of creation and patch."""
    seed = Seed()
    seed.scenario.sync_update(PROJECT)
    assert [(each.kind, each.operation) for each in seed.context.latencies] == [
        ("Project", "create"),
        ("Project", "patch"),
    ]


def test_a_culprit_is_deleted_and_the_rest_goes_on() -> None:
    """Whoever awaits a SparkJob that takes the controller manager down deletes it, and sees the recovery."""
    seed = Seed("panics", kinds=["SparkJob", "Project"], issues=ISSUES)
    sync = seed.scenario.sync(SPARK)
    assert not sync.arrived
    assert "CrashLoopBackOff" in sync.crash
    assert count(seed, "delete", "SparkJob") == 1
    assert seed.scenario.reproduced == {"sparkjob-double-panic"}
    note = seed.scenario.worked_around["sparkjob-double-panic"][0]
    assert note.title.startswith("deleted sparkjobs/")
    assert note.body.endswith("13 of 13 ingester controllers registered")
    assert "CrashLoopBackOff with 2 restarts before, Running with 3 restarts" in note.body
    assert seed.scenario.sync(PROJECT).arrived


def test_a_row_that_is_awaited_meanwhile_is_unblocked() -> None:
    """Whoever waits for another kind's row meanwhile judges the culprit first."""
    seed = Seed("panics", kinds=["Project", "SparkJob"], issues=ISSUES)
    seed.scenario.create(SPARK)
    seed.scenario.create(PROJECT)
    sync = seed.scenario.sync(PROJECT)
    assert sync.arrived
    assert sync.restarts > sync.write.subject.restarts
    assert count(seed, "delete", "SparkJob") == 1


def test_a_culprit_has_no_bystander() -> None:
    """A second object would bring the controller manager down as well."""
    seed = Seed(kinds=["SparkJob"], issues=ISSUES)
    assert count(seed, "create", "SparkJob") == 0
    with pytest.raises(NotApplicable, match="would bring the controller manager down"):
        seed.scenario.sync_bystander(SPARK)
    assert count(seed, "create", "SparkJob") == 1


def test_a_crash_that_nobody_knows_is_left_as_it_is() -> None:
    """Without a known issue nothing is deleted, so that the evidence stays."""
    seed = Seed("panics", kinds=["SparkJob"])
    assert not seed.scenario.sync(SPARK).arrived
    assert count(seed, "delete", "SparkJob") == 0
    assert seed.scenario.reproduced == set()


def test_a_crash_of_another_wording_is_not_worked_around() -> None:
    """The issue must explain what was seen."""
    seed = Seed("syncs nothing", kinds=["SparkJob"], issues=ISSUES)
    assert not seed.scenario.sync(SPARK).arrived
    assert count(seed, "delete", "SparkJob") == 0


def test_a_deleted_trigger_run_is_created_again() -> None:
    """And left alone: the row of the second object is awaited, with its evidence."""
    seed = Seed("deletes trigger runs", kinds=["TriggerRun"], issues=ISSUES)
    update = seed.scenario.update(TRIGGER)
    assert isinstance(update.answer, Refusal)
    assert "TRIGGER_RUN_STATE_INVALID" in update.deletion
    assert update.recreation is not None
    assert update.recreation_stays
    sync = seed.scenario.sync_update(TRIGGER)
    assert sync.arrived
    assert sync.write.subject is update.recreation
    assert sync.evidence[0].title.startswith("create triggerruns/")
    assert seed.scenario.reproduced == {"triggerrun-deleted"}
    assert count(seed, "create", "TriggerRun") == 3   # a bystander among them


def test_a_trigger_run_that_is_deleted_again_is_seen() -> None:
    """What the workaround promises is watched for a while."""
    seed = Seed("deletes trigger runs", "deletes trigger runs again", kinds=["TriggerRun"], issues=ISSUES)
    update = seed.scenario.update(TRIGGER)
    assert update.recreation is not None
    assert not update.recreation_stays
    assert "gone again" in seed.scenario.worked_around["triggerrun-deleted"][-1].body


def test_a_trigger_run_is_not_created_again_unasked() -> None:
    """Where the version is not known to delete it, the refusal is a finding and nothing is worked around."""
    seed = Seed("deletes trigger runs", kinds=["TriggerRun"])
    assert seed.scenario.update(TRIGGER).recreation is None
