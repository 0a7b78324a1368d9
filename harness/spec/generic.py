"""The case of a kind that has no module: an object and a patch, made of no more than its CRD's schema. Pure.

The object has what the schema requires, and each plain text and enum at the top of its spec; other fields stay
unset, since nothing is known of what they mean. The values are those of `harness.spec.schema`.
"""

from __future__ import annotations

from harness.spec.model import API_VERSION, ApiServerNeeds, Case, JsonObject, Kind, SpotCheck
from harness.spec.schema.leaves import Leaf
from harness.spec.schema.objects import Filler

NAME = "ingester-test"
"""The namespace, and how the name begins."""

_LABEL = "updated"
_SHAPED = {"format", "pattern", "maxLength"}


def make_case(kind: Kind, schema: JsonObject) -> Case:
    """Return the case of a kind of which `schema`, the OpenAPI schema of its version, is all that is known.

    It patches the first plain text at the top of its spec, a label where there is none. Whether Michelangelo's API
    server has a service for it, that server tells.
    """
    filler = Filler(schema.get("properties", {}).get("spec") or {"type": "object"}, "spec")
    plain = [leaf for leaf in filler.leaves if _is_plain(leaf)]
    paths = {leaf.path for leaf in plain}
    text = next((leaf for leaf in plain if not leaf.choices), None)
    if text is None:
        patch: JsonObject = {"metadata": {"labels": {_LABEL: "true"}}}
        load: JsonObject = {}
        spot = SpotCheck(f"metadata.labels.{_LABEL}", "true")
    else:
        value = f"UPDATED: {NAME}"
        patch, load = {"spec": {text.name: value}}, {"spec": {text.name: "{text}"}}
        spot = SpotCheck(text.path, value)
    return Case(
        0,
        kind,
        patch=patch,
        spot_checks=(spot,),
        load=load,
        api_server=ApiServerNeeds(is_served=False),
        example={
            "apiVersion": API_VERSION,
            "kind": kind.name,
            "metadata": {"name": f"{NAME}-{kind.name.lower()}", "namespace": NAME},
            "spec": filler.fill(wanted=paths.__contains__).value,
        },
    )


def _is_plain(leaf: Leaf) -> bool:
    """Whether it is a text, or an enum, at the top of the spec, that may hold anything."""
    is_on_top = leaf.path == f"spec.{leaf.name}"
    return is_on_top and leaf.schema.get("type") == "string" and not leaf.schema.keys() & _SHAPED
