"""What a checkout's Go code says about its kinds, read without running or compiling it.

It knows the shape of the generated files in `proto-go/api/v2` and of the ingester's module, and says so where
the code has another shape: None is not the same as nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from packaging.version import InvalidVersion, Version

from harness.provision.checkout.sources import map_overlay, read_texts

GENERATED_FOLDER = "proto-go/api/v2"
INGESTER_FOLDER = "go/components/ingester"

_METHOD = re.compile(r"^func \(m \*(\w+)\) (GetIndexedKeyValuePairs|IsImmutableKind)\(.*?\n(.*?)^}", re.M | re.S)
_FILL = "GetIndexedKeyValuePairs"
_KEY = re.compile(r'Key = "(\w+)"')
_VALUE = re.compile(r'\.Key = "(\w+)"\s*\n\s*if [^\n]*\n\s*indexedField\.Value = ([^\n]+)')
_PAIR = re.compile(r'indexedSubFields\[(\d+)\]\.(Key|Value) = "?([^"\n]+)"?')
_EXPRESSION = re.compile(r"m((?:\.[A-Z]\w*)+)")
_ENUM = re.compile(r'^var \w+_name = map\[int32\]string\{\s*0:\s*"(\w+)"', re.M)
_PATHS = re.compile(r'Kind: "(\w+)",\s*\}\s*IndexesPathToKeyMap\[gvk\] = make\(.*?\n(.*?)^}', re.M | re.S)
_PATH = re.compile(r'IndexesPathToKeyMap\[gvk\]\["([\w.]+)"\] = "(\w+)"')
_OBJECT_LIST = r"\[\]\s*(?:\w+\.)?Object\s*\{((?:[^{}]|\{\s*\})*)\}"
_OBJECT = re.compile(r"&(?:\w+\.)?(\w+)\{\s*\}")
_APPENDED = r"\b{name}\s*=\s*append\(\s*{name}\s*,((?:[^()]|\([^()]*\))*)\)"
_NAMED_LIST = re.compile(r"(?::?=\s*|\brange\s+)\w+\.([A-Z]\w*)\s*\{?\s*$", re.M)
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
    """What the generated code of one kind says; `file` is relative to the checkout.

    `columns` are those that it fills, `paths` the JSON paths of those that it knows how to query, by column.
    """

    name: str
    file: str
    columns: tuple[GeneratedColumn, ...]
    immutable: bool
    line: int = 0   # where its columns are filled
    paths: Mapping[str, str] = field(default_factory=dict)


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
        found = list(_METHOD.finditer(text))
        methods = {(method[1], method[2]): method[3] for method in found}
        lines = {method[1]: text.count("\n", 0, method.start()) + 1 for method in found if method[2] == _FILL}
        paths = {
            kind: {
                column: to_json_path(path)
                for path, column in _PATH.findall(body)
                if column not in _DEFAULT_COLUMNS
            }
            for kind, body in _PATHS.findall(text)
        }
        for (kind, method), body in methods.items():
            if method != _FILL:
                continue
            values = {**_read_pairs(body), **dict(_VALUE.findall(body))}
            own = paths.get(kind, {})
            columns = tuple(
                GeneratedColumn(
                    name,
                    own[name] if name in own else _read_expression(values.get(name, "")),
                    values.get(name, "").endswith(".String()"),
                )
                for name in _KEY.findall(body)
            )
            immutable = "return true" in methods.get((kind, "IsImmutableKind"), "")
            where = file.relative_to(root).as_posix()
            kinds[kind] = GeneratedKind(kind, where, columns, immutable, lines[kind], own)
    return kinds


def read_zeros(texts: Mapping[Path, str]) -> frozenset[str]:
    """Return the names of the enums' zeros, which unset fields have."""
    return frozenset(name for text in texts.values() for name in _ENUM.findall(text))


def read_registered(root: Path) -> RegisteredList | None:
    """Return the list of kinds that the ingester's module registers; None where its code has another shape.

    It stands in the module itself, or the module names it: a list written by hand, or a map that each generated
    file adds its kind to.
    """
    module = read_texts(root / INGESTER_FOLDER, "*.go")
    found = _find_list(module, r"\b(?P<name>\w+)\s*:?=\s*", root)
    if found is not None:
        return found
    names = {name for text in module.values() for name in _NAMED_LIST.findall(_strip_comments(text))}
    folder = root / GENERATED_FOLDER
    hand_written = [path for place, path in map_overlay(root).items() if place.parent == folder]
    written = {path: path.read_text(encoding="utf-8") for path in hand_written}
    for name in sorted(names):
        texts = {**written, **read_texts(folder, "*.go")}
        listed = _find_list(texts, rf"\b(?P<name>{name})\s*=\s*", root) or _find_entries(texts, name)
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
    """Return the first list of objects that follows `before`, with what is appended to it where it is written.

    None where something is appended that is no object of a kind: the list is not whole then.
    """
    for file, text in texts.items():
        code = _strip_comments(text)
        found = re.search(before + _OBJECT_LIST, code)
        if found:
            added = re.findall(_APPENDED.format(name=found["name"]), code)
            if any(_OBJECT.sub("", each).strip(", \n\t") for each in added):
                return None
            line = code.count("\n", 0, found.start()) + 1
            where = f"{file.relative_to(root).as_posix()}:{line}"
            objects = _OBJECT.findall(", ".join([found.groups()[-1], *added]))
            return RegisteredList(tuple(dict.fromkeys(objects)), where)
    return None


def _find_entries(texts: Mapping[Path, str], name: str) -> RegisteredList | None:
    """Return the kinds that generated code enters into the map called `name`."""
    entry = re.compile(rf'^\s*{name}\["(\w+)"\] = &', re.M)
    kinds = [kind for text in texts.values() for kind in entry.findall(_strip_comments(text))]
    where = f"{name} in {GENERATED_FOLDER}"
    return RegisteredList(tuple(sorted(dict.fromkeys(kinds))), where) if kinds else None


def _read_pairs(body: str) -> dict[str, str]:
    """Return the Go expressions of columns that are filled together, by column: of a reference, its two parts."""
    found: dict[str, str] = {}
    for block in body.split("make([]storage.IndexedField")[1:]:
        parts = [(int(number), what, text) for number, what, text in _PAIR.findall(block)]
        keys = {number: text for number, what, text in parts if what == "Key"}
        found |= {keys[number]: text for number, what, text in parts if what == "Value" and number in keys}
    return found


def _read_expression(expression: str) -> str:
    """Return the JSON path of a field in Go: m.Spec.RevisionId is spec.revisionId, m.Name metadata.name."""
    found = _EXPRESSION.match(expression)
    if found is None:
        return ""
    names = [f"{name[0].lower()}{name[1:]}" for name in found[1].removeprefix(".").split(".") if name != "String"]
    return ".".join(names if names[0] in ("spec", "status", "metadata") else ["metadata", *names])


def _strip_comments(text: str) -> str:
    return _COMMENT.sub("", text)


def to_json_path(path: str) -> str:
    """Return the JSON path of a path in protobuf's names: spec.revision_id is spec.revisionId."""
    return re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), path)
