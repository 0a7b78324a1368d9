"""The simulated business controllers do to the ingester what the report's known issues describe."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import pytest

from harness.reference import business
from harness.reference.api import Api
from harness.reference.config import Cluster
from harness.reference.errors import NotFoundError, Panic, ReconcileError
from harness.reference.informer import Informer
from harness.reference.profile import find_profile
from harness.reference.workqueue import Key
from harness.spec.model import JsonObject, Kind
from tests.fakes.contract import CONTRACT
from tests.unit.reference.conftest import LogLines, make_object

A = Key("n", "a")
REPORT, MAIN = find_profile("report-2026-03"), find_profile("upstream-main")


@dataclass
class _Changes:
    """Kubernetes as business controllers change it: keeps what they do."""

    steps: list[tuple[Any, ...]] = field(default_factory=list)
    gone: bool = False

    def patch(self, kind: Kind, key: Key, patch: JsonObject, subresource: str = "") -> JsonObject:
        self._step("patch", kind.name, key, patch, subresource)
        return patch

    def delete(self, kind: Kind, key: Key, uid: str) -> None:
        self._step("delete", kind.name, key, uid)

    def _step(self, *step: Any) -> None:
        if self.gone:
            raise NotFoundError("gone", 404)
        self.steps.append(step)


class _World:
    """What surrounds a business controller, with a clock of its own."""

    def __init__(self, kept: LogLines) -> None:
        self.api = _Changes()
        self.now = 100.0
        self.synced: set[str] = set()
        nowhere = Api(Cluster("127.0.0.1", 1, None))
        self.informers = {
            kind.name: Informer(kind, nowhere, kept.log, threading.Event()) for kind in CONTRACT.kinds
        }
        self.around = business.Surroundings(
            self.informers, self.api, kept.log, self.synced.__contains__, lambda: self.now
        )

    def know(self, kind: str, obj: JsonObject | None) -> None:
        """Make `obj` what the informer knows under key A."""
        self.informers[kind]._objects = {} if obj is None else {A: obj}


@pytest.fixture
def world(kept: LogLines) -> _World:
    """A world without objects."""
    return _World(kept)


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        (REPORT, ["cluster", "pipelinerun", "deployment", "triggerrun"]),
        (MAIN, ["cluster", "pipelinerun", "deployment", "sparkjob"]),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_each_profile_has_its_controllers(world: _World, profile: Any, expected: list[str]) -> None:
    """Trigger runs are deleted, and panics recovered, in one of the two versions each."""
    assert [controller.name for controller in business.make_controllers(profile, world.around)] == expected


def test_spark_job_ends_the_process_before_the_ingester_hears_of_it(world: _World) -> None:
    """The ingester subscribes later, so it is told later: never."""
    business.make_controllers(REPORT, world.around)
    heard: list[str] = []
    informer = world.informers["SparkJob"]
    informer.subscribe(lambda change, _obj: heard.append(change))
    with pytest.raises(Panic):
        informer._tell("ADDED", make_object("SparkJob"))
    assert heard == []


def test_deleted_spark_job_does_no_harm(world: _World) -> None:
    """The news that it is gone ends nothing."""
    business.make_controllers(REPORT, world.around)
    world.informers["SparkJob"]._tell("DELETED", make_object("SparkJob"))


def test_panic_trace_is_gos() -> None:
    """It names both panics, the goroutine and the line that is to be fixed."""
    with pytest.raises(Panic) as caught:
        business.panic_over_spark_job("ADDED", {})
    text = "runtime error: invalid memory address or nil pointer dereference"
    lines = caught.value.trace.splitlines()
    assert (lines[0], lines[1].strip(), lines[4]) == (
        f"panic: {text} [recovered]",
        f"panic: {text}",
        "goroutine 467 [running]:",
    )
    needed = {"SparkClient.toSparkPodSpec", "spark/job/client/client.go:185"}
    assert {part for part in needed if part in caught.value.trace} == needed


def test_recovered_panic_is_logged_and_retried(world: _World, kept: LogLines) -> None:
    """In today's upstream the process lives on, and its log says why the job doesn't start."""
    world.know("SparkJob", make_object("SparkJob"))
    with pytest.raises(ReconcileError, match="nil pointer dereference"):
        business.SparkJobController(world.around).reconcile(A)
    (line,) = kept.lines
    assert (line["level"], line["msg"], line["controller"], "client.go:185" in line["stacktrace"]) == (
        "error",
        "Observed a panic",
        "sparkjob",
        True,
    )


def test_cluster_is_rejected_outside_its_namespace(world: _World) -> None:
    """The words are upstream's; the controller logs and repeats them."""
    world.know("Cluster", make_object("Cluster"))
    with pytest.raises(ReconcileError, match=r"^cluster must only belong to the namespace ma-system$"):
        business.ClusterController(world.around).reconcile(A)


def test_cluster_is_accepted_in_its_namespace(world: _World) -> None:
    """Where it belongs it is left alone."""
    key = Key("ma-system", "a")
    world.informers["Cluster"]._objects = {key: make_object("Cluster", namespace="ma-system")}
    assert business.ClusterController(world.around).reconcile(key) is None


@pytest.mark.parametrize("controller", [business.ClusterController, business.PipelineRunController])
@pytest.mark.parametrize("going", [True, False])
def test_objects_that_are_gone_or_going_are_left_alone(
    world: _World, controller: type[business.BusinessController], going: bool
) -> None:
    """Nobody writes to what is being deleted."""
    obj = make_object(controller.kind, deletionTimestamp="2026-03-09T21:00:00Z")
    world.know(controller.kind, obj if going else None)
    assert (controller(world.around).reconcile(A), world.api.steps) == (None, [])


def test_object_that_goes_meanwhile_is_no_error(world: _World) -> None:
    """A write that comes too late is forgotten."""
    world.know("PipelineRun", make_object("PipelineRun"))
    world.api.gone = True
    assert business.PipelineRunController(world.around).reconcile(A) is None


def test_trigger_run_is_set_invalid_and_deleted_after_it_was_synced(world: _World, kept: LogLines) -> None:
    """It lives for a second, and until MySQL holds it; the deletion is in the log."""
    controller = business.TriggerRunController(world.around)
    world.know("TriggerRun", make_object("TriggerRun"))
    waits = [controller.reconcile(A)]
    world.know("TriggerRun", {**make_object("TriggerRun"), "status": {"state": "TRIGGER_RUN_STATE_INVALID"}})
    world.now += 1.0
    waits.append(controller.reconcile(A))
    world.synced.add("uid-a")
    waits.append(controller.reconcile(A))
    assert (waits, world.api.steps) == (
        [1.0, 0.05, None],
        [
            ("patch", "TriggerRun", A, {"status": {"state": "TRIGGER_RUN_STATE_INVALID"}}, "status"),
            ("delete", "TriggerRun", A, "uid-a"),
        ],
    )
    line = kept.lines[-1]
    assert (line["msg"], line["name"], line["state"]) == (
        "Deleted trigger run in invalid state",
        "a",
        "TRIGGER_RUN_STATE_INVALID",
    )


def test_trigger_run_that_was_synced_at_once_still_lives_for_a_second(world: _World) -> None:
    """Whoever looks for it just after its creation finds it."""
    controller = business.TriggerRunController(world.around)
    world.know("TriggerRun", make_object("TriggerRun"))
    world.synced.add("uid-a")
    controller.reconcile(A)
    world.now += 0.9
    assert controller.reconcile(A) == pytest.approx(0.1)
    assert [step[0] for step in world.api.steps] == ["patch", "patch"]


def test_trigger_run_that_is_never_synced_is_deleted_all_the_same(world: _World) -> None:
    """The wait for a broken ingester is bounded."""
    controller = business.TriggerRunController(world.around)
    world.know("TriggerRun", make_object("TriggerRun"))
    controller.reconcile(A)
    world.now += 5.0
    controller.reconcile(A)
    assert world.api.steps[-1] == ("delete", "TriggerRun", A, "uid-a")


def test_successor_of_a_deleted_trigger_run_is_left_alone(world: _World) -> None:
    """Another uid under the same name: neither written to nor deleted, however long it lives."""
    controller = business.TriggerRunController(world.around)
    world.synced.update({"uid-a", "uid-2"})
    world.know("TriggerRun", make_object("TriggerRun"))
    controller.reconcile(A)
    world.now += 1.0
    controller.reconcile(A)
    world.api.steps.clear()
    world.know("TriggerRun", make_object("TriggerRun", uid="uid-2"))
    results = []
    for _ in range(3):
        results.append(controller.reconcile(A))
        world.now += 10.0
    assert (results, world.api.steps) == ([None] * 3, [])


def test_status_of_a_pipeline_run_changes_every_two_seconds(world: _World) -> None:
    """The controller's own writes, and those of others, don't make it write more often."""
    controller = business.PipelineRunController(world.around)
    world.know("PipelineRun", make_object("PipelineRun"))
    states = []
    for seconds in (0.0, 0.5, 1.5, 1.0, 1.0):
        world.now += seconds
        controller.reconcile(A)
        states.append([step[3]["status"]["state"] for step in world.api.steps])
    pending, running = "PIPELINE_RUN_STATE_PENDING", "PIPELINE_RUN_STATE_RUNNING"
    assert states == [[pending], [pending], [pending, running], [pending, running], [pending, running, running]]


def test_each_status_of_a_pipeline_run_differs_from_the_last(world: _World) -> None:
    """An equal status would not move the resourceVersion."""
    controller = business.PipelineRunController(world.around)
    world.know("PipelineRun", make_object("PipelineRun"))
    for _ in range(3):
        controller.reconcile(A)
        world.now += 2.0
    messages = [step[3]["status"]["conditions"][1]["message"] for step in world.api.steps]
    assert messages == ["attempt 1", "attempt 2", "attempt 3"]


def test_deployment_gets_a_label_and_a_state_once(world: _World) -> None:
    """What is set is not set again."""
    controller = business.DeploymentController(world.around)
    world.know("Deployment", make_object("Deployment"))
    controller.reconcile(A)
    label, state = world.api.steps
    (name,) = label[3]["metadata"]["labels"]
    world.know("Deployment", {**make_object("Deployment", labels={name: "1"}), **state[3]})
    controller.reconcile(A)
    assert (name, state[3:], len(world.api.steps)) == (
        "michelangelo/UpdateTimestamp",
        ({"status": {"state": "DEPLOYMENT_STATE_INITIALIZING"}}, "status"),
        2,
    )
