"""What the CRs need beyond their templates to pass Michelangelo's API server, and which kinds it serves: data."""

from __future__ import annotations

from harness.spec.merge_patch import merge
from harness.spec.model import Case, JsonObject

UNSERVED = frozenset({"InferenceServer"})
"""Kinds that the API server has a protocol for and no service, in every version seen so far."""

_ADDITIONS: dict[str, JsonObject] = {
    # A project's team must be a UUID.
    "Project": {"spec": {"owner": {"owningTeam": "0b7b1d3e-2a46-4f5e-8d0e-6f3a1a1d5a01"}}},
    # A cluster must say how it is reached.
    "Cluster": {
        "spec": {
            "kubernetes": {
                "rest": {
                    "host": "https://cluster.invalid",
                    "port": "6443",
                    "caDataTag": "ingester-test-ca",
                    "tokenTag": "ingester-test-token",
                }
            }
        }
    },
}


def is_unserved(case: Case) -> bool:
    """Whether the API server may have no service for the kind."""
    return case.name in UNSERVED


def get_variables(case: Case, namespace: str) -> dict[str, object]:
    """Return what the template is to be filled with: a project must be called as its namespace is."""
    return {"name": namespace} if case.name == "Project" else {}


def adapt(case: Case, obj: JsonObject) -> JsonObject:
    """Return the rendered CR as the API server accepts it."""
    adapted: JsonObject = merge(obj, _ADDITIONS.get(case.name, {}))
    return adapted
