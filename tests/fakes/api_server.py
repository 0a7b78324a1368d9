"""Michelangelo's API server before a made-up product."""

from __future__ import annotations

from harness.core.errors import Refusal
from harness.spec.annotations import DELETING_ANNOTATION, INGESTER_FINALIZER
from harness.spec.model import JsonObject, Kind
from tests.fakes.world import World


class FakeApiServer:
    """Its methods are those of an `ApiServer`; the world's `faults` are its own as well.

    The first `conflicts` updates find that somebody else was quicker; objects get `others_finalizers` besides.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.conflicts = 0
        self.unserved: set[str] = set()
        self.others_finalizers: list[str] = []
        self.closed = False

    def close(self) -> None:
        """Remember it."""
        self.closed = True

    def serves(self, kind: Kind) -> bool:
        """Return whether the kind is served."""
        return kind.name not in self.unserved

    def get(self, kind: Kind, namespace: str, name: str) -> JsonObject | None:
        """Return the object."""
        return self.world.get(kind, namespace, name)

    def create(self, kind: Kind, obj: JsonObject) -> JsonObject:
        """Store the object, with the finalizer."""
        finalizers = [] if "no finalizer" in self.world.faults else [INGESTER_FINALIZER]
        metadata = {**obj["metadata"], "finalizers": finalizers + self.others_finalizers}
        return self._answer(self.world.create(kind, {**obj, "metadata": metadata}))

    def update(self, kind: Kind, obj: JsonObject) -> JsonObject:
        """Replace the object."""
        if self.conflicts:
            self.conflicts -= 1
            raise Refusal(409, "FAILED_PRECONDITION", "the object has been modified")
        return self._answer(self.world.replace(kind, obj))

    def delete(self, kind: Kind, namespace: str, name: str) -> None:
        """Ask the Ingester for the deletion, by annotation."""
        if "refuses deletion" in self.world.faults:
            raise Refusal(500, "UNKNOWN", "panic: nil pointer")
        if "deletes for good" in self.world.faults:
            self.world.remove(kind, namespace, name)
        elif "no annotation" in self.world.faults:
            self.world.delete(kind, namespace, name)
        else:
            self.world.patch(kind, namespace, name, {"metadata": {"annotations": {DELETING_ANNOTATION: "true"}}})

    def _answer(self, stored: JsonObject) -> JsonObject:
        if "answers another object" in self.world.faults:
            return {**stored, "spec": {**stored["spec"], "description": "another"}}
        return stored
