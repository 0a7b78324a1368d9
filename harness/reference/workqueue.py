"""The queue between watching and reconciling, with the promises of controller-runtime's.

A key waits at most once. A key added while it is being worked on waits until that work is done, so that
one object is never reconciled twice at a time and no change is lost. Failures are retried with growing
delays, each key for itself.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

FIRST_DELAY_S = 0.005
LONGEST_DELAY_S = 1000.0


class Key(NamedTuple):
    """What is queued: an object's name, not its content; whoever works on it reads the newest version."""

    namespace: str
    name: str


class WorkQueue:
    """A queue of keys for any number of threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._ready: deque[Key] = deque()
        self._dirty: set[Key] = set()            # to be worked on: in `_ready`, or once it is done
        self._processing: set[Key] = set()
        self._delayed: dict[Key, float] = {}     # key -> when it becomes due
        self._failures: dict[Key, int] = {}
        self._stopped = False

    def add(self, key: Key) -> None:
        """Queue `key`, unless it waits already."""
        with self._changed:
            self._add(key)

    def add_after(self, key: Key, delay_s: float) -> None:
        """Queue `key` in `delay_s`, or earlier where that was asked for before."""
        with self._changed:
            due = self._clock() + delay_s
            self._delayed[key] = min(due, self._delayed.get(key, due))
            self._changed.notify()

    def add_rate_limited(self, key: Key) -> None:
        """Queue `key` after a delay that doubles with each call, from 5 ms to 1000 s, until `forget`."""
        with self._changed:
            failures = self._failures[key] = self._failures.get(key, 0) + 1
        doublings = min(failures - 1, 64)   # far beyond the longest delay, far below an overflow
        self.add_after(key, min(FIRST_DELAY_S * 2.0**doublings, LONGEST_DELAY_S))

    def forget(self, key: Key) -> None:
        """Let the delays of `key` start from the beginning again."""
        with self._changed:
            self._failures.pop(key, None)

    def get(self) -> Key | None:
        """Return the next key, waiting for one; None once the queue is shut down. Say `done` afterwards."""
        with self._changed:
            while not self._stopped:
                next_due_s = self._release_due()
                if self._ready:
                    key = self._ready.popleft()
                    self._dirty.discard(key)
                    self._processing.add(key)
                    return key
                self._changed.wait(next_due_s)
            return None

    def done(self, key: Key) -> None:
        """Say that the work on `key` is over; it waits again if it was added meanwhile."""
        with self._changed:
            self._processing.discard(key)
            if key in self._dirty:
                self._ready.append(key)
                self._changed.notify()

    def shut_down(self) -> None:
        """Let every `get` return None from now on."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _add(self, key: Key) -> None:
        if key in self._dirty:
            return
        self._dirty.add(key)
        if key not in self._processing:
            self._ready.append(key)
            self._changed.notify()

    def _release_due(self) -> float | None:
        """Queue the delayed keys that are due; return the seconds until the next one, None without one."""
        now = self._clock()
        for key in [key for key, due in self._delayed.items() if due <= now]:
            del self._delayed[key]
            self._add(key)
        return min(self._delayed.values()) - now if self._delayed else None
