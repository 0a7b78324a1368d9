"""Cluster."""

from __future__ import annotations

from harness.spec.model import ApiServerNeeds, Case, EnumField, InputPlaces, Kind, SpotCheck, TextPlaces

CASE = Case(
    8,
    Kind("Cluster", "clusters"),
    "08-cluster.yaml.j2",
    patch={"metadata": {"labels": {"updated": "true"}}},
    spot_checks=(SpotCheck("metadata.labels.updated", "true"),),
    status={
        "statusConditions": [
            {"type": "ContractCheck", "reason": "StatusWrite", "message": "written by the contract's checks"}
        ]
    },
    inputs=InputPlaces(
        text=TextPlaces(("spec.region", "spec.zone", "spec.kubernetes.rest.host")),
        enum=EnumField("spec.sla", "SLA_TYPE_"),
    ),
    load={"spec": {"region": "{text}"}},
    api_server=ApiServerNeeds(
        additions={   # a cluster must say how it is reached
            "spec": {
                "kubernetes": {
                    "rest": {
                        "host": "https://cluster.invalid",
                        "port": "6443",
                        "caDataTag": "ingester-test-ca",
                        "tokenTag": "ingester-test-token",
                    }
                }
            }
        }
    ),
    fields={
        "spec": {
            "sla": "enum SLA_TYPE_ INVALID PRODUCTION EPHEMERAL",
            "dc": "enum DC_TYPE_ INVALID ON_PREM CLOUD_GCP",
            "region": "string",
            "zone": "string",
            "kubernetes": {
                "rest": {"host": "string", "port": "string", "caDataTag": "string", "tokenTag": "string"}
            },
        },
        "status": {"statusConditions": ["Condition"]},
    },
)
