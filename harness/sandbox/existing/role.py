"""The rights that a run in a cluster that exists needs: what `docs/rbac.yaml` grants, and the preflight checks.

Facts only. Objects of the kinds are made in a namespace that does not exist before the run, so that the
rights on them, and on namespaces, can't be confined to one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.clients.access_review import Right
from harness.spec.model import GROUP, Kind

NAMESPACE_VERBS = ("create", "get", "delete")
KIND_VERBS = ("create", "get", "list", "watch", "patch", "delete", "deletecollection")


@dataclass(frozen=True)
class Need:
    """Rights that serve one purpose. Without those of an `optional` need a run is poorer, and says so."""

    purpose: str
    rights: tuple[Right, ...]
    optional: bool = False


def list_needs(
    kinds: Sequence[Kind], *, pod_namespace: str | None, mysql_namespace: str | None
) -> list[Need]:
    """Return what a run with these kinds needs.

    `pod_namespace` is where the controller manager's pod is (None: its log comes from elsewhere),
    `mysql_namespace` where the service is that MySQL is reached through (None: it is reached directly).
    """
    needs = [
        Need("own namespace", tuple(Right(verb, "namespaces") for verb in NAMESPACE_VERBS)),
        Need(
            f"{len(kinds)} kinds",
            tuple(Right(verb, kind.plural, GROUP) for kind in kinds for verb in KIND_VERBS)
            + tuple(Right("patch", kind.plural, GROUP, subresource="status") for kind in kinds),
        ),
    ]
    if pod_namespace is not None:
        seeing = (
            Right("list", "pods", namespace=pod_namespace),
            Right("get", "pods", subresource="log", namespace=pod_namespace),
        )
        needs.append(Need("pods and log", seeing, optional=True))
    if mysql_namespace is not None:
        forwarding = (
            Right("get", "services", namespace=mysql_namespace),
            Right("list", "pods", namespace=mysql_namespace),
            Right("get", "pods", subresource="portforward", namespace=mysql_namespace),
            Right("create", "pods", subresource="portforward", namespace=mysql_namespace),
        )
        needs.append(Need("port-forward", forwarding))
    return needs
