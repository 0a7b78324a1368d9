"""What a checkout's `.proto` files declare of its kinds: indexed columns, and whether their objects are immutable.

They are what the generated code is made of. So they say what is meant, where that code does something else; it
may be older than they are, or made wrongly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.provision.checkout.golines import to_json_path
from harness.provision.checkout.sources import read_texts
from harness.provision.checkout.validation import find_field
from harness.spec.model import JsonObject

PROTO_FOLDER = "proto/api/v2"

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)
_MESSAGE = re.compile(r"^message (\w+) \{\n(.*?)^\}", re.M | re.S)
_OPTION = re.compile(r"option\s*\(michelangelo\.api\.(\w+)\)\s*=\s*\{(.*?)\}\s*;", re.S)
_REFERENCE = {"name", "namespace"}
_ENTRY = re.compile(r'(\w+)\s*:\s*(?:"([^"]*)"|(\w+))')


@dataclass(frozen=True)
class DeclaredIndex:
    """An indexed field: its path in proto names, such as `spec.owner.name`, and the name of its column."""

    path: str
    key: str


@dataclass(frozen=True)
class DeclaredKind:
    """What the message of a kind declares; `where` is 'FILE:LINE', relative to the checkout."""

    name: str
    where: str
    indexes: tuple[DeclaredIndex, ...]
    immutable: bool

    def list_paths(self, schema: JsonObject) -> dict[str, str]:
        """Return the JSON paths of its indexed columns, by column; `schema` is the kind's, of its CRD.

        A reference to another object has two columns: for its namespace and its name.
        """
        paths: dict[str, str] = {}
        for index in self.indexes:
            path = to_json_path(index.path)
            parts = (find_field(schema, path) or {}).get("properties", {})
            if parts.keys() >= _REFERENCE:
                paths |= {f"{index.key}_{part}": f"{path}.{part}" for part in sorted(_REFERENCE)}
            else:
                paths[index.key] = path
        return paths


def read_declared(root: Path) -> dict[str, DeclaredKind]:
    """Return the kinds that the proto files declare, by name; none where there are no such files."""
    texts = read_texts(root / PROTO_FOLDER, "*.proto")
    return {kind.name: kind for kind in _list_declared(texts, root)}


def _list_declared(texts: Mapping[Path, str], root: Path) -> Iterator[DeclaredKind]:
    for file, text in texts.items():
        plain = _COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)   # lines keep their numbers
        for message in _MESSAGE.finditer(plain):
            options = [(name, _read_entries(body)) for name, body in _OPTION.findall(message[2])]
            resource = next((entries for name, entries in options if name == "resource"), None)
            if resource is not None:
                line = plain.count("\n", 0, message.start()) + 1
                yield DeclaredKind(
                    message[1],
                    f"{file.relative_to(root).as_posix()}:{line}",
                    tuple(DeclaredIndex(of["path"], of["key"]) for name, of in options if name == "index"),
                    resource.get("immutable") == "true",
                )


def _read_entries(body: str) -> dict[str, str]:
    return {name: text or word for name, text, word in _ENTRY.findall(body)}
