"""A status that each kind's CRD takes: data. Kinds without one have no status field in every version."""

from __future__ import annotations

from typing import Any

_CONDITION = {"type": "ContractCheck", "reason": "StatusWrite", "message": "written by the contract's checks"}

STATUS: dict[str, dict[str, Any]] = {
    "Project": {"errorMessage": "status write"},
    "Pipeline": {"errorMessage": "status write", "state": "PIPELINE_STATE_BUILDING"},
    "PipelineRun": {"exceptionType": "PIPELINE_RUN_EXCEPTION_TYPE_USER"},
    "InferenceServer": {"observedGeneration": "7"},
    "Revision": {"state": "REVISION_STATE_READY"},
    "Cluster": {"statusConditions": [_CONDITION]},
    "RayCluster": {"jobUrl": "http://127.0.0.1/status-write"},
    "RayJob": {"message": "status write"},
    "SparkJob": {"jobUrl": "http://127.0.0.1/status-write"},
    "TriggerRun": {"errorMessage": "status write"},
    "Deployment": {"message": "status write"},
}
