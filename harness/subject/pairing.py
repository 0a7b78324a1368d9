"""Pairs rows with the versions of their objects that they claim to hold: one way, for one object or for many.

A row is compared with the object at the row's own resourceVersion. That version is what the API server answered to
a write of ours, or what its watch cache still has; never the object as it is now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from harness.clients.kube import Cluster, get_version
from harness.core.errors import HarnessError, Refusal
from harness.spec.keys import get_key
from harness.spec.model import JsonObject, Kind
from harness.spec.row import Row
from harness.subject.history import fetch_changes


def pair_rows(
    cluster: Cluster, kind: Kind, namespace: str, rows: Iterable[Row], known: Iterable[JsonObject]
) -> Mapping[str, JsonObject]:
    """Return the object at each row's version, by key, for rows of one kind in one namespace.

    `known` are versions that the API server has sent. A row whose version its object never had is left out.
    Raises HarnessError where versions are needed that the watch cache no longer has.
    """
    versions = {(get_key(kind, obj), get_version(obj)): obj for obj in known}
    wanted = [(row.uid, row.res_version) for row in rows]
    unknown = [key for key in wanted if key not in versions]
    if unknown and versions:
        since = min(number for _, number in versions) - 1
        until = max(number for _, number in unknown)
        try:
            changes = fetch_changes(cluster, kind, namespace, since=since, until=until)
        except Refusal as refusal:
            raise HarnessError(f"{kind.name}: the versions since {since} are unknown: {refusal}") from refusal
        versions |= {(get_key(kind, change.object), change.number): change.object for change in changes}
    return {key: versions[key, number] for key, number in wanted if (key, number) in versions}
