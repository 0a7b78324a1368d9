"""Reads from an object's versions how its deletion went, and says so as evidence. Judges nothing."""

from __future__ import annotations

import time

from harness.chapters.api_server.steps import ApiDeletion
from harness.clients.kube import Version
from harness.core.record import Evidence
from harness.spec.annotations import DELETING_ANNOTATION, get_finalizers
from harness.spec.model import JsonObject
from harness.subject import evidence
from harness.subject.steps import get_history


def is_marked(version: Version) -> bool:
    """Whether the version carries the annotation that sets the Ingester's deletion in motion."""
    annotations = version.object["metadata"].get("annotations") or {}
    return bool(annotations.get(DELETING_ANNOTATION) == "true")


def describe_deletion(deletion: ApiDeletion) -> list[Evidence]:
    """Return what followed the request: the object's versions and end, and the row's; known issues match it."""
    creation, now = deletion.made.creation, time.time()
    kind, name = creation.case.kind, get_history(creation).name
    lines = []
    for version in deletion.versions:
        marks = [DELETING_ANNOTATION] if is_marked(version) else []
        marks += ["deletionTimestamp"] if "deletionTimestamp" in version.object["metadata"] else []
        finalizers = ", ".join(get_finalizers(version.object)) or "none"
        end = "deleted; " if version.deleted else ""
        lines.append(f"{version.number}: {end}{', '.join(marks) or 'no mark'}; finalizers: {finalizers}")
    marked = [str(version.number) for version in deletion.versions if is_marked(version)]
    live = "no row" if deletion.after is None else "live" if deletion.after.live else "soft-deleted"
    answer = "accepted" if deletion.refusal is None else str(deletion.refusal)
    return [
        evidence.of_note(f"delete {kind.plural}/{name} through the API server", answer),
        evidence.of_note("versions of the object since then", "\n".join(lines) or "none"),
        evidence.of_note(f"annotation {DELETING_ANNOTATION}", f"set at {marked[0]}" if marked else "never set"),
        evidence.of_note("the object at the end", _describe_rest(deletion.remaining)),
        evidence.of_note("the row at the end", live),
        evidence.of_row(deletion.after, f"the row after {deletion.waited_s:.2f} s", now),
    ]


def _describe_rest(obj: JsonObject | None) -> str:
    return "gone" if obj is None else f"there; finalizers: {', '.join(get_finalizers(obj)) or 'none'}"
