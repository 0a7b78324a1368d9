"""What the Ingester catches up with: objects written to while the controller manager was down, a thousand as well.

`gates` stops and starts it; here objects are made and written to before and meanwhile, and what has become of them
is seen afterwards.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from harness.chapters.contract.deletions import await_deletion, examine_release, see_soft_deleted
from harness.chapters.contract.lifecycle import Lifecycle, Stage
from harness.chapters.contract.writes import OURS
from harness.clients.kube import get_version
from harness.core.outcomes import NotApplicable
from harness.core.polling import Wait, wait_for
from harness.spec.annotations import is_released
from harness.spec.catalogue import KINDS_BY_NAME
from harness.spec.equality import compare_row
from harness.spec.model import Case, JsonObject
from harness.subject import evidence
from harness.suite.account import Account
from harness.suite.verdict import require_controller

MANY = 1000
_KIND = KINDS_BY_NAME["Project"]
_CLIENTS = 4
_TIMEOUT_S = 120.0
_SHOWN = 20
_GLIMPSE_S = 0.2   # an object that is not released at once may be one that is known never to be


class Backfill:
    """The objects that are written to while the controller manager is down."""

    def __init__(self, life: Lifecycle) -> None:
        self._life = life
        self._many: list[JsonObject] = []
        self._written_s = 0.0
        self._started_at = 0.0
        self._awaited: tuple[Wait[int], float] | None = None

    def prepare(self) -> None:
        """Make the objects that exist before."""
        self._life.go_through(_PREPARED)

    def write(self) -> None:
        """Create, patch and delete while nobody watches."""
        self._life.go_through(_WRITTEN)
        self._create_many()

    def note_start(self) -> None:
        """Say that the controller manager is started now, with everything to catch up with."""
        self._started_at = time.monotonic()

    def get_created(self, case: Case) -> Account:
        """6.4: an object that was created meanwhile has its row."""
        return self._get(_CREATED, case)

    def get_patched(self, case: Case) -> Account:
        """6.5: the row of an object that was patched meanwhile holds the patch."""
        return self._get(_PATCHED, case)

    def get_deleted(self, case: Case) -> Account:
        """6.6: an object that was deleted meanwhile is soft-deleted and released."""
        return self._get(_DELETED, case)

    def get_fleeting(self, case: Case) -> Account:
        """6.7: an object that was created and deleted meanwhile, so that it has no row, is released."""
        return self._get(_GONE, case)

    def get_many(self) -> Account:
        """6.8: a thousand objects that were created meanwhile have their rows; timed."""
        if self._many_case is not None:
            require_controller(self._life.run, self._many_case)
        if self._many_case is None or not self._many:
            raise NotApplicable(f"{_KIND.name}, the kind of the {MANY} objects, is not part of the run")
        account, database = Account(), self._life.run.database
        namespace, expected = self._life.namespaces[0], self._list_versions()
        wait, spent_s = self._await_many()
        account.evidence.append(evidence.of_wait(wait, "rows that have reached their objects' versions"))
        if wait.satisfied:
            account.facts["time"] = f"{spent_s:.1f} s from the start on, {MANY / spent_s:.0f} objects/s"
        account.facts["objects"] = f"{MANY}, created in {self._written_s:.1f} s"
        versions = {(str(obj["metadata"]["uid"]), get_version(obj)): obj for obj in self._many}
        since, until = min(expected.values()), max(expected.values())
        rows = database.get_rows_of(_KIND, list(expected))
        if any((uid, row.res_version) not in versions for uid, row in rows.items()):
            latest = max(row.res_version for row in rows.values())
            changes = self._life.run.cluster.get_changes(_KIND, namespace, since=since, until=max(until, latest))
            versions |= {(str(v.object["metadata"]["uid"]), v.number): v.object for v in changes}
        for uid in expected:
            row = rows.get(uid)
            obj = versions.get((uid, row.res_version)) if row else None
            if row is None or obj is None:
                account.find(f"uid {uid}", "a row at a version of the object", str(row and row.res_version))
            else:
                account.findings += compare_row(_KIND, obj, row)
        if len(account.findings) > _SHOWN:
            account.note("all differences", "\n".join(map(str, account.findings)))
        return account

    def _get(self, stage: Stage, case: Case) -> Account:
        """See what became of the kind's own objects, once the thousand before them in the queue are through."""
        if self._many:
            self._await_many()
        return self._life.get(stage, case)

    def _await_many(self) -> tuple[Wait[int], float]:
        """Wait for the thousand once, for as long as it makes progress; return when it ended, after the start."""
        if self._awaited is None:
            self._awaited = self._wait(), time.monotonic() - self._started_at
        return self._awaited

    def _wait(self) -> Wait[int]:
        database, namespace = self._life.run.database, self._life.namespaces[0]
        expected = self._list_versions()
        progress = [(0, time.monotonic())]   # how many rows there were, since when

        def count() -> int:
            found = database.get_versions(_KIND, namespace)
            number = sum(found.get(uid, 0) >= version for uid, version in expected.items())
            if number != progress[-1][0]:
                progress.append((number, time.monotonic()))
            return number

        return wait_for(
            count,
            lambda number: number == MANY,
            give_up=lambda _: time.monotonic() - progress[-1][1] > self._life.run.timeouts.sync_s,
            timeout_s=_TIMEOUT_S,
            interval_s=0.05,
        )

    def _list_versions(self) -> dict[str, int]:
        return {str(obj["metadata"]["uid"]): get_version(obj) for obj in self._many}

    @property
    def _many_case(self) -> Case | None:
        return next((case for case in self._life.cases if case.kind == _KIND), None)

    def _create_many(self) -> None:
        case, run, namespace = self._many_case, self._life.run, self._life.namespaces[0]
        if case is None or case.name in run.get_registration().missing:
            return
        template = run.render(case, namespace)

        def create(number: int) -> JsonObject:
            metadata = {**template["metadata"], "name": f"{template['metadata']['name']}-many-{number}"}
            return run.cluster.create(case.kind, {**template, "metadata": metadata})

        started = time.monotonic()
        with ThreadPoolExecutor(_CLIENTS) as clients:
            self._many = list(clients.map(create, range(MANY)))
        self._written_s = time.monotonic() - started


def _prepare(life: Lifecycle, case: Case, account: Account) -> None:
    if not life.is_immutable(case):
        for role in ("patched-away", "deleted-away"):
            specimen = life.make(case, role, finalizer=role == "deleted-away")
            account.take_sync(specimen.await_row(), "created before")


def _write(life: Lifecycle, case: Case, _account: Account) -> None:
    life.make(case, "created-away", finalizer=True)
    if life.is_immutable(case):
        return
    life.find(case, "patched-away").patch({"metadata": {"labels": {f"{OURS}/away": "patched"}}})
    deleted = life.find(case, "deleted-away")
    deleted.asked_at = life.run.database.get_time()
    deleted.delete()
    life.make(case, "fleeting-away", finalizer=True).delete()


def _see_created(life: Lifecycle, case: Case, account: Account) -> None:
    specimen = life.find(case, "created-away")
    account.evidence = specimen.evidence
    specimen.restart_clock()
    account.take_sync(specimen.await_row(), "created while down")
    if life.is_immutable(case):
        wait_for(specimen.read, is_released, timeout_s=life.sync_s)
        account.findings += examine_release(life, specimen)


def _see_patched(life: Lifecycle, case: Case, account: Account) -> None:
    specimen = life.find(case, "patched-away")
    account.evidence = specimen.evidence
    specimen.restart_clock()
    account.take_sync(specimen.await_row(), "patched while down")


def _await_deleted(life: Lifecycle, case: Case, account: Account) -> None:
    specimen = life.find(case, "deleted-away")
    account.evidence = specimen.evidence
    await_deletion(life, specimen)


def _see_deleted(life: Lifecycle, case: Case, account: Account) -> None:
    see_soft_deleted(life, life.find(case, "deleted-away"), account)


def _await_release(life: Lifecycle, case: Case, account: Account) -> None:
    specimen = life.find(case, "fleeting-away")
    account.evidence = specimen.evidence
    wait_for(specimen.read, is_released, timeout_s=_GLIMPSE_S)


def _see_released(life: Lifecycle, case: Case, account: Account) -> None:
    specimen = life.find(case, "fleeting-away")
    findings = examine_release(life, specimen)
    if findings and not any(life.explains(finding) for finding in findings):
        wait_for(specimen.read, is_released, timeout_s=life.sync_s)
        findings = examine_release(life, specimen)
    account.findings += findings
    specimen.release()


_PREPARED = Stage("prepared for a time away", _prepare)
_WRITTEN = Stage("written to meanwhile", _write)
_CREATED = Stage("created meanwhile", _see_created)
_PATCHED = Stage("patched meanwhile", _see_patched)
_DELETED = Stage("deleted meanwhile", _await_deleted, _see_deleted)
_GONE = Stage("come and gone meanwhile", _await_release, _see_released)
