"""Every version of one object that the run knows of, so that a row is compared with the version it claims.

Business controllers write to the same objects all the while. An object read a moment after its row may be
newer; the watch cache of the API server still has the version in between.
"""

from __future__ import annotations

from harness.clients.kube import Cluster, Version, get_version
from harness.core.errors import HarnessError, Refusal
from harness.spec.model import JsonObject, Kind

_EXPIRED = 410
_TIMEOUTS_S = (1, 2, 4, 8, 16)   # of the watches that are opened one after another
THE_END = 2**63 - 1


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
            gone = self.read() is None and not any(version.deleted for version in self._versions.values())
            earlier = [known for known in self._versions if known < number]
            later = [known for known in self._versions if known >= number]
            if earlier and (later or gone):   # else it is older than the object, or newer than its last version
                self._fetch(since=max(earlier), until=min(later, default=THE_END))
        version = self._versions.get(number)
        return version.object if version else None

    def read_versions(self) -> list[Version]:
        """Return all versions from creation to now, or to the object's end; some are missing if it `has_gaps`."""
        now = self.read()
        self._fetch(since=min(self._versions) - 1, until=THE_END if now is None else get_version(now))
        return self.versions

    def find_deletion(self) -> Version | None:
        """Return the version that the object's deletion made, None where it was not deleted."""
        deletion = next((version for version in self.versions if version.deleted), None)
        if deletion is None and self.read() is None:
            self._fetch(since=max(self._versions), until=THE_END)
            deletion = next((version for version in self.versions if version.deleted), None)
        return deletion

    def _fetch(self, *, since: int, until: int) -> None:
        """Fetch the versions after `since`, up to `until` or the object's deletion, from the watch cache."""
        try:
            versions = fetch_versions(
                self._cluster, self._kind, self.namespace, self.name, since=since, until=until
            )
        except Refusal as refusal:
            if refusal.status != _EXPIRED:
                raise
            self.has_gaps = True
            return
        for version in versions:
            if version.object["metadata"]["uid"] == self.uid:
                self._versions[version.number] = version


def fetch_versions(
    cluster: Cluster, kind: Kind, namespace: str, name: str, *, since: int, until: int = THE_END
) -> list[Version]:
    """Return all versions after `since` up to `until`, which is known to exist; or to the object's deletion.

    An API server under load answers a watch late: it is asked again, from where it stopped. Raises `Refusal` with
    status 410 where it no longer has versions that old, and `HarnessError` where the last one never comes.
    """
    versions: list[Version] = []
    for timeout_s in _TIMEOUTS_S:
        after = versions[-1].number if versions else since
        versions += cluster.get_history(kind, namespace, name, since=after, until=until, timeout_s=timeout_s)
        if versions and (versions[-1].deleted or versions[-1].number >= until):
            return versions
    wanted = "its deletion" if until == THE_END else f"its version {until}"
    raise HarnessError(
        f"{kind.name} {name} in {namespace}: kube-apiserver told nothing of {wanted} in {sum(_TIMEOUTS_S)} s",
        hint="Is the machine overloaded?",
    )


def fetch_changes(cluster: Cluster, kind: Kind, namespace: str, *, since: int, until: int) -> list[Version]:
    """Return all versions of the kind's objects in a namespace after `since`, up to `until` or the last that is.

    A version that no object ever had, as a row may claim one, is awaited only until a watch brings nothing more.
    Raises as `fetch_versions` does.
    """
    versions: list[Version] = []
    for timeout_s in _TIMEOUTS_S:
        after = versions[-1].number if versions else since
        more = cluster.get_changes(kind, namespace, since=after, until=until, timeout_s=timeout_s)
        versions += more
        if versions and versions[-1].number >= until:
            return versions
        if not more:
            there = max(map(get_version, cluster.list_objects(kind, namespace)), default=0)
            if there <= after:
                return versions
    raise HarnessError(
        f"{kind.name} in {namespace}: kube-apiserver told nothing of version {until} in {sum(_TIMEOUTS_S)} s",
        hint="Is the machine overloaded?",
    )
