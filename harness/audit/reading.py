"""Reads both sides of a kind in batches of a bounded size, each a page of Kubernetes with the rows of its objects.

The object comes before its row here, so that a row may be newer than its object: the recheck reads the other way
round. Only get, list and SELECT; each batch of rows is a transaction of its own.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from harness.audit.throttle import Throttle
from harness.clients.kube import ALL_NAMESPACES, Cluster, Page
from harness.clients.mysql.ranges import TableRanges
from harness.core.errors import HarnessError, Refusal
from harness.spec.keys import get_key
from harness.spec.model import JsonObject, Kind
from harness.spec.row import Row

FIRST_LIMIT = 250
_LARGEST_LIMIT = 1000
_PAGE_BYTES = 3 << 20
_ROWS = 2000       # of keys alone
_WHOLE_ROWS = 250   # with all that belongs to them
_SHARES = 10_000
_CONNECTIONS = 4   # to the API server, as many as the client keeps open


@dataclass(frozen=True)
class Scope:
    """What of the kinds is read. `sample` is the share of objects whose content is compared, from 0 to 1."""

    namespace: str = ALL_NAMESPACES
    selector: str = ""
    sample: float = 1.0

    @property
    def unread(self) -> str:
        """Why rows without objects are not looked for; '' where they are."""
        return "a selector selects objects, and rows without one can't be selected by it" if self.selector else ""

    def has_in_sample(self, key: str) -> bool:
        """Whether the content of the object of that key is compared: always the same answer."""
        return self.sample >= 1 or zlib.crc32(key.encode()) % _SHARES < self.sample * _SHARES


@dataclass(frozen=True)
class Batch:
    """A page of objects by key, and the rows with these keys; `whole` are the keys whose rows have all columns."""

    objects: Mapping[str, JsonObject]
    rows: Mapping[str, Row]
    whole: Collection[str]
    token: str
    limit: int
    size: int


@dataclass
class Reader:
    """Both sides, in batches. Raises HarnessError or Refusal where one can't be read."""

    cluster: Cluster
    tables: TableRanges
    scope: Scope = field(default_factory=Scope)
    throttle: Throttle = field(default_factory=Throttle)

    def read_batches(self, kind: Kind, token: str, limit: int) -> Iterator[Batch]:
        """Yield the batches of the kind from `token` on; the next one is read while one is worked on."""
        pool = ThreadPoolExecutor(1, thread_name_prefix="audit")
        try:
            ahead = pool.submit(self._read_batch, kind, token, limit)
            while True:
                batch = ahead.result()
                if batch.token:
                    ahead = pool.submit(self._read_batch, kind, batch.token, batch.limit)
                yield batch
                if not batch.token:
                    return
        finally:
            pool.shutdown(wait=True, cancel_futures=True)   # nobody else may use the connection before

    def _read_batch(self, kind: Kind, token: str, limit: int) -> Batch:
        began = self.throttle.clock.now()
        page = self._list_page(kind, token, limit)
        objects = {get_key(kind, obj): obj for obj in page.objects}
        whole = [key for key in objects if self.scope.has_in_sample(key)]
        rows = self.read_whole(kind, whole)
        others = self.tables.get_keys_of(kind, objects.keys() - set(whole))
        rows |= {key: row.as_row(kind) for key, row in others.items()}
        self.throttle.pace(len(objects), self.throttle.clock.now() - began)
        return Batch(objects, rows, whole, page.token, choose_limit(page), page.size)

    def _list_page(self, kind: Kind, token: str, limit: int) -> Page:
        scope = self.scope
        return self.cluster.list_page(kind, scope.namespace, limit=limit, token=token, selector=scope.selector)

    def read_whole(self, kind: Kind, keys: Sequence[str]) -> dict[str, Row]:
        """Return the rows with these keys, with labels and annotations; each batch as one snapshot sees it."""
        rows: dict[str, Row] = {}
        for start in range(0, len(keys), _WHOLE_ROWS):
            rows |= self.tables.get_rows_of(kind, keys[start : start + _WHOLE_ROWS])
        return rows

    def read_keys(self, kind: Kind, after: str) -> tuple[dict[str, bool], bool]:
        """Return the table's next keys, each with whether its row is live; and whether they are the last ones."""
        began = self.throttle.clock.now()
        keys = self.tables.list_keys(kind, after=after, limit=_ROWS, namespace=self.scope.namespace)
        self.throttle.pace(len(keys), self.throttle.clock.now() - began)
        return keys, len(keys) < _ROWS

    def find_parentless(self, kind: Kind, after: str, until: str | None) -> dict[str, dict[str, int]]:
        """Return the rows of labels and annotations without a row in this range of keys: counts by table, by key.

        Which namespace they are of nothing tells: within one alone they are not looked for.
        """
        found: dict[str, dict[str, int]] = {}
        if self.scope.namespace == ALL_NAMESPACES:
            for table in (kind.labels_table, kind.annotations_table):
                for key, count in self.tables.find_parentless(kind, table, after=after, until=until).items():
                    found.setdefault(key, {})[table] = count
        return found

    def get_objects(self, kind: Kind, names: Collection[tuple[str, str]]) -> dict[tuple[str, str], JsonObject]:
        """Return the objects of these namespaces and names, as they are now."""
        wanted = list(names)
        with ThreadPoolExecutor(_CONNECTIONS, thread_name_prefix="audit") as pool:
            found = list(pool.map(lambda name: self.cluster.get(kind, *name), wanted))
        return {name: obj for name, obj in zip(wanted, found, strict=True) if obj is not None}

    def find_at(self, kind: Kind, namespace: str, name: str, version: int) -> tuple[bool, JsonObject | None]:
        """Return whether the API server still knows its store at `version`, and the object of that name then."""
        try:
            return True, self.cluster.find_at(kind, namespace, name, version)
        except Refusal as refusal:
            if refusal.status in (401, 403):
                raise HarnessError(str(refusal)) from refusal
            return False, None   # compacted, or never a version of that store


def choose_limit(page: Page) -> int:
    """Return how many objects to ask for next, so that a page stays near 3 MiB."""
    if not page.objects:
        return FIRST_LIMIT
    return max(1, min(_LARGEST_LIMIT, _PAGE_BYTES * len(page.objects) // max(page.size, 1)))
