"""Reads the CustomResourceDefinitions that a sandbox serves: the bundled ones, or a folder of YAML files.

Refuses a folder that lacks one of the catalogue's kinds; more than those are welcome.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from harness.core.errors import SettingsError
from harness.spec.bundle import render_crds
from harness.spec.catalogue import KINDS
from harness.spec.model import GROUP, VERSION, JsonObject

BUNDLED = "the bundled CRDs"
OPTION = "--crds"

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SUFFIXES = (".yaml", ".yml", ".json")


def read_crds(folder: Path | None) -> list[JsonObject]:
    """Return the CRDs of `folder`, or the bundled ones; SettingsError where a file or a kind is wrong."""
    if folder is None:
        return render_crds()
    crds = [crd for path in list_files(folder) for crd in _read_file(path)]
    served = {crd["spec"]["names"]["kind"] for crd in crds if _serves_version(crd)}
    missing = [kind.name for kind in KINDS if kind.name not in served]
    if missing:
        raise SettingsError(
            f"{OPTION}: {str(folder)!r} defines no {', '.join(missing)} of {GROUP}/{VERSION}",
            hint=f"It must hold the CustomResourceDefinitions of {', '.join(kind.name for kind in KINDS)}",
        )
    return crds


def list_files(folder: Path) -> list[Path]:
    """Return the YAML and JSON files of `folder`, by name; SettingsError where there are none."""
    try:
        files = sorted(path for path in folder.iterdir() if path.suffix in _SUFFIXES and path.is_file())
    except OSError as error:
        raise SettingsError(f"{OPTION}: {str(folder)!r} can't be read ({error.strerror})") from error
    if not files:
        raise SettingsError(f"{OPTION}: there is no YAML file in {str(folder)!r}")
    return files


def _read_file(path: Path) -> list[JsonObject]:
    try:
        with path.open(encoding="utf-8") as file:
            documents = list(yaml.load_all(file, Loader=_Loader))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"{OPTION}: {str(path)!r} can't be read: {error}") from error
    objects = [document for document in documents if isinstance(document, dict)]
    return [found for found in objects if found.get("kind") == "CustomResourceDefinition"]


def _serves_version(crd: JsonObject) -> bool:
    specification = crd.get("spec", {})
    if specification.get("group") != GROUP or "kind" not in specification.get("names", {}):
        return False
    versions = specification.get("versions", [])
    return any(version.get("name") == VERSION and version.get("served") for version in versions)
