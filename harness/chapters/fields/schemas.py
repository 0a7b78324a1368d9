"""Reads a kind's schema from the cluster: from its CustomResourceDefinition, else from the OpenAPI document."""

from __future__ import annotations

import functools

from harness.clients.kube import Cluster
from harness.core.errors import Refusal
from harness.core.outcomes import NotApplicable
from harness.spec.model import Case, JsonObject
from harness.spec.schema.published import KindSchema, find_in_crd, find_in_openapi


class Schemas:
    """The schemas that one cluster serves."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def read(self, case: Case) -> KindSchema:
        """Return the kind's schema; NotApplicable where it can't be read."""
        try:
            crd = self._cluster.get_crd(case.kind)
            if crd is not None and (found := find_in_crd(crd)):
                return found
            why = "it is not served"
        except Refusal as refusal:
            why = str(refusal)
        try:
            if found := find_in_openapi(self._openapi, case.name, case.kind.plural):
                return found
        except Refusal as refusal:
            why += f"; {refusal}"
        raise NotApplicable(f"the schema of {case.name} can't be read: {why}")

    @functools.cached_property
    def _openapi(self) -> JsonObject:
        return self._cluster.get_openapi()
