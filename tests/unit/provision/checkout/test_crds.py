"""Promises of `harness.provision.checkout.crds`."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from harness.core.errors import HarnessError
from harness.spec.bundle import render_crds
from tests.fakes.contract import CONTRACT
from tests.unit.provision.checkout.conftest import Edit, read_sources


def test_crds_are_those_of_the_go_code(root: Path, tmp_path: Path) -> None:
    """Each kind's definition is read whole and written as it stands there."""
    crds = read_sources(root).crds
    expected = {crd["spec"]["names"]["kind"]: crd for crd in render_crds(CONTRACT.cases)}
    assert crds.objects == expected
    (tmp_path / "crds").mkdir()
    crds.write(tmp_path / "crds")
    assert [yaml.safe_load((tmp_path / f"crds/{kind.table}.yaml").read_text()) for kind in CONTRACT.kinds] == [
        expected[kind.name] for kind in CONTRACT.kinds
    ]


def test_the_digest_is_of_the_definitions(root: Path, edit: Edit) -> None:
    """A changed definition has another digest, other changes of its file have not."""
    before = read_sources(root).crds.digest
    edit("proto-go/api/v2/project.pb.go", "package v2", "package v2 // remark")
    assert read_sources(root).crds.digest == before
    edit("proto-go/api/v2/project.pb.go", "type: integer", "type: number")
    assert read_sources(root).crds.digest != before


def test_other_groups_and_versions_do_not_count(root: Path, edit: Edit) -> None:
    """A definition of another group is none of the Ingester's, and one without v2 has no schema for it."""
    edit("proto-go/api/v2/project.pb.go", "group: michelangelo.api", "group: example.org")
    edit("proto-go/api/v2/model.pb.go", "name: v2", "name: v3")
    crds = read_sources(root).crds
    assert "Project" not in crds.objects
    assert crds.find_schema("Model") is None


def test_a_broken_definition_is_named(root: Path, edit: Edit) -> None:
    """Text that is no YAML is an error that names the kind."""
    edit("proto-go/api/v2/project.pb.go", "scope: Namespaced", "scope: [")
    with pytest.raises(HarnessError, match="The checkout's CRD of Project is no YAML"):
        read_sources(root)


def test_no_definitions_are_an_error(root: Path) -> None:
    """Generated code without any definition is no Michelangelo that can be tested."""
    for path in (root / "proto-go/api/v2").iterdir():
        path.unlink()
    with pytest.raises(HarnessError, match=r"defines no CRD of michelangelo\.api"):
        read_sources(root)
