"""Promises of `harness.provision.checkout.golines`: what Go code says, without running it."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.provision.checkout.golines import GoModule, RegisteredList, read_go_module, read_registered
from harness.spec.model import ColumnType
from tests.fakes.contract import CONTRACT
from tests.unit.provision.checkout.conftest import CRD_OBJECTS, MODULE, Edit, read_sources

ALL = tuple(kind.name for kind in CONTRACT.kinds)


def test_columns_and_immutability_are_read(root: Path) -> None:
    """Each kind's indexed columns come with JSON paths and whether they are enums' names; Model is immutable."""
    kinds = read_sources(root).kinds
    assert {name: [(c.name, c.path, c.is_enum) for c in kind.columns] for name, kind in kinds.items()} == {
        kind.name: [(c.name, c.path, c.type is ColumnType.ENUM) for c in kind.columns] for kind in CONTRACT.kinds
    }
    assert [name for name, kind in kinds.items() if kind.immutable] == ["Model"]
    assert kinds["Model"].file == "proto-go/api/v2/model.pb.go"


def test_pairs_of_columns_are_read(root: Path) -> None:
    """The namespace and the name of a reference, which the code sets together, are two columns."""
    (root / "proto-go/api/v2/pair.pb.go").write_text(
        "func (m *Pair) GetIndexedKeyValuePairs() ([]storage.IndexedField){\n"
        '\tindexedSubFields[0].Key = "a_namespace"\n\tindexedSubFields[1].Key = "a_name"\n}\n'
    )
    assert [column.name for column in read_sources(root).kinds["Pair"].columns] == ["a_namespace", "a_name"]


def test_a_named_list_is_followed(root: Path) -> None:
    """A list that is written beside the .proto files is found through its name."""
    assert read_registered(root) == RegisteredList(ALL, f"{CRD_OBJECTS}:3")


def test_a_literal_list_is_read(root: Path, edit: Edit) -> None:
    """A list in the module itself counts, without what is commented out, and with the line it begins at."""
    kinds = "\n\t\t&v2.Model{},\n\t\t// &v2.Project{},\n\t\t&v2.RayJob{},\n\t"
    edit(MODULE, "v2.AllCRDObjects", f"[]runtime.Object{{{kinds}}}")
    assert read_registered(root) == RegisteredList(("Model", "RayJob"), f"{MODULE}:5")


def test_what_is_appended_to_a_list_is_read(root: Path, edit: Edit) -> None:
    """Objects that are added later count as well; one that is not written there makes the list an unknown one."""
    lists = "[]runtime.Object{&v2.Model{}}\n\tcrdObjects = append(crdObjects, &v2.RayJob{})"
    edit(MODULE, "v2.AllCRDObjects", lists)
    assert read_registered(root) == RegisteredList(("Model", "RayJob"), f"{MODULE}:5")
    edit(MODULE, "&v2.RayJob{})", "more(scheme)...)")
    assert read_registered(root) is None


def test_an_empty_list_is_not_an_unknown_one(root: Path, edit: Edit) -> None:
    """A list with nothing in it registers nothing: that is knowledge."""
    edit(MODULE, "v2.AllCRDObjects", "[]runtime.Object{}")
    assert read_registered(root) == RegisteredList((), f"{MODULE}:5")


def test_another_shape_is_said_to_be_unknown(root: Path, edit: Edit) -> None:
    """Code that makes the list in some other way is not guessed at."""
    edit(MODULE, "v2.AllCRDObjects", "listObjects(scheme)")
    assert read_registered(root) is None


def test_go_module(root: Path) -> None:
    """The versions are those of go.mod."""
    assert read_go_module(root) == GoModule("1.24.0", "go1.24.3", "0.19.2")


@pytest.mark.parametrize(
    ("version", "recovers"),
    [("0.18.7", False), ("0.19.0", True), ("0.19.2", True), ("0.21.0", True), ("", None), ("main", None)],
)
def test_panics_are_recovered_since_a_version(version: str, recovers: bool | None) -> None:
    """controller-runtime recovers panics by default since 0.19; an unknown version says nothing."""
    assert GoModule("1.24", "", version).recovers_panics is recovers
