"""A deletion and what followed it: how it went, read from the object's versions, as evidence. Judges nothing."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.clients.kube import Version
from harness.core.errors import Refusal
from harness.core.record import Evidence
from harness.spec.annotations import DELETING_ANNOTATION, get_finalizers
from harness.spec.model import JsonObject
from harness.spec.row import Row
from harness.subject import evidence
from harness.subject.subject import Subject


@dataclass
class Deletion:
    """A deletion that was asked for, and all that followed. Times are MySQL's (UTC, whole seconds)."""

    subject: Subject
    refusal: Refusal | None
    asked_at: dt.datetime
    looked_at: dt.datetime
    before: Row | None                 # the row just before
    after: Row | None                  # the row at the end
    remaining: JsonObject | None       # the object at the end, None where it is gone
    versions: Sequence[Version]        # of the object since the request, its deletion included
    waited_s: float
    evidence: list[Evidence] = field(default_factory=list)


def is_marked(version: Version) -> bool:
    """Whether the version carries the annotation that sets the Ingester's deletion in motion."""
    annotations = version.object["metadata"].get("annotations") or {}
    return bool(annotations.get(DELETING_ANNOTATION) == "true")


def describe_versions(deletion: Deletion) -> str:
    """Return the object's versions since the request, a line each: their annotation, deletion and finalizers."""
    lines = []
    for version in deletion.versions:
        marks = [DELETING_ANNOTATION] if is_marked(version) else []
        marks += ["deletionTimestamp"] if "deletionTimestamp" in version.object["metadata"] else []
        finalizers = ", ".join(get_finalizers(version.object)) or "none"
        end = "deleted; " if version.deleted else ""
        lines.append(f"{version.number}: {end}{', '.join(marks) or 'no annotation'}; finalizers: {finalizers}")
    return "\n".join(lines) or "no version since then"


def describe_deletion(deletion: Deletion) -> list[Evidence]:
    """Return what followed the request: the object's versions and end, and the row's."""
    subject, now = deletion.subject, time.time()
    marked = [str(version.number) for version in deletion.versions if is_marked(version)]
    answer = "accepted" if deletion.refusal is None else str(deletion.refusal)
    return [
        evidence.of_note(f"delete {subject.case.kind.plural}/{subject.name} through the API server", answer),
        evidence.of_note("versions of the object since then", describe_versions(deletion)),
        evidence.of_note(f"annotation {DELETING_ANNOTATION}", f"set at {marked[0]}" if marked else "never set"),
        evidence.of_note("the object at the end", describe_object(deletion)),
        evidence.of_note("the row at the end", describe_row(deletion)),
        evidence.of_row(deletion.after, f"the row after {deletion.waited_s:.2f} s", now),
    ]


def describe_object(deletion: Deletion) -> str:
    """Return what was left of the object at the end."""
    obj = deletion.remaining
    return "gone" if obj is None else f"there; finalizers: {', '.join(get_finalizers(obj)) or 'none'}"


def describe_row(deletion: Deletion) -> str:
    """Return what was left of the row at the end."""
    return "no row" if deletion.after is None else "live" if deletion.after.live else "soft-deleted"
