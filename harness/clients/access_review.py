"""Asks a kube-apiserver whether it would let us do something, without doing it.

Uses SelfSubjectAccessReview, which every user that has logged in may create.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kubernetes.client

from harness.clients.kube import ask, open_client

_REQUEST_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Right:
    """A right as RBAC names it. Without `namespace`: cluster-wide."""

    verb: str
    resource: str
    group: str = ""
    subresource: str = ""
    namespace: str = ""

    def __str__(self) -> str:
        """Return it in words, such as 'create projects.michelangelo.api cluster-wide'."""
        resource = f"{self.resource}.{self.group}" if self.group else self.resource
        resource += f"/{self.subresource}" if self.subresource else ""
        where = f"in namespace {self.namespace}" if self.namespace else "cluster-wide"
        return f"{self.verb} {resource} {where}"


class Rights:
    """The rights of the user of one context of a kubeconfig file."""

    def __init__(self, kubeconfig: Path, context: str | None = None) -> None:
        client = open_client(kubeconfig, context)
        self._authorization = kubernetes.client.AuthorizationV1Api(client)

    def has(self, right: Right) -> bool:
        """Return whether the API server would allow it; Refusal or HarnessError where it does not say."""
        attributes = kubernetes.client.V1ResourceAttributes(
            verb=right.verb,
            resource=right.resource,
            group=right.group,
            subresource=right.subresource or None,
            namespace=right.namespace or None,
        )
        review = kubernetes.client.V1SelfSubjectAccessReview(
            spec=kubernetes.client.V1SelfSubjectAccessReviewSpec(resource_attributes=attributes)
        )
        answer: Any = ask(
            lambda: self._authorization.create_self_subject_access_review(
                review, _request_timeout=_REQUEST_TIMEOUT_S
            )
        )
        return bool(answer.status.allowed)
