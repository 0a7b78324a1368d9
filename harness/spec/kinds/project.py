"""Project."""

from __future__ import annotations

from harness.spec import columns
from harness.spec.model import ApiServerNeeds, Case, InputPlaces, Kind, SpotCheck, TextPlaces, Turn

CASE = Case(
    1,
    Kind("Project", "projects", (columns.integer("tier", "spec.tier"),)),
    "01-project.yaml.j2",
    patch={"spec": {"description": "UPDATED: Ingester test project v2", "tier": 3}},
    spot_checks=(SpotCheck("spec.description", "UPDATED: Ingester test project v2"), SpotCheck("spec.tier", 3)),
    status={"errorMessage": "status write"},
    inputs=InputPlaces(
        text=TextPlaces(
            ("spec.description", "spec.gitRepo", "spec.rootDir"), ("spec.owner.owners",), ("spec.supportingLinks",)
        ),
        integer="spec.tier",
        is_thorough=True,
        large_kib=(1_434, 1_600),
    ),
    load={"spec": {"tier": Turn((1, 2, 3, 4, 5)), "description": "{text}"}},
    api_server=ApiServerNeeds(
        additions={"spec": {"owner": {"owningTeam": "0b7b1d3e-2a46-4f5e-8d0e-6f3a1a1d5a01"}}},   # must be a UUID
        is_named_as_namespace=True,
    ),
    fields={
        "spec": {
            "description": "string",
            "owner": "Team",
            "tier": "int",
            "gitRepo": "string",
            "rootDir": "string",
            "commit": "Commit",
            "supportingLinks": "map",
        },
        "status": {
            "state": "enum PROJECT_STATE_ INVALID PROVISIONING PROVISION_PENDING READY ERROR",
            "errorMessage": "string",
            "lastUpdateTime": "time",
        },
    },
)
