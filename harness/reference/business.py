"""Simulates the business controllers that share the process with the ingester, as far as it feels them.

They write to the objects that the ingester mirrors, reject some, delete some, and take the process down.
That is all of them that is here: no job is run. They know nothing of MySQL, and the ingester nothing of
them. What they remember, they remember for as long as the process runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar, Protocol

from harness.reference.controller import Controller
from harness.reference.errors import NotFoundError, Panic, ReconcileError
from harness.reference.informer import Informer
from harness.reference.log import Log
from harness.reference.profile import Profile
from harness.reference.workqueue import Key
from harness.spec.model import JsonObject, Kind

CLUSTER_NAMESPACE = "ma-system"
UPDATE_TIMESTAMP = "michelangelo/UpdateTimestamp"

STATUS_PERIOD_S = 2.0
"""How often a pipeline run's status changes."""
TRIGGER_RUN_LIFE_S = 1.0
"""How long a trigger run in invalid state is left alone after it was first seen."""
TRIGGER_RUN_LONGEST_LIFE_S = 5.0
"""When it is deleted even though the ingester has not synced it."""
_SYNCED_POLL_S = 0.05

_NIL_POINTER = "runtime error: invalid memory address or nil pointer dereference"
_FRAMES = """goroutine 467 [running]:
github.com/michelangelo-ai/michelangelo/go/components/spark/job/client.SparkClient.toSparkPodSpec(...)
\tgo/components/spark/job/client/client.go:185
github.com/michelangelo-ai/michelangelo/go/components/spark/job/client.SparkClient.CreateJob(...)
\tgo/components/spark/job/client/client.go:63
github.com/michelangelo-ai/michelangelo/go/components/spark/job.(*Reconciler).Reconcile(...)
\tgo/components/spark/job/controller.go:119
"""
_PANIC_TRACE = f"""panic: {_NIL_POINTER} [recovered]
\tpanic: {_NIL_POINTER}
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x0]

{_FRAMES}"""


class Changes(Protocol):
    """What business controllers change in Kubernetes."""

    def patch(self, kind: Kind, key: Key, patch: JsonObject, subresource: str = "") -> JsonObject:
        """Merge `patch` into the object, or its `subresource`, and return it."""

    def delete(self, kind: Kind, key: Key, uid: str) -> None:
        """Delete the object with that uid."""


@dataclass(frozen=True)
class Surroundings:
    """What the process gives its business controllers. `is_synced` tells whether MySQL holds a uid."""

    informers: Mapping[str, Informer]
    api: Changes
    log: Log
    is_synced: Callable[[str], bool]
    clock: Callable[[], float] = time.monotonic


def make_controllers(profile: Profile, around: Surroundings) -> list[Controller]:
    """Return the profile's business controllers, subscribed to their kinds.

    To be called before the ingester subscribes: a SparkJob that ends the process then does so before the
    ingester has heard of it, and never reaches MySQL.
    """
    makers: list[type[BusinessController]] = [ClusterController, PipelineRunController, DeploymentController]
    if not profile.spark_panic_ends_process:
        makers.append(SparkJobController)
    if profile.deletes_trigger_runs:
        makers.append(TriggerRunController)
    if profile.spark_panic_ends_process and "SparkJob" in around.informers:
        around.informers["SparkJob"].subscribe(panic_over_spark_job)
    return [
        Controller(maker.name, around.informers[maker.kind], maker(around).reconcile, around.log)
        for maker in makers
        if maker.kind in around.informers
    ]


def panic_over_spark_job(change: str, _obj: JsonObject) -> None:
    """End the process over a SparkJob; Panic unless it is gone."""
    if change != "DELETED":
        raise Panic(_PANIC_TRACE)


class BusinessController:
    """What they have in common: objects that are gone or going are not their business."""

    name: ClassVar[str]
    kind: ClassVar[str]

    def __init__(self, around: Surroundings) -> None:
        self.informer = around.informers[self.kind]
        self.api = around.api
        self.log = around.log.bound(controller=self.name, controllerKind=self.kind)
        self.is_synced = around.is_synced
        self.clock = around.clock

    def reconcile(self, key: Key) -> float | None:
        """Act on the object as it is now; return the seconds after which to look again, if at all."""
        obj = self.informer.get(key)
        if obj is None or obj["metadata"].get("deletionTimestamp"):
            return None
        with suppress(NotFoundError):
            return self.act(key, obj)
        return None

    def act(self, key: Key, obj: JsonObject, /) -> float | None:
        """Do what this controller does."""
        raise NotImplementedError

    def patch_status(self, key: Key, status: JsonObject) -> None:
        """Merge `status` into the object's status."""
        self.api.patch(self.informer.kind, key, {"status": status}, "status")


class SparkJobController(BusinessController):
    """Panics over each SparkJob, is recovered each time, and tries again with growing delays."""

    name = "sparkjob"
    kind = "SparkJob"

    def act(self, key: Key, _obj: JsonObject) -> float | None:
        """Log the panic and fail."""
        error = f"panic: {_NIL_POINTER} [recovered]"
        values = {"namespace": key.namespace, "name": key.name}
        self.log.failure("Observed a panic", error, panic=_NIL_POINTER, stacktrace=_FRAMES, **values)
        raise ReconcileError(error)


class ClusterController(BusinessController):
    """Rejects each Cluster outside its one namespace, again and again with growing delays."""

    name = "cluster"
    kind = "Cluster"

    def act(self, key: Key, _obj: JsonObject) -> float | None:
        """Fail unless the Cluster is where it has to be."""
        if key.namespace != CLUSTER_NAMESPACE:
            raise ReconcileError(f"cluster must only belong to the namespace {CLUSTER_NAMESPACE}")
        return None


class TriggerRunController(BusinessController):
    """Deletes a TriggerRun shortly after its creation, and leaves its successor of the same name alone.

    The ingester has had its chance by then: it has synced the object, or not within five seconds.
    """

    name = "triggerrun"
    kind = "TriggerRun"

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around)
        self._first_seen: dict[str, float] = {}   # uid -> when
        self._deleted: dict[Key, str] = {}        # key -> uid

    def act(self, key: Key, obj: JsonObject) -> float | None:
        """Set the invalid state, wait, delete."""
        if key in self._deleted:
            return None
        uid, state = obj["metadata"]["uid"], "TRIGGER_RUN_STATE_INVALID"
        age_s = self.clock() - self._first_seen.setdefault(uid, self.clock())
        if (obj.get("status") or {}).get("state") != state:
            self.patch_status(key, {"state": state})
        if age_s < TRIGGER_RUN_LIFE_S:
            return TRIGGER_RUN_LIFE_S - age_s
        if not self.is_synced(uid) and age_s < TRIGGER_RUN_LONGEST_LIFE_S:
            return _SYNCED_POLL_S
        self.api.delete(self.informer.kind, key, uid)
        self._deleted[key] = uid
        values = {"namespace": key.namespace, "name": key.name, "uid": uid}
        self.log.named("triggerRun").info("Deleted trigger run in invalid state", state=state, **values)
        return None


class PipelineRunController(BusinessController):
    """Reports progress in each PipelineRun's status every two seconds, without ever getting anywhere."""

    name = "pipelinerun"
    kind = "PipelineRun"

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around)
        self._next_report: dict[str, float] = {}   # uid -> when
        self._attempts: dict[str, int] = {}        # uid -> reports

    def act(self, key: Key, obj: JsonObject) -> float | None:
        """Write the next report once it is due."""
        uid, now = obj["metadata"]["uid"], self.clock()
        wait_s = self._next_report.get(uid, now) - now
        if wait_s > 0:
            return wait_s
        self._next_report[uid] = now + STATUS_PERIOD_S
        attempt = self._attempts[uid] = self._attempts.get(uid, 0) + 1
        self.patch_status(key, _describe_attempt(attempt))
        return STATUS_PERIOD_S


class DeploymentController(BusinessController):
    """Takes up each Deployment: sets a label with the time and the state of a rollout that begins."""

    name = "deployment"
    kind = "Deployment"

    def act(self, key: Key, obj: JsonObject) -> float | None:
        """Set what is not set yet."""
        if UPDATE_TIMESTAMP not in (obj["metadata"].get("labels") or {}):
            label = {UPDATE_TIMESTAMP: str(time.time_ns() // 1000)}
            self.api.patch(self.informer.kind, key, {"metadata": {"labels": label}})
        if "state" not in (obj.get("status") or {}):
            self.patch_status(key, {"state": "DEPLOYMENT_STATE_INITIALIZING"})
        return None


def _describe_attempt(attempt: int) -> JsonObject:
    """Return the status of a run that waits for its image: pending at first, then running."""
    now = datetime.now(UTC)
    return {
        "state": "PIPELINE_RUN_STATE_PENDING" if attempt == 1 else "PIPELINE_RUN_STATE_RUNNING",
        "conditions": [
            {"type": "SourcePipeline", "status": "CONDITION_STATUS_TRUE"},
            {
                "type": "Image Build",
                "status": "CONDITION_STATUS_UNKNOWN",
                "message": f"attempt {attempt}",
                "lastUpdatedTimestamp": str(int(now.timestamp())),
            },
        ],
        "steps": [
            {
                "name": "Image Build",
                "displayName": "Image Build",
                "state": "PIPELINE_RUN_STEP_STATE_RUNNING",
                "startTime": now.isoformat(timespec="seconds").replace("+00:00", "Z"),
            }
        ],
    }
