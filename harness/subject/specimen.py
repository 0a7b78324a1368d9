"""One object of the contract's chapter: what was sent to it, its versions, and its row.

It sends and reads; it waits for nothing but a row, and judges nothing.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from harness.chapters.seed.run import Run
from harness.clients.kube import Cluster
from harness.core.errors import Refusal
from harness.core.outcomes import NotRun
from harness.core.record import Evidence
from harness.sandbox.base import CONTROLLERMGR, LogCursor
from harness.spec.model import Case, JsonObject
from harness.spec.row import Row
from harness.subject import evidence
from harness.subject.arrival import Arrivals
from harness.subject.history import ObjectHistory
from harness.subject.steps import Creation, Sync, Write, get_history


class Specimen:
    """An object that lives for a few checks. Raises NotRun where the API server does not accept its creation."""

    def __init__(self, run: Run, arrivals: Arrivals, case: Case, sent: JsonObject) -> None:
        self.case = case
        self.sent = sent
        self.evidence: list[Evidence] = []
        self.asked_at: dt.datetime | None = None   # when its deletion was set in motion, at MySQL's clock
        self._run = run
        self._arrivals = arrivals
        self._cluster: Cluster = run.cluster
        cursor = run.sandbox.log_cursor(CONTROLLERMGR)
        restarts = run.sandbox.component(CONTROLLERMGR).restarts
        answer = self._send("create", sent, lambda: self._cluster.create(case.kind, sent))
        self._creation = Creation(case, sent, answer, time.monotonic(), cursor, restarts)
        if isinstance(answer, Refusal):
            raise NotRun(f"{case.name} {self.name} was not accepted: {answer}")
        self._creation.history = ObjectHistory(self._cluster, case.kind, answer)
        self._last = Write(self._creation, answer, self._creation.at, cursor)

    @property
    def namespace(self) -> str:
        """The object's namespace."""
        return str(self.sent["metadata"]["namespace"])

    @property
    def name(self) -> str:
        """The object's name."""
        return str(self.sent["metadata"]["name"])

    @property
    def uid(self) -> str:
        """The object's uid."""
        return self._last.uid

    @property
    def cursor(self) -> LogCursor:
        """The end of the controller manager's log when the object was created."""
        return self._creation.cursor

    @property
    def history(self) -> ObjectHistory:
        """The object's versions."""
        return get_history(self._creation)

    @property
    def last_version(self) -> int:
        """The resourceVersion of the last write that was accepted."""
        return self._last.version

    def __str__(self) -> str:
        """Return kind and name."""
        return f"{self.case.name} {self.name}"

    def patch(self, body: Mapping[str, Any], *, status: bool = False) -> JsonObject:
        """Apply the merge patch, to the status alone if so asked; Refusal where it is not accepted."""
        cursor = self._run.sandbox.log_cursor(CONTROLLERMGR)
        send = self._cluster.patch_status if status else self._cluster.patch
        answer = self._send(
            "patch status of" if status else "patch",
            body,
            lambda: send(self.case.kind, self.namespace, self.name, body),
        )
        if isinstance(answer, Refusal):
            raise answer
        self.note_write(answer, cursor)
        return answer

    def note_write(self, answer: JsonObject, cursor: LogCursor | None = None) -> None:
        """Take an accepted write for the object's last one; of several, the one with the highest version."""
        self.history.add(answer)
        if cursor is None:
            cursor = self._last.cursor
        self._last = Write(self._creation, answer, time.monotonic(), cursor)

    def restart_clock(self) -> None:
        """Count the time in which the last write must reach MySQL from now on: it could not before."""
        self._last = replace(self._last, at=time.monotonic())

    def delete(self) -> None:
        """Ask for the object's deletion."""
        self._cluster.delete(self.case.kind, self.namespace, self.name)
        self.evidence.append(evidence.of_note(f"delete {self.case.kind.plural}/{self.name}", "accepted"))

    def read(self) -> JsonObject | None:
        """Return the object as it is now, None where it is gone."""
        return self.history.read()

    def read_rows(self) -> list[Row]:
        """Return every row of the object's namespace and name, oldest first."""
        return self._run.database.get_rows(self.case.kind, self.namespace, self.name)

    def read_row(self) -> Row | None:
        """Return the object's own row."""
        return next((row for row in self.read_rows() if row.uid == self.uid), None)

    def await_row(self) -> Sync:
        """Wait until the row has reached the last write, or the time for it is over."""
        return self._arrivals.await_row_alone(self._last)

    def release(self) -> None:
        """Take all finalizers off an object that is still there, so that nothing holds it any more."""
        if self.read() is not None:
            send = {"metadata": {"finalizers": None}}
            self._send(
                "release", send, lambda: self._cluster.patch(self.case.kind, self.namespace, self.name, send)
            )

    def _send(
        self, verb: str, body: Mapping[str, Any], request: Callable[[], JsonObject]
    ) -> JsonObject | Refusal:
        self.evidence.append(evidence.of_request(verb, self.case.kind, self.namespace, self.name, body))
        answer: JsonObject | Refusal
        try:
            answer = request()
        except Refusal as refusal:
            answer = refusal
            self.evidence.append(evidence.of_answer(refusal))
        else:
            version = answer["metadata"]["resourceVersion"]
            self.evidence.append(evidence.of_note(f"accepted at resourceVersion {version}"))
        return answer
