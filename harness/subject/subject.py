"""One object under test: what was sent to it, its versions, and its row.

It sends and reads; it waits for nothing but a row, and judges nothing. Whatever is created and remembered in this
project is one of these, so that no object of a run can be forgotten.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from harness.clients.kube import Cluster
from harness.clients.mysql import Database
from harness.core.errors import Refusal
from harness.core.outcomes import NotRun
from harness.core.record import Evidence
from harness.sandbox.base import CONTROLLERMGR, LogCursor, Sandbox
from harness.spec.annotations import get_finalizers, is_going
from harness.spec.keys import get_key
from harness.spec.model import Case, JsonObject
from harness.spec.row import Row
from harness.subject import evidence
from harness.subject.history import ObjectHistory
from harness.subject.log import find_object_entries
from harness.subject.sender import KubectlSender, Reply, Sender


@dataclass(frozen=True)
class Surroundings:
    """Where objects live: the sandbox, its cluster, the database that mirrors them; those accepted."""

    sandbox: Sandbox
    cluster: Cluster
    database: Database
    subjects: list[Subject] = field(default_factory=list, compare=False)


@dataclass(frozen=True)
class Write:
    """An accepted request whose row is awaited: the object as it then was, and since when (monotonic clock)."""

    subject: Subject
    obj: JsonObject
    at: float
    cursor: LogCursor

    @property
    def uid(self) -> str:
        """The object's uid."""
        return str(self.obj["metadata"]["uid"])

    @property
    def key(self) -> str:
        """What the object's row is found by."""
        return get_key(self.subject.case.kind, self.obj)

    @property
    def version(self) -> int:
        """The resourceVersion that the write made."""
        return int(self.obj["metadata"]["resourceVersion"])


class Subject:
    """An object that was sent; where it was refused, `answer` says so, and there is nothing but that."""

    def __init__(
        self, surroundings: Surroundings, case: Case, sent: JsonObject, sender: Sender | None = None
    ) -> None:
        sandbox = surroundings.sandbox
        self.case = case
        self.sent = sent
        self.asked_at: dt.datetime | None = None   # when its deletion was set in motion, at MySQL's clock
        self.cursor: LogCursor = sandbox.log_cursor(CONTROLLERMGR)   # the end of the log when it was created
        self.restarts = sandbox.component(CONTROLLERMGR).restarts    # of the controller manager by then
        self._surroundings = surroundings
        self._kubectl = sender if isinstance(sender, KubectlSender) else KubectlSender(surroundings.cluster)
        self._sender = sender or self._kubectl
        reply = self._sender.create(case.kind, sent)
        self.answer: JsonObject | Refusal = reply.stored
        self.answered = reply.answered   # what a server in between answered
        self.evidence: list[Evidence] = list(reply.evidence)
        self.seen: Row | None = None       # its row when it was last looked at, if nothing was asked for since
        self.is_there: bool | None = None  # whether it was there to stay when last read, likewise
        self.has_row = False               # whether its row was ever seen to have followed it
        self.waits: list[bool] = []        # for each time that its row was awaited: whether it came
        self._last: Write | None = None
        self._history: ObjectHistory | None = None
        if not isinstance(reply.stored, Refusal):
            self._history = ObjectHistory(surroundings.cluster, case.kind, reply.stored)
            self._last = Write(self, reply.stored, reply.at, self.cursor)
            surroundings.subjects.append(self)
        self.creation = self._last

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
        return self.last.uid

    @property
    def key(self) -> str:
        """What the object's row is found by."""
        return self.last.key

    @property
    def last(self) -> Write:
        """The last write that was accepted; NotRun where the object itself was not."""
        if self._last is None:
            raise NotRun(f"{self} was not accepted: {self.answer}")
        return self._last

    @property
    def created(self) -> Write:
        """The creation, as a write; NotRun where it was not accepted."""
        return self.creation or self.last

    @property
    def history(self) -> ObjectHistory:
        """The object's versions; NotRun where it was not accepted."""
        if self._history is None:
            raise NotRun(f"{self} was not accepted: {self.answer}")
        return self._history

    @property
    def accepted(self) -> bool:
        """Whether the API server took it."""
        return self._last is not None

    def __str__(self) -> str:
        """Return kind and name."""
        return f"{self.case.name} {self.name}"

    def require_accepted(self, section: str = "") -> Subject:
        """Return the object; NotRun, naming the section that says so, where it was not accepted."""
        if not self.accepted:
            raise NotRun(f"{f'{section}: ' if section else ''}the CR was not accepted: {self.answer}")
        return self

    def try_patch(self, body: Mapping[str, Any]) -> Reply:
        """Merge the patch into the object; a refusal is a reply. The evidence is the caller's to keep."""
        cursor = self._surroundings.sandbox.log_cursor(CONTROLLERMGR)
        reply = self._sender.patch(self.case.kind, self.namespace, self.name, body)
        if not isinstance(reply.stored, Refusal):
            self.note_write(reply.stored, cursor, reply.at)
        return reply

    def patch(self, body: Mapping[str, Any], *, status: bool = False) -> JsonObject:
        """Merge the patch into the object, into the status alone if so asked; Refusal where it is not accepted."""
        cursor = self._surroundings.sandbox.log_cursor(CONTROLLERMGR)
        send = self._kubectl.patch_status if status else self._kubectl.patch
        reply = send(self.case.kind, self.namespace, self.name, body)
        self.evidence += reply.evidence
        if isinstance(reply.stored, Refusal):
            raise reply.stored
        self.note_write(reply.stored, cursor, reply.at)
        return reply.stored

    def note_write(self, obj: JsonObject, cursor: LogCursor | None = None, at: float | None = None) -> None:
        """Take an accepted write for the object's last one."""
        self._forget()
        self.history.add(obj)
        self._last = Write(self, obj, time.monotonic() if at is None else at, cursor or self.last.cursor)

    def restart_clock(self) -> None:
        """Count the time in which the last write must reach MySQL from now on: it could not before."""
        self._last = replace(self.last, at=time.monotonic())

    def delete(self, propagation: str = "") -> None:
        """Ask for the object's deletion, by a propagation policy where one is named; Refusal if not accepted."""
        where = (self.case.kind, self.namespace, self.name)
        refusal = self._kubectl.delete(*where, propagation) if propagation else self._sender.delete(*where)
        if refusal:
            raise refusal
        self._forget()
        policy = f" --cascade={propagation.lower()}" if propagation else ""
        self.evidence.append(evidence.of_note(f"delete {self.case.kind.plural}/{self.name}{policy}", "accepted"))

    def read(self) -> JsonObject | None:
        """Return the object as it is now, None where it is gone."""
        obj = self.history.read()
        self.is_there = not is_going(obj)
        return obj

    def read_rows(self) -> list[Row]:
        """Return every row of the object's namespace and name, and its own whatever its name; oldest first."""
        own = self.key if self._last is not None and self.key != self.uid else ""
        return self._surroundings.database.get_rows(self.case.kind, self.namespace, self.name, own)

    def read_row(self) -> Row | None:
        """Return the object's own row; NotRun where the object was not accepted."""
        key = self.key
        self.seen = next((row for row in self.read_rows() if row.uid == key), None)
        return self.seen

    def note_row(self, row: Row) -> None:
        """Take a row for the one that was looked at last: it has followed the object."""
        self.has_row = True
        self.seen = row if row.res_version >= self.last.version else None

    def note_wait(self, *, came: bool) -> None:
        """Take down that its row was awaited for as long as it may take, and whether it came."""
        self.waits.append(came)

    def read_errors(self) -> str:
        """Return the different errors that the Ingester has logged about the object, in their order."""
        lines = self._surroundings.sandbox.read_log(CONTROLLERMGR, self.cursor)
        own = find_object_entries(lines, self.case.kind, self.namespace, self.name)
        return "; ".join(dict.fromkeys(str(entry.fields["error"]) for entry in own if "error" in entry.fields))

    def release(self, *, keep: Collection[str] = ()) -> None:
        """Take all finalizers off an object that is still there, but those to `keep`: no other holds it then."""
        obj = self.read()
        kept = [name for name in get_finalizers(obj) if name in keep]
        if obj is not None and (not keep or kept != get_finalizers(obj)):
            self._forget()
            body = {"metadata": {"finalizers": kept or None}}
            self.evidence += self._kubectl.patch(self.case.kind, self.namespace, self.name, body).evidence

    def _forget(self) -> None:
        """What was seen may change from now on: something is asked for."""
        self.seen = self.is_there = None
