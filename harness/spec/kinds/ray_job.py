"""RayJob."""

from __future__ import annotations

from harness.spec.model import Case, InputPlaces, Kind, SpotCheck, TextPlaces

CASE = Case(
    10,
    Kind("RayJob", "rayjobs"),
    "10-rayjob.yaml.j2",
    patch={"spec": {"entrypoint": "python train_v2.py"}},
    spot_checks=(SpotCheck("spec.entrypoint", "python train_v2.py"),),
    requires=("RayCluster",),
    status={"message": "status write"},
    inputs=InputPlaces(
        text=TextPlaces(("spec.entrypoint", "spec.jobId")),
        double="spec.objectStoreMemoryRatio",
        large_kib=(1_434,),
    ),
    load={"spec": {"entrypoint": "python {text}.py"}},
    fields={
        "spec": {
            "user": "User",
            "entrypoint": "string",
            "jobId": "string",
            "cluster": "Reference",
            "objectStoreMemoryRatio": "number",
        },
        "status": {
            "state": "enum RAY_JOB_STATE_ INVALID INITIALIZING RUNNING SUCCEEDED FAILED KILLED",
            "jobStatus": "string",
            "message": "string",
            "statusConditions": ["Condition"],
        },
    },
)
