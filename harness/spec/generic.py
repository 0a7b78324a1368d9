"""The case of a kind that has no module: an object and a patch, made of no more than its CRD's schema. Pure.

The object has what the schema requires, and each plain text and enum at the top of its spec; other fields stay
unset, since nothing is known of what they mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.spec.model import API_VERSION, ApiServerNeeds, Case, JsonObject, Kind, SpotCheck

TEXT = "ingester-test"
"""What a text holds; a name and a namespace may hold it as well."""

_PATCHED_TEXT = "UPDATED: ingester-test"
_LABEL = "updated"


def make_case(kind: Kind, schema: JsonObject) -> Case:
    """Return the case of a kind of which `schema`, the OpenAPI schema of its version, is all that is known.

    It patches the first plain text at the top of its spec, a label where there is none. Whether Michelangelo's API
    server has a service for it, that server tells.
    """
    spec = schema.get("properties", {}).get("spec", {})
    obj: JsonObject = {
        "apiVersion": API_VERSION,
        "kind": kind.name,
        "metadata": {"name": f"{TEXT}-{kind.name.lower()}", "namespace": TEXT},
        "spec": {**dict(_list_plain(spec)), **_make_required(spec)},
    }
    text = next((name for name, value in obj["spec"].items() if value == TEXT), None)
    if text is None:
        patch: JsonObject = {"metadata": {"labels": {_LABEL: "true"}}}
        load: JsonObject = {}
        spot = SpotCheck(f"metadata.labels.{_LABEL}", "true")
    else:
        patch, spot = {"spec": {text: _PATCHED_TEXT}}, SpotCheck(f"spec.{text}", _PATCHED_TEXT)
        load = {"spec": {text: "{text}"}}
    return Case(
        0,
        kind,
        patch=patch,
        spot_checks=(spot,),
        load=load,
        api_server=ApiServerNeeds(is_served=False),
        example=obj,
    )


def _list_plain(schema: JsonObject) -> Iterator[tuple[str, Any]]:
    """Yield the plain texts and the enums at the top of an object's schema, each with a value."""
    for name, field in schema.get("properties", {}).items():
        if field.get("type") == "string" and not field.keys() & {"format", "pattern", "maxLength"}:
            yield name, make_value(field)


def _make_required(schema: JsonObject) -> JsonObject:
    fields = schema.get("properties", {})
    return {name: make_value(fields.get(name, {})) for name in schema.get("required", ())}


def make_value(schema: JsonObject) -> Any:
    """Return a value that the schema takes: the second of an enum, whose first mostly stands for unset."""
    if values := schema.get("enum"):
        return values[min(1, len(values) - 1)]
    match schema.get("type"):
        case "integer" | "number":
            return max(1, schema.get("minimum", 1))
        case "boolean":
            return True
        case "array":
            return [make_value(schema.get("items", {}))] if schema.get("minItems") else []
        case "string":
            return _make_text(schema)
    return _make_required(schema)


def _make_text(schema: JsonObject) -> str:
    if schema.get("format") == "date-time":
        return "2026-01-01T00:00:00Z"
    return "1" if "pattern" in schema else TEXT   # Michelangelo's patterns are those of long integers
