"""Promises of `harness.sandbox.local.servers.crds`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.core.errors import SettingsError
from harness.sandbox.local.servers.crds import read_crds
from tests.fakes.contract import CONTRACT


def _write(folder: Path, *kinds: str, version: str = "v2", served: bool = True) -> None:
    for kind in kinds:
        crd = {
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{kind.lower()}s.michelangelo.api"},
            "spec": {
                "group": "michelangelo.api",
                "names": {"kind": kind},
                "versions": [{"name": version, "served": served}],
            },
        }
        (folder / f"{kind}.yaml").write_text(yaml.safe_dump(crd))


def _names(crds: list[dict[str, Any]]) -> set[str]:
    return {crd["spec"]["names"]["kind"] for crd in crds}


_ALL = tuple(kind.name for kind in CONTRACT.kinds)


def test_more_than_the_contract_is_welcome(tmp_path: Path) -> None:
    """A kind that the contract doesn't have is installed too; what is no CRD is passed over."""
    _write(tmp_path, *_ALL, "CachedOutput")
    (tmp_path / "kustomization.yaml").write_text("kind: Kustomization\n---\n- a list\n---\n")
    (tmp_path / "README.md").write_text("{{{")
    assert _names(read_crds(tmp_path, CONTRACT.names)) == {*_ALL, "CachedOutput"}


def test_files_may_hold_several_documents(tmp_path: Path) -> None:
    """All kinds in one file are as good as one file each."""
    _write(tmp_path, *_ALL)
    texts = [path.read_text() for path in sorted(tmp_path.iterdir())]
    for path in list(tmp_path.iterdir()):
        path.unlink()
    (tmp_path / "all.yml").write_text("---\n".join(texts))
    assert _names(read_crds(tmp_path, CONTRACT.names)) == set(_ALL)


def test_missing_kinds_are_named(tmp_path: Path) -> None:
    """A folder that lacks kinds is refused with its path and exactly the missing ones."""
    _write(tmp_path, *[name for name in _ALL if name not in ("Model", "RayJob")])
    with pytest.raises(SettingsError) as caught:
        read_crds(tmp_path, CONTRACT.names)
    assert caught.value.problem == f"--crds: '{tmp_path}' defines no Model, RayJob of michelangelo.api/v2"


@pytest.mark.parametrize(("version", "served"), [("v1", True), ("v2", False)])
def test_kind_in_another_version_is_missing(tmp_path: Path, version: str, served: bool) -> None:
    """A kind counts only where the version that the Ingester watches is served."""
    _write(tmp_path, *_ALL)
    _write(tmp_path, "Model", version=version, served=served)
    with pytest.raises(SettingsError, match="defines no Model of"):
        read_crds(tmp_path, CONTRACT.names)


def test_broken_yaml_is_named(tmp_path: Path) -> None:
    """A file that is no YAML is named, with the place in it."""
    (tmp_path / "model.yaml").write_text("a: 1\nb: [")
    with pytest.raises(SettingsError, match=r"(?s)model\.yaml' can't be read: .*line [23]"):
        read_crds(tmp_path, CONTRACT.names)


def test_folder_without_yaml_is_refused(tmp_path: Path) -> None:
    """A folder that holds nothing usable is refused, as is one that doesn't exist."""
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(SettingsError, match=f"--crds: .*{folder}"):
            read_crds(folder, CONTRACT.names)
