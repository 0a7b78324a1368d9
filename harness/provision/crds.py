"""Reads the CustomResourceDefinitions that stand in a folder of YAML files, whoever they are of."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import yaml

from harness.core.errors import SettingsError
from harness.spec.model import JsonObject

OPTION = "--crds"

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SUFFIXES = (".yaml", ".yml", ".json")


def read_folder(folder: Path) -> list[JsonObject]:
    """Return the CRDs of `folder`; SettingsError where it has no file, or a file is no YAML."""
    return [crd for path in list_files(folder) for crd in _read_file(path)]


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
        found = path.stat()
        documents = _parse(path, found.st_size, found.st_mtime_ns)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, json.JSONDecodeError) as error:
        raise SettingsError(f"{OPTION}: {str(path)!r} can't be read: {error}") from error
    objects = [document for document in documents if isinstance(document, dict)]
    return [crd for crd in objects if crd.get("kind") == "CustomResourceDefinition"]


@functools.cache
def _parse(path: Path, _size: int, _mtime_ns: int) -> list[Any]:
    """Return the file's documents, parsed once for all who ask: a product's CRDs take half a second."""
    text = path.read_text(encoding="utf-8")
    return [json.loads(text)] if path.suffix == ".json" else list(yaml.load_all(text, Loader=_Loader))
