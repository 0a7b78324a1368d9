"""Watches the rows while load and fault are under way: a row must never go back, vanish or come back to life.

It reads a few times a second through a connection of its own, past whatever lies between the Ingester and MySQL.
While MySQL can't be read it misses looks, which it counts; it never concludes anything from one that failed.
"""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from harness.clients.mysql.tables import RowVersion, Tables
from harness.core.codes import ROW_LOST
from harness.core.errors import HarnessError
from harness.core.record import Finding
from harness.core.settings import MySQLEndpoint
from harness.spec.model import Kind
from harness.spec.row import Row

INTERVAL_S = 0.2
_SAMPLES_PER_LOOK = 3
_CONNECT_TIMEOUT_S = 1
_JOIN_TIMEOUT_S = 30.0

ROW_REVERTED = "row.reverted"   # to an earlier version
ROW_REVIVED = "row.revived"     # soft-deleted, and live again


@dataclass(frozen=True)
class Sighting:
    """What a look at a kind's rows found changed, by uid, and when (monotonic seconds); None: the row is gone."""

    at: float
    kind: str
    changes: Mapping[str, RowVersion | None]


@dataclass
class Follower:
    """What the looks so far say; fed with what was read, and nothing else.

    `samples` are whole rows by uid and res_version; `moved` are kind and uid of those that changed between looks.
    """

    findings: list[Finding] = field(default_factory=list)
    samples: dict[tuple[str, int], tuple[Kind, Row]] = field(default_factory=dict)
    rows: dict[str, dict[str, RowVersion]] = field(default_factory=dict)
    moved: list[tuple[str, str]] = field(default_factory=list)
    sightings: list[Sighting] = field(default_factory=list)

    @classmethod
    def replay(
        cls, kinds: Mapping[str, Kind], sightings: Iterable[Sighting], samples: Iterable[tuple[str, Row]]
    ) -> Follower:
        """Return the follower that has seen these changes and these whole rows, each with its kind's name."""
        follower = cls()
        for sighting in sightings:
            versions = {**follower.rows.get(sighting.kind, {}), **sighting.changes}
            present = {uid: row for uid, row in versions.items() if row is not None}
            follower.observe(kinds[sighting.kind], present, sighting.at)
        for name, row in samples:
            follower.keep(kinds[name], row)
        return follower

    def observe(self, kind: Kind, versions: Mapping[str, RowVersion], at: float = 0.0) -> None:
        """Compare a look at the kind's rows with the one before."""
        before = self.rows.get(kind.name, {})
        present = {uid: versions.get(uid) for uid in {**before, **versions}}
        changes = {uid: row for uid, row in present.items() if before.get(uid) != row}
        if changes:
            self.sightings.append(Sighting(at, kind.name, changes))
        self.moved += [(kind.name, uid) for uid, row in changes.items() if row is not None]
        for uid, old in before.items():
            where = f"{kind.name} {old.name} ({uid[:8]}), sampled"
            new = versions.get(uid)
            if new is None:
                self._report(ROW_LOST, where, "its row to stay", f"no row any more, last at {old.res_version}")
            elif new.res_version < old.res_version:
                expected = f"res_version {old.res_version} or later"
                self._report(ROW_REVERTED, where, expected, f"back to {new.res_version}")
            elif new.live and not old.live:
                expected = "its soft-deleted row to stay so"
                self._report(ROW_REVIVED, where, expected, f"live again, at {new.res_version}")
        self.rows[kind.name] = dict(versions)

    def take_moved(self) -> list[tuple[str, str]]:
        """Return what has moved since this was last asked for."""
        moved, self.moved = self.moved, []
        return moved

    def keep(self, kind: Kind, row: Row) -> None:
        """Keep a whole row, to be compared with the object's version later."""
        self.samples[row.uid, row.res_version] = (kind, row)

    def list_samples(self) -> list[tuple[str, Row]]:
        """Return the whole rows, each with its kind's name."""
        return [(kind.name, row) for kind, row in self.samples.values()]

    def _report(self, code: str, where: str, expected: str, actual: str) -> None:
        finding = Finding(code, where, expected, actual)
        if finding not in self.findings:
            self.findings.append(finding)


class Sampler:
    """Feeds a `Follower` from a thread of its own. `follower` is the thread's until `end`."""

    def __init__(self, endpoint: MySQLEndpoint, kinds: Sequence[Kind], namespace: str, seed: int) -> None:
        self.follower = Follower()
        self.looks = 0
        self.failed_looks = 0
        self._endpoint = endpoint
        self._kinds = kinds
        self._namespace = namespace
        self._random = random.Random(seed)  # noqa: S311  reproducible, not secret
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sampler", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def close(self) -> None:
        """Stop looking, whatever was seen."""
        self._stop.set()

    def end(self) -> Follower:
        """Stop looking and return what was seen; HarnessError where MySQL gives no answer for half a minute."""
        self.close()
        self._thread.join(_JOIN_TIMEOUT_S)
        if self._thread.is_alive():
            raise HarnessError(f"MySQL has not answered the sampler for {_JOIN_TIMEOUT_S:g} s")
        return self.follower

    def _run(self) -> None:
        with contextlib.ExitStack() as stack:
            tables: Tables | None = None
            while not self._stop.wait(INTERVAL_S):
                try:
                    if tables is None:
                        tables = Tables(self._endpoint, timeout_s=_CONNECT_TIMEOUT_S)
                        stack.callback(tables.close)
                except HarnessError:
                    self.failed_looks += 1
                    continue
                if not self._look(tables):
                    tables.close()
                    tables = None

    def _look(self, tables: Tables) -> bool:
        """Look at every kind once; whether the connection is still good."""
        failures = 0
        for kind in self._kinds:
            try:
                self.follower.observe(kind, tables.list_versions(kind, self._namespace), time.monotonic())
            except HarnessError:
                failures += 1   # one table may be away, and the others there
        try:
            self._sample(tables)
        except HarnessError:
            failures += 1
        self.looks += 1
        self.failed_looks += bool(failures)
        return failures < len(self._kinds)

    def _sample(self, tables: Tables) -> None:
        """Read some whole rows: of those that have moved since the last look, else of any."""
        kinds = {kind.name: kind for kind in self._kinds}
        known = self.follower.take_moved() or [
            (name, uid) for name, rows in self.follower.rows.items() for uid in rows
        ]
        for name, uid in self._random.sample(known, min(_SAMPLES_PER_LOOK, len(known))):
            for row in tables.list_rows(kinds[name], self._namespace, [uid]):
                self.follower.keep(kinds[name], row)
