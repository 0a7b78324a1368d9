"""Reads the CustomResourceDefinitions that a sandbox serves from a folder of YAML files.

Refuses a folder that lacks one of the kinds that are asked for; more than those are welcome.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from harness.core.errors import SettingsError
from harness.spec.model import GROUP, VERSION, JsonObject

BUNDLED = "the bundled CRDs"
OPTION = "--crds"

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SUFFIXES = (".yaml", ".yml", ".json")


def read_crds(folder: Path, kinds: Sequence[str]) -> list[JsonObject]:
    """Return the CRDs of `folder`; SettingsError where a file is wrong, or one of the `kinds` is not there."""
    crds = [crd for path in list_files(folder) for crd in _read_file(path)]
    served = {crd["spec"]["names"]["kind"] for crd in crds if _serves_version(crd)}
    missing = [kind for kind in kinds if kind not in served]
    if missing:
        raise SettingsError(
            f"{OPTION}: {str(folder)!r} defines no {', '.join(missing)} of {GROUP}/{VERSION}",
            hint=f"It must hold the CustomResourceDefinitions of {', '.join(kinds)}",
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
