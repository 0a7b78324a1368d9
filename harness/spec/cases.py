"""The 13 cases, in the seed report's order: one explicit tuple, no logic but the look-up by a user's word."""

from __future__ import annotations

from harness.core.errors import SettingsError
from harness.spec.catalogue import KINDS_BY_NAME as KIND
from harness.spec.model import Case, SpotCheck

CASES: tuple[Case, ...] = (
    Case(
        1,
        KIND["Project"],
        "01-project.yaml.j2",
        {"spec": {"description": "UPDATED: Ingester test project v2", "tier": 3}},
        (SpotCheck("spec.description", "UPDATED: Ingester test project v2"), SpotCheck("spec.tier", 3)),
    ),
    Case(
        2,
        KIND["ModelFamily"],
        "02-modelfamily.yaml.j2",
        {"spec": {"description": "UPDATED: Updated model family description"}},
        (SpotCheck("spec.description", "UPDATED: Updated model family description"),),
    ),
    Case(
        3,
        KIND["Model"],
        "03-model.yaml.j2",
        {"spec": {"description": "UPDATED: Updated model description", "algorithm": "lightgbm"}},
        (
            SpotCheck("spec.description", "UPDATED: Updated model description"),
            SpotCheck("spec.algorithm", "lightgbm"),
        ),
        requires=("ModelFamily",),
    ),
    Case(
        4,
        KIND["Pipeline"],
        "04-pipeline.yaml.j2",
        {"spec": {"description": "UPDATED: Updated pipeline description"}},
        (SpotCheck("spec.description", "UPDATED: Updated pipeline description"),),
    ),
    Case(
        5,
        KIND["PipelineRun"],
        "05-pipelinerun.yaml.j2",
        {"spec": {"input": {"kw_args": {"path": "updated-glue"}}}},
        (SpotCheck("spec.input.kw_args.path", "updated-glue"),),
        requires=("Pipeline",),
    ),
    Case(
        6,
        KIND["InferenceServer"],
        "06-inferenceserver.yaml.j2",
        {"spec": {"decomSpec": {"decommission": True}}},
        (SpotCheck("spec.decomSpec.decommission", True),),
    ),
    Case(
        7,
        KIND["Revision"],
        "07-revision.yaml.j2",
        {"spec": {"owner": {"name": "updated-owner"}}},
        (SpotCheck("spec.owner.name", "updated-owner"),),
        requires=("Pipeline",),
    ),
    Case(
        8,
        KIND["Cluster"],
        "08-cluster.yaml.j2",
        {"metadata": {"labels": {"updated": "true"}}},
        (SpotCheck("metadata.labels.updated", "true"),),
    ),
    Case(
        9,
        KIND["RayCluster"],
        "09-raycluster.yaml.j2",
        {"spec": {"rayVersion": "2.10.0"}},
        (SpotCheck("spec.rayVersion", "2.10.0"),),
    ),
    Case(
        10,
        KIND["RayJob"],
        "10-rayjob.yaml.j2",
        {"spec": {"entrypoint": "python train_v2.py"}},
        (SpotCheck("spec.entrypoint", "python train_v2.py"),),
        requires=("RayCluster",),
    ),
    Case(
        11,
        KIND["SparkJob"],
        "11-sparkjob.yaml.j2",
        {"spec": {"sparkVersion": "3.4.1"}},
        (SpotCheck("spec.sparkVersion", "3.4.1"),),
    ),
    Case(
        12,
        KIND["TriggerRun"],
        "12-triggerrun.yaml.j2",
        {"spec": {"autoFlip": True}},
        (SpotCheck("spec.autoFlip", True),),
        requires=("Pipeline",),
    ),
    Case(
        13,
        KIND["Deployment"],
        "13-deployment.yaml.j2",
        {"metadata": {"labels": {"updated": "true"}}},
        (SpotCheck("metadata.labels.updated", "true"),),
        requires=("InferenceServer",),
    ),
)

CASES_BY_NAME: dict[str, Case] = {case.name: case for case in CASES}


def find_case(word: str, option: str = "--crd") -> Case:
    """Return the case that `word` means: a kind, plural or table in any case, a number, or a template's name.

    Raises SettingsError with the nearest valid names.
    """
    folded = word.strip().casefold()
    for case in CASES:
        stem = case.template.removesuffix(".yaml.j2")
        names = {
            case.name.casefold(),
            case.kind.plural,
            str(case.number),
            f"{case.number:02d}",
            stem,
            f"{stem}.yaml",
            case.template,
        }
        if folded in names:
            return case
    raise SettingsError.unknown(option, word, CASES_BY_NAME)


def get_prerequisites(cases: list[Case]) -> list[Case]:
    """Return the cases that `cases` require and don't contain, in the report's order."""
    chosen = {case.name for case in cases}
    wanted: set[str] = set()
    open_names = [name for case in cases for name in case.requires]
    while open_names:
        name = open_names.pop()
        if name not in wanted:
            wanted.add(name)
            open_names.extend(CASES_BY_NAME[name].requires)
    return [case for case in CASES if case.name in wanted - chosen]
