"""What a checkout's Go code says about its kinds, read without running or compiling it.

It knows the shape of the generated files in `proto-go/api/v2` and of the ingester's module, and says so where
the code has another shape: None is not the same as nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.version import InvalidVersion, Version

from harness.provision.checkout.sources import map_overlay, read_texts

GENERATED_FOLDER = "proto-go/api/v2"
INGESTER_FOLDER = "go/components/ingester"

_METHOD = re.compile(r"^func \(m \*(\w+)\) (GetIndexedKeyValuePairs|IsImmutableKind)\(.*?\n(.*?)^}", re.M | re.S)
_KEY = re.compile(r'Key = "(\w+)"')
_VALUE = re.compile(r'\.Key = "(\w+)"\s*\n\s*if [^\n]*\n\s*indexedField\.Value = ([^\n]+)')
_PATHS = re.compile(r'Kind: "(\w+)",\s*\}\s*IndexesPathToKeyMap\[gvk\] = make\(.*?\n(.*?)^}', re.M | re.S)
_PATH = re.compile(r'IndexesPathToKeyMap\[gvk\]\["([\w.]+)"\] = "(\w+)"')
_OBJECT_LIST = r"\[\]\s*(?:\w+\.)?Object\s*\{((?:[^{}]|\{\s*\})*)\}"
_OBJECT = re.compile(r"&(?:\w+\.)?(\w+)\{\s*\}")
_NAMED_LIST = re.compile(r":?=\s*\w+\.([A-Z]\w*)\s*$", re.M)
_COMMENT = re.compile(r"//[^\n]*")
_DEFAULT_COLUMNS = ("namespace", "name")
_RECOVERS_SINCE = Version("0.19")


@dataclass(frozen=True)
class GeneratedColumn:
    """An indexed column as the generated code fills it. `path` is the field's JSON path, '' where unknown."""

    name: str
    path: str
    is_enum: bool


@dataclass(frozen=True)
class GeneratedKind:
    """What the generated code of one kind says; `file` is relative to the checkout."""

    name: str
    file: str
    columns: tuple[GeneratedColumn, ...]
    immutable: bool


@dataclass(frozen=True)
class RegisteredList:
    """The kinds that the ingester's module registers, and where they are listed ('FILE:LINE')."""

    kinds: tuple[str, ...]
    where: str


@dataclass(frozen=True)
class GoModule:
    """What `go/go.mod` asks for; texts are empty where it doesn't."""

    go: str
    toolchain: str
    controller_runtime: str

    @property
    def recovers_panics(self) -> bool | None:
        """Whether a panicking reconcile leaves the controller manager alive; None where it can't be told.

        controller-runtime recovers panics by default since 0.19.
        """
        try:
            return Version(self.controller_runtime) >= _RECOVERS_SINCE
        except InvalidVersion:
            return None


def read_kinds(texts: Mapping[Path, str], root: Path) -> dict[str, GeneratedKind]:
    """Return the kinds that the generated files define, by name; `texts` are those of GENERATED_FOLDER."""
    kinds = {}
    for file, text in texts.items():
        methods = {(kind, method): body for kind, method, body in _METHOD.findall(text)}
        paths = {
            kind: {column: path for path, column in _PATH.findall(body) if column not in _DEFAULT_COLUMNS}
            for kind, body in _PATHS.findall(text)
        }
        for (kind, method), body in methods.items():
            if method != "GetIndexedKeyValuePairs":
                continue
            values = dict(_VALUE.findall(body))
            own = paths.get(kind, {})
            columns = tuple(
                GeneratedColumn(name, _to_json_path(own.get(name, "")), values.get(name, "").endswith(".String()"))
                for name in _KEY.findall(body)
            )
            immutable = "return true" in methods.get((kind, "IsImmutableKind"), "")
            kinds[kind] = GeneratedKind(kind, file.relative_to(root).as_posix(), columns, immutable)
    return kinds


def read_registered(root: Path) -> RegisteredList | None:
    """Return the list of kinds that the ingester's module registers; None where its code has another shape."""
    module = read_texts(root / INGESTER_FOLDER, "*.go")
    found = _find_list(module, r"\w+\s*:?=\s*", root)
    if found is not None:
        return found
    names = {name for text in module.values() for name in _NAMED_LIST.findall(_strip_comments(text))}
    folder = root / GENERATED_FOLDER
    hand_written = [path for place, path in map_overlay(root).items() if place.parent == folder]
    written = {path: path.read_text(encoding="utf-8") for path in hand_written}
    for name in sorted(names):
        listed = _find_list({**written, **read_texts(folder, "*.go")}, rf"\b{name}\s*=\s*", root)
        if listed is not None:
            return listed
    return None


def read_go_module(root: Path) -> GoModule:
    """Return what `go/go.mod` asks for."""
    text = (root / "go/go.mod").read_text(encoding="utf-8")

    def find(pattern: str) -> str:
        found = re.search(pattern, text, re.MULTILINE)
        return found[1] if found else ""

    return GoModule(
        go=find(r"^go\s+(\S+)"),
        toolchain=find(r"^toolchain\s+(\S+)"),
        controller_runtime=find(r"^\s*(?:require\s+)?sigs\.k8s\.io/controller-runtime\s+v(\S+)"),
    )


def _find_list(texts: Mapping[Path, str], before: str, root: Path) -> RegisteredList | None:
    for file, text in texts.items():
        code = _strip_comments(text)
        found = re.search(before + _OBJECT_LIST, code)
        if found:
            line = code.count("\n", 0, found.start()) + 1
            where = f"{file.relative_to(root).as_posix()}:{line}"
            return RegisteredList(tuple(dict.fromkeys(_OBJECT.findall(found[1]))), where)
    return None


def _strip_comments(text: str) -> str:
    return _COMMENT.sub("", text)


def _to_json_path(path: str) -> str:
    """Return the JSON path of a path in protobuf's names: spec.revision_id is spec.revisionId."""
    return re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), path)
