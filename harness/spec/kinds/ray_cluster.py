"""RayCluster."""

from __future__ import annotations

from harness.spec.model import Case, EnumField, InputPlaces, Kind, SpotCheck, TextPlaces, Undecodable

CASE = Case(
    9,
    Kind("RayCluster", "rayclusters"),
    "09-raycluster.yaml.j2",
    patch={"spec": {"rayVersion": "2.10.0"}},
    spot_checks=(SpotCheck("spec.rayVersion", "2.10.0"),),
    status={"jobUrl": "http://127.0.0.1/status-write"},
    inputs=InputPlaces(
        text=TextPlaces(
            ("spec.rayVersion", "spec.user.proxyUser"), maps=("spec.rayConf", "spec.head.rayStartParams")
        ),
        enum=EnumField("spec.termination.type", "TERMINATION_TYPE_"),
        undecodable=Undecodable("integer-of-19-digits", "spec.head.pod.metadata.generation", "9" * 19),
    ),
    load={"spec": {"rayVersion": "{text}"}},
    fields={
        "spec": {
            "user": "User",
            "rayVersion": "string",
            "rayConf": "map",
            "head": {"serviceType": "string", "rayStartParams": "map", "pod": "any"},
            "workers": [
                {
                    "nodeType": "string",
                    "minInstances": "int",
                    "maxInstances": "int",
                    "rayStartParams": "map",
                    "pod": "any",
                }
            ],
            "termination": "Termination",
        },
        "status": {
            "state": "enum RAY_CLUSTER_STATE_ INVALID PROVISIONING READY TERMINATING TERMINATED FAILED UNKNOWN"
            " UNHEALTHY",
            "jobUrl": "string",
            "lastUpdateTime": {"seconds": "long", "nanos": "int"},
            "statusConditions": ["Condition"],
        },
    },
)
