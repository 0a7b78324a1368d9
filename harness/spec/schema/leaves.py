"""The leaves of a structural OpenAPI v3 schema: every field that holds a value of its own.

Schemas of CustomResourceDefinitions have no references; those of an OpenAPI document may, even to themselves:
they are put in before, a limited number of times. What is left of a schema that is not understood is a leaf that
takes nothing, so that it is counted and named instead of forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Schema = Mapping[str, Any]
ITEM, VALUE = "[]", "{}"
_INT_OR_STRING = {"type", "intVal", "strVal"}
_ONE_VALUE = ({"seconds", "nanos"}, {"raw"}, {"Raw"})   # a time, raw JSON, managed fields
_EMBEDDED = "ephemeralContainerCommon"   # a field that has no name in Go's protobuf tags
_DEEPEST = 2   # how often a schema is put into itself


@dataclass(frozen=True)
class Leaf:
    """A field that holds a value. `path` has `[]` for any item of a list and `{}` for any value of a map."""

    path: str
    schema: Schema = field(compare=False, repr=False)

    @property
    def name(self) -> str:
        """The name of the field, that of its list or map where it is an item or a value of one."""
        return get_name(self.path)

    @property
    def choices(self) -> tuple[Any, ...]:
        """The values of an enum but its first one, its zero, if there are others; empty for other leaves."""
        values = tuple(value for value in self.schema.get("enum") or () if value is not None)
        return values[1:] if len(values) > 1 else values


def get_fields(path: str) -> str:
    """Return a leaf's path with the names of fields alone, without the marks of items and values."""
    return path.replace(ITEM, "").replace(VALUE, "")


def get_name(path: str) -> str:
    """Return the name of the field at the end of a leaf's path."""
    return get_fields(path).rpartition(".")[2]


def list_leaves(schema: Schema, path: str) -> list[Leaf]:
    """Return the leaves of the schema of the field at `path`, in the schema's order."""
    return list(_walk(schema, path))


def find_suspects(leaves: Iterable[Leaf]) -> tuple[list[str], list[str]]:
    """Return the leaves that may be undecodable beside others, and those that may be undecodable at all.

    Kubernetes' own JSON writes their messages as one value, or has their fields embedded. A schema that was made
    from the protobuf definition has messages, which nobody may be able to decode.
    """
    messages: dict[str, list[str]] = {}
    for leaf in leaves:
        messages.setdefault(leaf.path.rpartition(".")[0], []).append(leaf.path)
    mixed: list[str] = []
    last: list[str] = []
    for parent, inside in messages.items():
        names = {path.rpartition(".")[2] for path in inside}
        if names in _ONE_VALUE or _EMBEDDED in get_fields(parent).split("."):
            last += inside
        elif names == _INT_OR_STRING:
            mixed += inside
    return mixed, last


def resolve(schema: Schema, definitions: Mapping[str, Schema]) -> dict[str, Any]:
    """Return the schema with its references put in from `definitions`, by the last part of their names.

    One that leads to itself is put in twice, and takes nothing beyond that.
    """
    resolved = _resolve(schema, definitions, ())
    return resolved if isinstance(resolved, dict) else {}


def unfold(schema: Schema) -> dict[str, Any]:
    """Return the schema with free items of a list put in that are, by name, messages like the one around them.

    A structural schema can't refer to itself: of `steps[].subSteps[]` it says no more than that all is kept.
    """
    unfolded: dict[str, Any] = _unfold(schema, "")
    return unfolded


def get_items(schema: Schema) -> Schema | None:
    """Return the schema of a list's items, None where it is no list."""
    items = schema.get("items")
    return items if isinstance(items, Mapping) else None


def get_values(schema: Schema) -> Schema | None:
    """Return the schema of a map's values, None where it is no map."""
    values = schema.get("additionalProperties")
    return values if isinstance(values, Mapping) and values else None


def keeps_anything(schema: Schema) -> bool:
    """Whether any JSON object is kept there."""
    return bool(schema.get("x-kubernetes-preserve-unknown-fields")) or schema.get("additionalProperties") is True


def is_empty_message(schema: Schema) -> bool:
    """Whether it is an object without any field, of which nothing can be set."""
    is_object = schema.get("type") == "object"
    return is_object and not any(map(schema.get, ("properties", "items", "additionalProperties"))) and (
        not keeps_anything(schema)
    )


def _walk(schema: Schema, path: str) -> Iterator[Leaf]:
    if properties := schema.get("properties"):
        for name, inner in properties.items():
            yield from _walk(inner, f"{path}.{name}")
    elif (items := get_items(schema)) is not None:
        yield from _walk(items, path + ITEM)
    elif (values := get_values(schema)) is not None:
        yield from _walk(values, path + VALUE)
    elif not is_empty_message(schema):
        yield Leaf(path, schema)


def _unfold(schema: Any, name: str) -> Any:
    if not isinstance(schema, Mapping):
        return schema
    unfolded = dict(schema)
    if properties := schema.get("properties"):
        unfolded["properties"] = {
            inner: _unfold(_find_own_kind(inner, each, properties, name) or each, inner)
            for inner, each in properties.items()
        }
    if (items := get_items(schema)) is not None:
        unfolded["items"] = _unfold(items, name)
    if (values := get_values(schema)) is not None:
        unfolded["additionalProperties"] = _unfold(values, name)
    return unfolded


def _find_own_kind(inner: str, schema: Schema, properties: Mapping[str, Any], name: str) -> Schema | None:
    items = get_items(schema)
    if not name or items is None or not keeps_anything(items) or name.lower() not in inner.lower():
        return None
    rest = {key: value for key, value in properties.items() if key != inner}
    return {**schema, "items": {"type": "object", "properties": rest}}


def _resolve(schema: Any, definitions: Mapping[str, Schema], within: tuple[str, ...]) -> Any:
    if isinstance(schema, list):
        return [_resolve(each, definitions, within) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    reference = schema.get("$ref")
    if isinstance(reference, str):
        name = reference.rpartition("/")[2]
        if within.count(name) >= _DEEPEST or name not in definitions:
            return {"type": "object"}
        return _resolve(definitions[name], definitions, (*within, name))
    whole = schema.get("allOf")
    if isinstance(whole, list) and len(whole) == 1 and isinstance(whole[0], Mapping) and "$ref" in whole[0]:
        rest = {key: value for key, value in schema.items() if key != "allOf"}
        return {**_resolve(whole[0], definitions, within), **_resolve(rest, definitions, within)}
    return {key: _resolve(value, definitions, within) for key, value in schema.items()}
