"""Runs a reconcile for every change of a kind's objects: a queue and its workers, as controller-runtime's.

What a reconcile does is not its business. A `ReconcileError` is logged and retried with growing delays;
any other exception is a defect and ends the process.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from harness.reference.errors import ReconcileError
from harness.reference.informer import Informer, get_key
from harness.reference.log import Log
from harness.reference.workqueue import Key, WorkQueue
from harness.spec.model import GROUP, JsonObject

Reconcile = Callable[[Key], float | None]
"""Brings one object up to date; returns the seconds after which it wants to look again, if at all."""


class Controller:
    """One controller of one kind."""

    def __init__(
        self, name: str, informer: Informer, reconcile: Reconcile, log: Log, *, workers: int = 1
    ) -> None:
        kind = informer.kind.name
        self.name = name
        self.queue = WorkQueue()
        self._kind = kind
        self._informer = informer
        self._reconcile = reconcile
        self._workers = workers
        self._threads: list[threading.Thread] = []
        self._log = log.bound(controller=name, controllerGroup=GROUP, controllerKind=kind)
        informer.subscribe(self.enqueue)

    def enqueue(self, _change: str, obj: JsonObject) -> None:
        """Queue the object that changed."""
        self.queue.add(get_key(obj))

    def start(self, others: Iterable[Informer] = ()) -> None:
        """Begin to work once the objects of its kind, and those of `others`, are known; returns at once."""
        informers = (self._informer, *others)
        threading.Thread(target=self._work_after, args=(informers,), name=self.name, daemon=True).start()

    def stop(self) -> None:
        """Take up no more work."""
        self.queue.shut_down()

    def join(self, timeout_s: float) -> None:
        """Wait until the work under way is over, `timeout_s` per worker at most."""
        for thread in self._threads:
            thread.join(timeout_s)

    def work(self) -> None:
        """Reconcile one key after the other until the queue is shut down."""
        while (key := self.queue.get()) is not None:
            try:
                again_s = self._reconcile(key)
            except ReconcileError as error:
                names = {"namespace": key.namespace, "name": key.name}
                self._log.failure("Reconciler error", error, **{self._kind: names}, **names)
                self.queue.add_rate_limited(key)
            else:
                self.queue.forget(key)
                if again_s is not None:
                    self.queue.add_after(key, again_s)
            self.queue.done(key)

    def _work_after(self, informers: Iterable[Informer]) -> None:
        for informer in informers:
            informer.synced.wait()
        self._log.info("Starting workers", **{"worker count": self._workers})
        for number in range(self._workers):
            thread = threading.Thread(target=self.work, name=f"{self.name} worker {number}", daemon=True)
            thread.start()
            self._threads.append(thread)   # only now: a thread that hasn't started can't be joined
