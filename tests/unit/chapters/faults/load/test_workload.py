"""`harness.chapters.faults.load.workload`: clients that send, note the answer, and go on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from harness.chapters.faults.load.history import Event, History, Outcome
from harness.chapters.faults.load.plan import Operation, Verb
from harness.chapters.faults.load.workload import Client, Load, Workload, make_object
from harness.core.errors import HarnessError, Refusal
from harness.spec.annotations import INGESTER_FINALIZER
from harness.spec.model import JsonObject, Kind
from tests.fakes.contract import CONTRACT
from tests.unit.chapters.faults.builders import make_obj

CASES = (CONTRACT.get_case("Project"), CONTRACT.get_case("Cluster"))
LOAD = Load(
    1, "load", CASES, {"Project": make_obj(), "Cluster": make_obj(kind="Cluster")}, clients=2, rate=1000.0
)
NAME = "project-0-0"


class FakeCluster:
    """An API server of one object, which can be history to answer with an error or not at all."""

    def __init__(self) -> None:
        self.obj: JsonObject | None = None
        self.error: Exception | None = None
        self.does_it_all_the_same = False
        self.version = 0

    def _answer(self, change: Callable[[], Any]) -> Any:
        if self.error is not None and not self.does_it_all_the_same:
            raise self.error
        answer = change()
        if self.error is not None:
            raise self.error
        return answer

    def _store(self, name: str) -> JsonObject:
        self.version += 1
        uid = self.obj["metadata"]["uid"] if self.obj else f"uid-{self.version}"
        self.obj = make_obj(name, self.version, uid=uid)
        return self.obj

    def create(self, _kind: Kind, obj: JsonObject) -> JsonObject:
        """Store the object."""
        answer: JsonObject = self._answer(lambda: self._store(obj["metadata"]["name"]))
        return answer

    def patch(self, _kind: Kind, _namespace: str, name: str, _patch: Mapping[str, Any]) -> JsonObject:
        """Give the object another version."""
        answer: JsonObject = self._answer(lambda: self._store(name))
        return answer

    def delete(self, _kind: Kind, _namespace: str, _name: str) -> bool:
        """Drop the object."""

        def drop() -> bool:
            there, self.obj = self.obj is not None, None
            return there

        return bool(self._answer(drop))

    def close(self) -> None:
        """Do nothing."""

    def get(self, _kind: Kind, _namespace: str, _name: str) -> JsonObject | None:
        """Return the object."""
        if self.error is not None:
            raise self.error
        return self.obj


class Bench:
    """A client with its cluster and history."""

    def __init__(self) -> None:
        self.cluster = FakeCluster()
        self.history = History()
        self.client = Client(LOAD, 0, self.cluster, self.history, threading.Event())  # type: ignore[arg-type]

    def do(self, *verbs: Verb) -> list[Event]:
        """Carry out operations on one object and return what was noted of them."""
        before = len(self.history.events)
        for verb in verbs:
            self.client.carry_out(Operation(0, 0, verb, "Project", NAME, {}))
        return self.history.events[before:]

    def outcomes(self, *verbs: Verb) -> list[Outcome]:
        """Return the outcomes of operations on one object."""
        return [event.outcome for event in self.do(*verbs)]


BROKEN = HarnessError("kube-apiserver does not answer: connection reset")


def test_answers_are_noted_with_uid_and_version() -> None:
    """An acknowledged operation is noted with the object that was answered."""
    bench = Bench()
    created, patched, deleted = bench.do(Verb.CREATE, Verb.PATCH, Verb.DELETE)
    assert [event.uid for event in (created, patched, deleted)] == ["uid-1"] * 3
    assert patched.object is not None
    assert patched.object["metadata"]["resourceVersion"] == "2"


def test_what_is_not_there_is_not_addressed() -> None:
    """Operations on an object that was deleted, or whose creation was refused, are skipped."""
    bench = Bench()
    bench.cluster.error = Refusal(409, "AlreadyExists", "object is being deleted")
    assert bench.outcomes(Verb.CREATE, Verb.PATCH) == [Outcome.REFUSED, Outcome.SKIPPED]


def test_a_refusal_is_not_tried_again() -> None:
    """A refused operation is noted once, and the object is still known."""
    bench = Bench()
    bench.do(Verb.CREATE)
    bench.cluster.error = Refusal(422, "Invalid", "no")
    assert bench.outcomes(Verb.PATCH) == [Outcome.REFUSED]
    bench.cluster.error = None
    assert bench.outcomes(Verb.PATCH) == [Outcome.ACKNOWLEDGED]


def test_a_broken_connection_leaves_it_open_and_the_object_is_read() -> None:
    """After an indeterminate creation the object is read before the next operation, which then addresses it."""
    bench = Bench()
    bench.cluster.error, bench.cluster.does_it_all_the_same = BROKEN, True
    assert bench.outcomes(Verb.CREATE) == [Outcome.INDETERMINATE]
    bench.cluster.error = None
    seen, patched = bench.do(Verb.PATCH)
    assert (seen.outcome, seen.uid, patched.outcome) == (Outcome.SEEN, "uid-1", Outcome.ACKNOWLEDGED)


def test_an_uncertain_deletion_that_was_done_is_noted_as_seen() -> None:
    """An object that is gone after an indeterminate deletion is noted as seen to be gone."""
    bench = Bench()
    bench.do(Verb.CREATE)
    bench.cluster.error, bench.cluster.does_it_all_the_same = BROKEN, True
    bench.do(Verb.DELETE)
    bench.cluster.error = None
    seen, skipped = bench.do(Verb.PATCH)
    assert (seen.outcome, seen.uid, seen.object, skipped.outcome) == (Outcome.SEEN, "uid-1", None, Outcome.SKIPPED)


def test_nothing_is_sent_while_the_state_is_unknown() -> None:
    """While the object can't be read after an indeterminate operation, the next ones are skipped."""
    bench = Bench()
    bench.cluster.error = BROKEN
    assert bench.outcomes(Verb.CREATE, Verb.PATCH, Verb.DELETE) == [
        Outcome.INDETERMINATE, Outcome.SKIPPED, Outcome.SKIPPED,
    ]  # fmt: skip


def test_a_server_in_trouble_leaves_it_open() -> None:
    """A server error says nothing about whether the operation was done."""
    bench = Bench()
    bench.cluster.error = Refusal(500, "InternalError", "etcdserver: request timed out")
    assert bench.outcomes(Verb.CREATE) == [Outcome.INDETERMINATE]


def test_created_objects_carry_the_finalizer_and_the_body() -> None:
    """A created object has the Ingester's finalizer, the plan's name and body, and the template's rest."""
    body = {"spec": {"tier": 4}, "metadata": {"labels": {"a": "b"}}}
    operation = Operation(0, 0, Verb.CREATE, "Project", NAME, body)
    obj = make_object(LOAD, operation)
    assert obj["metadata"]["finalizers"] == [INGESTER_FINALIZER]
    assert (obj["metadata"]["name"], obj["metadata"]["namespace"]) == (NAME, "load")
    assert obj["spec"] == {"description": "v10", "tier": 4}
    assert obj["metadata"]["labels"] == {"load/stage": "v10", "a": "b"}


def run_to_the_end(clusters: list[FakeCluster]) -> list[tuple[Operation, ...]]:
    """Return the operations of each client of a limited load, in order."""
    load = Load(5, "load", CASES, LOAD.templates, clients=2, rate=10_000.0, limit=40)
    workload = Workload(load, clusters.pop)  # type: ignore[arg-type]
    workload.start()
    workload.await_end()
    operations = [e.operation for e in workload.history.events if e.outcome is not Outcome.SEEN]
    return [tuple(o for o in operations if o.client == client) for client in range(2)]


def test_one_seed_is_one_load_whatever_is_answered() -> None:
    """The operations of a seed are the same, in the same order, whether or not the server answers."""
    broken = FakeCluster()
    broken.error = BROKEN
    assert run_to_the_end([FakeCluster(), FakeCluster()]) == run_to_the_end([broken, FakeCluster()])
