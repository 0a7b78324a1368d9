"""TriggerRun."""

from __future__ import annotations

from harness.spec import columns
from harness.spec.model import Case, InputPlaces, Kind, SpotCheck, TextPlaces, Turn, Undecodable

CASE = Case(
    12,
    Kind(
        "TriggerRun",
        "triggerruns",
        (
            *columns.reference("pipeline", "spec.pipeline"),
            *columns.reference("revision", "spec.revision"),
            columns.enum("state", "status.state", "TRIGGER_RUN_STATE_INVALID"),
            columns.boolean("auto_flip", "spec.autoFlip"),
        ),
    ),
    "12-triggerrun.yaml.j2",
    patch={"spec": {"autoFlip": True}},
    spot_checks=(SpotCheck("spec.autoFlip", True),),
    requires=("Pipeline",),
    status={"errorMessage": "status write"},
    inputs=InputPlaces(
        text=TextPlaces(("spec.sourceTriggerName", "spec.actor.name")),
        integer="spec.trigger.maxConcurrency",
        time="spec.startTimestamp",
        undecodable=Undecodable("interval-in-words", "spec.trigger.intervalSchedule.interval", "five minutes"),
    ),
    load={"spec": {"autoFlip": Turn((True, False)), "sourceTriggerName": "{text}"}},
    fields={
        "spec": {
            "actor": "User",
            "pipeline": "Reference",
            "revision": "Reference",
            "trigger": {
                "cronSchedule": {"cron": "string"},
                "intervalSchedule": {"interval": "string"},
                "maxConcurrency": "int",
            },
            "sourceTriggerName": "string",
            "startTimestamp": "time",
            "endTimestamp": "time",
            "autoFlip": "bool",
            "kill": "bool",
        },
        "status": {
            "state": "enum TRIGGER_RUN_STATE_ INVALID RUNNING KILLED FAILED SUCCEEDED PENDING_KILL",
            "errorMessage": "string",
            "logUrl": "string",
            "executionWorkflowId": "string",
        },
    },
)
