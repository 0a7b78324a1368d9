"""Both sides of an audit without servers: objects and rows in memory, which a test may change at any time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import cast

from harness.audit.reading import Reader, Scope
from harness.audit.throttle import Throttle
from harness.clients.kube import Cluster, Page, get_version
from harness.clients.mysql.ranges import RowKey, TableRanges
from harness.core.errors import Refusal
from harness.spec.model import JsonObject, Kind
from harness.spec.row import Row
from tests.fakes.clock import FakeClock


@dataclass
class FakeSystem:
    """Kubernetes' objects and MySQL's rows, each of one kind.

    `versions` are those that the API server still has, by resourceVersion. `tick` is called at each look at rows.
    """

    objects: list[JsonObject] = field(default_factory=list)
    rows: dict[str, Row] = field(default_factory=dict)
    parentless: dict[str, int] = field(default_factory=dict)
    versions: dict[int, JsonObject | None] = field(default_factory=dict)
    tick: Callable[[], None] = lambda: None
    listed: int = 0

    def make_reader(self, scope: Scope | None = None) -> Reader:
        """Return a reader of it."""
        return Reader(
            cast(Cluster, self), cast(TableRanges, self), scope or Scope(), Throttle(clock=FakeClock())
        )

    # Cluster

    def list_page(
        self, kind: Kind, namespace: str, *, limit: int, token: str = "", selector: str = ""
    ) -> Page:
        """Return two objects at a time."""
        del kind, namespace, limit, selector
        self.listed += 1
        start = int(token or 0)
        more = start + 2 < len(self.objects)
        return Page(self.objects[start : start + 2], str(start + 2) if more else "", 1000)

    def get(self, kind: Kind, namespace: str, name: str) -> JsonObject | None:
        """Return the object."""
        del kind
        wanted = (namespace, name)
        names = {(obj["metadata"]["namespace"], obj["metadata"]["name"]): obj for obj in self.objects}
        return names.get(wanted)

    def find_at(self, kind: Kind, namespace: str, name: str, version: int) -> JsonObject | None:
        """Return the object at a version; Expired where it is not among those that are kept."""
        del kind, namespace, name
        if version not in self.versions:
            raise Refusal(410, "Expired", "compacted")
        return self.versions[version]

    # TableRanges

    def get_rows_of(self, kind: Kind, keys: Sequence[str]) -> dict[str, Row]:
        """Return the rows."""
        del kind
        self.tick()
        return {key: self.rows[key] for key in keys if key in self.rows}

    def get_keys_of(self, kind: Kind, keys: Collection[str]) -> dict[str, RowKey]:
        """Return what identifies them."""
        return {key: _make_key(row) for key, row in self.get_rows_of(kind, list(keys)).items()}

    def list_keys(self, kind: Kind, *, after: str, limit: int, namespace: str = "") -> dict[str, bool]:
        """Return all keys that follow."""
        del kind, limit, namespace
        return {key: row.live for key, row in sorted(self.rows.items()) if key > after}

    def find_live_of(
        self, kind: Kind, names: Collection[tuple[str, str]]
    ) -> dict[tuple[str, str], list[str]]:
        """Return the keys of live rows by name."""
        del kind
        found: dict[tuple[str, str], list[str]] = {}
        for key, row in self.rows.items():
            if row.live and row.full_name in names:
                found.setdefault(row.full_name, []).append(key)
        return found

    def find_parentless(self, kind: Kind, table: str, *, after: str, until: str | None) -> dict[str, int]:
        """Return the children without a row."""
        del after, until
        return self.parentless if table == kind.labels_table else {}

    def reconnect(self) -> None:
        """Do nothing."""

    def add(self, obj: JsonObject, row: Row | None) -> None:
        """Add an object, and its row where there is one."""
        self.objects.append(obj)
        self.versions[get_version(obj)] = obj
        if row is not None:
            self.rows[row.uid] = row


def _make_key(row: Row) -> RowKey:
    columns = row.columns
    return RowKey(
        row.uid,
        str(columns["namespace"]),
        str(columns["name"]),
        row.res_version,
        row.update_time,
        columns["delete_time"],  # type: ignore[arg-type]
    )
