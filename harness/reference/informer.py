"""Follows the objects of one kind: lists them, watches them, keeps the newest version, tells who listens.

Listeners run on the informer's thread, in the order of their subscription, after the newest version is
known. They get every change in order; one that fails takes the process with it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from harness.reference.api import Api, Session
from harness.reference.errors import ApiError, NotFoundError
from harness.reference.log import Log
from harness.reference.workqueue import Key
from harness.spec.model import JsonObject, Kind

Listener = Callable[[str, JsonObject], None]
"""Takes ADDED, MODIFIED or DELETED, and the object as it then was."""

_FIRST_DELAY_S = 0.1
_LONGEST_DELAY_S = 10.0


def get_key(obj: JsonObject) -> Key:
    """Return the object's key."""
    return Key(obj["metadata"]["namespace"], obj["metadata"]["name"])


class Informer:
    """The known objects of one kind. `synced` is set once they have been listed."""

    def __init__(self, kind: Kind, api: Api, log: Log, stop: threading.Event) -> None:
        self.kind = kind
        self.synced = threading.Event()
        self._api = api
        self._log = log.bound(kind=kind.name)
        self._stop = stop
        self._objects: dict[Key, JsonObject] = {}
        self._listeners: list[Listener] = []

    def subscribe(self, listener: Listener) -> None:
        """Tell `listener` of every change; only before `start`."""
        self._listeners.append(listener)

    def get(self, key: Key) -> JsonObject | None:
        """Return the newest known version of an object, not to be changed; None where there is none."""
        return self._objects.get(key)

    def start(self) -> None:
        """Follow the kind on a thread of its own until the process stops."""
        threading.Thread(target=self.run, name=f"informer {self.kind.name}", daemon=True).start()

    def run(self) -> None:
        """Follow the kind until `stop`: whatever breaks off a watch, the objects are listed anew."""
        delay_s = _FIRST_DELAY_S
        while not self._stop.is_set():
            try:
                with self._api.open() as session:
                    version = self._list(session)
                    delay_s = _FIRST_DELAY_S
                    while not self._stop.is_set():
                        version = self._watch(session, version)
            except ApiError as error:
                if isinstance(error, NotFoundError):
                    self.synced.set()   # a kind that is not served has no objects, and holds nobody up
                if not self._stop.is_set():
                    self._log.failure("Failed to list or watch", error)
                self._stop.wait(delay_s)
                delay_s = min(delay_s * 2, _LONGEST_DELAY_S)

    def _list(self, session: Session) -> str:
        objects, version = session.list(self.kind)
        before, self._objects = self._objects, {get_key(obj): obj for obj in objects}
        for key, obj in self._objects.items():
            if key not in before:
                self._tell("ADDED", obj)
            elif before[key]["metadata"]["resourceVersion"] != obj["metadata"]["resourceVersion"]:
                self._tell("MODIFIED", obj)
        for key, obj in before.items():
            if key not in self._objects:
                self._tell("DELETED", obj)
        self.synced.set()
        return version

    def _watch(self, session: Session, version: str) -> str:
        """Take in changes until the server ends the watch; return the version to go on from."""
        for change, obj in session.watch(self.kind, version):
            version = obj["metadata"]["resourceVersion"]
            if change == "BOOKMARK":
                continue
            if change == "DELETED":
                self._objects.pop(get_key(obj), None)
            else:
                self._objects[get_key(obj)] = obj
            self._tell(change, obj)
        return version

    def _tell(self, change: str, obj: JsonObject) -> None:
        for listener in self._listeners:
            listener(change, obj)
