"""Pipeline."""

from __future__ import annotations

from harness.spec import columns
from harness.spec.model import Case, EnumField, InputPlaces, Kind, SpotCheck, TextPlaces

CASE = Case(
    4,
    Kind(
        "Pipeline",
        "pipelines",
        (
            columns.text("owner", "spec.owner.name"),
            columns.enum("pipeline_type", "spec.type", "PIPELINE_TYPE_INVALID"),
        ),
    ),
    "04-pipeline.yaml.j2",
    patch={"spec": {"description": "UPDATED: Updated pipeline description"}},
    spot_checks=(SpotCheck("spec.description", "UPDATED: Updated pipeline description"),),
    status={"errorMessage": "status write", "state": "PIPELINE_STATE_BUILDING"},
    inputs=InputPlaces(
        text=TextPlaces(("spec.description", "spec.manifest.filePath")),
        enum=EnumField("spec.type", "PIPELINE_TYPE_"),
    ),
    load={"spec": {"owner": {"name": "{text}"}}},
    fields={
        "spec": {
            "description": "string",
            "owner": "User",
            "type": "enum PIPELINE_TYPE_ INVALID TRAIN EVAL PERF_EVAL EXPERIMENT RETRAIN PREDICTION"
            " PERFORMANCE_MONITORING DATA_PREP POST_PROCESSING OPTIMIZATION SCORER",
            "commit": "Commit",
            "manifest": {
                "type": "enum PIPELINE_MANIFEST_TYPE_ INVALID YAML UNIFLOW",
                "filePath": "string",
                "uniflowTar": "string",
                "uniflowFunction": "string",
                "content": "any",
            },
        },
        "status": {
            "state": "enum PIPELINE_STATE_ INVALID CREATED BUILDING READY ERROR",
            "errorMessage": "string",
            "containerImage": "string",
            "latestRevision": "Reference",
        },
    },
)
