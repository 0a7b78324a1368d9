"""What a CustomResourceDefinition says of its kind: the facts that a contract is made of."""

from __future__ import annotations

from harness.spec.model import GROUP, VERSION, JsonObject


def is_ours(crd: JsonObject) -> bool:
    """Return whether it defines a kind of Michelangelo's group."""
    specification = crd.get("spec", {})
    return specification.get("group") == GROUP and "kind" in specification.get("names", {})


def get_plural(crd: JsonObject) -> str:
    """Return the name of the CRD's resource."""
    names = crd["spec"]["names"]
    return str(names.get("plural") or f"{names['kind'].lower()}s")


def find_schema(crd: JsonObject) -> JsonObject | None:
    """Return the OpenAPI schema of the CRD's version v2; None where there is none."""
    for version in crd.get("spec", {}).get("versions", []):
        if version.get("name") == VERSION:
            schema: JsonObject | None = version.get("schema", {}).get("openAPIV3Schema")
            return schema
    return None
