"""A controller reconciles what changes, retries what fails, and loses nothing meanwhile."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator

import pytest

from harness.reference.api import Api
from harness.reference.controller import Controller, Reconcile
from harness.reference.errors import ReconcileError
from harness.reference.informer import Informer
from harness.reference.workqueue import Key
from tests.fakes.contract import CONTRACT
from tests.unit.reference.apiserver import FakeApiServer
from tests.unit.reference.conftest import LogLines, make_object

A = Key("n", "a")
LONG_S = 20.0


class _Bench:
    """Controllers of one informer, which is told what it knows instead of asking."""

    def __init__(self, informer: Informer, kept: LogLines) -> None:
        self.informer = informer
        self._kept = kept
        self._controllers: list[Controller] = []

    def start(self, reconcile: Reconcile, workers: int = 1) -> Controller:
        controller = Controller("ingester_Project", self.informer, reconcile, self._kept.log, workers=workers)
        self._controllers.append(controller)
        self.informer.synced.set()
        controller.start()
        return controller

    def stop(self) -> None:
        for controller in self._controllers:
            controller.stop()
            controller.join(LONG_S)


@pytest.fixture
def bench(apiserver: FakeApiServer, kept: LogLines) -> Iterator[_Bench]:
    """Somewhere to run controllers; all of them are stopped at the end."""
    informer = Informer(CONTRACT.get_kind("Project"), Api(apiserver.cluster), kept.log, threading.Event())
    made = _Bench(informer, kept)
    yield made
    made.stop()


def test_change_of_an_object_is_reconciled(bench: _Bench) -> None:
    """Every event of the informer ends in a reconcile of its object."""
    keys: queue.SimpleQueue[Key] = queue.SimpleQueue()
    controller = bench.start(keys.put)
    controller.enqueue("MODIFIED", make_object())
    assert keys.get(timeout=LONG_S) == A


def test_failure_is_logged_and_retried_until_it_succeeds(bench: _Bench, kept: LogLines) -> None:
    """The error of each attempt is in the log, with the controller, the kind and the object."""
    attempts: queue.SimpleQueue[int] = queue.SimpleQueue()
    count = iter(range(3))

    def reconcile(_key: Key) -> None:
        attempt = next(count)
        attempts.put(attempt)
        if attempt < 2:
            raise ReconcileError(f"attempt {attempt}")

    bench.start(reconcile).queue.add(A)
    done = [attempts.get(timeout=LONG_S) for _ in range(3)]
    errors = [line for line in kept.lines if line["level"] == "error"]
    assert (done, [(line["msg"], line["error"], line["Project"]) for line in errors]) == (
        [0, 1, 2],
        [
            ("Reconciler error", "attempt 0", {"namespace": "n", "name": "a"}),
            ("Reconciler error", "attempt 1", {"namespace": "n", "name": "a"}),
        ],
    )


def test_success_lets_the_delays_begin_again(bench: _Bench) -> None:
    """An object that failed long ago is not retried late the next time."""
    done = threading.Event()
    controller = bench.start(lambda _key: done.set())
    controller.queue._failures[A] = 10
    controller.queue.add(A)
    done.wait(LONG_S)
    bench.stop()
    assert controller.queue._failures == {}


def test_reconcile_that_asks_for_it_is_repeated(bench: _Bench) -> None:
    """A number of seconds as the result means: look again."""
    calls: queue.SimpleQueue[Key] = queue.SimpleQueue()

    def reconcile(key: Key) -> float | None:
        calls.put(key)
        return 0.01

    bench.start(reconcile).queue.add(A)
    assert [calls.get(timeout=LONG_S) for _ in range(3)] == [A, A, A]


def test_change_during_a_reconcile_is_reconciled_after_it(bench: _Bench) -> None:
    """The update that arrives while its object is being written is not lost."""
    begun: queue.SimpleQueue[Key] = queue.SimpleQueue()
    go_on = threading.Event()

    def reconcile(key: Key) -> None:
        begun.put(key)
        go_on.wait(LONG_S)

    controller = bench.start(reconcile, workers=2)
    controller.queue.add(A)
    begun.get(timeout=LONG_S)
    controller.enqueue("MODIFIED", make_object())
    at_once = begun.empty()
    go_on.set()
    assert (at_once, begun.get(timeout=LONG_S)) == (True, A)


def test_several_workers_work_at_the_same_time(bench: _Bench) -> None:
    """As many objects are reconciled at once as there are workers."""
    together = threading.Barrier(3)
    controller = bench.start(lambda _key: together.wait(LONG_S) and None, workers=2)
    controller.queue.add(A)
    controller.queue.add(Key("n", "b"))
    together.wait(LONG_S)
    assert not together.broken


def test_workers_start_once_the_objects_are_known(bench: _Bench, kept: LogLines) -> None:
    """Nothing is reconciled before the kind, and those it waits for, have been listed."""
    other = Informer(CONTRACT.get_kind("Model"), bench.informer._api, kept.log, threading.Event())
    started = threading.Event()
    controller = Controller("cluster", bench.informer, lambda _key: started.set(), kept.log)
    controller.queue.add(A)
    bench.informer.synced.set()
    controller.start([other])
    early = started.wait(0.05)
    other.synced.set()
    late = started.wait(LONG_S)
    controller.stop()
    lines = [
        (line["msg"], line["controller"], line["controllerGroup"], line["controllerKind"], line["worker count"])
        for line in kept.lines
    ]
    assert (early, late, lines) == (
        False,
        True,
        [("Starting workers", "cluster", "michelangelo.api", "Project", 1)],
    )
