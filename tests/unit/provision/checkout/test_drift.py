"""Promises of `harness.provision.checkout.drift`: each disagreement is found, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.provision.checkout.conftest import CRD_OBJECTS, MODULE, SCHEMA, Edit, list_findings

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
    "a registration without a CRD": (
        CRD_OBJECTS, "\t&Model{},\n", "\t&Model{},\n\t&Notebook{},\n",
        f"error: Notebook is registered with the ingester and has no CRD ({CRDS})",
    ),
    "list not recognised": (
        MODULE, "v2.AllCRDObjects", "listObjects()",
        "note: The list of kinds that the ingester registers was not recognised; the run will tell them"
        " (go/components/ingester)",
    ),
    "no method": (
        f"{GENERATED}/project.pb.go", "GetIndexedKeyValuePairs", "GetOther",
        "note: Project has no GetIndexedKeyValuePairs, so that nothing says which columns are filled"
        f" ({GENERATED})",
    ),
    "a column missing": (
        SCHEMA, "`res_version` BIGINT UNSIGNED", "`version` BIGINT UNSIGNED",
        "error: The table project lacks the column res_version (all_tables.sql)",
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


DIFFERENCES: dict[str, tuple[str, str, str]] = {
    "another plural": (f"{GENERATED}/project.pb.go", "plural: projects", "plural: projectz"),
    "another path": (f"{GENERATED}/project.pb.go", '["spec.tier"]', '["spec.the_tier"]'),
    "no enum any more": (f"{GENERATED}/inferenceserver.pb.go", ".String()", ""),
    "a column's type": (SCHEMA, "`tier` VARCHAR(255)", "`tier` INT"),
    "a column too many in the schema": (SCHEMA, "`tier` VARCHAR(255)", "`tier` VARCHAR(255), `extra` INT"),
    "a table too many": (
        SCHEMA, "CREATE TABLE IF NOT EXISTS `project` (", "CREATE TABLE x (a INT);\nCREATE TABLE `project` (",
    ),
    "a kind less": (f"{GENERATED}/rayjob.pb.go", 'YamlSchemas["RayJob"]', 'YamlSchemas["RayTask"]'),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(set(DIFFERENCES) - {"a kind less"}))
def test_what_is_merely_different_is_no_finding(root: Path, edit: Edit, name: str) -> None:
    """The contract follows the version, so that there is nothing to complain about."""
    edit(*DIFFERENCES[name])
    assert list_findings(root) == []


def test_a_new_column_must_be_in_the_table(root: Path, edit: Edit) -> None:
    """A column that the generated code fills, and the schema does not have, makes every write fail."""
    edit(f"{GENERATED}/project.pb.go", 'indexedField.Key = "tier"', 'indexedField.Key = "level"')
    edit(f"{GENERATED}/project.pb.go", '"] = "tier"', '"] = "level"')
    assert list_findings(root) == [
        "error: Project: the indexed column level is not in the table project (all_tables.sql)",
    ]


def test_a_field_that_is_not_recognised_is_noted(root: Path, edit: Edit) -> None:
    """Neither the map of paths nor the expression tells it; the column is then the module's."""
    edit(f"{GENERATED}/project.pb.go", '["spec.tier"]', "[path]")
    edit(f"{GENERATED}/project.pb.go", "= m.X", "= call(m)")
    assert list_findings(root) == [
        f"note: Project: the field of the indexed column tier was not recognised ({GENERATED}/project.pb.go)"
    ]


def test_contradicting_schemas_are_noted(root: Path) -> None:
    """Another file that makes the tables otherwise is named, with what it makes otherwise."""
    other = (root / SCHEMA).read_text().replace("`tier`", "`level`").replace("TABLE IF NOT EXISTS `model`", "VIEW")
    (root / "scripts/ingester/more.sql").write_text(other)
    assert list_findings(root) == [
        "note: scripts/ingester/more.sql makes other tables: it lacks model; other columns in project;"
        " all_tables.sql is used (all_tables.sql)"
    ]


def test_a_patch_is_checked_like_its_object(root: Path, edit: Edit) -> None:
    """A field that only the patch sets is found under the patch's name, if the checkout's CRD drops it."""
    edit(f"{GENERATED}/triggerrun.pb.go", "autoFlip:", "flip:")
    where = "(the patch of TriggerRun)"
    assert [finding for finding in list_findings(root) if where in finding] == [
        f"warning: TriggerRun: spec.autoFlip would be dropped: the schema has no such field {where}"
    ]


def test_a_registered_kind_without_a_crd_is_an_error(root: Path, edit: Edit) -> None:
    """None of its objects can be created, so that its controller waits for ever."""
    edit(*DIFFERENCES["a kind less"])
    assert list_findings(root) == [f"error: RayJob is registered with the ingester and has no CRD ({CRDS})"]


def declare(root: Path, kind: str, *options: str) -> None:
    """Write the proto file of a kind with these options beside its resource option."""
    file = root / "proto/api/v2" / f"{kind.lower()}.proto"
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(f"  option (michelangelo.api.{option};\n" for option in options)
    file.write_text(f'syntax = "proto3";\n\nmessage {kind} {{\n{lines}}}\n')


def test_a_column_that_no_code_fills_is_an_error(root: Path, edit: Edit) -> None:
    """Its proto file declares it: it is expected, whatever was generated."""
    declare(root, "Project", "resource) = {}", 'index) = { path: "spec.tier", key: "tier" }')
    assert list_findings(root) == []
    edit(f"{GENERATED}/project.pb.go", 'indexedField.Key = "tier"', 'indexedField.Key = "other"')
    edit(f"{GENERATED}/project.pb.go", '"] = "tier"', '"] = "other"')
    edit(SCHEMA, "`tier` VARCHAR(255)", "`tier` VARCHAR(255), `other` VARCHAR(255)")
    expected = "error: Project: the indexed column tier is declared, of spec.tier; no code fills it"
    assert list_findings(root) == [f"{expected} (proto/api/v2/project.proto:3)"]


def test_a_column_of_the_queries_that_no_code_fills_is_an_error(root: Path, edit: Edit) -> None:
    """The map of the API server's queries knows it."""
    edit(f"{GENERATED}/project.pb.go", 'indexedField.Key = "tier"', 'indexedField.Key = "name"')
    edit(SCHEMA, "`tier` VARCHAR(255)", "`tier` VARCHAR(255)")
    assert "no code fills it" in list_findings(root)[0]


@pytest.mark.parametrize(
    ("kind", "option", "what"),
    [
        ("Project", "resource) = { immutable: true }", "declared to be immutable, and is not"),
        ("Model", "resource) = {}", "declared to be mutable, and is immutable"),
    ],
)
def test_immutability_that_was_generated_otherwise_is_an_error(
    root: Path, kind: str, option: str, what: str
) -> None:
    """What is declared is what is meant."""
    declare(root, kind, option)
    (found,) = [finding for finding in list_findings(root) if "generated code" in finding]
    assert found == f"error: {kind} is {what} by its generated code (proto/api/v2/{kind.lower()}.proto:3)"
