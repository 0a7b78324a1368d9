"""Promises of `harness.provision.checkout.reading`: the contract that a version says by itself, with sources."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from harness.core.errors import SettingsError
from harness.provision.checkout.golines import (
    GeneratedColumn,
    read_kinds,
    read_registered,
    read_zeros,
)
from harness.provision.checkout.reading import make_columns, make_read_contract, read_checkout, read_files
from harness.spec.bundle import render_crds, render_schema
from harness.spec.model import ColumnType, IndexedColumn
from harness.spec.naming import KindTables
from harness.spec.profiles import load_profile
from harness.spec.read import NamedKinds
from harness.spec.versions import make_contract
from tests.fakes.contract import CONTRACT
from tests.unit.provision.checkout.conftest import CRD_OBJECTS, MODULE, SCHEMA, Edit

GENERATED = "proto-go/api/v2"


def test_a_checkout_says_its_contract(root: Path) -> None:
    """Kinds with CRDs, tables and columns, controllers and immutable kinds are those of the known version."""
    read = make_read_contract(read_checkout(root), root)
    assert read.controllers == NamedKinds(CONTRACT.names, f"{CRD_OBJECTS}:3")
    assert read.immutable == NamedKinds(("Model",), f"IsImmutableKind in {GENERATED}")
    assert (read.tables_source, len(read.tables or ())) == (SCHEMA, 39)
    contract = make_contract(load_profile("upstream-main"), read)
    assert contract.kinds == CONTRACT.kinds
    project = read.find_kind("Project")
    assert project is not None
    assert (project.plural, project.tables) == ("projects", KindTables("project"))
    assert project.source.startswith(f"{GENERATED}/project.pb.go:")


def test_a_kind_of_a_generated_map_is_tested_like_any_other(root: Path, edit: Edit) -> None:
    """The map that generated code fills is the list; a kind that nobody wrote down is read in full."""
    edit(MODULE, "crdObjects := v2.AllCRDObjects", "for _, obj := range v2pb.CrdObjects {")
    project = (root / GENERATED / "project.pb.go").read_text()
    gadget = project.replace("Project", "HotGadget").replace("projects", "hotgadgets")
    (root / GENERATED / "hot_gadget.pb.go").write_text(f'{gadget}\n\tCrdObjects["HotGadget"] = &HotGadget{{\n')
    for kind in CONTRACT.kinds:
        entry = f'package v2\n\n\tCrdObjects["{kind.name}"] = &{kind.name}{{\n'
        edit(f"{GENERATED}/{kind.table}.pb.go", "package v2\n", entry)
    with (root / SCHEMA).open("a") as file:
        file.write("CREATE TABLE hotgadget (uid INT, tier VARCHAR(99));\n")
    contract = make_contract(load_profile("upstream-main"), make_read_contract(read_checkout(root), root))
    assert contract.names[-1] == "HotGadget"
    kind = contract.get_kind("HotGadget")
    assert (kind.plural, kind.table) == ("hotgadgets", "hotgadget")
    assert kind.columns == (IndexedColumn("tier", "spec.tier", ColumnType.INTEGER, sql_type="VARCHAR(99)"),)
    assert contract.absent_tables == {"hotgadget_labels", "hotgadget_annotations"}
    assert contract.find_case("hotgadget").can_be_made


def test_pairs_and_fields_are_read_from_go_alone(tmp_path: Path) -> None:
    """Without the map of paths, the expressions say which field a column repeats."""
    text = """\
func (m *Gadget) GetIndexedKeyValuePairs() ([]storage.IndexedField){
	{
		indexedSubFields := make([]storage.IndexedField, 2)
		indexedSubFields[0].Key = "owner_namespace"
		indexedSubFields[1].Key = "owner_name"
		if m != nil {
			indexedSubFields[0].Value = m.Spec.TheOwner.Namespace
			indexedSubFields[1].Value = m.Spec.TheOwner.Name
		}
	}
	indexedField.Key = "state"
	if m != nil {
		indexedField.Value = m.Status.State.String()
	}
	indexedField.Key = "gone_at"
	if m != nil {
		indexedField.Value = m.DeletionTimestamp
	}
}
"""
    kind = read_kinds({tmp_path / "gadget.pb.go": text}, tmp_path)["Gadget"]
    assert (kind.immutable, kind.line) == (False, 1)
    assert kind.columns == (
        GeneratedColumn("owner_namespace", "spec.theOwner.namespace", False),
        GeneratedColumn("owner_name", "spec.theOwner.name", False),
        GeneratedColumn("state", "status.state", True),
        GeneratedColumn("gone_at", "metadata.deletionTimestamp", False),
    )


def test_types_of_columns_follow_from_schema_and_sql() -> None:
    """An enum's zero is the name of an enum's zero; times and long integers are told by their SQL types."""
    fields = {
        "state": {"type": "string", "enum": ["B", "A_INVALID"]},
        "on": {"type": "boolean"},
        "at": {"type": "string", "format": "date-time"},
        "size": {"type": "integer"},
        "long": {"type": "string", "pattern": "x"},
        "uri": {"type": "string"},
    }
    schema = {"properties": {"spec": {"properties": fields}}}
    columns = tuple(GeneratedColumn(name, f"spec.{name}", name == "state") for name in fields)
    gone = GeneratedColumn("gone", "metadata.deletionTimestamp", False)
    zeros = read_zeros({Path("x.go"): 'var A_name = map[int32]string{\n\t0: "A_INVALID",\n'})
    found = make_columns("Gadget", (*columns, gone), schema, {"long": "BIGINT", "gone": "DATETIME"}, zeros)
    assert found is not None
    assert [(column.name, column.type, column.zero) for column in found] == [
        ("state", ColumnType.ENUM, "A_INVALID"),
        ("on", ColumnType.BOOLEAN, ""),
        ("at", ColumnType.DATETIME, ""),
        ("size", ColumnType.INTEGER, ""),
        ("long", ColumnType.INTEGER, ""),
        ("uri", ColumnType.TEXT, ""),
        ("gone", ColumnType.DATETIME, ""),
    ]


def test_a_list_of_another_shape_is_not_read(root: Path, edit: Edit) -> None:
    """Where the module's list is not recognised, tables say which kinds there are."""
    edit(MODULE, "v2.AllCRDObjects", "listObjects()")
    assert read_registered(root) is None
    read = make_read_contract(read_checkout(root), root)
    assert make_contract(load_profile("upstream-main"), read).names == CONTRACT.names


def test_files_say_kinds_and_tables(tmp_path: Path) -> None:
    """A folder of CRDs and the YAML of a ConfigMap are read like a checkout's, as far as they say something."""
    crds = tmp_path / "crds"
    crds.mkdir()
    cases = CONTRACT.select(["rayjob", "model"])
    (crds / "all.yaml").write_text(yaml.safe_dump_all(render_crds(cases)))
    (crds / "other.yaml").write_text("kind: CustomResourceDefinition\nspec: {group: others, names: {kind: X}}\n")
    sql = render_schema([case.kind for case in cases]).replace("rayjob", "ray_job")
    schema = tmp_path / "schema.yaml"
    schema.write_text(yaml.safe_dump({"kind": "ConfigMap", "data": {"a.sql": sql}}))
    read = read_files(crds, schema)
    assert read is not None
    found = {kind.name: kind.tables and kind.tables.main for kind in read.kinds}
    assert found == {"Model": "model", "RayJob": "ray_job"}
    contract = make_contract(load_profile("upstream-main"), read)
    assert contract.main_tables == ("model", "ray_job")
    assert read_files(None, None) is None


@pytest.mark.parametrize("which", ["crds", "schema"])
def test_files_that_can_not_be_read_are_told(tmp_path: Path, which: str) -> None:
    """The option is named, and the file."""
    (tmp_path / "x.yaml").write_bytes(b"a: \xff")
    crds, schema = (tmp_path, None) if which == "crds" else (None, tmp_path / "x.yaml")
    with pytest.raises(SettingsError, match=rf"--{which}: '.*x\.yaml' can't be read"):
        read_files(crds, schema)
