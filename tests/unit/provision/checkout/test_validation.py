"""Promises of `harness.provision.checkout.validation`: what an API server would make of an object."""

from __future__ import annotations

from typing import Any

import pytest

from harness.provision.checkout.validation import Fate, Problem, find_field, find_problems

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": {"type": "string"},
                "tier": {"type": "integer", "format": "int32"},
                "share": {"type": "number"},
                "on": {"type": "boolean"},
                "kind": {"type": "string", "enum": ["KIND_INVALID", "KIND_A"]},
                "size": {"type": "string", "pattern": "^-?[0-9]+$"},
                "port": {"x-kubernetes-int-or-string": True},
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                "tags": {"type": "object", "additionalProperties": {"type": "string"}},
                "list": {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "string"}}}},
            },
        }
    },
}


@pytest.mark.parametrize(
    "spec",
    [
        {"name": "x", "tier": 3, "share": 1, "on": True, "kind": "KIND_A", "size": "-12"},
        {"name": "x", "share": 0.5, "port": "http", "free": {"a": {"b": 1}}},
        {"name": "x", "port": 80, "tags": {"a": "b"}, "list": [{"a": "b"}]},
    ],
)
def test_what_fits_is_no_problem(spec: dict[str, Any]) -> None:
    """Every field of the right type arrives; metadata is none of the schema's business."""
    assert find_problems({"kind": "X", "metadata": {"labels": {}}, "spec": spec}, SCHEMA) == []


@pytest.mark.parametrize(
    ("spec", "path", "fate"),
    [
        ({"nmae": 1}, "spec.nmae", Fate.PRUNED),
        ({"list": [{"b": 1}]}, "spec.list[0].b", Fate.PRUNED),
        ({"tier": "3"}, "spec.tier", Fate.REFUSED),
        ({"tier": True}, "spec.tier", Fate.REFUSED),
        ({"tier": 2**31}, "spec.tier", Fate.REFUSED),
        ({"share": "1"}, "spec.share", Fate.REFUSED),
        ({"on": 1}, "spec.on", Fate.REFUSED),
        ({"kind": "KIND_B"}, "spec.kind", Fate.REFUSED),
        ({"size": "12e3"}, "spec.size", Fate.REFUSED),
        ({"port": 1.5}, "spec.port", Fate.REFUSED),
        ({"tags": {"a": 1}}, "spec.tags.a", Fate.REFUSED),
        ({"list": {}}, "spec.list", Fate.REFUSED),
        ({"tier": None}, "spec.tier", Fate.PRUNED),
    ],
)
def test_what_does_not_fit_is_named(spec: dict[str, Any], path: str, fate: Fate) -> None:
    """An unknown field is dropped, a wrong value refused; each is named by its path."""
    found = find_problems({"spec": {"name": "x", **spec}}, SCHEMA)
    assert [(problem.path, problem.fate) for problem in found] == [(path, fate)]


def test_required_fields_are_due_in_objects_only() -> None:
    """An object without a required field is refused; a patch need not repeat it, and may remove a field."""
    assert find_problems({"spec": {}}, SCHEMA) == [Problem("spec.name", Fate.REFUSED, "required, and missing")]
    assert find_problems({"spec": {"tier": None}}, SCHEMA, partial=True) == []


def test_fields_are_found_by_path() -> None:
    """A JSON path leads to its field's schema, or to nothing."""
    assert find_field(SCHEMA, "spec.on") == {"type": "boolean"}
    assert find_field(SCHEMA, "spec.on.off") is None
