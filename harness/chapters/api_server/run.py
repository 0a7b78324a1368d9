"""Carries out the scenario once more, through Michelangelo's API server: create, update, delete, each once.

The objects live in a namespace of their own, beside those of the kubectl path. A step never judges. What
kube-apiserver and MySQL hold is read there, never from the API server under test.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

from harness.chapters.api_server.crs import UNSERVED, adapt, get_variables
from harness.chapters.api_server.deletion import describe_deletion
from harness.chapters.api_server.steps import ApiCreation, ApiDeletion
from harness.chapters.seed.issues import Workaround
from harness.chapters.seed.run import Run
from harness.clients.kube import Version, get_version
from harness.clients.michelangelo.client import ApiServer
from harness.clients.michelangelo.package import find_missing
from harness.core.errors import HarnessError, Refusal
from harness.core.outcomes import NotRun
from harness.core.polling import wait_for
from harness.core.record import Evidence
from harness.sandbox.base import CONTROLLERMGR, Sandbox
from harness.spec.annotations import get_finalizers, is_released
from harness.spec.cases import CASES_BY_NAME
from harness.spec.merge_patch import merge
from harness.spec.model import Case, JsonObject
from harness.spec.row import Row
from harness.spec.templates import Templates
from harness.subject import evidence
from harness.subject.arrival import Arrivals
from harness.subject.history import ObjectHistory
from harness.subject.log import find_object_entries, parse_log
from harness.subject.steps import Creation, Sync, Update, Write, as_write, get_history

NO_API_SERVER = (
    "there is no Michelangelo API server here: test a checkout with --michelangelo, "
    "or name a server with --api-server HOST:PORT"
)
_CONFLICT = 409
_THE_END = 2**63 - 1


@runtime_checkable
class OffersApiServer(Protocol):
    """A sandbox in which Michelangelo's API server may run."""

    @property
    def apiserver_address(self) -> str:
        """Its gRPC address, HOST:PORT; '' where it doesn't run."""


def find_address(sandbox: Sandbox, given: str = "") -> str:
    """Return the API server's address: the `given` one, else the sandbox's own, '' where there is none."""
    return given or (sandbox.apiserver_address if isinstance(sandbox, OffersApiServer) else "")


def connect(run: Run, address: str, take_namespace: Callable[[], str]) -> ApiRun:
    """Return the run through the API server at `address`, '' for none. Nothing is sent yet."""
    if reason := find_missing() if address else NO_API_SERVER:
        return ApiRun(run, None, take_namespace, unavailable=reason)
    return ApiRun(run, ApiServer(address), take_namespace)


class ApiRun:
    """One run of the scenario through an API server; without one, `unavailable` says why.

    `take_namespace` creates the namespace; it is called once, and not before it is needed.
    """

    def __init__(
        self, run: Run, server: ApiServer | None, take_namespace: Callable[[], str], *, unavailable: str = ""
    ) -> None:
        self.run = run
        self.unavailable = unavailable
        self._server = server
        self._take_namespace = take_namespace
        self._namespace = ""
        self._templates = Templates()
        self._arrivals = Arrivals(
            run.sandbox,
            run.database,
            run.timeouts,
            unblock=lambda _: False,
            get_messages=run.get_expected_messages,
        )
        self._made: dict[str, ApiCreation] = {}
        self._syncs: dict[str, Sync] = {}
        self._updates: dict[str, Update] = {}
        self._update_syncs: dict[str, Sync] = {}
        self._deletions: dict[str, ApiDeletion] = {}

    @property
    def server(self) -> ApiServer:
        """The API server; HarnessError where there is none, which the caller rules out."""
        if self._server is None:
            raise HarnessError(self.unavailable)
        return self._server

    def close(self) -> None:
        """Close the connection to the API server."""
        if self._server is not None:
            self._server.close()

    def explain_absence(self, case: Case) -> str:
        """Return why there is nothing to check for the case, '' where there is."""
        if self.unavailable:
            return self.unavailable
        if case.name in UNSERVED and not self.server.serves(case.kind):
            return f"the API server has no service for {case.name}"
        for issue in self.run.profile.known_issues:
            if issue.kind == case.name and issue.step is not Workaround.NONE:
                return f"known issue {issue.id} would show again"
        return ""

    def is_immutable(self, case: Case) -> bool:
        """Whether the case's objects leave Kubernetes once they are in MySQL."""
        return case.name in self.run.profile.immutable_kinds

    def create(self, case: Case) -> ApiCreation:
        """Create the case's CR, after those that it requires and that can be created in this way."""
        if case.name not in self._made:
            for name in case.requires:
                if not self.explain_absence(CASES_BY_NAME[name]):
                    self.create(CASES_BY_NAME[name])
            self._made[case.name] = self._create(case)
        return self._made[case.name]

    def sync(self, case: Case) -> Sync:
        """Await the row of the created CR. Raises NotRun where the CR was not accepted."""
        if case.name not in self._syncs:
            self._syncs[case.name] = self._arrivals.await_row(as_write(self._get_accepted(case).creation))
        return self._syncs[case.name]

    def update(self, case: Case) -> Update:
        """Update the CR, at the earliest in the second after its row was last written."""
        if case.name not in self._updates:
            self.sync(case)
            self._updates[case.name] = self._update(self._get_accepted(case).creation)
        return self._updates[case.name]

    def sync_update(self, case: Case) -> Sync:
        """Await the row of the updated CR. Raises NotRun where the update was not accepted."""
        if case.name not in self._update_syncs:
            update = self.update(case)
            if isinstance(update.answer, Refusal):
                raise NotRun(f"the update was not accepted: {update.answer}")
            write = Write(update.creation, update.answer, update.at, update.cursor)
            sync = self._arrivals.await_row(write)
            sync.evidence.insert(
                0, evidence.of_row(update.previous, "the row before the update", update.previous_at)
            )
            self._update_syncs[case.name] = sync
        return self._update_syncs[case.name]

    def leave(self, case: Case) -> Update:
        """Await the departure of an object of an immutable kind, then ask the API server for it, as evidence.

        The answer is what a patch through kube-apiserver gets.
        """
        if case.name not in self._updates:
            self.sync(case)
            creation = self._get_accepted(case).creation
            history = get_history(creation)
            gone = wait_for(
                lambda: history.read() is None, bool, timeout_s=self.run.timeouts.issue_s, interval_s=0.02
            )
            cursor = self.run.sandbox.log_cursor(CONTROLLERMGR)
            previous, previous_at = self._read_row(case, history), time.time()
            answer = _attempt(
                lambda: self.run.cluster.patch(case.kind, history.namespace, history.name, case.patch)
            )
            update = Update(
                creation, answer, time.monotonic(), cursor, previous, previous_at, gone.satisfied
            )
            update.evidence = [evidence.of_answer(answer), self._ask_for_departed(creation)]
            self._updates[case.name] = update
        return self._updates[case.name]

    def read_row(self, case: Case) -> Row | None:
        """Return the row of the created CR as it is now."""
        return self._read_row(case, get_history(self._get_accepted(case).creation))

    def delete(self, case: Case) -> ApiDeletion:
        """Delete the CR, once its row is there, and see what becomes of both."""
        if case.name not in self._deletions:
            self.sync(case)
            self._deletions[case.name] = self._delete(self._get_accepted(case))
        return self._deletions[case.name]

    def _create(self, case: Case) -> ApiCreation:
        if not self._namespace:
            self._namespace = self._take_namespace()
        sent = adapt(case, self._templates.render(case, get_variables(case, self._namespace)))
        cursor = self.run.sandbox.log_cursor(CONTROLLERMGR)
        restarts = self.run.sandbox.component(CONTROLLERMGR).restarts
        name = sent["metadata"]["name"]
        request = evidence.of_request("create through the API server", case.kind, self._namespace, name, sent)
        answer = _attempt(lambda: self.server.create(case.kind, sent))
        at = time.monotonic()
        if isinstance(answer, Refusal):
            refused = Creation(case, sent, answer, at, cursor, restarts)
            refused.evidence = [request, evidence.of_answer(answer)]
            return ApiCreation(refused)
        stored = self._find_answered(case, answer)
        creation = Creation(case, sent, stored, at, cursor, restarts)
        creation.history = ObjectHistory(self.run.cluster, case.kind, stored)
        finalizers = ", ".join(get_finalizers(stored)) or "none"
        creation.evidence = [
            request,
            evidence.of_object(answer, "what the API server answered"),
            evidence.of_object(stored, f"what kube-apiserver has, at resourceVersion {get_version(stored)}"),
        ]
        found = evidence.of_note("finalizers of the created object", finalizers)
        return ApiCreation(creation, answer, [found])

    def _find_answered(self, case: Case, answer: JsonObject) -> JsonObject:
        """Return what kube-apiserver has (or had) at the version that the API server answered."""
        metadata = answer.get("metadata", {})
        namespace, name = metadata.get("namespace", ""), metadata.get("name", "")
        try:
            version = get_version(answer)
        except (KeyError, ValueError) as error:
            raise HarnessError(f"{case.name} {name}: the API server answered no resourceVersion") from error
        now = self.run.cluster.get(case.kind, namespace, name)
        if now is not None and get_version(now) == version:
            return now
        for found in self._get_versions(case, namespace, name, since=version - 1, until=version):
            if found.number == version and not found.deleted:
                return found.object
        raise HarnessError(
            f"{case.name} {name}: kube-apiserver knows no version {version}, which the API server answered",
            hint="Does the API server work on this cluster, or on another?",
        )

    def _get_versions(self, case: Case, namespace: str, name: str, *, since: int, until: int) -> list[Version]:
        return self.run.cluster.get_history(case.kind, namespace, name, since=since, until=until, timeout_s=1)

    def _update(self, creation: Creation) -> Update:
        case, history = creation.case, get_history(creation)
        previous, previous_at = self._read_row(case, history), time.time()
        if previous is not None and (moment := previous.update_time) is not None:
            wait_for(self.run.database.get_time, lambda now: now > moment, timeout_s=3.0, interval_s=0.02)
        cursor = self.run.sandbox.log_cursor(CONTROLLERMGR)
        sent: list[JsonObject] = []

        def attempt() -> JsonObject | Refusal:
            """Read, change and write: another controller may write in between, as in production."""
            found = self.server.get(case.kind, history.namespace, history.name)
            if found is None:
                return Refusal(404, "NotFound", "the API server does not find the object")
            sent.append(merge(found, case.patch))
            return self.server.update(case.kind, sent[-1])

        wait = wait_for(
            lambda: _attempt(attempt),
            lambda answer: not (isinstance(answer, Refusal) and answer.status == _CONFLICT),
            timeout_s=self.run.timeouts.log_s,
            interval_s=0.02,
        )
        answer, at = wait.value, time.monotonic()
        stored = answer if isinstance(answer, Refusal) else self._find_answered(case, answer)
        update = Update(creation, stored, at, cursor, previous, previous_at, departed=False)
        update.evidence = [
            evidence.of_request("update through the API server", case.kind, history.namespace, history.name, body)
            for body in sent[-1:]
        ]
        update.evidence.append(evidence.of_answer(stored))
        if wait.polls > 1:
            update.evidence.append(evidence.of_note(f"{wait.polls} attempts", "others wrote in between"))
        if not isinstance(stored, Refusal):
            history.add(stored)
        return update

    def _delete(self, made: ApiCreation) -> ApiDeletion:
        case, history = made.creation.case, get_history(made.creation)
        before, asked_at = self._read_row(case, history), self.run.database.get_time()
        latest = history.read()
        since = get_version(latest) if latest else max(version.number for version in history.versions)
        refusal: Refusal | None = None
        cursor, started = self.run.sandbox.log_cursor(CONTROLLERMGR), time.monotonic()
        try:
            self.server.delete(case.kind, history.namespace, history.name)
        except Refusal as refused:
            refusal = refused
        # The row is read after the object: an Ingester lets go of the object only once the row is deleted.
        wait_for(
            lambda: (history.read(), self._read_row(case, history)),
            lambda seen: is_released(seen[0]),
            timeout_s=0.0 if refusal else self.run.timeouts.sync_s,
            interval_s=0.02,
        )
        wait_for(
            lambda: self._read_row(case, history),
            lambda row: row is None or not row.live,
            timeout_s=0.0 if refusal else self.run.timeouts.glance_s,
        )
        remaining, after = history.read(), self._read_row(case, history)
        until = get_version(remaining) if remaining else _THE_END
        versions = (
            self._get_versions(case, history.namespace, history.name, since=since, until=until)
            if until > since
            else []
        )
        deletion = ApiDeletion(
            made,
            refusal,
            asked_at,
            self.run.database.get_time(),
            before,
            after,
            remaining,
            versions,
            time.monotonic() - started,
        )
        log = parse_log(self.run.sandbox.read_log(CONTROLLERMGR, cursor))
        about = find_object_entries(log, case.kind, history.namespace, history.name)
        deletion.evidence = [
            *describe_deletion(deletion),
            evidence.of_log(about[:20], "log lines about the object since then"),
        ]
        return deletion

    def _ask_for_departed(self, creation: Creation) -> Evidence:
        history = get_history(creation)
        try:
            found = self.server.get(creation.case.kind, history.namespace, history.name)
            words = "it does not find it" if found is None else "it has it, from MySQL"
        except Refusal as refusal:
            words = str(refusal)
        return evidence.of_note("what the API server says of an object that is in MySQL only", words)

    def _read_row(self, case: Case, history: ObjectHistory) -> Row | None:
        rows = self.run.database.get_rows(case.kind, history.namespace, history.name)
        return next((row for row in rows if row.uid == history.uid), None)

    def _get_accepted(self, case: Case) -> ApiCreation:
        made = self.create(case)
        if isinstance(made.creation.answer, Refusal):
            raise NotRun(f"the API server did not accept the CR: {made.creation.answer}")
        return made


def _attempt(request: Callable[[], Any]) -> Any:
    try:
        return request()
    except Refusal as refusal:
        return refusal
