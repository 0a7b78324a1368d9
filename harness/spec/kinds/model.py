"""Model."""

from __future__ import annotations

from harness.spec import columns
from harness.spec.model import Case, EnumField, InputPlaces, Kind, SpotCheck, TextPlaces

CASE = Case(
    3,
    Kind(
        "Model",
        "models",
        (
            columns.text("algorithm", "spec.algorithm"),
            columns.text("training_framework", "spec.trainingFramework"),
            columns.text("owner", "spec.owner.name"),
            columns.text("source", "spec.source"),
            columns.text("description", "spec.description", "VARCHAR(768)"),
            columns.enum("model_kind", "spec.kind", "MODEL_KIND_INVALID"),
            columns.enum("package_type", "spec.packageType", "DEPLOYABLE_MODEL_PACKAGE_TYPE_INVALID"),
            columns.integer("revision_id", "spec.revisionId"),
            *columns.reference("src_pipeline_run", "spec.sourcePipelineRun"),
            *columns.reference("model_family", "spec.modelFamily"),
            *columns.reference("feature_eval_report", "spec.featureEvaluationReport"),
            *columns.reference("performance_eval_report", "spec.performanceEvaluationReport"),
            *columns.reference("feature_quality_report", "spec.featureQualityReport"),
            *columns.reference("explainability_report", "spec.explainabilityReport"),
        ),
    ),
    "03-model.yaml.j2",
    patch={"spec": {"description": "UPDATED: Updated model description", "algorithm": "lightgbm"}},
    spot_checks=(
        SpotCheck("spec.description", "UPDATED: Updated model description"),
        SpotCheck("spec.algorithm", "lightgbm"),
    ),
    requires=("ModelFamily",),
    inputs=InputPlaces(
        text=TextPlaces((), ("spec.modelArtifactUri",)),
        integer="spec.revisionId",
        double="spec.decisionThreshold",
        enum=EnumField("spec.kind", "MODEL_KIND_"),
        is_thorough=True,
    ),
    load={"spec": {"algorithm": "{text}", "description": "{text}"}},
    fields={
        "spec": {
            "owner": "User",
            "description": "string",
            "algorithm": "string",
            "trainingFramework": "string",
            "source": "string",
            "kind": "enum MODEL_KIND_ INVALID CUSTOM REGRESSION BINARY_CLASSIFICATION MULTICLASS_CLASSIFICATION"
            " CLUSTERING LLM_COMPLETION LLM_CHAT_COMPLETION LLM_EMBEDDING",
            "packageType": "enum DEPLOYABLE_MODEL_PACKAGE_TYPE_ INVALID SPARK_PIPELINE TRITON RAW MOBILE",
            "revisionId": "int",
            "sealed": "bool",
            "decisionThreshold": "number",
            "modelArtifactUri": ["string"],
            "deployableArtifactUri": ["string"],
            "modelFamily": "Reference",
            "sourcePipelineRun": "Reference",
            "featureEvaluationReport": "Reference",
            "performanceEvaluationReport": "Reference",
            "featureQualityReport": "Reference",
            "explainabilityReport": "Reference",
        },
        "status": {},
    },
)
