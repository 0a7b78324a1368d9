"""PipelineRun."""

from __future__ import annotations

from harness.spec import columns
from harness.spec.model import Case, InputPlaces, Kind, SpotCheck, TextPlaces

CASE = Case(
    5,
    Kind(
        "PipelineRun",
        "pipelineruns",
        (
            *columns.reference("pipeline", "spec.pipeline"),
            *columns.reference("revision", "spec.revision"),
            *columns.reference("resume_pipeline_run", "spec.resume.pipelineRun"),
            columns.enum("state", "status.state", "PIPELINE_RUN_STATE_INVALID"),
            columns.enum("exception_type", "status.exceptionType", "PIPELINE_RUN_EXCEPTION_TYPE_INVALID"),
            columns.text("actor", "spec.actor.name"),
            columns.datetime("end_time", "status.endTime"),
        ),
    ),
    "05-pipelinerun.yaml.j2",
    patch={"spec": {"input": {"kw_args": {"path": "updated-glue"}}}},
    spot_checks=(SpotCheck("spec.input.kw_args.path", "updated-glue"),),
    requires=("Pipeline",),
    status={"exceptionType": "PIPELINE_RUN_EXCEPTION_TYPE_USER"},
    inputs=InputPlaces(
        text=TextPlaces(("spec.description",), maps=("spec.input",)), free="spec.input", large_kib=(1_434,)
    ),
    load={"spec": {"actor": {"name": "{text}"}}},
    fields={
        "spec": {
            "description": "string",
            "actor": "User",
            "pipeline": "Reference",
            "revision": "Reference",
            "resume": {"pipelineRun": "Reference", "resumeFrom": ["string"], "resumeUpTo": ["string"]},
            "input": "struct",
            "kill": "bool",
        },
        "status": {
            "state": "enum PIPELINE_RUN_STATE_ INVALID PENDING RUNNING SUCCEEDED KILLED FAILED SKIPPED",
            "exceptionType": "enum PIPELINE_RUN_EXCEPTION_TYPE_ INVALID SYSTEM USER",
            "errorMessage": "string",
            "logUrl": "string",
            "endTime": "time",
            "conditions": ["Condition"],
            "steps": [
                {
                    "name": "string",
                    "displayName": "string",
                    "message": "string",
                    "state": "enum PIPELINE_RUN_STEP_STATE_ INVALID PENDING RUNNING SUCCEEDED KILLED FAILED"
                    " SKIPPED",
                    "startTime": "time",
                    "endTime": "time",
                }
            ],
        },
    },
)
