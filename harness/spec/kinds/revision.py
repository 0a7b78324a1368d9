"""Revision."""

from __future__ import annotations

from harness.spec import columns
from harness.spec.model import Case, InputPlaces, Kind, SpotCheck, TextPlaces

CASE = Case(
    7,
    Kind(
        "Revision",
        "revisions",
        (
            *columns.reference("base_resource", "spec.baseResource"),
            columns.text("base_type", "spec.baseType.kind"),
            columns.text("commit_branch", "spec.commit.branch"),
            columns.text("git_ref", "spec.commit.gitRef"),
            columns.text("owner", "spec.owner.name"),
        ),
    ),
    "07-revision.yaml.j2",
    patch={"spec": {"owner": {"name": "updated-owner"}}},
    spot_checks=(SpotCheck("spec.owner.name", "updated-owner"),),
    requires=("Pipeline",),
    status={"state": "REVISION_STATE_READY"},
    inputs=InputPlaces(text=TextPlaces(("spec.revisionId", "spec.owner.proxyUser"))),
    load={"spec": {"owner": {"name": "{text}"}}},
    fields={
        "spec": {
            "baseType": {"kind": "string", "apiVersion": "string"},
            "baseResource": "Reference",
            "commit": "Commit",
            "owner": "User",
            "revisionId": "string",
            "content": "any",
        },
        "status": {"state": "enum REVISION_STATE_ INVALID CREATED BUILDING READY ERROR"},
    },
)
