"""Finds a kind's schema in what a server publishes: a CustomResourceDefinition, or an OpenAPI v3 document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.spec.model import GROUP, VERSION
from harness.spec.schema.leaves import Schema, resolve, unfold

PARTS = ("spec", "status")


@dataclass(frozen=True)
class KindSchema:
    """The schemas of a kind's spec and status, where it has them, and whether the status is written apart."""

    parts: Mapping[str, Schema]
    has_status_subresource: bool
    source: str


def find_in_crd(crd: Mapping[str, Any]) -> KindSchema | None:
    """Return the schema of the served version, None where it is not served."""
    for version in crd["spec"]["versions"]:
        if version["name"] == VERSION and version.get("served"):
            schema = (version.get("schema") or {}).get("openAPIV3Schema") or {}
            has_status = "status" in (version.get("subresources") or {})
            name = (crd.get("metadata") or {}).get("name", "")
            return KindSchema(_get_parts(schema), has_status, f"CustomResourceDefinition {name}")
    return None


def find_in_openapi(document: Mapping[str, Any], kind: str, plural: str) -> KindSchema | None:
    """Return the kind's schema, None where the document does not have it."""
    definitions = (document.get("components") or {}).get("schemas") or {}
    wanted = {"group": GROUP, "version": VERSION, "kind": kind}
    for definition in definitions.values():
        if wanted in (definition.get("x-kubernetes-group-version-kind") or []):
            by_name = {name.rpartition("/")[2]: each for name, each in definitions.items()}
            path = f"/apis/{GROUP}/{VERSION}/namespaces/{{namespace}}/{plural}/{{name}}/status"
            has_status = path in (document.get("paths") or {})
            return KindSchema(_get_parts(resolve(definition, by_name)), has_status, "the OpenAPI document")
    return None


def _get_parts(schema: Schema) -> dict[str, Schema]:
    properties = schema.get("properties") or {}
    return {name: unfold(properties[name]) for name in PARTS if name in properties}
