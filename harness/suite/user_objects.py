"""The objects that a user brings: documents of YAML and JSON files, as they are. It sends and judges nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from harness.core.errors import SettingsError
from harness.spec.model import API_VERSION, JsonObject

OPTION = "--objects"
_SUFFIXES = (".yaml", ".yml", ".json")
_NO_OBJECT = "it has no apiVersion, kind and metadata.name, and so is no object of Kubernetes"


class _Loader(yaml.SafeLoader):
    """Reads a time as the text that it is, as kubectl does."""


_Loader.yaml_implicit_resolvers = {
    first: [each for each in resolvers if each[0] != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True)
class UserObject:
    """One document of a file, `number` among those of all files; or why it is no object (`problem`)."""

    source: str
    obj: JsonObject = field(default_factory=dict)
    problem: str = ""
    number: int = 0

    @property
    def kind(self) -> str:
        """The object's kind, where it is one that the Ingester may know; '' for any other."""
        return str(self.obj["kind"]) if self.obj and self.obj["apiVersion"] == API_VERSION else ""

    @property
    def name(self) -> str:
        """The object's name."""
        return str(self.obj["metadata"]["name"])

    @property
    def topic(self) -> str:
        """A word that no other object of the run has."""
        return f"{self.number:03d}-{re.sub(r'[^a-z0-9]+', '-', f'{self.kind} {self.name}'.lower())}"

    def __str__(self) -> str:
        """Return what it is and where it stands."""
        what = f"{self.obj['kind']} {self.name} of {self.obj['apiVersion']}" if self.obj else "a document"
        return f"{what} in {self.source}"


def read_user_objects(words: Sequence[str]) -> tuple[UserObject, ...]:
    """Return every document of the files, and of all files in the folders, in their order.

    SettingsError where a path does not exist, or a folder holds no such file.
    """
    documents = [document for word in words for path in _list_files(word) for document in _read(path)]
    return tuple(replace(document, number=number) for number, document in enumerate(documents, start=1))


def _list_files(word: str) -> list[Path]:
    path = Path(word).expanduser()
    if path.is_file():
        return [path]
    found = sorted(each for each in path.rglob("*") if each.suffix in _SUFFIXES and each.is_file())
    if not found:
        what = f"has no file that ends in {', '.join(_SUFFIXES)}" if path.is_dir() else "does not exist"
        raise SettingsError(f"{OPTION}: {word!r} {what}", hint="Valid: files of YAML or JSON, and folders of them")
    return found


def _read(path: Path) -> Iterator[UserObject]:
    """Yield the documents of a file, the items of lists each for itself; of one that can't be read, the reason."""
    try:
        documents = list(yaml.load_all(path.read_text(encoding="utf-8"), Loader=_Loader))
    except (yaml.YAMLError, ValueError, OSError) as error:   # ValueError: not UTF-8, or no such number
        yield UserObject(str(path), problem=f"it can't be read: {' '.join(str(error).split())}")
        return
    for item in (item for document in documents for item in _list_items(document) if item is not None):
        is_object = _is_object(item)
        yield UserObject(str(path), item if is_object else {}, problem="" if is_object else _NO_OBJECT)


def _list_items(document: Any) -> list[Any]:
    if isinstance(document, dict) and document.get("kind") == "List" and isinstance(document.get("items"), list):
        return list(document["items"])
    return [document]


def _is_object(document: Any) -> bool:
    metadata = document.get("metadata") if isinstance(document, dict) else None
    if not isinstance(metadata, dict):
        return False
    words = (document.get("apiVersion"), document.get("kind"), metadata.get("name"))
    return all(isinstance(word, str) and word for word in words)
