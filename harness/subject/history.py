"""Every version of one object that the run knows of, so that a row is compared with the version it claims.

Business controllers write to the same objects all the while. An object read a moment after its row may be
newer; the watch cache of the API server still has the version in between.
"""

from __future__ import annotations

from harness.clients.kube import Cluster, Version, get_version
from harness.core.errors import Refusal
from harness.spec.model import JsonObject, Kind

_EXPIRED = 410
_THE_END = 2**63 - 1


class ObjectHistory:
    """The versions of one object, from its creation on."""

    def __init__(self, cluster: Cluster, kind: Kind, created: JsonObject) -> None:
        self._cluster = cluster
        self._kind = kind
        self.namespace: str = created["metadata"]["namespace"]
        self.name: str = created["metadata"]["name"]
        self.uid: str = created["metadata"]["uid"]
        self._versions: dict[int, Version] = {}
        self.has_gaps = False   # the API server no longer had all versions
        self.add(created)

    def add(self, obj: JsonObject) -> None:
        """Remember a version that the API server sent."""
        self._versions.setdefault(get_version(obj), Version(get_version(obj), obj))

    @property
    def versions(self) -> list[Version]:
        """The versions known so far, oldest first."""
        return [self._versions[number] for number in sorted(self._versions)]

    def read(self) -> JsonObject | None:
        """Return the object as it is now, None where it is gone (or another one has taken its name)."""
        obj = self._cluster.get(self._kind, self.namespace, self.name)
        if obj is None or obj["metadata"]["uid"] != self.uid:
            return None
        self.add(obj)
        return obj

    def find(self, number: int) -> JsonObject | None:
        """Return the object at resourceVersion `number`.

        None says that it never had that version; unless `has_gaps`, where it may have had.
        """
        if number not in self._versions:
            self.read()
        if number not in self._versions:
            self._fetch(number)
        version = self._versions.get(number)
        return version.object if version else None

    def read_versions(self) -> list[Version]:
        """Return all versions from creation to now, or to the object's end; some are missing if it `has_gaps`."""
        now = self.read()
        self._fetch(_THE_END if now is None else get_version(now), since=min(self._versions) - 1)
        return self.versions

    def find_deletion(self) -> Version | None:
        """Return the version that the object's deletion made, None where it was not deleted."""
        deletion = next((version for version in self.versions if version.deleted), None)
        if deletion is None and self.read() is None:
            self._fetch(_THE_END)
            deletion = next((version for version in self.versions if version.deleted), None)
        return deletion

    def _fetch(self, until: int, since: int | None = None) -> None:
        """Fetch the versions after `since`, or those that are missing, up to `until` from the watch cache."""
        if since is None:
            since = max((number for number in self._versions if number < until), default=min(self._versions))
        try:
            versions = self._cluster.get_history(
                self._kind, self.namespace, self.name, since=since, until=until, timeout_s=1
            )
        except Refusal as refusal:
            if refusal.status != _EXPIRED:
                raise
            self.has_gaps = True
            return
        for version in versions:
            if version.object["metadata"]["uid"] == self.uid:
                self._versions[version.number] = version
