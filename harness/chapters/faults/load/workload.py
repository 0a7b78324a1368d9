"""Carries out the plans: several clients at once, each with a connection and objects of its own.

A client never retries: it notes the answer and goes on with the next operation. One that addresses an object that
the client knows to be gone is not sent. After a broken connection it reads the object before it writes to it.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from harness.chapters.faults.load.history import Event, History, Outcome, is_going
from harness.chapters.faults.load.plan import Operation, Verb, make_plan
from harness.clients.kube import Cluster
from harness.core.errors import HarnessError, Refusal
from harness.spec.annotations import INGESTER_FINALIZER
from harness.spec.merge_patch import merge
from harness.spec.model import Case, JsonObject, Kind

_JOIN_TIMEOUT_S = 45.0   # longer than a request may take


@dataclass(frozen=True)
class Load:
    """How much is asked for, and of what. `cases` are created from `templates`, whole objects by kind."""

    seed: int
    namespace: str
    cases: tuple[Case, ...]
    templates: dict[str, JsonObject]
    immutable: frozenset[str] = frozenset()
    retained: frozenset[str] = frozenset()
    clients: int = 4
    rate: float = 12.0        # operations a second of each client, at most
    limit: int | None = None  # operations of each client; None: until it is stopped

    @functools.cached_property
    def kinds(self) -> dict[str, Kind]:
        """The kinds by name, in the report's order."""
        return {case.name: case.kind for case in self.cases}

    def make_plan(self, client: int) -> Iterator[Operation]:
        """Return what the client is going to do."""
        return make_plan(self.seed, client, self.cases, immutable=self.immutable)


@dataclass
class _Known:
    """What a client knows of the object of one name; without `uid` there is none."""

    uid: str = ""
    indeterminate: bool = False


@dataclass
class Client:
    """One client; `run` is its whole life."""

    load: Load
    number: int
    cluster: Cluster
    history: History
    stop: threading.Event
    clock: Callable[[], float] = time.monotonic
    _known: dict[str, _Known] = field(default_factory=dict)

    def run(self) -> None:
        """Carry out the plan at the load's rate until it is to stop."""
        due = self.clock()
        for operation in self.load.make_plan(self.number):
            if self.stop.wait(max(0.0, due - self.clock())) or operation.number == self.load.limit:
                return
            self.carry_out(operation)
            due = max(due + 1 / self.load.rate, self.clock() - 1.0)   # an outage is not made up for in a burst

    def carry_out(self, operation: Operation) -> None:
        """Send the operation, if there is what it addresses, and note what came of it."""
        known = self._known.setdefault(operation.name, _Known())
        if known.indeterminate and not self._look(operation, known):
            self._note(operation, Outcome.SKIPPED, known, self.clock(), answer="its object can't be read")
        elif operation.verb is Verb.CREATE:
            self._create(operation, known)
        elif not known.uid:
            self._note(operation, Outcome.SKIPPED, known, self.clock(), answer="its object is not there")
        elif operation.verb is Verb.DELETE:
            self._delete(operation, known)
        else:
            self._patch(operation, known)

    def _create(self, operation: Operation, known: _Known) -> None:
        obj = make_object(self.load, operation)
        answer, sent_at = self._send(
            lambda: self.cluster.create(self.load.kinds[operation.kind], obj), operation, known
        )
        if isinstance(answer, dict):
            known.uid = answer["metadata"]["uid"]
            self._note(operation, Outcome.ACKNOWLEDGED, known, sent_at, answer)

    def _patch(self, operation: Operation, known: _Known) -> None:
        kind, namespace = self.load.kinds[operation.kind], self.load.namespace
        answer, sent_at = self._send(
            lambda: self.cluster.patch(kind, namespace, operation.name, operation.body), operation, known
        )
        if isinstance(answer, dict):
            known.uid = answer["metadata"]["uid"]
            self._note(operation, Outcome.ACKNOWLEDGED, known, sent_at, answer)

    def _delete(self, operation: Operation, known: _Known) -> None:
        kind, namespace = self.load.kinds[operation.kind], self.load.namespace
        answer, sent_at = self._send(
            lambda: self.cluster.delete(kind, namespace, operation.name), operation, known
        )
        if isinstance(answer, bool):
            outcome = Outcome.ACKNOWLEDGED if answer else Outcome.REFUSED
            self._note(operation, outcome, known, sent_at, answer="" if answer else "there was none")
            known.uid = ""

    def _send(self, request: Callable[[], Any], operation: Operation, known: _Known) -> tuple[Any, float]:
        """Return the answer, None where there is none of success, and when it was sent; note the latter."""
        sent_at = self.clock()
        try:
            return request(), sent_at
        except Refusal as refusal:
            # The API server's own trouble (its etcd is away) says nothing about whether it was done.
            outcome = Outcome.INDETERMINATE if refusal.status >= 500 else Outcome.REFUSED
            answer = f"{refusal.status} {refusal.reason}"
            if refusal.not_found:
                self._note(operation, outcome, known, sent_at, answer=answer)
                known.uid = ""
                return None, sent_at
        except HarnessError as error:
            outcome, answer = Outcome.INDETERMINATE, error.problem.partition("\n")[0][:160]
        known.indeterminate = known.indeterminate or outcome is Outcome.INDETERMINATE
        self._note(operation, outcome, known, sent_at, answer=answer)
        return None, sent_at

    def _look(self, operation: Operation, known: _Known) -> bool:
        """Read the object after an indeterminate operation; whether that could be done."""
        sent_at = self.clock()
        try:
            obj = self.cluster.get(self.load.kinds[operation.kind], self.load.namespace, operation.name)
        except (HarnessError, Refusal):
            return False
        known.indeterminate = False
        if known.uid and (obj is None or obj["metadata"]["uid"] != known.uid):
            self._note(operation, Outcome.SEEN, known, sent_at)
        known.uid = ""
        if obj is not None:
            known.uid = obj["metadata"]["uid"]
            self._note(operation, Outcome.SEEN, known, sent_at, obj)
            if is_going(obj):
                known.uid = ""
        return True

    def _note(
        self,
        operation: Operation,
        outcome: Outcome,
        known: _Known,
        sent_at: float,
        obj: JsonObject | None = None,
        answer: str = "",
    ) -> None:
        self.history.add(Event(operation, outcome, sent_at, self.clock(), known.uid, obj, answer))


class Workload:
    """The clients at work. `open_cluster` makes a connection for one client."""

    def __init__(self, load: Load, open_cluster: Callable[[], Cluster]) -> None:
        self.load = load
        self.history = History()
        self._stop = threading.Event()
        self._clients = [
            Client(load, number, open_cluster(), self.history, self._stop) for number in range(load.clients)
        ]
        self._threads: list[threading.Thread] = []
        self.started_at = 0.0

    def start(self) -> None:
        """Let the clients begin."""
        self.started_at = time.monotonic()
        for client in self._clients:
            thread = threading.Thread(target=client.run, name=f"load client {client.number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def end(self) -> None:
        """Let the clients finish what they are at; HarnessError where one does not within 45 s."""
        self._stop.set()
        self.await_end()

    def close(self) -> None:
        """Close the clients' connections."""
        for client in self._clients:
            client.cluster.close()

    def await_end(self) -> None:
        """Wait for clients that end by themselves, at the load's limit; errors as in `end`."""
        deadline = time.monotonic() + _JOIN_TIMEOUT_S
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                raise HarnessError(f"{thread.name} still waits for an answer after {_JOIN_TIMEOUT_S:g} s")


def make_object(load: Load, operation: Operation) -> JsonObject:
    """Return the object that a CREATE sends: the kind's template, named, with the Ingester's finalizer."""
    own = {"name": operation.name, "namespace": load.namespace, "finalizers": [INGESTER_FINALIZER]}
    obj: JsonObject = merge(merge(load.templates[operation.kind], operation.body), {"metadata": own})
    return obj
