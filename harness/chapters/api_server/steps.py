"""The scenario once more, through Michelangelo's API server: create, update, delete, each once.

The objects live in a namespace of their own, beside those of the kubectl path. A step never judges.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Sequence

from harness.chapters.api_server.deletion import Deletion, describe_deletion
from harness.chapters.api_server.sender import ApiServerSender
from harness.chapters.seed.steps import Scenario, SeedScenario
from harness.clients.kube import Version, get_version
from harness.clients.michelangelo.client import ApiServer
from harness.clients.michelangelo.package import find_missing
from harness.core.errors import HarnessError
from harness.core.outcomes import NotApplicable
from harness.core.polling import wait_for
from harness.sandbox.base import CONTROLLERMGR
from harness.spec.annotations import is_released
from harness.spec.merge_patch import merge
from harness.spec.model import Case, JsonObject
from harness.spec.row import Row
from harness.subject import evidence
from harness.subject.history import THE_END, fetch_versions
from harness.subject.log import find_object_entries
from harness.subject.sender import KubectlSender
from harness.subject.steps import Update
from harness.subject.subject import Subject
from harness.suite.context import RunContext

NO_API_SERVER = (
    "there is no Michelangelo API server here: test a checkout with --michelangelo, "
    "or name a server with --api-server HOST:PORT"
)


class ApiScenario(Scenario):
    """The scenario through an API server; without one, `unavailable` says why, and nothing is sent."""

    def __init__(
        self, context: RunContext, seed: SeedScenario, server: ApiServer | None, unavailable: str = ""
    ) -> None:
        self.seed = seed   # the same cases' objects as kubectl sends them
        self.unavailable = unavailable
        self._server = server
        self._through = ApiServerSender(server, context.cluster, context.timeouts.log_s) if server else None
        super().__init__(context, self._through or KubectlSender(context.cluster))
        self._deletions: dict[str, Deletion] = {}

    def close(self) -> None:
        """Close the connection to the API server."""
        if self._server is not None:
            self._server.close()

    @property
    def server(self) -> ApiServer:
        """The API server; HarnessError where there is none, which the caller rules out."""
        if self._server is None:
            raise HarnessError(self.unavailable)
        return self._server

    def require(self, case: Case) -> None:
        """Raise NotApplicable where there is nothing to check for the case, NotRun where it has no controller."""
        if reason := self.explain_absence(case):
            raise NotApplicable(reason)
        self.context.require_controller(case)

    def explain_absence(self, case: Case) -> str:
        """Return why there is nothing to check for the case, '' where there is."""
        if self.unavailable:
            return self.unavailable
        if not case.api_server.is_served and not self.server.serves(case.kind):
            return f"the API server has no service for {case.name}"
        if issue := self.context.expectations.find_blocking(case.name):
            return f"known issue {issue.id} would show again"
        return ""

    def delete(self, case: Case) -> Deletion:
        """Delete the CR, once its row is there, and see what becomes of both."""
        if case.name not in self._deletions:
            self.sync(case)
            self._deletions[case.name] = self._delete(self._get_accepted(case))
        return self._deletions[case.name]

    @functools.cached_property
    def _namespace(self) -> str:
        return self.context.take_namespace()

    def _render(self, case: Case) -> JsonObject:
        needs, namespace = case.api_server, self._namespace
        name = {"name": namespace} if needs.is_named_as_namespace else {}
        adapted: JsonObject = merge(self.context.render(case, namespace, **name), needs.additions)
        return adapted

    def _update(self, subject: Subject, synced: Row | None) -> Update:
        if not self.context.is_immutable(subject.case):
            row = subject.read_row()
            return super()._update(subject, row or synced)
        departed = self._await_departure(subject)
        previous, previous_at = subject.read_row(), time.time()
        reply = KubectlSender(self.context.cluster).patch(
            subject.case.kind, subject.namespace, subject.name, subject.case.patch
        )
        update = Update(subject, reply.stored, None, previous, previous_at, departed)
        update.evidence = list(reply.evidence)
        if self._through is not None:
            update.evidence.append(self._through.describe(subject.case.kind, subject.namespace, subject.name))
        return update

    def _delete(self, subject: Subject) -> Deletion:
        context, case, history = self.context, subject.case, subject.history
        before, asked_at = subject.read_row(), context.database.get_time()
        latest = subject.read()
        since = get_version(latest) if latest else max(version.number for version in history.versions)
        cursor, started = context.sandbox.log_cursor(CONTROLLERMGR), time.monotonic()
        refusal = self._sender.delete(case.kind, subject.namespace, subject.name) if self._sender else None
        # The row is read after the object: an Ingester lets go of the object only once the row is deleted.
        wait_for(
            lambda: (subject.read(), subject.read_row()),
            lambda seen: is_released(seen[0]),
            timeout_s=0.0 if refusal else context.timeouts.sync_s,
            interval_s=0.02,
        )
        wait_for(
            subject.read_row,
            lambda row: row is None or not row.live,
            timeout_s=0.0 if refusal else context.timeouts.latency_s,
        )
        remaining, after = subject.read(), subject.read_row()
        until = get_version(remaining) if remaining else THE_END
        versions: Sequence[Version] = []
        if latest is not None and until > since:
            versions = fetch_versions(
                context.cluster, case.kind, subject.namespace, subject.name, since=since, until=until
            )
        looked_at, waited_s = context.database.get_time(), time.monotonic() - started
        deletion = Deletion(subject, refusal, asked_at, looked_at, before, after, remaining, versions, waited_s)
        lines = context.sandbox.read_log(CONTROLLERMGR, cursor)
        about = find_object_entries(lines, case.kind, subject.namespace, subject.name)
        deletion.evidence = [
            *describe_deletion(deletion),
            evidence.of_log(about[:20], "log lines about the object since then"),
        ]
        return deletion


def open_scenario(context: RunContext, seed: SeedScenario) -> ApiScenario:
    """Return the scenario through the run's API server; nothing is sent yet."""
    reason = find_missing() if context.api_server else NO_API_SERVER
    return ApiScenario(context, seed, None if reason else ApiServer(context.api_server), reason)
