"""SparkJob."""

from __future__ import annotations

from harness.spec.model import Case, EnumField, InputPlaces, Kind, SpotCheck, TextPlaces

CASE = Case(
    11,
    Kind("SparkJob", "sparkjobs"),
    "11-sparkjob.yaml.j2",
    patch={"spec": {"sparkVersion": "3.4.1"}},
    spot_checks=(SpotCheck("spec.sparkVersion", "3.4.1"),),
    status={"jobUrl": "http://127.0.0.1/status-write"},
    inputs=InputPlaces(
        text=TextPlaces(("spec.mainClass", "spec.mainApplicationFile"), ("spec.mainArgs",), ("spec.sparkConf",)),
        enum=EnumField("spec.termination.type", "TERMINATION_TYPE_"),
    ),
    load={"spec": {"sparkVersion": "{text}"}},
    fields={
        "spec": {
            "user": "User",
            "driver": {"pod": "Pod"},
            "executor": {"pod": "Pod", "instances": "int"},
            "mainApplicationFile": "string",
            "mainClass": "string",
            "mainArgs": ["string"],
            "sparkVersion": "string",
            "sparkConf": "map",
            "termination": "Termination",
        },
        "status": {"applicationId": "string", "jobUrl": "string", "statusConditions": ["Condition"]},
    },
)
