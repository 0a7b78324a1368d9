"""The inputs of values that mean nothing to a typed field."""

from __future__ import annotations

import dataclasses

from harness.chapters.hostile_input.presence import EMPTY, list_presence
from harness.spec.model import JsonObject
from tests.fakes.contract import CONTRACT

FREE = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}


def list_for(spec: JsonObject) -> dict[str, JsonObject]:
    """Return the changes of each input of a kind with that schema, by name."""
    case = CONTRACT.get_case("Project")
    kind = dataclasses.replace(case.kind, schema={"properties": {"spec": {"properties": spec}}})
    return {
        each.name: {".".join(map(str, path)): value for path, value in each.changes.items()}
        for each in list_presence(dataclasses.replace(case, kind=kind))
    }


def test_free_fields_and_maps_are_found_by_the_schema() -> None:
    """Also behind messages and maps; what lies in lists, or deep in another system's types, is left out."""
    found = list_for(
        {
            "any": FREE,
            "links": TEXTS,
            "inner": {"properties": {"any": FREE}},
            "named": {"additionalProperties": {"properties": {"any": FREE}}},
            "items": {"items": FREE},
            "pod": {"properties": {"a": {"properties": {"b": {"properties": {"labels": TEXTS}}}}}},
        }
    )
    assert [name for name in found if name.startswith("free-values")] == [f"free-values-{n}" for n in (1, 2, 3)]
    places = [path for name, changes in found.items() if name.startswith("free-values") for path in changes]
    assert places == ["spec.any", "spec.inner.any", "spec.named.presence.any"]
    assert found["free-values-1"] == {"spec.any": EMPTY}
    assert found["map-empty-text-1"] == {"spec.links": {"empty": "", "full": "x"}}
    assert len(found) == 3 * 3 + 1


def test_a_kind_without_such_a_field_has_none() -> None:
    """Whatever else it has."""
    assert list_for({"text": {"type": "string"}, "message": {"properties": {}}}) == {}
