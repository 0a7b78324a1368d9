"""Promises of `harness.provision.checkout.drift`: each disagreement is found, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.provision.checkout.drift import list_missing_kinds
from tests.fakes.contract import CONTRACT
from tests.unit.provision.checkout.conftest import CRD_OBJECTS, MODULE, SCHEMA, Edit, list_findings, read_sources

GENERATED = "proto-go/api/v2"
CRDS = f"{CRD_OBJECTS}:3"


def test_agreement_finds_nothing(root: Path) -> None:
    """A checkout that says what the contract says has no findings."""
    assert list_findings(root) == []


CASES: dict[str, tuple[str, str, str, str]] = {
    "no registrations": (
        MODULE, "v2.AllCRDObjects", "[]runtime.Object{}",
        f"error: 0 of the contract's 13 kinds are registered with the ingester; missing: all ({MODULE}:5)",
    ),
    "a registration missing": (
        CRD_OBJECTS, "\t&Model{},\n", "",
        f"error: 12 of the contract's 13 kinds are registered with the ingester; missing: Model ({CRDS})",
    ),
    "a registration too many": (
        CRD_OBJECTS, "\t&Model{},\n", "\t&Model{},\n\t&Notebook{},\n",
        f"warning: Notebook is registered with the ingester and not in the contract ({CRDS})",
    ),
    "list not recognised": (
        MODULE, "v2.AllCRDObjects", "listObjects()",
        "note: The list of kinds that the ingester registers was not recognised; the run will tell them"
        " (go/components/ingester)",
    ),
    "another plural": (
        f"{GENERATED}/project.pb.go", "plural: projects", "plural: projectz",
        f"error: Project: its plural is projectz, the contract has projects ({GENERATED}/project.pb.go)",
    ),
    "no method": (
        f"{GENERATED}/project.pb.go", "GetIndexedKeyValuePairs", "GetOther",
        f"warning: Project has no GetIndexedKeyValuePairs ({GENERATED})",
    ),
    "another path": (
        f"{GENERATED}/project.pb.go", '["spec.tier"]', '["spec.the_tier"]',
        f"warning: Project: tier repeats spec.theTier, in the contract spec.tier ({GENERATED}/project.pb.go)",
    ),
    "no enum any more": (
        f"{GENERATED}/inferenceserver.pb.go", ".String()", "",
        "warning: InferenceServer: state is not an enum's name, unlike in the contract"
        f" ({GENERATED}/inferenceserver.pb.go)",
    ),
    "another zero": (
        f"{GENERATED}/inferenceserver.pb.go", "INFERENCE_SERVER_STATE_INVALID", "INFERENCE_SERVER_STATE_NONE",
        "warning: InferenceServer: state unset is INFERENCE_SERVER_STATE_INVALID in the contract, no value of"
        f" status.state ({GENERATED}/inferenceserver.pb.go)",
    ),
    "a column's type": (
        SCHEMA, "`tier` VARCHAR(255)", "`tier` INT",
        "warning: project.tier is INT, in the contract VARCHAR(255) (all_tables.sql)",
    ),
    "a column too many in the schema": (
        SCHEMA, "`tier` VARCHAR(255)", "`tier` VARCHAR(255), `extra` INT",
        "warning: project.extra is in the schema and not in the contract (all_tables.sql)",
    ),
    "a table too many": (
        SCHEMA, "CREATE TABLE IF NOT EXISTS `project` (", "CREATE TABLE x (a INT);\nCREATE TABLE `project` (",
        "warning: The table x belongs to no kind of the contract (all_tables.sql)",
    ),
    "a table missing": (
        SCHEMA, "CREATE TABLE IF NOT EXISTS `project_labels`", "CREATE VIEW `project_labels`",
        "error: The table project_labels is missing (all_tables.sql)",
    ),
    "a field that would be dropped": (
        f"{GENERATED}/rayjob.pb.go", "entrypoint:", "entrypoint_v2:",
        "warning: RayJob: spec.entrypoint would be dropped: the schema has no such field (10-rayjob.yaml.j2)",
    ),
    "an enum that would be refused": (
        f"{GENERATED}/pipeline.pb.go", "PIPELINE_TYPE_TRAIN", "PIPELINE_TYPE_TRAINING",
        "error: Pipeline: spec.type would be refused: 'PIPELINE_TYPE_TRAIN' is none of",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_each_disagreement_is_found(root: Path, edit: Edit, name: str) -> None:
    """What was changed on the checkout's side is found first, with the place where it is to be seen."""
    file, old, new, expected = CASES[name]
    edit(file, old, new)
    found = list_findings(root)
    assert found[0].startswith(expected), found


def test_a_new_column_must_be_everywhere(root: Path, edit: Edit) -> None:
    """A column that the generated code fills, and neither schema nor contract know, is an error and a warning."""
    edit(f"{GENERATED}/project.pb.go", 'indexedField.Key = "tier"', 'indexedField.Key = "level"')
    where = f"({GENERATED}/project.pb.go)"
    assert list_findings(root) == [
        "error: Project: the indexed column level is not in the table project (all_tables.sql)",
        f"warning: Project: the contract lacks the indexed column level {where}",
        f"warning: Project: the indexed column tier is in the contract only {where}",
    ]


def test_a_patch_is_checked_like_its_object(root: Path, edit: Edit) -> None:
    """A field that only the patch sets is found under the patch's name, if the checkout's CRD drops it."""
    edit(f"{GENERATED}/triggerrun.pb.go", "autoFlip:", "flip:")
    where = "(the patch of TriggerRun)"
    assert [finding for finding in list_findings(root) if where in finding] == [
        f"warning: TriggerRun: spec.autoFlip would be dropped: the schema has no such field {where}"
    ]


def test_a_kind_without_a_crd_is_listed(root: Path, edit: Edit) -> None:
    """A kind of the contract that the checkout does not define is missing: no run can start without it."""
    edit(f"{GENERATED}/rayjob.pb.go", 'YamlSchemas["RayJob"]', 'YamlSchemas["RayTask"]')
    assert list_missing_kinds(read_sources(root).crds, CONTRACT.names) == ["RayJob"]
    assert list_findings(root)[0].startswith("error: RayJob is in the contract and has no CRD")
    assert f"note: RayTask has a CRD and is no kind of the ingester ({GENERATED})" in list_findings(root)
