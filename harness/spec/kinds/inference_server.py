"""InferenceServer."""

from __future__ import annotations

from harness.spec import columns
from harness.spec.model import ApiServerNeeds, Case, EnumField, InputPlaces, Kind, SpotCheck, TextPlaces

CASE = Case(
    6,
    Kind(
        "InferenceServer",
        "inferenceservers",
        (columns.enum("state", "status.state", "INFERENCE_SERVER_STATE_INVALID"),),
    ),
    "06-inferenceserver.yaml.j2",
    patch={"spec": {"decomSpec": {"decommission": True}}},
    spot_checks=(SpotCheck("spec.decomSpec.decommission", True),),
    status={"observedGeneration": "7"},
    inputs=InputPlaces(
        text=TextPlaces(
            ("spec.owner.name", "spec.initSpec.servingSpec.version"), ("spec.ownerSpec.ownerInfo.owners",)
        ),
        integer="spec.ownerSpec.tier",
        enum=EnumField("spec.tenancyType", "TENANCY_TYPE_"),
    ),
    load={"spec": {"owner": {"name": "{text}"}}},
    api_server=ApiServerNeeds(is_served=False),   # it has a protocol and no service, in every version so far
    fields={
        "spec": {
            "tenancyType": "enum TENANCY_TYPE_ INVALID DEDICATED MULTI_TENANT",
            "backendType": "enum BACKEND_TYPE_ INVALID TRITON LLM_D DYNAMO TORCHSERVE",
            "owner": "User",
            "ownerSpec": {"tier": "int", "ownerInfo": "Team"},
            "initSpec": {
                "resourceSpec": "Resources",
                "servingSpec": {"version": "string", "containerBuildTemplate": "string"},
                "numInstances": "int",
            },
            "decomSpec": {"decommission": "bool"},
        },
        "status": {
            "state": "enum INFERENCE_SERVER_STATE_ INVALID INITIALIZED CREATE_PENDING CREATING SERVING FAILED"
            " DELETE_PENDING DELETING DELETED",
            "conditions": ["Condition"],
            "observedGeneration": "long",
        },
    },
)
