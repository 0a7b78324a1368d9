"""The 13 kinds that the Ingester mirrors, with every indexed column: the contract's facts, as data.

Source: the kinds' `GetIndexedKeyValuePairs` in Michelangelo's generated Go code and its MySQL schema.
"""

from __future__ import annotations

from harness.spec.model import ColumnType, IndexedColumn, Kind


def _text(name: str, path: str, sql_type: str = "VARCHAR(255)") -> IndexedColumn:
    return IndexedColumn(name, path, sql_type=sql_type)


def _enum(name: str, path: str, zero: str) -> IndexedColumn:
    return IndexedColumn(name, path, ColumnType.ENUM, zero)


def _datetime(name: str, path: str) -> IndexedColumn:
    return IndexedColumn(name, path, ColumnType.DATETIME, sql_type="DATETIME")


def _reference(name: str, path: str) -> tuple[IndexedColumn, IndexedColumn]:
    """Return the `_namespace` and `_name` columns of a reference to another object."""
    return _text(f"{name}_namespace", f"{path}.namespace"), _text(f"{name}_name", f"{path}.name")


KINDS: tuple[Kind, ...] = (
    Kind("Project", "projects", (IndexedColumn("tier", "spec.tier", ColumnType.INTEGER),)),
    Kind("ModelFamily", "modelfamilys", (_text("model_family_name", "spec.name"),)),
    Kind(
        "Model",
        "models",
        (
            _text("algorithm", "spec.algorithm"),
            _text("training_framework", "spec.trainingFramework"),
            _text("owner", "spec.owner.name"),
            _text("source", "spec.source"),
            _text("description", "spec.description", "VARCHAR(768)"),
            _enum("model_kind", "spec.kind", "MODEL_KIND_INVALID"),
            _enum("package_type", "spec.packageType", "DEPLOYABLE_MODEL_PACKAGE_TYPE_INVALID"),
            IndexedColumn("revision_id", "spec.revisionId", ColumnType.INTEGER),
            *_reference("src_pipeline_run", "spec.sourcePipelineRun"),
            *_reference("model_family", "spec.modelFamily"),
            *_reference("feature_eval_report", "spec.featureEvaluationReport"),
            *_reference("performance_eval_report", "spec.performanceEvaluationReport"),
            *_reference("feature_quality_report", "spec.featureQualityReport"),
            *_reference("explainability_report", "spec.explainabilityReport"),
        ),
    ),
    Kind(
        "Pipeline",
        "pipelines",
        (
            _text("owner", "spec.owner.name"),
            _enum("pipeline_type", "spec.type", "PIPELINE_TYPE_INVALID"),
        ),
    ),
    Kind(
        "PipelineRun",
        "pipelineruns",
        (
            *_reference("pipeline", "spec.pipeline"),
            *_reference("revision", "spec.revision"),
            *_reference("resume_pipeline_run", "spec.resume.pipelineRun"),
            _enum("state", "status.state", "PIPELINE_RUN_STATE_INVALID"),
            _enum("exception_type", "status.exceptionType", "PIPELINE_RUN_EXCEPTION_TYPE_INVALID"),
            _text("actor", "spec.actor.name"),
            _datetime("end_time", "status.endTime"),
        ),
    ),
    Kind(
        "InferenceServer",
        "inferenceservers",
        (_enum("state", "status.state", "INFERENCE_SERVER_STATE_INVALID"),),
    ),
    Kind(
        "Revision",
        "revisions",
        (
            *_reference("base_resource", "spec.baseResource"),
            _text("base_type", "spec.baseType.kind"),
            _text("commit_branch", "spec.commit.branch"),
            _text("git_ref", "spec.commit.gitRef"),
            _text("owner", "spec.owner.name"),
        ),
    ),
    Kind("Cluster", "clusters"),
    Kind("RayCluster", "rayclusters"),
    Kind("RayJob", "rayjobs"),
    Kind("SparkJob", "sparkjobs"),
    Kind(
        "TriggerRun",
        "triggerruns",
        (
            *_reference("pipeline", "spec.pipeline"),
            *_reference("revision", "spec.revision"),
            _enum("state", "status.state", "TRIGGER_RUN_STATE_INVALID"),
            IndexedColumn("auto_flip", "spec.autoFlip", ColumnType.BOOLEAN),
        ),
    ),
    Kind(
        "Deployment",
        "deployments",
        (
            _enum("state", "status.state", "DEPLOYMENT_STATE_INVALID"),
            _enum("target_definition_type", "spec.definition.type", "TARGET_TYPE_INVALID"),
            *_reference("current_revision", "status.currentRevision"),
            _datetime("deletion_requested_timestamp", "metadata.deletionTimestamp"),
        ),
    ),
)

KINDS_BY_NAME: dict[str, Kind] = {kind.name: kind for kind in KINDS}
