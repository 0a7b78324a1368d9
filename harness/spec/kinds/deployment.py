"""Deployment."""

from __future__ import annotations

from harness.spec import columns
from harness.spec.model import Case, EnumField, InputPlaces, Kind, SpotCheck, TextPlaces, Turn, Undecodable

CASE = Case(
    13,
    Kind(
        "Deployment",
        "deployments",
        (
            columns.enum("state", "status.state", "DEPLOYMENT_STATE_INVALID"),
            columns.enum("target_definition_type", "spec.definition.type", "TARGET_TYPE_INVALID"),
            *columns.reference("current_revision", "status.currentRevision"),
            columns.datetime("deletion_requested_timestamp", "metadata.deletionTimestamp"),
        ),
    ),
    "13-deployment.yaml.j2",
    patch={"metadata": {"labels": {"updated": "true"}}},
    spot_checks=(SpotCheck("metadata.labels.updated", "true"),),
    requires=("InferenceServer",),
    status={"message": "status write"},
    inputs=InputPlaces(
        text=TextPlaces(("spec.owner.name", "spec.definition.subType")),
        integer="spec.strategy.rolling.incrementPercentage",
        enum=EnumField("spec.definition.type", "TARGET_TYPE_"),
        undecodable=Undecodable("duration-in-words", "spec.shadowSpec.duration", "an hour"),
        is_thorough=True,
    ),
    load={
        "spec": {
            "owner": {"name": "{text}"},
            "definition": {"type": Turn(("TARGET_TYPE_OFFLINE", "TARGET_TYPE_MOBILE"))},
        }
    },
    fields={
        "spec": {
            "owner": "User",
            "inferenceServer": "Reference",
            "desiredRevision": "Reference",
            "modelFamily": "Reference",
            "definition": {
                "type": "enum TARGET_TYPE_ INVALID INFERENCE_SERVER OFFLINE MOBILE SELF_HOSTED",
                "subType": "string",
            },
            "strategy": {"rolling": {"incrementPercentage": "int"}, "blast": {"withRollbackTrigger": "bool"}},
            "shadowSpec": {"enabled": "bool", "duration": "string"},
            "deletionSpec": {"deleted": "bool"},
        },
        "status": {
            "state": "enum DEPLOYMENT_STATE_ INVALID INITIALIZING HEALTHY UNHEALTHY EMPTY",
            "stage": "enum DEPLOYMENT_STAGE_ INVALID VALIDATION PLACEMENT RESOURCE_ACQUISITION ROLLOUT_COMPLETE"
            " ROLLOUT_FAILED ROLLBACK_IN_PROGRESS ROLLBACK_COMPLETE ROLLBACK_FAILED CLEAN_UP_IN_PROGRESS"
            " CLEAN_UP_COMPLETE CLEAN_UP_FAILED",
            "message": "string",
            "currentRevision": "Reference",
            "candidateRevision": "Reference",
            "conditions": ["Condition"],
        },
    },
)
